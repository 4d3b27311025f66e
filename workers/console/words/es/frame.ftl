# Lo que rodea cada página, y lo que todas comparten.

## Vencimientos
frame-due-met = a tiempo
frame-due-met-late = demasiado tarde
frame-due-overdue = vencido
frame-due-overdue-by = { $count ->
    [one] vencido hace 1 día
   *[other] vencido hace { $count } días
}
frame-due-today = vence hoy
frame-due-in = { $count ->
    [one] vence mañana
   *[other] vence en { $count } días
}

## Listas
frame-pager = Más de esta lista
frame-pager-first = Al principio
frame-pager-next = Página siguiente

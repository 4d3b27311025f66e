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

## Adónde se puede ir
frame-skip = Ir al contenido
frame-menu = Menú
frame-pages = Páginas
frame-desk = Mesa
frame-teams = Equipos
frame-vulnerable = Clientes vulnerables
frame-sample = Muestra de control
frame-models = Modelos
frame-strategy = Estrategia
frame-quality = Calidad
frame-radar = Radar
frame-health = Estado
frame-trail = Quién hizo qué
frame-settings = Ajustes
frame-sign-out = Cerrar sesión

## La búsqueda
frame-search = Buscar una reclamación
frame-search-hint = Id o referencia de cliente
frame-search-go = Buscar

## Teclas
frame-keys = Teclas
frame-key-sheet = Mostrar esta hoja
frame-key-search = Ir a la búsqueda
frame-key-rows = Fila siguiente, fila anterior
frame-key-open = Abrir la fila
frame-key-leave = Salir de un campo o de esta hoja
frame-close = Cerrar

## Lo que dice el script
frame-new = { $count } nuevas
frame-changed = Ha cambiado
frame-failed = No hubo respuesta. Lo que escribió sigue aquí: inténtelo de nuevo.

## Rechazos
frame-refused-role = Esta página no es para usted
frame-refused-role-text = Requiere uno de estos roles: { $roles }. Si debería tener uno, pídalo a quien administra Ombud.
frame-refused-nowhere = Esta página no existe
frame-refused-nowhere-text = Compruebe la dirección o empiece de nuevo.
frame-refused-later = Ahora no
frame-refused-large = Es demasiado de una vez
frame-refused-other = Esta petición no se atendió
frame-refused-why = Ombud no pudo atenderla: « { $why } ».
frame-refused-back = A la primera página

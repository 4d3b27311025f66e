# The queues of teams.

## The list of teams
team-list-title = Equipos
team-list-caption = Lo que tiene que hacer cada uno de sus equipos
team-list-team = Equipo
team-list-overdue = fuera de plazo
team-list-today = vencen hoy
team-list-open = Abiertas
team-list-waiting = En espera
team-list-answered = Contestadas
team-list-empty = Ningún equipo
team-list-empty-why = Usted ve los equipos para los que trabaja. Quien gestiona Ombud dice cuáles son.

## One queue
team-title = Cola de { $team }
team-tabs = Listas de esta cola
team-tab-mine = Mías
team-tab-open = Abiertas
team-tab-waiting = En espera
team-tab-answered = Contestadas
team-caption = { $count ->
    [one] 1 reclamación
   *[other] { $count } reclamaciones en esta página
}
team-col-choose = Elegir
team-col-complaint = Reclamación
team-col-due = Vence
team-col-vulnerability = Vulnerabilidad
team-col-issue = Motivo
team-col-product = Producto
team-col-age = Antigüedad
team-col-holder = La tiene
team-col-state = Estado
team-choose = Elegir { $complaint }
team-choose-all = Elegir todas las de esta página
team-empty = Aquí no hay nada
team-empty-filtered = Ninguna reclamación cumple estos filtros. Quite alguno.
team-empty-mine = No ha tomado ninguna reclamación de este equipo.
team-empty-open = No hay nada abierto en esta cola.
team-empty-waiting = Ningún cliente espera una respuesta posterior.
team-empty-answered = No se ha contestado nada últimamente.

## Filters
team-filters = Filtros de esta cola
team-filter-product = Producto
team-filter-vulnerable = Vulnerabilidad
team-filter-any = Cualquiera
team-filter-possible = Posible o vulnerable
team-filter-sure = Vulnerable
team-filter-due_before = Vence antes del
team-filter-customer = Referencia del cliente
team-filter-needs_human = Hay que revisar su equipo
team-filter = Filtrar
team-filter-none = Sin filtros

## What is done with chosen complaints
team-acknowledge = Acusar recibo
team-holding = Respuesta provisional
team-not-ours = No es nuestra
team-confirm-acknowledge-title = { $count ->
    [one] ¿Acusar recibo de 1 reclamación?
   *[other] ¿Acusar recibo de { $count } reclamaciones?
}
team-confirm-acknowledge-what = Queda registrado que se comunicó a cada uno de estos clientes que se recibió su reclamación. Envíe antes las cartas.
team-confirm-acknowledge-yes = { $count ->
    [one] Sí, acusar recibo
   *[other] Sí, acusar recibo de las { $count }
}
team-confirm-holding-title = { $count ->
    [one] ¿Registrar una respuesta provisional para 1 reclamación?
   *[other] ¿Registrar una respuesta provisional para { $count } reclamaciones?
}
team-confirm-holding-what = Queda registrado que se explicó a cada uno de estos clientes por qué todavía no hay respuesta. Envíe antes las cartas.
team-confirm-holding-yes = { $count ->
    [one] Sí, registrarla
   *[other] Sí, registrar las { $count }
}
team-confirm-move-title = { $count ->
    [one] ¿Pasar 1 reclamación a otro equipo?
   *[other] ¿Pasar { $count } reclamaciones a otro equipo?
}
team-confirm-move-what = Salen de esta cola. Lo que diga aquí enseña también a los modelos qué equipo era el correcto.
team-confirm-move-yes = { $count ->
    [one] Pasarla a ese equipo
   *[other] Pasar las { $count } a ese equipo
}
team-confirm-no = No, volver a la cola
team-confirm-nothing = No se puede hacer con ninguna de estas reclamaciones.
team-left-out = { $count ->
    [one] 1 reclamación queda fuera
   *[other] { $count } reclamaciones quedan fuera
}
team-left-out-moved-already = { $complaint }: ahora la tiene otro equipo.
team-left-out-already-acknowledged = { $complaint }: ya se acusó recibo.
team-left-out-already-answered = { $complaint }: ya está contestada.
team-left-out-withdrawn = { $complaint }: el cliente la retiró.
team-left-out-not-answered = { $complaint }: no está contestada.
team-to-team = Qué equipo la recibe
team-to-team-none = Elija un equipo
team-move-reason = Por qué no es nuestra
team-move-reason-hint = Un código como WRONG_PRODUCT: letras, cifras, puntos, guiones y guiones bajos. Nada sobre el cliente.
team-undo = { $count ->
    [one] Deshacerlo
   *[other] Deshacer las { $count }
}
done-team-acknowledge = { $count ->
    [one] Se acusó recibo de 1 reclamación.
   *[other] Se acusó recibo de { $count } reclamaciones.
}
done-team-holding = { $count ->
    [one] La respuesta provisional queda registrada.
   *[other] { $count } respuestas provisionales quedan registradas.
}
done-team-move = { $count ->
    [one] 1 reclamación pasada al otro equipo.
   *[other] { $count } reclamaciones pasadas al otro equipo.
}
done-team-undone = Deshecho.

## Download
team-export = Descargar como CSV
team-export-hint = La lista tal como está filtrada, sin lo que escribieron los clientes; como mucho 10.000 filas. Queda registrado que usted la descargó.
team-export-cut = Cortada aquí: la lista tiene más de { $count } filas. Fíltrela y descárguela por partes.

# Who did and who looked at what.
trail-title = Quién hizo y quién miró qué
trail-complaint = Reclamación
trail-complaint-hint = Un identificador entero; sin él, todo.
trail-filter = Mostrar
trail-caption = { $count ->
    [one] 1 entrada
   *[other] { $count } entradas, primero las más recientes
}
trail-col-at = Cuándo
trail-col-who = Quién
trail-col-roles = Funciones o permisos entonces
trail-col-way = Cómo entró
trail-col-what = Qué
trail-col-about = Sobre
trail-col-record = Registro
trail-col-reason = Motivo
trail-empty = Ninguna entrada
trail-empty-why = Nadie hizo ni miró aquí nada que esté registrado.
trail-empty-more = Ninguna en la parte revisada. La página siguiente mira más atrás.
trail-way-session = con sesión
trail-way-proxy = por un proxy
trail-way-token = token de un sistema
trail-way-command = una orden del operador
trail-way-none = sin identificarse
trail-action-narrative-opened = Abrió el relato
trail-action-evidence-opened = Abrió los indicios de vulnerabilidad
trail-action-work-recorded = Registró trabajo
trail-action-verdict-given = Dio un veredicto
trail-action-lease-taken = Tomó la reclamación
trail-action-lease-released = Devolvió la reclamación
trail-action-lease-taken-over = Tomó la reclamación de otra persona
trail-action-exported = Descargó la cola
trail-action-change-requested = Pidió un cambio
trail-action-change-approved = Aprobó un cambio
trail-action-change-published = Publicó un cambio
trail-action-signed-in = Inició sesión
trail-action-signed-out = Cerró sesión
trail-action-sign-in-refused = No pudo iniciar sesión

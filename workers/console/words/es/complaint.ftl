# One complaint, and the search for one; and what is said of a complaint wherever one is shown.

## Words of a complaint
complaint-state-open = abierta
complaint-state-acknowledged = con acuse de recibo
complaint-state-waiting = en espera
complaint-state-answered = contestada
complaint-state-withdrawn = retirada
complaint-vulnerability-vulnerable = vulnerable
complaint-vulnerability-possible = posiblemente vulnerable
complaint-vulnerability-not-indicated = sin indicios
complaint-vulnerability-kept = aún no se muestra
complaint-not-due = ningún plazo corre
complaint-nobody = nadie
complaint-needs-human = revisar el equipo
complaint-age-hours = { $count ->
    [one] 1 hora
   *[other] { $count } horas
}
complaint-age-days = { $count ->
    [one] 1 día
   *[other] { $count } días
}
complaint-yes = sí
complaint-no = no

## Find one
complaint-find-title = Buscar una reclamación
complaint-find-label = Reclamación, cliente o número externo
complaint-find-hint = Un identificador entero, una referencia de cliente o el número en el sistema que la envió.
complaint-find = Buscar
complaint-find-caption = { $count ->
    [one] 1 reclamación encontrada
   *[other] { $count } reclamaciones encontradas, primero las recibidas más tarde
}
complaint-find-empty = No se encontró nada
complaint-find-empty-why = Ninguna reclamación que usted pueda ver tiene esto. Escríbalo entero; la que acaba de llegar aparece en un momento.
complaint-col-id = Reclamación
complaint-col-team = Equipo
complaint-col-state = Estado
complaint-col-due = Vence
complaint-col-product = Producto
complaint-col-issue = Motivo
complaint-col-received = Recibida
complaint-col-external = Número externo

## The page of one
complaint-title = Reclamación { $complaint }
complaint-standing = Cómo está
complaint-is-state = Estado
complaint-is-due = Vence
complaint-is-holder = La tiene
complaint-is-team = Equipo
complaint-is-vulnerability = Vulnerabilidad
complaint-is-product = Producto
complaint-is-issue = Motivo
complaint-is-customer = Cliente
complaint-is-external = Número externo
complaint-is-entity = Sociedad
complaint-is-received = Recibida
complaint-is-reasons = Por qué la mira una persona
complaint-is-out-of-order = Registros fuera de orden
complaint-not-listed = Todavía sin equipo
complaint-not-listed-why = Llegó y aún no la tiene ningún equipo. Vuelva a cargar la página en un momento.
complaint-open-narrative = Lo que escribió el cliente
complaint-open-trail = Quién la miró
complaint-others = Otras reclamaciones de este cliente
complaint-others-caption = { $count ->
    [one] 1 reclamación más
   *[other] { $count } reclamaciones más
}
complaint-undo = Deshacerlo

## Clocks
complaint-clocks = Plazos
complaint-clocks-caption = Cada plazo con su regla, tal como regía cuando se asignó la reclamación
complaint-clocks-none = Ningún plazo
complaint-clocks-none-why = La tabla que la envió aquí no fija ninguno.
complaint-clock-name = Plazo
complaint-clock-due = Vence
complaint-clock-met = Cumplido
complaint-clock-rule = Regla
complaint-clock-calendar = Calendario
complaint-clock-runs = todavía no
complaint-clock-no-calendar = cuentan todos los días
complaint-clock-beyond = Vence después del último día del calendario: desde ahí solo se descontaron los fines de semana.
complaint-rule-begins = { $limit } desde el día siguiente al día en que { $start }, según los días de { $zone }.
complaint-rule-start-receipt = se recibió
complaint-rule-start-sending = la remitió un supervisor o defensor del cliente
complaint-rule-start-notice = la anunció el cliente
complaint-rule-days = { $count ->
    [one] 1 día
   *[other] { $count } días
}
complaint-rule-business-days = { $count ->
    [one] 1 día hábil
   *[other] { $count } días hábiles
}
complaint-rule-weeks = { $count ->
    [one] 1 semana
   *[other] { $count } semanas
}
complaint-rule-or = {" "}o{" "}
complaint-rule-met = Se cumple con { $works }.
complaint-rule-extended = Con { $work } son { $limit }.
complaint-rule-suspended = No corre del { $from } al { $until }.
complaint-rule-again = Vuelve a correr cuando la reclamación se reabre.
complaint-rule-work-acknowledged = un acuse de recibo
complaint-rule-work-holding-response = una respuesta provisional
complaint-rule-work-summary-resolution = una resolución inmediata
complaint-rule-work-final-response = una respuesta final
complaint-rule-work-forwarded = su remisión a otra entidad
complaint-rule-work-noted = una nota
complaint-rule-work-other = algo más nuevo que esta versión

## What people did
complaint-deeds = Lo que hicieron las personas
complaint-deeds-caption = Primero lo más antiguo
complaint-deeds-none = Todavía nada
complaint-deeds-none-why = Nadie ha juzgado ni hecho nada, o el archivo aún no lo tiene.
complaint-deed-at = Cuándo
complaint-deed-who = Quién
complaint-deed-what = Qué

## Every record
complaint-records = Todos los registros
complaint-records-none = Todavía ningún registro
complaint-records-none-why = El archivo aún no los tiene. Vuelva a cargar la página en un momento.
complaint-event-came = Llegó la reclamación
complaint-event-changed = La reclamación se envió de nuevo
complaint-event-withdrawn = El cliente la retiró
complaint-event-prediction = Un modelo sobre { $task }: { $outcome }
complaint-event-route = Asignada a { $team }
complaint-event-explanation = Alguien pidió una explicación
complaint-event-unreadable = Un registro que no se puede leer
complaint-task-product = producto
complaint-task-issue = motivo
complaint-task-vulnerable = vulnerabilidad
complaint-outcome-labelled = respondió
complaint-outcome-abstained = sin seguridad suficiente
complaint-outcome-failed = falló
complaint-role-deciding = decide
complaint-role-shadow = en observación
complaint-role-unknown = desconocido
complaint-why-complete = respondieron todos los modelos
complaint-why-deadline = venció el plazo antes
complaint-why-amended = un modelo respondió después del plazo
complaint-why-resubmitted = se envió de nuevo
complaint-why-reconciled = dos asignaciones se hicieron una
complaint-why-unreadable = no se pudo leer
complaint-why-withdrawn = el cliente la retiró
complaint-why-other = por un motivo más nuevo que esta versión
complaint-verdict-confirmed = Confirmada
complaint-verdict-reallocated = Pasada a otro equipo
complaint-verdict-relabelled = Etiqueta corregida
complaint-verdict-vulnerability = Vulnerabilidad juzgada
complaint-verdict-not-a-complaint = No es una reclamación
complaint-verdict-retracted = Veredicto retirado
complaint-verdict-other = Un veredicto más nuevo que esta versión
complaint-work-claimed = Tomada
complaint-work-released = Devuelta
complaint-work-acknowledged = Acuse de recibo
complaint-work-holding-response = Respuesta provisional
complaint-work-summary-resolution = Resolución inmediata
complaint-work-final-response = Respuesta final
complaint-work-forwarded = Remitida
complaint-work-reopened = Reabierta
complaint-work-noted = Anotada
complaint-work-undone = Deshecho
complaint-work-other = Trabajo más nuevo que esta versión
complaint-answer-upheld = Estimada
complaint-answer-partly-upheld = Estimada en parte
complaint-answer-rejected = Desestimada
complaint-fact-submission = Edición
complaint-fact-received = Recibida
complaint-fact-channel = Canal
complaint-fact-language = Idioma
complaint-fact-entity = Sociedad
complaint-fact-known-product = Producto tal como se envió
complaint-fact-regulator = Remitida
complaint-fact-notice = Anunciada
complaint-fact-label = Etiqueta
complaint-fact-confidence = Confianza
complaint-fact-threshold = Necesaria
complaint-fact-model = Modelo y versión
complaint-fact-strategy = Versión de la estrategia
complaint-fact-role = Papel
complaint-fact-arm = Rama
complaint-fact-failure = Fallo
complaint-fact-unread = Sin leer
complaint-fact-why = Por qué
complaint-fact-previous-team = Equipo anterior
complaint-fact-vulnerability = Vulnerabilidad
complaint-fact-priority = Prioridad
complaint-fact-needs-human = La mira una persona
complaint-fact-reasons = Porque
complaint-fact-missing = Sin respuesta
complaint-fact-revision = Asignación
complaint-fact-task = Sobre
complaint-fact-label-before = Etiqueta anterior
complaint-fact-label-after = Etiqueta nueva
complaint-fact-from-team = De
complaint-fact-to-team = A
complaint-fact-reason = Motivo
complaint-fact-who = Quién
complaint-fact-source = Comunicado por
complaint-fact-retracts = Retira
complaint-fact-answer = Resultado
complaint-fact-cause = Causa
complaint-fact-redress = Compensación
complaint-fact-vulnerability-code = Papel de la vulnerabilidad
complaint-fact-forwarded-to = Remitida a
complaint-fact-team = Equipo
complaint-fact-undoes = Deshace
complaint-fact-record = Registro

## What is done next
complaint-work = Trabajar en ella
complaint-lease-free = Nadie trabaja en ella.
complaint-lease-take = Tomarla
complaint-lease-yours = La tiene usted hasta
complaint-lease-renew = Conservarla más tiempo
complaint-lease-release = Devolverla
complaint-lease-others = { $holder } trabaja en ella, hasta
complaint-lease-take-over = Quedársela
complaint-do-acknowledged = Acusar recibo
complaint-do-holding-response = Respuesta provisional
complaint-do-final-response = Respuesta final
complaint-do-summary-resolution = Resolución inmediata
complaint-do-forwarded = Remitir a otra entidad
complaint-do-reopened = Reabrirla
complaint-do-noted = Anotar un código
complaint-do-not-ours = No es nuestra
complaint-do-not-ours-send = Pasarla a ese equipo
complaint-field-outcome = Resultado
complaint-field-outcome-none = Elija un resultado
complaint-field-cause-code = Causa
complaint-field-cause-code-hint = Un código de su banco, como FEES.
complaint-field-redress-minor = Compensación
complaint-field-redress-minor-hint = Un importe como 25.00; nada si no se pagó ninguno.
complaint-field-redress-currency = Moneda
complaint-field-redress-currency-hint = Tres letras, como EUR.
complaint-field-vulnerability-code = Papel de la vulnerabilidad
complaint-field-vulnerability-code-hint = El código de su banco de lo que tuvo que ver la vulnerabilidad, si lo pide.
complaint-field-forwarded-to = Entidad
complaint-field-forwarded-to-hint = El código de su banco de la entidad que la recibe.
complaint-field-reason-code = Código
complaint-field-reason-code-hint = Letras, cifras, puntos, guiones y guiones bajos. Nada sobre el cliente.
done-complaint-acknowledged = Se acusó recibo.
done-complaint-holding-response = La respuesta provisional queda registrada.
done-complaint-final-response = La respuesta final queda registrada.
done-complaint-summary-resolution = La resolución inmediata queda registrada.
done-complaint-forwarded = Queda registrada como remitida.
done-complaint-reopened = Está abierta de nuevo.
done-complaint-noted = Anotado.
done-complaint-undone = Deshecho.
done-complaint-lease-take = Ahora la tiene usted.
done-complaint-lease-renew = La conserva usted.
done-complaint-lease-release = Devuelta.
done-complaint-lease-take-over = Ahora la tiene usted. Se avisa a quien la tenía.

## What the customer wrote
complaint-narrative-title = Lo que escribió el cliente: { $complaint }
complaint-narrative-recorded = Queda registrado que usted lo abrió.
complaint-narrative-edition = Edición { $count }, de
complaint-narrative-back = Volver a la reclamación

## Why something is not done
complaint-trouble-title = No se hizo
complaint-trouble-title-forbidden = Usted no puede hacer eso
complaint-trouble-title-absent = No se encontró
complaint-trouble-title-later = Ahora no
complaint-trouble-case-unknown = No hay ninguna reclamación con este identificador que usted pueda ver. La que acaba de llegar aparece en un momento.
complaint-trouble-blind = Está en la muestra de auditoría y usted puede juzgarla. Lo que dijeron los modelos no se muestra hasta entonces.
complaint-trouble-team-unknown = No hay ningún equipo con este nombre que usted pueda ver.
complaint-trouble-narrative-unknown = El archivo no tiene ningún texto legible de esta reclamación. Inténtelo de nuevo en un momento.
complaint-trouble-not-your-team = La tiene un equipo para el que usted no trabaja.
complaint-trouble-lead-only = Eso lo puede hacer quien dirige el equipo.
complaint-trouble-auditors-only = Quién hizo qué lo pueden leer los auditores.
complaint-trouble-held = { $holder } trabaja en ella hasta las { $until }. Lo que usted escribió sigue aquí.
complaint-trouble-just-finished = { $holder } acaba de terminarla. Vuelva a mirarla en un momento.
complaint-trouble-lease-over = La tuvo demasiado tiempo sin dar señal y ahora está libre. Tómela de nuevo.
complaint-trouble-not-yours = Eso ya no es suyo. Vuelva a cargar la página.
complaint-trouble-reason-missing = Diga por qué, con un código de su banco.
complaint-trouble-note-missing = Diga qué se anota, con un código de su banco.
complaint-trouble-no-code = Escriba un código: como mucho 64 letras, cifras, puntos, guiones y guiones bajos.
complaint-trouble-to-team-missing = Diga qué equipo la recibe.
complaint-trouble-nothing-chosen = Elija al menos una reclamación.
complaint-trouble-too-many = Son demasiadas a la vez. Elija menos.
complaint-trouble-list-changed = La lista ha cambiado: algunas las tiene ahora otro equipo.
complaint-trouble-no-day = Escriba un día como 2026-12-04.
complaint-trouble-outcome-missing = Elija un resultado.
complaint-trouble-cause-missing = Diga la causa, con un código de su banco.
complaint-trouble-amount-missing = Diga cuánto, o deje fuera la moneda.
complaint-trouble-amount-malformed = Escriba un importe como 25.00, sin signos ni separadores.
complaint-trouble-currency-missing = Diga en qué moneda, como EUR.
complaint-trouble-revision-not-newest = La reclamación ha cambiado desde que usted la abrió. Vuelva a mirarla.
complaint-trouble-already-answered = Ya está contestada. Reábrala primero.
complaint-trouble-not-answered = Está abierta: siga trabajando en ella.
complaint-trouble-already-acknowledged = Ya se acusó recibo.
complaint-trouble-withdrawn = El cliente la retiró. Solo se puede anotar algo o deshacer.
complaint-trouble-work-unknown = El archivo aún no lo tiene. Deshágalo de nuevo en un momento.
complaint-trouble-verdict-unknown = El archivo aún no lo tiene. Deshágalo de nuevo en un momento.
complaint-trouble-view-behind = Las listas llevan un momento de retraso. Vuelva a cargar la página.
complaint-trouble-busy = Otras personas fueron más rápidas. Vuelva a mirarla en un momento.
complaint-trouble-audit-unavailable = Ahora no se puede registrar quién lo pidió, y sin eso no se muestra ni se hace nada. Inténtelo de nuevo en un momento.
complaint-trouble-unavailable = Ahora no se puede hacer. Inténtelo de nuevo en un momento.
complaint-trouble-id-malformed = Eso no es un identificador.
complaint-trouble-missing-field = Falta algo: escriba un identificador o una referencia enteros de como mucho 256 bytes.
complaint-trouble-after-unknown = Esta página no empieza en ninguna parte. Vuelva al principio de la lista.
complaint-trouble-forwarded-to-missing = Diga qué entidad la recibe, con un código de su banco.
complaint-trouble-currency-malformed = Escriba la moneda con tres letras, como EUR.
complaint-trouble-to-team-unchanged = Ya la tiene ese equipo. Elija otro.
complaint-trouble-name-malformed = Quite los caracteres que nadie ve.
complaint-trouble-retracts-a-retraction = Eso ya se retiró.

## What is kept from a judge of the audit sample
complaint-kept = En la muestra de auditoría
complaint-kept-why = Nadie la ha juzgado todavía. Hasta entonces, lo que dijeron los modelos no se muestra a quien puede juzgarla.
complaint-kept-judge = Juzgarla a ciegas
complaint-kept-show = Mostrar lo que dijeron los modelos
complaint-kept-noted = Si la tramita y lo necesita ahora, muéstrelo. Una nota en su historial lo dice, y la juzga otra persona.

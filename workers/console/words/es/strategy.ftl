# La estrategia: quién decide, cambios pendientes, historial.

strategy-title = Estrategia
strategy-parts = Páginas de la estrategia
strategy-in-force = En vigor
strategy-requests = Solicitudes
strategy-history = Historial
strategy-version = Estrategia { $count }
strategy-since = en vigor desde
strategy-from = Desde
strategy-until = hasta
strategy-from-the-start = el principio
strategy-announced = La estrategia { $count } está publicada. Empieza
strategy-none = Todavía no hay ninguna estrategia publicada.
strategy-none-why = El primer arranque publica una.

## Quién decide
strategy-task-product = Producto
strategy-task-issue = Motivo
strategy-task-vulnerable = Vulnerabilidad
strategy-the-product = el producto
strategy-the-issue = el motivo
strategy-the-vulnerable = la vulnerabilidad
strategy-arms = Quién decide { $task }
strategy-arm = Brazo
strategy-model = Modelo
strategy-does = Qué hace
strategy-share = Parte
strategy-outcome = Acierto, según la muestra de auditoría de 30 días
strategy-role-deciding = decide
strategy-role-shadow = observa, no decide nada
strategy-role-unknown = desconocido para esta versión de Ombud
strategy-bound = Una respuesta con una confianza menor del { $bound } no se da: se prueba un nivel más general y después deciden las personas.
strategy-flag-bound = Un «no indicado» con una confianza menor del { $bound } se transmite como «posible».
strategy-no-bound = Solo cuentan los umbrales del modelo.
strategy-not-required = Si esta respuesta no llega a tiempo, la queja se asigna sin ella.
strategy-to-dial = Dial de cobertura de { $arm }
strategy-to-quality = Lo que dicen los veredictos de las personas sobre cada brazo está en la página de calidad
strategy-next-needs = { $count ->
    [0] El próximo cambio de lo que decide no necesita a nadie más.
    [one] El próximo cambio de lo que decide necesita la aprobación de 1 persona más. Una sombra y una vuelta atrás no necesitan ninguna.
   *[other] El próximo cambio de lo que decide necesita la aprobación de { $count } personas más. Una sombra y una vuelta atrás no necesitan ninguna.
}

## Lo que vale para todas las tareas
strategy-bounds = Límites
strategy-audit-sample = Muestra de auditoría
strategy-audit-sample-why = de las quejas las miran personas, digan lo que digan los modelos
strategy-deadline = Una queja se asigna en
strategy-amend-window = Una asignación se puede corregir durante
strategy-seconds = { $count ->
    [one] 1 segundo
   *[other] { $count } segundos
}
strategy-hours = { $count ->
    [one] 1 hora
   *[other] { $count } horas
}
strategy-minutes = { $count ->
    [one] 1 minuto
   *[other] { $count } minutos
}

## Plazos
strategy-clocks = Plazos
strategy-clocks-caption = Reglas de los plazos
strategy-clock = Plazo
strategy-clock-rule = Corre
strategy-clock-for = Para
strategy-clock-met-by = Se cumple con
strategy-clock-runs = { $limit } desde { $starts }; los días terminan a medianoche en { $zone }
strategy-clock-by = ; días hábiles según { $calendar }
strategy-clock-all = todas las quejas
strategy-clock-unless = pero no { $classes }
strategy-clock-suspended = suspendido para { $class } del { $from } al { $until }
strategy-clock-extended = con { $work } se amplía a { $limit }
strategy-clock-again = vuelve a correr cuando la queja se reabre
strategy-clock-resolve-days = { $count ->
    [one] Resolver en 1 día desde la recepción
   *[other] Resolver en { $count } días desde la recepción
}
strategy-clock-final-days = { $count ->
    [one] Respuesta final en 1 día desde la recepción
   *[other] Respuesta final en { $count } días desde la recepción
}
strategy-no-clock = No corre ningún plazo.
strategy-starts-receipt = la recepción
strategy-starts-sending = el día en que la envió un regulador
strategy-starts-notice = el aviso del cliente
strategy-or-else = {" "}o, si no,{" "}
strategy-limit-days = { $count ->
    [one] 1 día
   *[other] { $count } días
}
strategy-limit-business-days = { $count ->
    [one] 1 día hábil
   *[other] { $count } días hábiles
}
strategy-limit-weeks = { $count ->
    [one] 1 semana
   *[other] { $count } semanas
}
strategy-work-acknowledged = acuse de recibo
strategy-work-holding-response = respuesta provisional
strategy-work-summary-resolution = resolución abreviada
strategy-work-final-response = respuesta final
strategy-work-forwarded = traslado
strategy-work-noted = nota
strategy-work-other = otro trabajo

## Formularios
strategy-change-task = Cambiar quién decide { $task }
strategy-canary = Probar un modelo: un canario decide una parte
strategy-shadow = Observar un modelo: una sombra no decide nada
strategy-promote = Hacer de { $arm } el campeón
strategy-share-percent = Parte de las quejas, en tanto por ciento
strategy-no-candidate = Ninguna otra versión registrada responde a esta tarea. Añada una con «ombud models add».
strategy-evaluation-of-it = Evaluación en que se apoya
strategy-evaluation-hint = Las cifras se muestran antes de solicitar nada.
strategy-no-evaluation = No tiene ninguna evaluación. Evalúelo con «ombud evaluate --record» o «ombud strategy replay».
strategy-look = Mostrar lo que cambiaría
strategy-last-good = Última versión buena:
strategy-roll-back = Volver
strategy-roll-back-to = Volver a la estrategia { $count }

## Un cambio antes de hacerse
strategy-change-title = Cambiar la estrategia
strategy-change-canary = Canario para { $task }: { $model } decide { $share }
strategy-change-shadow = Sombra para { $task }: { $model } observa { $share }
strategy-change-promote = Ascender { $arm } para { $task }: lo decide todo
strategy-change-roll-back = Volver a la estrategia { $version }
strategy-change-back = Volver a la versión anterior
strategy-change-replace = Cambiar lo que dice la estrategia
strategy-change-unreadable = Un cambio que esta versión de Ombud no puede leer
strategy-differs-from = Qué cambia respecto a la estrategia { $count }
strategy-reason = Motivo
strategy-reason-hint = Queda en el historial: por qué, en 500 caracteres como máximo.
strategy-nobody-needed = No hace falta nadie más: se publica en el acto.
strategy-begins = Empieza hacia
strategy-others-needed = { $count ->
    [one] Otra persona debe aprobarlo. Hasta entonces queda como solicitud.
   *[other] Otras { $count } personas deben aprobarlo. Hasta entonces queda como solicitud.
}
strategy-ask = Pedir aprobación
strategy-publish = Publicar ahora
strategy-cancel = Cancelar
strategy-back = Volver a la estrategia
strategy-changed-meanwhile = Se publicó otra versión mientras miraba esta página. Mire lo que cambia ahora y envíelo otra vez.

## Errores de un formulario
strategy-wrong-model = Elija un modelo.
strategy-wrong-share = Indique la parte en tanto por ciento, como 10 o 12.5.
strategy-wrong-evaluation = Elija la evaluación en que se apoya.
strategy-wrong-version = Elija una versión a la que volver.
strategy-wrong-change = Elija qué cambiar en la página de la estrategia.
strategy-wrong-bound = Una confianza va de 0 a 1.
strategy-wrong-task = La estrategia no pide esta tarea.
strategy-wrong-reason = Diga por qué, en 500 caracteres como máximo.

## Solicitudes
strategy-no-request = Ningún cambio espera aprobación.
strategy-no-request-why = Lo que alguien solicita en la página de la estrategia espera aquí hasta que lo aprueban otras personas.
strategy-waits = espera aprobación
strategy-stale = caducada: se publicó otra versión después
strategy-not-possible = no se puede publicar tal como están las cosas
strategy-approvals-given = { $given } de { $needed }
strategy-own-request = Usted la solicitó: debe aprobarla otra persona.
strategy-approved-already = Usted ya la aprobó.
strategy-approve = Aprobar
strategy-refuse = Rechazar
strategy-take-back = Retirar
strategy-age-minutes = { $count ->
    [0] ahora mismo
    [one] hace 1 minuto
   *[other] hace { $count } minutos
}
strategy-age-hours = { $count ->
    [one] hace 1 hora
   *[other] hace { $count } horas
}
strategy-age-days = { $count ->
    [one] hace 1 día
   *[other] hace { $count } días
}

## Historial
strategy-history-caption = Todas las versiones, la más nueva primero
strategy-column-version = Versión
strategy-column-from = Desde
strategy-column-differences = Diferencias
strategy-column-back = Volver
strategy-why = Por qué
strategy-by = Publicada por
strategy-requested-by = Solicitada por
strategy-approved-by = Aprobada por
strategy-nobody = nadie
strategy-rests-on = Evaluación en que se apoya
strategy-is-in-force = en vigor
strategy-is-announced = anunciada
strategy-never-served = nunca en vigor
strategy-no-such-version = No hay ninguna estrategia con este número.
strategy-what-changed = Qué cambió
strategy-first = Es la primera.
strategy-who-decides = Quién decide
strategy-the-one-before = La anterior
strategy-the-one-after = La siguiente

## Diferencias
strategy-no-difference = No cambia nada.
strategy-place = Qué
strategy-before = Antes
strategy-after = Después
strategy-required = Obligatoria
strategy-salt = Sal del sorteo
strategy-review-below = Revisión por debajo de
strategy-approvals = Aprobaciones
strategy-routing = Asignación

## Cifras
strategy-figure = Cifra
strategy-figure-value = Valor
strategy-evaluation = Cifras de la evaluación { $id }
strategy-evaluation-audit-sample = con la muestra de auditoría
strategy-evaluation-data = con datos etiquetados
strategy-evaluation-replay = con una repetición
strategy-evaluation-against = Comparada con la versión { $version }
strategy-no-figures = No tiene cifras.
strategy-complaints = { $count ->
    [one] 1 queja
   *[other] { $count } quejas
}
strategy-figure-accuracy = aciertos
strategy-figure-macro-f1 = F1 macro
strategy-figure-top3 = respuesta correcta entre las tres primeras
strategy-figure-ece = error de calibración
strategy-figure-pr-auc = PR-AUC
strategy-figure-precision-60 = precisión cuando se encuentra el 60 %
strategy-figure-flag-rate-60 = parte señalada cuando se encuentra el 60 %
strategy-figure-base-rate = parte que lo es
strategy-figure-rows = quejas
strategy-figure-share = parte respondida
strategy-figure-right = parte correcta
strategy-figure-this = esta versión
strategy-figure-other = la otra versión
strategy-figure-difference = diferencia en puntos
strategy-figure-served = en servicio
strategy-figure-validation = validación

## Lo que acaba de ocurrir
done-strategy-asked = El cambio espera aprobación.
done-strategy-approved = Aprobada. Otras personas deben aprobarla también.
done-strategy-published = La estrategia está publicada.
done-strategy-closed = La solicitud está cerrada.

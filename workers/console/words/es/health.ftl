# Cómo está el sistema, para quienes lo operan.

health-title = Estado
health-unknown = Nadie ha mirado todavía
health-unknown-why = La consulta tarda unos segundos. Vuelva a cargar la página dentro de un momento.
health-as-of = { $count ->
    [0] Tal como está ahora.
    [one] Tal como estaba hace 1 segundo.
   *[other] Tal como estaba hace { $count } segundos.
}
health-again = Mirar otra vez
health-unanswered = Esto no se pudo consultar:

## Este proceso
health-waits = Este proceso
health-ready = listo
health-ready-why = No espera nada.
health-version = Ombud

## Grupos
health-groups = Grupos
health-groups-caption = Hasta dónde ha llegado cada grupo. Un grupo reparte el trabajo entre sus procesos.
health-groups-none = Ningún grupo ha trabajado todavía
health-groups-none-why = Los grupos aparecen aquí cuando infer, join o archive han arrancado.
health-group = Grupo
health-lag = Registros pendientes
health-drain = Tiempo hasta ponerse al día
health-drain-unknown = aún sin medir
health-drain-still = parado
health-oldest = El más antiguo sin terminar
health-seconds = { $count } s
health-minutes = { $count } min
health-hours = { $count } h
health-milliseconds = respondió en { $count } ms

## Cartas muertas
health-letters = Cartas muertas
health-letters-what = Registros que nadie pudo leer. Su contenido no se muestra aquí.
health-letters-none = No hay cartas muertas
health-letters-none-why = Todos los registros se pudieron leer.
health-letters-caption = Las cartas muertas más recientes
health-by-reason = Por qué: las { $count } cartas muertas
health-by-reason-of = Por qué: las { $count } cartas muertas más recientes
health-reason = Motivo
health-count = Cuántas
health-choose = Elegir
health-letter = Carta muerta
health-record = Su registro
health-parked = Apartada
health-redrive = Enviar de nuevo las elegidas
health-redrive-what = Cada una vuelve a su tema y partición, una sola vez. Corrija antes la causa. Queda registrado quién la envía.
health-none-chosen = Elija al menos una carta muerta.
health-too-many = Elija como máximo 100 cartas muertas a la vez.
health-no-letter = Una de las cartas elegidas no tiene un identificador válido. Elija en la tabla.
health-not-yours = Solo los operadores pueden enviar de nuevo cartas muertas.
health-not-sent = No se envió todo, o nada. Falló:
health-sent = { $count ->
    [one] Se envió de nuevo 1 carta muerta.
   *[other] Se enviaron de nuevo { $count } cartas muertas.
}
health-already = { $count ->
    [one] 1 ya se había enviado antes.
   *[other] { $count } ya se habían enviado antes.
}
health-refused = { $count ->
    [one] 1 no se puede enviar tal como está: la tabla dice por qué.
   *[other] { $count } no se pueden enviar tal como están: la tabla dice por qué.
}
done-redriven = Enviado de nuevo y registrado.
done-redriven-none = No se envió nada.

## Modelos
health-models = Modelos
health-models-caption = Versiones que nombra la estrategia vigente, y versiones rechazadas
health-models-none = No se nombra ningún modelo
health-models-none-why = Todavía no hay estrategia vigente.
health-model = Modelo
health-tasks = Tareas
health-model-rejected = rechazado
health-model-decides = decide
health-model-shadow = en sombra

## Lo que responde
health-reached = Lo que responde
health-reached-caption = El registro, los almacenes y la lista de trabajo de esta consola
health-part = Qué
health-state = Estado
health-detail = Detalle
health-log = Registro de datos
health-schema-registry = Registro de esquemas
health-case-store = Almacén de casos
health-leases = Reservas y sesiones
health-worklist = Lista de trabajo
health-answers = responde
health-silent = sin respuesta
health-followed = al día
health-read = leyéndose
health-records-behind = { $count ->
    [one] 1 registro de retraso
   *[other] { $count } registros de retraso
}

## Doctor
health-doctor = Doctor
health-doctor-what = Lo que «ombud doctor» encuentra desde este proceso, y qué hacer.
health-doctor-caption = Lo que se encontró, lo peor primero
health-doctor-ask = Examinar ahora
health-doctor-running = El examen está en curso. Vuelva a cargar la página dentro de unos segundos.
health-found = Encontrado
health-fix = Qué hacer
health-grade-ok = bien
health-grade-warn = por revisar
health-grade-bad = mal

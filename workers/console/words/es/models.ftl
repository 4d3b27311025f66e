# Modelos: versiones, cuánto valen, dónde sirven.

models-title = Modelos
models-to-strategy = Quién decide ahora está en la página de la estrategia
models-none = No hay ningún modelo registrado.
models-none-why = El primer arranque registra los de la carpeta de modelos; «ombud models add» añade otros.
models-caption = Todas las versiones: primero las que sirven, después las más nuevas
models-version = Versión
models-state = Estado
models-figure-right = { $task }: acierto
models-figure-flag = { $task }: acierto entre las marcadas, con el 60 % hallado
models-unmeasured-short = sin medir
models-serves-now = Sirve ahora
models-will-serve = Servirá
models-served-before = Sirvió antes
models-registered-when = Registrada
models-by = por
models-registered = registrada
models-retired = retirada
models-rejected = rechazada
models-unknown = No hay ninguna versión así registrada.

## Una versión
models-digest = Versión
models-family = Tipo
models-parent = Entrenada a partir de
models-hub = Del hub
models-training-digest = Resumen del manifiesto de entrenamiento
models-where = Dónde sirve
models-where-caption = Estrategias que la nombran
models-nowhere = Ninguna estrategia la nombra ni la nombró.
models-when = Cuándo
models-task = Tarea
models-since = Desde
models-until = Hasta
models-worth = Cuánto vale
models-unmeasured = No se ha medido.
models-intervals = El registro guarda cifras sin intervalos; la ficha tiene ambos.
models-training = Cifras de su entrenamiento
models-answers = Qué responde
models-answers-caption = Tareas, con etiquetas y umbrales
models-label-set = Conjunto de etiquetas
models-labels = Etiquetas
models-thresholds = Umbrales
models-evidence = Tabla de indicios
models-no-threshold = ninguno propio
models-reads = Lee
models-not-here = Los umbrales y las tablas de indicios están en su artefacto, que no está en este equipo.
models-files = Archivos
models-file = Archivo
models-bytes = Bytes
models-file-count = { $count ->
    [one] 1 archivo
   *[other] { $count } archivos
}
models-card = Ficha
models-read-card = Leer la ficha
models-no-card = Su ficha no está en este equipo. «ombud models show» la muestra donde está la versión.

## El dial de cobertura
models-dial = Dial de cobertura
models-dial-what = Cuántos clientes vulnerables se encuentran y cuántas quejas miran las personas para ello.
models-no-dial = Nadie lo ha medido: «ombud evaluate --dial --card» lo escribe en la ficha.
models-dial-slider = Parte de los clientes vulnerables que se encuentra
models-dial-hint = De menos, a la izquierda, a más, a la derecha. La tabla de abajo tiene todas las posiciones.
models-dial-per-day = Quejas al día
models-dial-wrong = Indique un número entero de 1 a { $count }.
models-dial-show = Mostrar
models-dial-caption = Todas las posiciones del dial, con { $count } quejas al día
models-dial-recall = Encontrados de los vulnerables
models-dial-score = Desde la puntuación
models-dial-precision = Vulnerables entre los señalados
models-dial-reviews = Revisiones al día
models-dial-chosen = elegida
models-dial-now = la más cercana a ahora
models-dial-own = La propia versión dice «posible» desde la puntuación { $score }. Por debajo cuenta el límite de la estrategia: un «no indicado» menos seguro se transmite como «posible».
models-dial-ask = Mostrar el cambio que encuentra { $recall }
models-dial-who = Un responsable de modelos puede solicitar este cambio.
models-dial-other-version = Aquí la estrategia no tiene nada que cambiar. Para señalar menos de lo que señala la propia versión, registre una versión con otro umbral, pruébela como canario y asciéndala.
models-dial-version-alone = Los umbrales están en el artefacto, que no está en este equipo. Para cambiarlos, registre una versión con otros, pruébela como canario y asciéndala.
models-dial-not-deciding = Esta versión no decide la tarea ahora.

# Why a complaint was answered as it was, and its dossier.

## What is asked on the page of a complaint
explain-part = Por qué esta respuesta
explain-merits = Las palabras son las razones del modelo, no la razón que tenga la reclamación.
explain-takes = Se calcula de nuevo a partir del texto archivado. Tarda unos segundos, y más mientras llegan muchas reclamaciones. Queda registrado que usted preguntó y que abrió lo que escribió el cliente.
explain-unavailable = Aquí no hay explicaciones. Quien administra Ombud las activa con el ajuste explain.address.
explain-task = Sobre { $task }: { $label } ({ $confidence })
explain-against = Por qué no, sobre { $task }
explain-against-runner-up = la siguiente más probable
explain-against-all-others = todas las demás juntas
explain-go = Explicar { $task }
explain-as-of = Según lo que se sabía al final de
explain-as-of-hint = Un día, en UTC. Vacío: ahora.
explain-level-product = Producto
explain-level-issue = Problema
explain-level-group = Grupo de problemas
explain-level-intent = Intención
explain-level-vulnerable = Vulnerabilidad
explain-level-possible = Posible vulnerabilidad
explain-level-review-below = Sin indicios

## The answer
explain-title = Por qué esta respuesta: { $complaint }
explain-recorded = Queda registrado que usted abrió esto.
explain-back = Volver a la reclamación
explain-reached = con { $confidence }; había que llegar a { $threshold }.
explain-by = Respondió { $model } (brazo { $arm }, estrategia { $strategy }, calculado en { $arithmetic }).
explain-contrast = { $answer } en lugar de { $against }: { $value } en log-odds
explain-sides = { $answer }: { $share }. { $against }: { $other }.
explain-times = Eso hace la respuesta unas { $times } veces más probable que la otra.
explain-scale = En log-odds, +0.7 hace algo cerca del doble de probable, y −0.7 la mitad. Lo que se suma abajo es esa cifra.
explain-nothing-to-compare = No hay nada que comparar: el modelo no puede leer este texto o no dio respuesta.
explain-col-bar = En contra o a favor
explain-col-value = Log-odds
explain-bars-caption = De qué se compone la diferencia
explain-bars-part = Parte
explain-words-caption = Las palabras que más pesan
explain-words-part = Palabra
explain-sentences-caption = Cuánto baja la diferencia sin cada frase
explain-sentences-part = Frase
explain-bar-words = Todas las palabras, como las lee { $name }
explain-bar-baseline = Lo que el modelo dice de un texto vacío
explain-bar-special = Marcas que no representan texto
explain-bar-shift = Lo que se añade diga lo que diga el texto
explain-bar-hint = La respuesta sobre { $name }
explain-bar-evidence = Lo que el texto dice expresamente: { $name }
explain-bar-evidence-kept = Lo que el texto dice expresamente
explain-bar-arithmetic = Redondeo: tal como se sirvió, menos lo mismo en precisión simple
explain-bar-error = Lo que a las partes les falta del total
explain-legend = Cómo se marcan las palabras
explain-legend-for = a favor de la respuesta: azul, línea continua
explain-legend-against = en contra: naranja, línea discontinua
explain-legend-unread = no leído: puntos
explain-legend-turning = habría cambiado el equipo: un marco
explain-legend-evidence = habla de vulnerabilidad
explain-unread = { $member } no lo leyó todo: no lo que está sobre puntos.

## How it was computed
explain-method-exact = Exacto: la parte de cada palabra se calcula, no se estima. Lo que falta a las partes: { $error }.
explain-method-gradients = Por gradientes integrados en { $steps } puntos. Lo que falta a las partes: { $error } de la diferencia.
explain-method-occlusion = Dejando fuera una frase tras otra: a este modelo no se le puede seguir palabra por palabra.
explain-method-other = Por { $name } en { $steps } puntos. Lo que falta a las partes: { $error } de la diferencia.
explain-baseline = Empieza en
explain-approximate = aproximado
explain-approximate-why = A las partes de las palabras les falta más de una décima de la diferencia. Mire las frases y no las palabras.
explain-collisions = { $count ->
    [one] 1 palabra comparte su lugar en el modelo con otra: su parte puede ser de la otra.
   *[other] { $count } palabras comparten su lugar en el modelo con otras: sus partes pueden ser de las otras.
}
explain-levels-caption = A qué había que llegar, de fino a grueso
explain-levels-level = Nivel
explain-levels-label = Más probable
explain-levels-sure = Seguridad
explain-levels-needed = Necesario
explain-levels-reached = Alcanzado
explain-reproduced = igual de nuevo
explain-reproduced-how = Calculado de nuevo es { $label } con { $confidence }; consta { $recorded_label } con { $recorded }.
explain-not-reproduced = no reproducido
explain-not-reproduced-how = Consta { $recorded_label } con { $recorded }. Calculado de nuevo es { $label } con { $confidence }: aquí se explica esto último.

## Where it went
explain-route = Adónde fue
explain-turning = Qué lo habría cambiado
explain-turning-without = { $count ->
    [one] Sin la frase enmarcada habría ido a { $team }.
   *[other] Sin las { $count } frases enmarcadas habría ido a { $team }.
}
explain-turning-tried = { $count ->
    [one] Para ello se preguntó a los modelos por 1 texto.
   *[other] Para ello se preguntó a los modelos por { $count } textos.
}

## A dossier
dossier-part = Expediente
dossier-what = Un archivo firmado con esta decisión y todo en lo que se basa, para un regulador, un defensor del cliente o el propio cliente. Quien lo recibe puede verificarlo sin Ombud.
dossier-text = Lo que escribió el cliente
dossier-text-none = dejarlo fuera: solo su hash
dossier-reason-regulator = incluirlo: lo pide un regulador
dossier-reason-ombudsman = incluirlo: lo pide un defensor del cliente
dossier-reason-court = incluirlo: lo pide un tribunal
dossier-reason-customer = incluirlo: lo pide el cliente
dossier-reason-internal-audit = incluirlo: lo pide la auditoría interna
dossier-as-of = Tal como estaba al final de
dossier-go = Descargar el expediente
dossier-recorded = Queda registrado que usted se lo llevó, con el hash del archivo. Antes se calculan sus explicaciones, lo que tarda unos segundos.
dossier-unavailable = Aquí no hay expedientes. Quien administra Ombud los activa con el ajuste dossier.key_file.

## Why there is none
complaint-trouble-explain-unavailable = Aquí no hay explicaciones. Quien administra Ombud las activa con el ajuste explain.address.
complaint-trouble-dossier-unavailable = Aquí no hay expedientes. Quien administra Ombud los activa con el ajuste dossier.key_file.
complaint-trouble-explain-busy = Esperan tantas preguntas como caben, y cada una tarda unos segundos. Pregunte de nuevo en un momento.
complaint-trouble-nothing-decided = Hasta entonces no se decidió nada sobre ella que tenga el archivo.
complaint-trouble-model-gone = El modelo que respondió ya no está: nadie guardó sus pesos. La decisión y su registro siguen ahí.
complaint-trouble-model-failed = No se pudo volver a preguntar al modelo que respondió.
complaint-trouble-unknown-task = Eso no se decidió. Elija una de las respuestas de abajo.
complaint-trouble-unknown-label = El modelo que respondió no tiene esa etiqueta. Elija una de la lista.
complaint-trouble-same-label = Eso es lo que se respondió. Elija otra etiqueta.
complaint-trouble-not-a-task = El modelo que consta no responde a esto.
complaint-trouble-other-narrative = El texto que se juzgó no está en el archivo.
complaint-trouble-strategy-unreadable = Esta versión no puede leer la estrategia que decidió.
complaint-trouble-leads-only = Puede llevarse un expediente quien lidera el equipo, o un auditor.

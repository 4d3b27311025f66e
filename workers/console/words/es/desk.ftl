# La mesa de clasificación: una reclamación cada vez.

desk-title = Mesa de clasificación
desk-about = Recibe una reclamación cada vez: la más urgente de las que debe ver una persona. Es suya mientras la mira.
desk-next = Siguiente reclamación
desk-nothing = No queda nada
desk-nothing-why = Ninguna reclamación de sus equipos espera a una persona, o las tienen otros.
desk-back = A la mesa
desk-not-done = Esto no se ha hecho

## La franja
desk-decided-today = { $count ->
    [one] 1 decidida por usted hoy
   *[other] { $count } decididas por usted hoy
}
desk-left = { $count ->
    [one] Queda 1
   *[other] Quedan { $count }
}
desk-left-least = Quedan { $count } o más
desk-blind = { $count ->
    [one] Espera 1 de la muestra de auditoría
   *[other] Esperan { $count } de la muestra de auditoría
}
desk-undo = Deshacer: { $complaint }

## La reclamación
desk-with = En
desk-received = Recibida
desk-state-open = abierta
desk-state-acknowledged = acusada
desk-state-waiting = en espera
desk-state-answered = contestada
desk-state-withdrawn = retirada
desk-vulnerable = vulnerable
desk-possibly-vulnerable = quizá vulnerable

## Lo que escribió el cliente
desk-narrative = Lo que escribió el cliente
desk-unread-unknown = Ningún modelo ha contestado, así que no se sabe cuánto se ha leído.
desk-unread-part = El modelo leyó { $read } de { $of } tokens (palabras o partes de palabras): el principio y el final.
desk-unread-marked = Lo marcado no lo ha leído ningún modelo con certeza. Puede haber palabras al lado sin leer.
desk-unread-left-out = Antes de la lectura de los modelos se quitaron correos citados, avisos legales o etiquetas.
desk-unread-none-language = Ningún modelo lo leyó: está en un idioma que no leen.
desk-unread-none-script = Ningún modelo lo leyó: está en una escritura que no leen.
desk-unread-none-too-few-words = Ningún modelo lo leyó: tiene muy pocas palabras propias del cliente.
desk-unread-none-unseen-words = Ningún modelo lo leyó: demasiadas palabras son nuevas para ellos.
desk-unread-none-other = Ningún modelo lo leyó.
desk-evidence = Marcado porque habla de vulnerabilidad:

## Por qué está aquí
desk-why = Por qué está aquí
desk-why-judged = Ya la ha visto una persona.
desk-why-sent = La ha enviado una persona.
desk-why-audit-sample = Salió en un sorteo.
desk-why-unreadable = No se pudo leer su registro.
desk-why-unknown-product = Su producto no tiene equipo.
desk-why-language-unread = Está en un idioma que solo leen personas.
desk-why-missing-product = La estrategia no pregunta el producto a ningún modelo.
desk-why-abstained = El modelo duda sobre { $task }.
desk-why-abstained-at = El modelo duda sobre { $task }: lo más probable es { $label } con { $share }, y necesita { $least }.
desk-why-unread = El modelo no pudo leerla para { $task }.
desk-why-failed = El modelo no logró contestar sobre { $task }.
desk-why-missing = La respuesta sobre { $task } llegó tarde.
desk-why-other = Motivo: { $code }
desk-task-product = el producto
desk-task-issue = el asunto
desk-task-vulnerable = la vulnerabilidad

## Decidir
desk-decide = Decidir
desk-confirm = Correcto: se queda en { $team }
desk-send = Enviar a { $team }
desk-likely = Los equipos más probables:
desk-no-likely = Ningún modelo dice qué equipo es el más probable. Elija uno abajo.
desk-percent = { $value } %
desk-percent-under = menos del 1 %
desk-percent-over = más del 99 %
desk-no-complaint = No es una reclamación
desk-vulnerable-yes = Cliente vulnerable
desk-vulnerable-no = Cliente no vulnerable
desk-to-another = Otro equipo
desk-other-team = Equipo
desk-choose = Elija un equipo
desk-reason = Motivo
desk-reason-hint = Un código: letras, cifras, puntos, guiones y guiones bajos.
desk-move = Enviar
desk-skip = Saltar, porque
desk-skip-unclear = No se entiende por el texto
desk-skip-conflict = Tengo un conflicto de intereses
desk-skip-language = No leo este idioma
desk-skip-later = Ahora no
desk-give-back = Devolverla

## Quién la tiene
desk-held = { $holder } tiene esta reclamación hasta las { $until }.
desk-lost = Otra persona tiene ahora esta reclamación. Lo que escribió sigue aquí.
desk-kept = Aún sin enviar:
desk-free = No la tiene nadie
desk-take = Tomarla

## Al lado
desk-clocks = Plazos
desk-no-clocks = No corre ningún plazo.
desk-others = Otras reclamaciones abiertas de este cliente

## Lo que se acaba de hacer
done-desk-confirmed = Confirmada.
done-desk-sent = Enviada.
done-desk-no-complaint = Anotado: no es una reclamación.
done-desk-vulnerable = Anotado: cliente vulnerable.
done-desk-not-vulnerable = Anotado: cliente no vulnerable.
done-desk-skipped = Saltada.
done-desk-given-back = Devuelta.
done-desk-undone = Deshecho. Decida otra vez.

## Por qué no se ha hecho algo
desk-problem-held = No enviado: { $holder } tiene esta reclamación hasta las { $until }.
desk-problem-just-finished = No enviado: el trabajo en esta reclamación acaba de terminar.
desk-problem-lease-over = Su tiempo con esta reclamación ha terminado. Tómela otra vez.
desk-problem-changed = No enviado: la reclamación ha cambiado desde que la vio. Mírela otra vez.
desk-problem-case-unknown = No hay ninguna reclamación con este identificador que usted pueda ver. Una recién llegada estará en un momento.
desk-problem-not-your-team = Esta reclamación es de un equipo para el que usted no trabaja.
desk-problem-lead-only = Lo decidió otra persona: solo ella o un responsable puede deshacerlo.
desk-problem-to-team-missing = Elija el equipo que recibe la reclamación.
desk-problem-to-team-unchanged = La reclamación vino de este equipo. Deshaga la decisión anterior.
desk-problem-team-unknown = La estrategia no tiene este equipo. Elija otro.
desk-problem-label-unchanged = Es lo que se decidió al principio. Deshaga la decisión posterior.
desk-problem-no-code = Dé el motivo como código: hasta 64 letras, cifras, puntos, guiones y guiones bajos.
desk-problem-unknown-symbol = Pulse uno de los botones de la página.
desk-problem-verdict-unknown = Esta decisión aún no está archivada. Inténtelo en un momento.
desk-problem-narrative-unknown = Lo que escribió el cliente aún no está archivado. Inténtelo en un momento.
desk-problem-audit-unavailable = No se puede registrar que usted abre esto, y sin registro no se muestra nada. Inténtelo en un momento.
desk-problem-view-behind = La cola va con retraso. Inténtelo en un momento.
desk-problem-busy = Otros fueron más rápidos. Inténtelo otra vez.
desk-problem-unavailable = Una parte de Ombud no contesta. Inténtelo en un momento.

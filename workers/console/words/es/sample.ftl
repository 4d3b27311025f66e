# La muestra de auditoría.

sample-title = Muestra de auditoría
sample-title-one = Muestra de auditoría: { $complaint }
sample-about = Estas reclamaciones se eligieron al azar. Usted lee lo que escribió el cliente y responde. Lo que dijeron los modelos se muestra después, para que no le influya.

## La lista
sample-tabs = Qué reclamaciones se muestran
sample-tab-first = Nadie las ha juzgado
sample-tab-second = Para un segundo lector
sample-second-about = Una de cada diez reclamaciones la lee también otra persona. Usted no ve lo que dijo la primera antes de responder.
sample-cut = Hay más. Aparecen cuando se juzguen algunas de estas.
sample-empty = Aquí no espera nada.
sample-empty-first = Todas las reclamaciones de la muestra que tienen sus equipos están juzgadas.
sample-empty-second = Todas las que se leen dos veces tienen su segundo lector, o usted fue el primero.
sample-next = La siguiente
sample-caption = Las siguientes, en un orden que no dice nada de ellas
sample-column-complaint = Reclamación
sample-column-received = Recibida

## Acuerdo
sample-agreement = Hasta qué punto coinciden dos personas
sample-agreement-about = De las reclamaciones de sus equipos que leyeron dos personas. Kappa es 1 si siempre coinciden, y 0 si coinciden solo como por azar.
sample-agreement-caption = Acuerdo de dos lectores, por pregunta
sample-column-task = Pregunta
sample-column-pairs = Leídas dos veces
sample-column-agreed = Misma respuesta
sample-column-kappa = Kappa de Cohen
sample-not-enough = todavía no bastan: { $pairs } de { $enough }
sample-one-label = todas tienen una sola etiqueta
sample-differing = { $count ->
    [one] Dos lectores difieren en 1 reclamación. Cuenta la respuesta más nueva hasta que una persona diga otra cosa:
   *[other] Dos lectores difieren en { $count } reclamaciones. Cuenta la respuesta más nueva hasta que una persona diga otra cosa:
}
sample-task-product = Producto
sample-task-issue = Asunto
sample-task-vulnerable = Vulnerable

## La pregunta
sample-blind = Responda solo por lo que está escrito aquí.
sample-wrote = Lo que escribió el cliente
sample-questions = Su respuesta
sample-choose-hint = Escriba una parte del nombre y elija de la lista.
sample-ask-vulnerable = ¿Es vulnerable este cliente?
sample-yes = sí
sample-no = no
sample-give = Dar esta respuesta
sample-no-complaint = No es una reclamación
sample-recorded = Su respuesta queda registrada con su nombre y aquí no se puede retirar.

## Lo que resultó
sample-compared = Su respuesta y lo que se decidió
sample-column-own = Usted
sample-column-decided = Decidido
sample-column-agrees = Resultado
sample-same = igual
sample-other = distinto
sample-nothing-decided = no se decidió nada
sample-said-no-complaint = no es una reclamación
sample-flag-vulnerable = vulnerable
sample-flag-possible = posible
sample-flag-not-indicated = sin indicios
sample-newest-counts = Donde dos personas difieren, cuenta la respuesta más nueva.
sample-whole-case = Caso completo
sample-no-undo = Esta respuesta fue a ciegas y se queda. Para corregir algo ahora, use la página del caso completo.
sample-pending = Su respuesta está registrada. Lo que se decidió se muestra en un momento.
sample-again = Mostrarlo
sample-back = A la muestra

done-sample-given = Su respuesta está registrada.

## What was not done
sample-problem-missing-field = Responda a esta pregunta.
sample-problem-label-unknown = Elija una de las etiquetas de la lista.
sample-problem-another-text = El cliente ha escrito otra cosa desde entonces. Léalo otra vez.
sample-problem-sample-unknown = La muestra no tiene ninguna reclamación así que usted pueda juzgar.
sample-problem-sample-judged = Otros han juzgado esta reclamación. Tome otra.
sample-problem-sample-seen = Usted pidió ver lo que dijeron los modelos de esta reclamación. La juzga otra persona; tome otra.

# La mesa de vulnerabilidad.

vulnerable-title = Mesa de vulnerabilidad
vulnerable-title-one = Reclamación { $complaint }
vulnerable-about = Reclamaciones de clientes que se consideran vulnerables, o que pueden serlo. Primero, la que vence antes. Cuando abre una, su nombre queda registrado.
vulnerable-next = La siguiente que nadie ha revisado
vulnerable-skip = Siguiente
vulnerable-back = A la lista
vulnerable-whole-case = Caso completo

## La lista
vulnerable-tabs = Qué reclamaciones se muestran
vulnerable-tab-all = Vulnerable o posible
vulnerable-tab-vulnerable = Vulnerable
vulnerable-empty = Aquí no hay ninguna reclamación.
vulnerable-empty-why = De sus equipos, ninguna abierta se considera vulnerable o posible.
vulnerable-caption = Reclamaciones abiertas, por vencimiento
vulnerable-column-due = Vence
vulnerable-column-complaint = Reclamación
vulnerable-column-flag = Señal
vulnerable-column-team = Equipo
vulnerable-column-product = Producto
vulnerable-column-received = Recibida
vulnerable-column-with = La lleva
vulnerable-no-clock = No corre ningún plazo
vulnerable-judged = revisada
vulnerable-flag-vulnerable = vulnerable
vulnerable-flag-possible = posible
vulnerable-flag-not-indicated = sin indicios

## Una reclamación
vulnerable-wrote = Lo que escribió el cliente
vulnerable-another-text = Este texto es más nuevo que el que leyeron los modelos; por eso no hay nada marcado.
vulnerable-phrase-number = Frase { $number }
vulnerable-evidence = Por qué se consideró vulnerable
vulnerable-no-evidence = En este texto no hay ninguna frase de la tabla de indicios. Decidió solo la puntuación, o faltó una respuesta.
vulnerable-explicit = lo dice claramente
vulnerable-hint = un indicio
vulnerable-driver-health = Salud
vulnerable-driver-life-events = Acontecimientos vitales
vulnerable-driver-resilience = Resiliencia
vulnerable-driver-capability = Capacidad
vulnerable-driver-unknown = Sin factor
vulnerable-models = Quién lo dijo
vulnerable-models-caption = Modelos que miraron, primero la respuesta más nueva
vulnerable-no-models = Ningún modelo ha mirado este texto.
vulnerable-column-model = Modelo y versión
vulnerable-column-table = Tabla de indicios
vulnerable-column-score = Puntuación
vulnerable-column-part = Papel
vulnerable-part-decided = decidió
vulnerable-part-beside = se le preguntó además
vulnerable-told = Lo que se dijo al equipo
vulnerable-told-outright = El cliente lo dice claramente
vulnerable-told-priority = Prioridad
vulnerable-told-at = Asignada
vulnerable-told-not = No se dijo al equipo qué palabras son, ni de qué hablan.
vulnerable-yes = sí
vulnerable-no = no
vulnerable-said = Lo que dijeron las personas
vulnerable-said-nothing = Nadie ha dicho nada todavía.

## La decisión
vulnerable-question = ¿Es vulnerable este cliente?
vulnerable-confirm = Confirmar
vulnerable-refuse = No es vulnerable
vulnerable-caused = ¿Causó esta reclamación que no respondiéramos a la vulnerabilidad?
vulnerable-caused-hint = También si no nos dimos cuenta. Déjelo abierto si todavía no lo sabe.
vulnerable-caused-yes = Sí
vulnerable-caused-no = No
vulnerable-caused-open = Dejarlo abierto
vulnerable-caused-known-yes = Registrado: la causó que no respondiéramos.
vulnerable-caused-known-no = Registrado: no la causó que no respondiéramos.
vulnerable-look-only = Puede mirar esta reclamación. Decide un especialista de su equipo.
vulnerable-undo = Deshacer

## Lo que acaba de pasar
done-vulnerable-confirmed = Confirmado: el cliente es vulnerable.
done-vulnerable-refused = Registrado: el cliente no es vulnerable.
done-vulnerable-undone = Retirado.

## Lo que no se hizo
vulnerable-problem-another-text = El cliente ha escrito otra cosa desde entonces. Léalo otra vez.
vulnerable-problem-cause-of-nothing = A quien no es vulnerable no se le falló en eso. Diga que no, o déjelo abierto.
vulnerable-problem-specialists-only = Los indicios de vulnerabilidad son para la mesa de vulnerabilidad.
vulnerable-problem-route-unknown = Esta reclamación todavía no está asignada. Inténtelo otra vez en un momento.

## Por qué se consideró vulnerable a un cliente
evidence-armed-forces = fuerzas armadas
evidence-age = edad
evidence-health = salud
evidence-mental-health = salud mental
evidence-disability = discapacidad
evidence-bereavement = duelo
evidence-caring = cuidado de otra persona
evidence-domestic-abuse = maltrato en el hogar
evidence-money-troubles = apuros económicos
evidence-job-loss = pérdida del empleo
evidence-capability = capacidad
evidence-disaster = catástrofe

# Radar: reclamaciones que dicen lo mismo.

alike-title = Radar
alike-intro = Reclamaciones de los últimos siete días que dicen lo mismo, casi palabra por palabra. Primero lo que es nuevo o crece.
alike-compared = { $count ->
    [one] Se comparó una reclamación,
   *[other] Se compararon { $count } reclamaciones,
  }
alike-as-of = a fecha de
alike-since = La primera que se compara llegó el
alike-partial = Llegaron más de las que se pueden comparar a la vez: solo se compararon las de los últimos días.
alike-not-yet = Todavía no se ha comparado nada.
alike-not-yet-why = La primera comparación tarda unos segundos. Vuelva a cargar la página.
alike-empty = No hay cinco reclamaciones de los últimos siete días que digan lo mismo.
alike-empty-why = Las reclamaciones se comparan cada pocos minutos. Las muy cortas no cuentan: dos personas escriben lo mismo por azar.
alike-caption = Grupos de reclamaciones parecidas, primero lo que es nuevo o crece
alike-cluster = Grupo
alike-news = Novedad
alike-new = nuevo
alike-growing = crece
alike-steady = como siempre
alike-large = 20 o más
alike-this-week = Últimos siete días
alike-week-before = Semana anterior
alike-usual = Semana habitual
alike-first = Visto por primera vez
alike-last = Visto por última vez
alike-teams = Equipos
alike-products = Productos
alike-channels = Canales
alike-representatives = Representantes
alike-many = { $count ->
    [one] Una reclamación
   *[other] { $count } parecidas
  }
alike-percent = { $count } %
alike-none = ninguno
alike-others = otros
alike-all = Todos los grupos
alike-gone-title = No existe ese grupo
alike-gone = Ahora no hay ningún grupo con ese nombre. Un grupo termina cuando menos de cinco de sus reclamaciones son de los últimos siete días.
alike-weeks = Semana por semana
alike-weeks-caption = { $count ->
    [0] Reclamaciones que dicen esto, por semana. En una semana habitual no llegaba casi ninguna
    [one] Reclamaciones que dicen esto, por semana. En una semana habitual llegaba una
   *[other] Reclamaciones que dicen esto, por semana. En una semana habitual llegaban { $count }
  }
alike-week = Semana
alike-weeks-ago = { $count ->
    [one] La semana anterior
   *[other] { $count } semanas antes
  }
alike-complaints = Reclamaciones
alike-members = Sus reclamaciones
alike-members-caption = Reclamaciones de los últimos siete días que usted puede ver, primero la más antigua
alike-hidden = { $count ->
    [one] Otra más es de un equipo que usted no ve.
   *[other] Otras { $count } son de equipos que usted no ve.
  }
alike-complaint = Reclamación
alike-team = Equipo
alike-product = Producto
alike-received = Recibida
alike-channel = Canal
alike-unrouted = sin asignar todavía
alike-unavailable = Ahora no se puede leer la lista de reclamaciones. Vuelva a cargar la página dentro de un momento.
alike-what = Qué son estos grupos
alike-template = Una plantilla.
alike-template-looks = Una carta de internet o de una gestora de reclamaciones, con otros nombres e importes. Llega de muchos clientes durante semanas, por un mismo canal y a menudo sobre un solo producto. Cada cliente sigue teniendo su propio caso.
alike-campaign = Una campaña.
alike-campaign-looks = Alguien anima a otros a escribir. Es nueva, crece en pocos días y llega a varios equipos a la vez. Avise a quien atiende a la prensa y al supervisor.
alike-incident = Un incidente.
alike-incident-looks = Algo falló y la gente lo cuenta con palabras parecidas. Empieza a una hora y en un producto. Rara vez coinciden palabra por palabra, así que un grupo pequeño puede representar a muchas.
alike-twice = El mismo cliente, otra vez.
alike-twice-looks = Una persona envió el mismo texto varias veces. Un grupo así es pequeño y se queda en un equipo.
alike-how = Las reclamaciones se comparan por series de cinco palabras, sin los nombres tachados, los números ni la puntuación. No se guarda ningún texto para ello.

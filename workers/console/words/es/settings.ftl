# Lo que una persona elige para su navegador.

settings-title = Ajustes
settings-language = Idioma
settings-language-auto = El que pide el navegador
settings-theme = Claro u oscuro
settings-theme-system = Como el sistema
settings-theme-light = Claro
settings-theme-dark = Oscuro
settings-keys = Teclas sueltas
settings-keys-on = Sí: una tecla como «c» pulsa el botón que la muestra
settings-keys-off = No: se usan Tab, Intro y el ratón
settings-kept-where = Este navegador lo guarda un año. En otro dispositivo se elige de nuevo.
settings-keep = Guardar
settings-no-role-title = Bienvenido
settings-no-role = Aquí no se le ha dado ningún rol
settings-no-role-why = Pídalo a quien administra Ombud. Lo que se ve depende de los roles y los equipos.
done-settings-kept = Guardado.

# La entrada y la salida.

sign-in-title = Iniciar sesión
sign-in-name = Nombre
sign-in-password = Contraseña
sign-in-go = Entrar
sign-in-provider = Entrar con la cuenta de su organización
sign-in-proxy = Inicie sesión en el proxy por el que llega a esta página.
sign-in-back = Al inicio de sesión
sign-in-go-on = Continuar
sign-in-wrong = Este nombre y esta contraseña no van juntos, o la cuenta está desactivada.
sign-in-too-many = Demasiados intentos. Inténtelo de nuevo dentro de { $seconds } s.

## Con sesión
sign-in-done = Sesión iniciada
sign-in-as = Ha entrado como
sign-in-no-role = Aquí no se le ha dado ningún rol: pídalo a quien administra Ombud (sign_in.roles).
sign-in-roles = Roles: { $roles }.
sign-in-teams = Equipos: { $teams }.
sign-in-every-team = todos los equipos
sign-in-no-team = ningún equipo
sign-in-role-clerk = gestor
sign-in-role-specialist = especialista
sign-in-role-lead = responsable
sign-in-role-model-owner = dueño de modelos
sign-in-role-approver = aprobador
sign-in-role-auditor = auditor
sign-in-role-operator = operador

## Sin sesión
sign-in-out = Sesión cerrada
sign-in-out-text = Aquí su sesión está cerrada.
sign-in-out-provider = En el acceso de su organización sigue abierta:
sign-in-out-there = ciérrela también allí

## Una contraseña
sign-in-password-title = Elija una contraseña
sign-in-password-for = Para
sign-in-password-new = Contraseña nueva
sign-in-password-hint = Al menos { $least } caracteres.
sign-in-password-keep = Guardar la contraseña
sign-in-password-short = Elija una contraseña de al menos { $least } caracteres.
sign-in-password-long = Elija una contraseña más corta.
sign-in-password-easy = Elija otra contraseña: esta se adivina con demasiada facilidad.

## Rechazos
sign-in-later = Ahora no
sign-in-later-text = Algo que el inicio de sesión necesita no responde. Inténtelo de nuevo en un momento.
sign-in-no-way = Aquí no
sign-in-no-way-text = Aquí nadie entra de esta manera.
sign-in-no-link = Este enlace no existe
sign-in-no-link-text = Este enlace ya se usó o es demasiado antiguo. Pida otro: lo crea «ombud users link NAME».
sign-in-failed = No se ha iniciado la sesión
sign-in-not-begun = Este inicio de sesión no empezó en este navegador, o hace demasiado tiempo. Empiece de nuevo.
sign-in-refused = El proveedor no le ha dejado entrar.
sign-in-no-name = El proveedor no da un nombre con el que firmar registros (sign_in.oidc_name_claim).

# The way in and out.

sign-in-title = Sign in
sign-in-name = Name
sign-in-password = Password
sign-in-go = Sign in
sign-in-provider = Sign in with your organisation’s account
sign-in-proxy = Sign in at the proxy through which you reach this page.
sign-in-back = To the sign-in
sign-in-go-on = Go on
sign-in-wrong = This name and password do not go together, or the account is disabled.
sign-in-too-many = Too many attempts. Try again in { $seconds } s.

## Signed in
sign-in-done = Signed in
sign-in-as = You are signed in as
sign-in-no-role = No role was given to you here: ask whoever runs Ombud (sign_in.roles).
sign-in-roles = Roles: { $roles }.
sign-in-teams = Teams: { $teams }.
sign-in-every-team = every team
sign-in-no-team = no team
sign-in-role-clerk = clerk
sign-in-role-specialist = specialist
sign-in-role-lead = lead
sign-in-role-model-owner = model owner
sign-in-role-approver = approver
sign-in-role-auditor = auditor
sign-in-role-operator = operator

## Signed out
sign-in-out = Signed out
sign-in-out-text = You are signed out here.
sign-in-out-provider = At your organisation’s sign-in you are still signed in:
sign-in-out-there = sign out there too

## A password
sign-in-password-title = Choose a password
sign-in-password-for = For
sign-in-password-new = New password
sign-in-password-hint = At least { $least } characters.
sign-in-password-keep = Save the password
sign-in-password-short = Choose a password of at least { $least } characters.
sign-in-password-long = Choose a shorter password.
sign-in-password-easy = Choose another password: this one is guessed too easily.

## Refusals
sign-in-later = Not now
sign-in-later-text = Something that sign-in needs does not answer. Try again in a moment.
sign-in-no-way = Not here
sign-in-no-way-text = Nobody signs in this way here.
sign-in-no-link = No such link
sign-in-no-link-text = This link was used, or is too old. Ask for another: “ombud users link NAME” makes one.
sign-in-failed = Not signed in
sign-in-not-begun = This sign-in was not begun in this browser, or too long ago. Begin again.
sign-in-refused = The provider did not sign you in.
sign-in-no-name = The provider gives no name that records can be signed with (sign_in.oidc_name_claim).

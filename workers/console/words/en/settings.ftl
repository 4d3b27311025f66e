# What a person chooses for their browser.

settings-title = Settings
settings-language = Language
settings-language-auto = As the browser asks
settings-theme = Light or dark
settings-theme-system = As the system has it
settings-theme-light = Light
settings-theme-dark = Dark
settings-keys = Single keys
settings-keys-on = On: a key such as “c” presses the button that shows it
settings-keys-off = Off: use Tab, Enter and the mouse
settings-kept-where = This browser keeps it for a year. On another device you choose again.
settings-keep = Save
settings-no-role-title = Welcome
settings-no-role = No role was given to you here
settings-no-role-why = Ask whoever runs Ombud. What you see depends on your roles and your teams.
done-settings-kept = Saved.

# What stands around every page, and what all pages share.

## Due moments
frame-due-met = in time
frame-due-met-late = too late
frame-due-overdue = overdue
frame-due-overdue-by = { $count ->
    [one] overdue by 1 day
   *[other] overdue by { $count } days
}
frame-due-today = due today
frame-due-in = { $count ->
    [one] due tomorrow
   *[other] due in { $count } days
}

## Lists
frame-pager = More of this list
frame-pager-first = To the beginning
frame-pager-next = Next page

## Where one may go
frame-skip = Skip to the content
frame-menu = Menu
frame-pages = Pages
frame-desk = Desk
frame-teams = Teams
frame-vulnerable = Vulnerable customers
frame-sample = Audit sample
frame-models = Models
frame-strategy = Strategy
frame-quality = Quality
frame-radar = Radar
frame-health = Health
frame-trail = Who did what
frame-settings = Settings
frame-sign-out = Sign out

## The search
frame-search = Find a complaint
frame-search-hint = Id or customer reference
frame-search-go = Find

## Keys
frame-keys = Keys
frame-key-sheet = Show this sheet
frame-key-search = Go to the search
frame-key-rows = Next row, row before
frame-key-open = Open the row
frame-key-leave = Leave a field or this sheet
frame-close = Close

## What the script says
frame-new = { $count } new
frame-changed = Changed
frame-failed = There was no answer. What you typed is still here: try again.

## Refusals
frame-refused-role = This page is not for you
frame-refused-role-text = It needs one of these roles: { $roles }. Ask whoever runs Ombud if you should have one.
frame-refused-nowhere = There is no such page
frame-refused-nowhere-text = Check the address, or begin again.
frame-refused-later = Not now
frame-refused-large = That is too much at once
frame-refused-other = This request was not answered
frame-refused-why = Ombud could not { $why }.
frame-refused-back = To the first page

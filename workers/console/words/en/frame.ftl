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

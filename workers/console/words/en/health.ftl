# How the system is, for operators.

health-title = Health
health-unknown = Nobody has looked yet
health-unknown-why = The look takes some seconds. Load the page again in a moment.
health-as-of = { $count ->
    [0] As it is now.
    [one] As it was 1 second ago.
   *[other] As it was { $count } seconds ago.
}
health-again = Look again
health-unanswered = This could not be asked:

## This process
health-waits = This process
health-ready = ready
health-ready-why = It waits for nothing.
health-version = Ombud

## Groups
health-groups = Groups
health-groups-caption = How far each group is. A group shares the work on complaints among its processes.
health-groups-none = No group has worked yet
health-groups-none-why = Groups appear here once infer, join or archive has started.
health-group = Group
health-lag = Records to do
health-drain = Time to drain
health-drain-unknown = not measured yet
health-drain-still = stands still
health-oldest = Oldest not finished
health-seconds = { $count } s
health-minutes = { $count } min
health-hours = { $count } h
health-milliseconds = answered in { $count } ms

## Dead letters
health-letters = Dead letters
health-letters-what = Records that nobody could read. What lies in them is not shown here.
health-letters-none = No dead letters
health-letters-none-why = Every record could be read.
health-letters-caption = The newest dead letters
health-by-reason = Why: all { $count } dead letters
health-by-reason-of = Why: the newest { $count } dead letters
health-reason = Reason
health-count = How many
health-choose = Choose
health-letter = Dead letter
health-record = Its record
health-parked = Parked
health-redrive = Send the chosen ones again
health-redrive-what = Each goes back to its own topic and partition, once. First fix why it was parked. It is recorded who sends it.
health-none-chosen = Choose at least one dead letter.
health-too-many = Choose at most 100 dead letters at once.
health-no-letter = One of the chosen dead letters has no valid id. Choose from the table.
health-not-yours = Only operators may send dead letters again.
health-not-sent = Not all was sent again, or none. Failed to
health-sent = { $count ->
    [one] 1 dead letter was sent again.
   *[other] { $count } dead letters were sent again.
}
health-already = { $count ->
    [one] 1 had been sent again before.
   *[other] { $count } had been sent again before.
}
health-refused = { $count ->
    [one] 1 can't be sent as it is: the table says why.
   *[other] { $count } can't be sent as they are: the table says why.
}
done-redriven = Sent again, and recorded.
done-redriven-none = Nothing was sent.

## Models
health-models = Models
health-models-caption = Versions that the strategy in force names, and versions that were rejected
health-models-none = No model is named
health-models-none-why = No strategy is in force yet.
health-model = Model
health-tasks = Tasks
health-model-rejected = rejected
health-model-decides = decides
health-model-shadow = shadow

## What answers
health-reached = What answers
health-reached-caption = The log, the stores, and this console's own list of work
health-part = What
health-state = State
health-detail = Detail
health-log = Log
health-schema-registry = Schema registry
health-case-store = Case store
health-leases = Leases and sessions
health-worklist = List of work
health-answers = answers
health-silent = no answer
health-followed = followed
health-read = being read
health-records-behind = { $count ->
    [one] 1 record behind
   *[other] { $count } records behind
}

## Doctor
health-doctor = Doctor
health-doctor-what = What “ombud doctor” finds from this process, with what to do about it.
health-doctor-caption = What was found, the worst first
health-doctor-ask = Examine now
health-doctor-running = The examination is under way. Load the page again in some seconds.
health-found = Found
health-fix = What to do
health-grade-ok = well
health-grade-warn = to look at
health-grade-bad = bad

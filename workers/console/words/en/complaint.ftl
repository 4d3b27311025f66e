# One complaint, and the search for one; and what is said of a complaint wherever one is shown.

## Words of a complaint
complaint-state-open = open
complaint-state-acknowledged = acknowledged
complaint-state-waiting = waiting
complaint-state-answered = answered
complaint-state-withdrawn = withdrawn
complaint-vulnerability-vulnerable = vulnerable
complaint-vulnerability-possible = possibly vulnerable
complaint-vulnerability-not-indicated = no sign
complaint-vulnerability-kept = not shown yet
complaint-not-due = no clock runs
complaint-nobody = nobody
complaint-needs-human = check the team
complaint-age-hours = { $count ->
    [one] 1 hour
   *[other] { $count } hours
}
complaint-age-days = { $count ->
    [one] 1 day
   *[other] { $count } days
}
complaint-yes = yes
complaint-no = no

## Find one
complaint-find-title = Find a complaint
complaint-find-label = Complaint, customer or number elsewhere
complaint-find-hint = A whole id, a customer reference, or the number in the system that sent it.
complaint-find = Find
complaint-find-caption = { $count ->
    [one] 1 complaint found
   *[other] { $count } complaints found, the latest received first
}
complaint-find-empty = Nothing found
complaint-find-empty-why = No complaint that you may see has this. Write it whole; one that came just now is found in a moment.
complaint-col-id = Complaint
complaint-col-team = Team
complaint-col-state = State
complaint-col-due = Due
complaint-col-product = Product
complaint-col-issue = Issue
complaint-col-received = Received
complaint-col-external = Number elsewhere

## The page of one
complaint-title = Complaint { $complaint }
complaint-standing = How it stands
complaint-is-state = State
complaint-is-due = Due
complaint-is-holder = With
complaint-is-team = Team
complaint-is-vulnerability = Vulnerability
complaint-is-product = Product
complaint-is-issue = Issue
complaint-is-customer = Customer
complaint-is-external = Number elsewhere
complaint-is-entity = Company
complaint-is-received = Received
complaint-is-reasons = Why a person looks at it
complaint-is-out-of-order = Records out of order
complaint-not-listed = Not routed yet
complaint-not-listed-why = It came, and no team has it yet. Load the page again in a moment.
complaint-open-narrative = What the customer wrote
complaint-open-trail = Who looked at it
complaint-others = Other complaints of this customer
complaint-others-caption = { $count ->
    [one] 1 other complaint
   *[other] { $count } other complaints
}
complaint-undo = Undo it

## Clocks
complaint-clocks = Clocks
complaint-clocks-caption = Each clock with its rule, as it was in force when the complaint was routed
complaint-clocks-none = No clock
complaint-clocks-none-why = The routing table that sent it here sets none.
complaint-clock-name = Clock
complaint-clock-due = Due
complaint-clock-met = Met
complaint-clock-rule = Rule
complaint-clock-calendar = Calendar
complaint-clock-runs = not yet
complaint-clock-no-calendar = every day counts
complaint-clock-beyond = Due after the calendar's last day: from there on only weekends were left out.
complaint-rule-begins = { $limit } from the day after it { $start }, by the days of { $zone }.
complaint-rule-start-receipt = was received
complaint-rule-start-sending = was sent on by a regulator or ombudsman
complaint-rule-start-notice = was announced by the customer
complaint-rule-days = { $count ->
    [one] 1 day
   *[other] { $count } days
}
complaint-rule-business-days = { $count ->
    [one] 1 business day
   *[other] { $count } business days
}
complaint-rule-weeks = { $count ->
    [one] 1 week
   *[other] { $count } weeks
}
complaint-rule-or = {" "}or{" "}
complaint-rule-met = Met by { $works }.
complaint-rule-extended = With { $work } it is { $limit } instead.
complaint-rule-suspended = Does not run from { $from } to { $until }.
complaint-rule-again = Runs again when the complaint is opened again.
complaint-rule-work-acknowledged = an acknowledgement
complaint-rule-work-holding-response = a holding response
complaint-rule-work-summary-resolution = a summary resolution
complaint-rule-work-final-response = a final response
complaint-rule-work-forwarded = forwarding it
complaint-rule-work-noted = a note
complaint-rule-work-other = something newer than this version

## What people did
complaint-deeds = What people did
complaint-deeds-caption = The earliest first
complaint-deeds-none = Nothing yet
complaint-deeds-none-why = Nobody has judged or done anything, or the archive has not got it yet.
complaint-deed-at = When
complaint-deed-who = Who
complaint-deed-what = What

## Every record
complaint-records = Every record
complaint-records-none = No record yet
complaint-records-none-why = The archive has not got them yet. Load the page again in a moment.
complaint-event-came = The complaint came
complaint-event-changed = The complaint was sent again
complaint-event-withdrawn = The customer took it back
complaint-event-prediction = A model on { $task }: { $outcome }
complaint-event-route = Routed to { $team }
complaint-event-explanation = Somebody had it explained
complaint-event-unreadable = A record that cannot be read
complaint-task-product = product
complaint-task-issue = issue
complaint-task-vulnerable = vulnerability
complaint-outcome-labelled = answered
complaint-outcome-abstained = not sure enough
complaint-outcome-failed = failed
complaint-role-deciding = decides
complaint-role-shadow = watched beside it
complaint-role-unknown = unknown
complaint-why-complete = every model answered
complaint-why-deadline = the deadline came first
complaint-why-amended = a model answered after the deadline
complaint-why-resubmitted = it was sent again
complaint-why-reconciled = two routes were made into one
complaint-why-unreadable = it could not be read
complaint-why-withdrawn = the customer took it back
complaint-why-other = for a reason newer than this version
complaint-verdict-confirmed = Confirmed
complaint-verdict-reallocated = Given to another team
complaint-verdict-relabelled = Label corrected
complaint-verdict-vulnerability = Vulnerability judged
complaint-verdict-not-a-complaint = Said to be no complaint
complaint-verdict-retracted = Verdict taken back
complaint-verdict-other = A verdict newer than this version
complaint-work-claimed = Taken
complaint-work-released = Given back
complaint-work-acknowledged = Acknowledged
complaint-work-holding-response = Holding response
complaint-work-summary-resolution = Summary resolution
complaint-work-final-response = Final response
complaint-work-forwarded = Forwarded
complaint-work-reopened = Opened again
complaint-work-noted = Noted
complaint-work-undone = Undone
complaint-work-other = Work newer than this version
complaint-answer-upheld = Upheld
complaint-answer-partly-upheld = Partly upheld
complaint-answer-rejected = Rejected
complaint-fact-submission = Edition
complaint-fact-received = Received
complaint-fact-channel = Channel
complaint-fact-language = Language
complaint-fact-entity = Company
complaint-fact-known-product = Product as sent
complaint-fact-regulator = Sent on
complaint-fact-notice = Announced
complaint-fact-label = Label
complaint-fact-confidence = Confidence
complaint-fact-threshold = Needed
complaint-fact-model = Model and version
complaint-fact-strategy = Strategy version
complaint-fact-role = Role
complaint-fact-arm = Arm
complaint-fact-failure = Failure
complaint-fact-unread = Not read
complaint-fact-why = Why
complaint-fact-previous-team = Team before
complaint-fact-vulnerability = Vulnerability
complaint-fact-priority = Priority
complaint-fact-needs-human = A person looks at it
complaint-fact-reasons = Because
complaint-fact-missing = Unanswered
complaint-fact-revision = Route
complaint-fact-task = About
complaint-fact-label-before = Label before
complaint-fact-label-after = Label after
complaint-fact-from-team = From
complaint-fact-to-team = To
complaint-fact-reason = Reason
complaint-fact-who = Who
complaint-fact-source = Reported by
complaint-fact-retracts = Takes back
complaint-fact-answer = Outcome
complaint-fact-cause = Cause
complaint-fact-redress = Redress
complaint-fact-vulnerability-code = Part of vulnerability
complaint-fact-forwarded-to = Forwarded to
complaint-fact-team = Team
complaint-fact-undoes = Undoes
complaint-fact-record = Record

## What is done next
complaint-work = Work on it
complaint-lease-free = Nobody works on it.
complaint-lease-take = Take it
complaint-lease-yours = You have it until
complaint-lease-renew = Keep it longer
complaint-lease-release = Give it back
complaint-lease-others = { $holder } works on it, until
complaint-lease-take-over = Take it over
complaint-do-acknowledged = Acknowledge
complaint-do-holding-response = Holding response
complaint-do-final-response = Final response
complaint-do-summary-resolution = Summary resolution
complaint-do-forwarded = Forward to another firm
complaint-do-reopened = Open it again
complaint-do-noted = Note a code
complaint-do-not-ours = Not ours
complaint-do-not-ours-send = Give it to that team
complaint-field-outcome = Outcome
complaint-field-outcome-none = Choose an outcome
complaint-field-cause-code = Cause
complaint-field-cause-code-hint = A code of your bank's, such as FEES.
complaint-field-redress-minor = Redress
complaint-field-redress-minor-hint = An amount such as 25.00; nothing where none was paid.
complaint-field-redress-currency = Currency
complaint-field-redress-currency-hint = Three letters, such as GBP.
complaint-field-vulnerability-code = Part of vulnerability
complaint-field-vulnerability-code-hint = Your bank's code of what vulnerability had to do with it, where it asks.
complaint-field-forwarded-to = Firm
complaint-field-forwarded-to-hint = Your bank's code of the firm that gets it.
complaint-field-reason-code = Code
complaint-field-reason-code-hint = Letters, digits, dots, dashes and underscores. No words about the customer.
done-complaint-acknowledged = Acknowledged.
done-complaint-holding-response = The holding response is recorded.
done-complaint-final-response = The final response is recorded.
done-complaint-summary-resolution = The summary resolution is recorded.
done-complaint-forwarded = It is recorded as forwarded.
done-complaint-reopened = It is open again.
done-complaint-noted = Noted.
done-complaint-undone = Undone.
done-complaint-lease-take = You have it now.
done-complaint-lease-renew = You keep it.
done-complaint-lease-release = Given back.
done-complaint-lease-take-over = You have it now. Whoever had it is told.

## What the customer wrote
complaint-narrative-title = What the customer wrote: { $complaint }
complaint-narrative-recorded = That you opened this is recorded.
complaint-narrative-edition = Edition { $count }, from
complaint-narrative-back = Back to the complaint

## Why something is not done
complaint-trouble-title = That was not done
complaint-trouble-title-forbidden = You may not do that
complaint-trouble-title-absent = Not found
complaint-trouble-title-later = Not now
complaint-trouble-case-unknown = There is no complaint of this id that you may see. One that came just now is here in a moment.
complaint-trouble-blind = It was drawn for the audit sample, and you may judge it. What the models said is kept until then.
complaint-trouble-team-unknown = There is no team of this name that you may see.
complaint-trouble-narrative-unknown = The archive has no text of this complaint that can be read. Try again in a moment.
complaint-trouble-not-your-team = It lies with a team that you do not work for.
complaint-trouble-lead-only = A lead of the team may do that.
complaint-trouble-auditors-only = Auditors may read who did what.
complaint-trouble-held = { $holder } works on it until { $until }. What you wrote is still here.
complaint-trouble-just-finished = { $holder } has just finished it. Look at it again in a moment.
complaint-trouble-lease-over = You had it too long without a sign, and it is free now. Take it again.
complaint-trouble-not-yours = That is not yours any more. Load the page again.
complaint-trouble-reason-missing = Say why, by a code of your bank's.
complaint-trouble-note-missing = Say what is noted, by a code of your bank's.
complaint-trouble-no-code = Write a code: at most 64 letters, digits, dots, dashes and underscores.
complaint-trouble-to-team-missing = Say which team gets it.
complaint-trouble-nothing-chosen = Choose at least one complaint.
complaint-trouble-too-many = That is too many at once. Choose fewer.
complaint-trouble-list-changed = The list has changed: some of these are with another team now.
complaint-trouble-no-day = Write a day such as 2026-12-04.
complaint-trouble-outcome-missing = Choose an outcome.
complaint-trouble-cause-missing = Say the cause, by a code of your bank's.
complaint-trouble-amount-missing = Say how much, or leave out the currency.
complaint-trouble-amount-malformed = Write an amount such as 25.00, without signs or separators.
complaint-trouble-currency-missing = Say in which currency, such as GBP.
complaint-trouble-revision-not-newest = The complaint has changed since you opened it. Look at it again.
complaint-trouble-already-answered = It is answered already. Open it again first.
complaint-trouble-not-answered = It is open: go on with the work.
complaint-trouble-already-acknowledged = It is acknowledged already.
complaint-trouble-withdrawn = The customer took it back. Only a note is possible, and an undo.
complaint-trouble-work-unknown = The archive has not got this yet. Undo it again in a moment.
complaint-trouble-verdict-unknown = The archive has not got this yet. Undo it again in a moment.
complaint-trouble-view-behind = The lists are a moment behind. Load the page again.
complaint-trouble-busy = Others were faster. Look at it again in a moment.
complaint-trouble-audit-unavailable = Who asked for this cannot be recorded now, and without that nothing is shown or done. Try again in a moment.
complaint-trouble-unavailable = It cannot be done now. Try again in a moment.
complaint-trouble-id-malformed = That is no id.
complaint-trouble-missing-field = Something is missing: write a whole id or reference of at most 256 bytes.
complaint-trouble-after-unknown = This page begins nowhere. Go back to the beginning of the list.
complaint-trouble-forwarded-to-missing = Say which firm gets it, by a code of your bank's.
complaint-trouble-currency-malformed = Write the currency as three letters, such as GBP.
complaint-trouble-to-team-unchanged = It is with that team already. Choose another.
complaint-trouble-name-malformed = Take out the characters that nobody sees.
complaint-trouble-retracts-a-retraction = That was taken back already.

## What is kept from a judge of the audit sample
complaint-kept = Drawn for the audit sample
complaint-kept-why = Nobody has judged it yet. Until somebody has, what the models said is kept from everybody who may judge it.
complaint-kept-judge = Judge it blind
complaint-kept-show = Show what the models said
complaint-kept-noted = If you work on it and need it now, have it shown. A note in its history says so, and another person judges it.

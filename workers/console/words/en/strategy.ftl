# The strategy: who decides, changes that wait, history.

strategy-title = Strategy
strategy-parts = Pages of the strategy
strategy-in-force = In force
strategy-requests = Requests
strategy-history = History
strategy-version = Strategy { $count }
strategy-since = in force since
strategy-from = From
strategy-until = until
strategy-from-the-start = the start
strategy-announced = Strategy { $count } is published. It begins
strategy-none = No strategy is published yet.
strategy-none-why = The first start publishes one.

## Who decides
strategy-task-product = Product
strategy-task-issue = Issue
strategy-task-vulnerable = Vulnerability
strategy-the-product = the product
strategy-the-issue = the issue
strategy-the-vulnerable = vulnerability
strategy-arms = Who decides { $task }
strategy-arm = Arm
strategy-model = Model
strategy-does = What it does
strategy-share = Share
strategy-outcome = Right, by the audit sample of 30 days
strategy-role-deciding = decides
strategy-role-shadow = watches, decides nothing
strategy-role-unknown = unknown to this version of Ombud
strategy-bound = An answer with a confidence below { $bound } is not given: a coarser level is tried, then people decide.
strategy-flag-bound = A “not indicated” with a confidence below { $bound } is passed on as “possible”.
strategy-no-bound = The thresholds are those of the model alone.
strategy-not-required = A complaint is routed without this answer if it does not come in time.
strategy-to-dial = Recall dial of { $arm }
strategy-to-quality = What people's verdicts say of each arm is on the quality page
strategy-next-needs = { $count ->
    [0] The next change of what decides needs nobody but the one who makes it.
    [one] The next change of what decides needs the approval of 1 other person. A shadow and a roll-back need none.
   *[other] The next change of what decides needs the approval of { $count } other persons. A shadow and a roll-back need none.
}

## What holds for all tasks
strategy-bounds = Bounds
strategy-audit-sample = Audit sample
strategy-audit-sample-why = of complaints are looked at by people, whatever the models say
strategy-deadline = A complaint is routed within
strategy-amend-window = A route can be amended for
strategy-seconds = { $count ->
    [one] 1 second
   *[other] { $count } seconds
}
strategy-hours = { $count ->
    [one] 1 hour
   *[other] { $count } hours
}
strategy-minutes = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
}

## Clocks
strategy-clocks = Clocks
strategy-clocks-caption = Rules of clocks
strategy-clock = Clock
strategy-clock-rule = Runs
strategy-clock-for = For
strategy-clock-met-by = Met by
strategy-clock-runs = { $limit } from { $starts }; days end at midnight in { $zone }
strategy-clock-by = ; business days by { $calendar }
strategy-clock-all = all complaints
strategy-clock-unless = but not { $classes }
strategy-clock-suspended = suspended for { $class } from { $from } to { $until }
strategy-clock-extended = a { $work } extends it to { $limit }
strategy-clock-again = runs again when the complaint is reopened
strategy-clock-resolve-days = { $count ->
    [one] Resolve within 1 day of the receipt
   *[other] Resolve within { $count } days of the receipt
}
strategy-clock-final-days = { $count ->
    [one] Final response within 1 day of the receipt
   *[other] Final response within { $count } days of the receipt
}
strategy-no-clock = No clock runs.
strategy-starts-receipt = the receipt
strategy-starts-sending = the day on which a regulator sent it
strategy-starts-notice = the customer's notice
strategy-or-else = , or else{" "}
strategy-limit-days = { $count ->
    [one] 1 day
   *[other] { $count } days
}
strategy-limit-business-days = { $count ->
    [one] 1 business day
   *[other] { $count } business days
}
strategy-limit-weeks = { $count ->
    [one] 1 week
   *[other] { $count } weeks
}
strategy-work-acknowledged = acknowledgement
strategy-work-holding-response = holding response
strategy-work-summary-resolution = summary resolution
strategy-work-final-response = final response
strategy-work-forwarded = forwarding
strategy-work-noted = note
strategy-work-other = other work

## Forms
strategy-change-task = Change who decides { $task }
strategy-canary = Try a model: a canary decides a share
strategy-shadow = Watch a model: a shadow decides nothing
strategy-promote = Make { $arm } the champion
strategy-share-percent = Share of the complaints, in percent
strategy-no-candidate = No other registered version answers this task. Add one with “ombud models add”.
strategy-evaluation-of-it = Evaluation that it rests on
strategy-evaluation-hint = The figures are shown before anything is asked for.
strategy-no-evaluation = It has no evaluation. Evaluate it with “ombud evaluate --record” or “ombud strategy replay”.
strategy-look = Show what would change
strategy-last-good = Last good version:
strategy-roll-back = Roll back
strategy-roll-back-to = Roll back to strategy { $count }

## A change before it is made
strategy-change-title = Change the strategy
strategy-change-canary = Canary for { $task }: { $model } decides { $share }
strategy-change-shadow = Shadow for { $task }: { $model } watches { $share }
strategy-change-promote = Promote { $arm } for { $task }: it decides all
strategy-change-roll-back = Roll back to strategy { $version }
strategy-change-back = Roll back to the version before
strategy-change-replace = Change what the strategy says
strategy-change-unreadable = A change that this version of Ombud cannot read
strategy-differs-from = What differs from strategy { $count }
strategy-reason = Reason
strategy-reason-hint = It stands in the history: why, in up to 500 characters.
strategy-nobody-needed = Nobody else is needed: it is published at once.
strategy-begins = It begins about
strategy-others-needed = { $count ->
    [one] 1 other person must approve it. It waits as a request until then.
   *[other] { $count } other persons must approve it. It waits as a request until then.
}
strategy-ask = Ask for approval
strategy-publish = Publish now
strategy-cancel = Cancel
strategy-back = Back to the strategy
strategy-changed-meanwhile = Another version was published while you looked at this. Look at what differs now, and send it again.

## What is wrong with a form
strategy-wrong-model = Choose a model.
strategy-wrong-share = Give the share in percent, such as 10 or 12.5.
strategy-wrong-evaluation = Choose the evaluation that it rests on.
strategy-wrong-version = Choose a version to go back to.
strategy-wrong-change = Choose what to change on the page of the strategy.
strategy-wrong-bound = A confidence lies from 0 to 1.
strategy-wrong-task = The strategy does not ask this task.
strategy-wrong-reason = Say why, in up to 500 characters.

## Requests
strategy-no-request = No change waits for approval.
strategy-no-request-why = What somebody asks for on the page of the strategy waits here, until enough others approve it.
strategy-waits = waits for approval
strategy-stale = stale: another version was published since
strategy-not-possible = can't be published as things are
strategy-approvals-given = { $given } of { $needed }
strategy-own-request = You asked for this: another person must approve it.
strategy-approved-already = You have approved this.
strategy-approve = Approve
strategy-refuse = Refuse
strategy-take-back = Take back
strategy-age-minutes = { $count ->
    [0] just now
    [one] 1 minute ago
   *[other] { $count } minutes ago
}
strategy-age-hours = { $count ->
    [one] 1 hour ago
   *[other] { $count } hours ago
}
strategy-age-days = { $count ->
    [one] 1 day ago
   *[other] { $count } days ago
}

## History
strategy-history-caption = Every version, the newest first
strategy-column-version = Version
strategy-column-from = From
strategy-column-differences = Differences
strategy-column-back = Go back
strategy-why = Why
strategy-by = Published by
strategy-requested-by = Asked for by
strategy-approved-by = Approved by
strategy-nobody = nobody
strategy-rests-on = Evaluation that it rests on
strategy-is-in-force = in force
strategy-is-announced = announced
strategy-never-served = never in force
strategy-no-such-version = There is no strategy of this number.
strategy-what-changed = What changed
strategy-first = It is the first.
strategy-who-decides = Who decides
strategy-the-one-before = The one before
strategy-the-one-after = The one after

## Differences
strategy-no-difference = Nothing differs.
strategy-place = What
strategy-before = Before
strategy-after = After
strategy-required = Required
strategy-salt = Salt of the draw
strategy-review-below = Review below
strategy-approvals = Approvals
strategy-routing = Routing

## Figures
strategy-figure = Figure
strategy-figure-value = Value
strategy-evaluation = Figures of evaluation { $id }
strategy-evaluation-audit-sample = on the audit sample
strategy-evaluation-data = on labelled data
strategy-evaluation-replay = on a replay
strategy-evaluation-against = Compared with version { $version }
strategy-no-figures = It has no figures.
strategy-complaints = { $count ->
    [one] 1 complaint
   *[other] { $count } complaints
}
strategy-figure-accuracy = accuracy
strategy-figure-macro-f1 = macro F1
strategy-figure-top3 = right answer among the first three
strategy-figure-ece = calibration error
strategy-figure-pr-auc = PR-AUC
strategy-figure-precision-60 = precision where 60 % are found
strategy-figure-flag-rate-60 = share flagged where 60 % are found
strategy-figure-base-rate = share that is so
strategy-figure-rows = complaints
strategy-figure-share = share answered
strategy-figure-right = share right
strategy-figure-this = this version
strategy-figure-other = the other version
strategy-figure-difference = difference in points
strategy-figure-served = as served
strategy-figure-validation = validation

## What has just happened
done-strategy-asked = The change waits for approval.
done-strategy-approved = Approved. Others must approve it, too.
done-strategy-published = The strategy is published.
done-strategy-closed = The request is closed.

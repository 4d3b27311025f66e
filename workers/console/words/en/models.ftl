# Models: versions, what they are worth, where they serve.

models-title = Models
models-to-strategy = Who decides now is on the page of the strategy
models-none = No model is registered.
models-none-why = The first start registers those in the models folder; “ombud models add” adds others.
models-caption = Every version: those that serve first, then the newest
models-version = Version
models-state = State
models-figure-right = { $task } right
models-figure-flag = { $task }: right of those flagged, at 60 % found
models-unmeasured-short = not measured
models-serves-now = Serves now
models-will-serve = Will serve
models-served-before = Served before
models-registered-when = Registered
models-by = by
models-registered = registered
models-retired = retired
models-rejected = rejected
models-unknown = No such version is registered.

## One version
models-digest = Version
models-family = Kind
models-parent = Trained on from
models-hub = From the hub
models-training-digest = Digest of the training manifest
models-where = Where it serves
models-where-caption = Strategies that name it
models-nowhere = No strategy names it, and none did.
models-when = When
models-task = Task
models-since = Since
models-until = Until
models-worth = What it was found to be worth
models-unmeasured = It was not measured.
models-intervals = The registry keeps figures without intervals; the card has both.
models-training = Figures of its training
models-answers = What it answers
models-answers-caption = Tasks, with labels and thresholds
models-label-set = Label set
models-labels = Labels
models-thresholds = Thresholds
models-evidence = Table of evidence
models-no-threshold = none of its own
models-reads = It reads
models-not-here = Thresholds and tables of evidence are in its artefact, which is not on this host.
models-files = Files
models-file = File
models-bytes = Bytes
models-file-count = { $count ->
    [one] 1 file
   *[other] { $count } files
}
models-card = Card
models-read-card = Read the card
models-no-card = Its card is not on this host. “ombud models show” prints it where the version is.

## The recall dial
models-dial = Recall dial
models-dial-what = How many vulnerable customers are found, and how many complaints people look at for it.
models-no-dial = Nobody has measured it: “ombud evaluate --dial --card” writes it into the card.
models-dial-slider = Share of vulnerable customers that is found
models-dial-hint = From fewer on the left to more on the right. The table below has every place.
models-dial-per-day = Complaints a day
models-dial-wrong = Give a whole number from 1 to { $count }.
models-dial-show = Show
models-dial-caption = Every place of the dial, at { $count } complaints a day
models-dial-recall = Found of the vulnerable
models-dial-score = From score
models-dial-precision = Vulnerable among the flagged
models-dial-reviews = Reviews a day
models-dial-chosen = chosen
models-dial-now = nearest to now
models-dial-own = The version itself says “possible” from score { $score } on. Below that, the strategy's bound counts: a “not indicated” that is less sure is passed on as “possible”.
models-dial-ask = Show the change that finds { $recall }
models-dial-who = A model owner can ask for this change.
models-dial-other-version = Here the strategy has nothing to change. To flag less than the version itself does, register a version with another threshold, try it as a canary and promote it.
models-dial-version-alone = The thresholds are in the artefact, which is not on this host. To change them, register a version with others, try it as a canary and promote it.
models-dial-not-deciding = This version does not decide the task now.

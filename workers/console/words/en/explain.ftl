# Why a complaint was answered as it was, and its dossier.

## What is asked on the page of a complaint
explain-part = Why this answer
explain-merits = Words are the model's reasons, not the merits of the complaint.
explain-takes = It is computed again from the archived text. That takes some seconds, and longer while many complaints come in. That you asked is recorded, and that you opened what the customer wrote.
explain-unavailable = Explanations are not available here. Whoever runs Ombud makes them so by the setting explain.address.
explain-task = On { $task }: { $label } ({ $confidence })
explain-against = Why not, on { $task }
explain-against-runner-up = the next likeliest
explain-against-all-others = all others together
explain-go = Explain { $task }
explain-as-of = As it was known at the end of
explain-as-of-hint = A day, in UTC. Empty: now.
explain-level-product = Product
explain-level-issue = Issue
explain-level-group = Group of issues
explain-level-intent = Intent
explain-level-vulnerable = Vulnerability
explain-level-possible = Possible vulnerability
explain-level-review-below = No sign of it

## The answer
explain-title = Why this answer: { $complaint }
explain-recorded = That you opened this is recorded.
explain-back = Back to the complaint
explain-reached = with { $confidence }; { $threshold } had to be reached.
explain-by = Answered by { $model } (arm { $arm }, strategy { $strategy }, computed in { $arithmetic }).
explain-contrast = { $answer } rather than { $against }: { $value } in log-odds
explain-sides = { $answer }: { $share }. { $against }: { $other }.
explain-times = That makes the answer about { $times } times as likely as the other.
explain-scale = In log-odds, +0.7 makes something about twice as likely, and −0.7 half as likely. What is added up below is that figure.
explain-nothing-to-compare = There is nothing to compare: the model cannot read this text, or gave no answer.
explain-col-bar = Against, or for
explain-col-value = Log-odds
explain-bars-caption = What the difference is the sum of
explain-bars-part = Part
explain-words-caption = The words that weigh most
explain-words-part = Word
explain-sentences-caption = How far the difference falls without each sentence
explain-sentences-part = Sentence
explain-bar-words = All words, as { $name } reads them
explain-bar-baseline = What the model says of a text of nothing
explain-bar-special = Marks that stand for no text
explain-bar-shift = What is added whatever the text says
explain-bar-hint = The answer on { $name }
explain-bar-evidence = What the text says outright: { $name }
explain-bar-evidence-kept = What the text says outright
explain-bar-arithmetic = Rounding: as it was served, less the same in single precision
explain-bar-error = What the parts lack of the whole
explain-legend = How words are marked
explain-legend-for = for the answer: blue, a solid line
explain-legend-against = against it: orange, a dashed line
explain-legend-unread = not read: dots
explain-legend-turning = would have changed the team: a frame
explain-legend-evidence = speaks of vulnerability
explain-unread = { $member } did not read all of it: not what stands over dots.

## How it was computed
explain-method-exact = Exact: the share of each word is computed, not estimated. What the parts lack: { $error }.
explain-method-gradients = By integrated gradients over { $steps } points. What the parts lack: { $error } of the difference.
explain-method-occlusion = By leaving out one sentence after the other: this model cannot be followed from word to word.
explain-method-other = By { $name } over { $steps } points. What the parts lack: { $error } of the difference.
explain-baseline = It begins at
explain-approximate = approximate
explain-approximate-why = The shares of words miss more than a tenth of the difference. Look at the sentences rather than at words.
explain-collisions = { $count ->
    [one] 1 word shares its place in the model with another: its share may be the other's.
   *[other] { $count } words share their places in the model with others: their shares may be the others'.
}
explain-levels-caption = What had to be reached, from fine to coarse
explain-levels-level = Level
explain-levels-label = Likeliest
explain-levels-sure = How sure
explain-levels-needed = Needed
explain-levels-reached = Reached
explain-reproduced = the same again
explain-reproduced-how = Computed again it is { $label } with { $confidence }; recorded is { $recorded_label } with { $recorded }.
explain-not-reproduced = not reproduced
explain-not-reproduced-how = Recorded is { $recorded_label } with { $recorded }. Computed again it is { $label } with { $confidence }: what is explained here is the latter.

## Where it went
explain-route = Where it went
explain-turning = What would have changed that
explain-turning-without = { $count ->
    [one] Without the framed sentence it would have gone to { $team }.
   *[other] Without the { $count } framed sentences it would have gone to { $team }.
}
explain-turning-tried = { $count ->
    [one] The models were asked about 1 text for it.
   *[other] The models were asked about { $count } texts for it.
}

## A dossier
dossier-part = Dossier
dossier-what = A signed file with this decision and all that it rests on, for a regulator, an ombudsman or the customer. Whoever gets it can verify it without Ombud.
dossier-text = What the customer wrote
dossier-text-none = leave it out: only its hash
dossier-reason-regulator = put it in: a regulator asks
dossier-reason-ombudsman = put it in: an ombudsman asks
dossier-reason-court = put it in: a court asks
dossier-reason-customer = put it in: the customer asks
dossier-reason-internal-audit = put it in: internal audit asks
dossier-as-of = As it stood at the end of
dossier-go = Download the dossier
dossier-recorded = That you took it away is recorded, with the file's hash. Its explanations are computed first, which takes some seconds.
dossier-unavailable = Dossiers are not available here. Whoever runs Ombud makes them so by the setting dossier.key_file.

## Why there is none
complaint-trouble-explain-unavailable = Explanations are not available here. Whoever runs Ombud makes them so by the setting explain.address.
complaint-trouble-dossier-unavailable = Dossiers are not available here. Whoever runs Ombud makes them so by the setting dossier.key_file.
complaint-trouble-explain-busy = As many questions wait as may, and each takes some seconds. Ask again in a moment.
complaint-trouble-nothing-decided = Nothing was decided about it by then that the archive has.
complaint-trouble-model-gone = The model that answered is gone: nobody kept its weights. The decision and its record are still there.
complaint-trouble-model-failed = The model that answered could not be asked again.
complaint-trouble-unknown-task = That was not decided. Choose one of the answers below.
complaint-trouble-unknown-label = The model that answered has no such label. Choose one of the list.
complaint-trouble-same-label = That is what was answered. Choose another label.
complaint-trouble-not-a-task = The model that is recorded does not answer this.
complaint-trouble-other-narrative = The text that was judged is not in the archive.
complaint-trouble-strategy-unreadable = The strategy that decided cannot be read by this version.
complaint-trouble-leads-only = A lead of the team may take a dossier away, or an auditor.

# The audit sample.

sample-title = Audit sample
sample-title-one = Audit sample: { $complaint }
sample-about = These complaints were drawn at random. You read what the customer wrote and answer. What the models said is shown after your answer, so that it does not lead you.

## The list
sample-tabs = Which complaints are shown
sample-tab-first = Nobody has judged
sample-tab-second = For a second reader
sample-second-about = One complaint in ten is read by another person too. You do not see what the first one said before you have answered.
sample-cut = There are more. They come when some of these are judged.
sample-empty = Nothing waits here.
sample-empty-first = Every complaint of the sample that your teams have is judged.
sample-empty-second = Every complaint that is to be read twice has its second reader, or you were the first.
sample-next = Next one
sample-caption = The next ones, in an order that says nothing about them
sample-column-complaint = Complaint
sample-column-received = Received

## Agreement
sample-agreement = How far two people agree
sample-agreement-about = Of your teams' complaints that two people have read. Kappa is 1 where they always agree, and 0 where they agree no more often than by chance.
sample-agreement-caption = Agreement of two readers, by question
sample-column-task = Question
sample-column-pairs = Read twice
sample-column-agreed = Same answer
sample-column-kappa = Cohen's kappa
sample-not-enough = not enough yet: { $pairs } of { $enough }
sample-one-label = all have one label
sample-differing = { $count ->
    [one] Two readers differ on 1 complaint. The newest answer counts until a person says something else:
   *[other] Two readers differ on { $count } complaints. The newest answer counts until a person says something else:
}
sample-task-product = Product
sample-task-issue = Issue
sample-task-vulnerable = Vulnerable

## The question
sample-blind = Answer by what is written here alone.
sample-wrote = What the customer wrote
sample-questions = Your answer
sample-choose-hint = Type a part of the name, and choose from the list.
sample-ask-vulnerable = Is this customer vulnerable?
sample-yes = yes
sample-no = no
sample-give = Give this answer
sample-no-complaint = It is not a complaint
sample-recorded = Your answer is recorded under your name and can't be taken back here.

## What came of it
sample-compared = Your answer and what was decided
sample-column-own = You
sample-column-decided = Decided
sample-column-agrees = Result
sample-same = same
sample-other = different
sample-nothing-decided = nothing was decided
sample-said-no-complaint = not a complaint
sample-flag-vulnerable = vulnerable
sample-flag-possible = possible
sample-flag-not-indicated = no sign
sample-newest-counts = Where two people differ, the newest answer counts.
sample-whole-case = Whole case
sample-no-undo = This answer was blind and stays. To correct something now, use the page of the whole case.
sample-pending = Your answer is recorded. What was decided is shown in a moment.
sample-again = Show it
sample-back = To the sample

done-sample-given = Your answer is recorded.

## What was not done
sample-problem-missing-field = Answer this question.
sample-problem-label-unknown = Choose one of the labels of the list.
sample-problem-another-text = The customer has written something else since. Read it again.
sample-problem-sample-unknown = The sample has no such complaint that you may judge.
sample-problem-sample-judged = Others have judged this complaint. Take another one.
sample-problem-sample-seen = You have asked what the models said of this complaint. Another person judges it; take another one.

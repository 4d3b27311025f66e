# The triage desk: one complaint at a time.

desk-title = Triage desk
desk-about = You get one complaint at a time: the one that is most urgent of what a person must look at. It is yours while you look at it.
desk-next = Next complaint
desk-nothing = Nothing is left
desk-nothing-why = No complaint of your teams waits for a person, or others have all of them.
desk-back = To the desk
desk-not-done = This was not done

## The strip
desk-decided-today = { $count ->
    [one] 1 decided by you today
   *[other] { $count } decided by you today
}
desk-left = { $count ->
    [one] 1 left
   *[other] { $count } left
}
desk-left-least = { $count } or more left
desk-blind = { $count ->
    [one] 1 of the audit sample waits
   *[other] { $count } of the audit sample wait
}
desk-undo = Undo: { $complaint }

## The complaint
desk-with = With
desk-received = Received
desk-state-open = open
desk-state-acknowledged = acknowledged
desk-state-waiting = waiting
desk-state-answered = answered
desk-state-withdrawn = withdrawn
desk-vulnerable = vulnerable
desk-possibly-vulnerable = possibly vulnerable

## What the customer wrote
desk-narrative = What the customer wrote
desk-unread-unknown = No model has answered, so nobody knows how much of this was read.
desk-unread-part = The model read { $read } of { $of } tokens (words or parts of words): the beginning and the end.
desk-unread-marked = What is marked was certainly read by no model. Words beside it may be unread as well.
desk-unread-left-out = Quoted mail, disclaimers or markup were left out before the models read.
desk-unread-none-language = No model read this: it is in a language that they do not read.
desk-unread-none-script = No model read this: it is in a script that they do not read.
desk-unread-none-too-few-words = No model read this: it has too few words of the customer's own.
desk-unread-none-unseen-words = No model read this: too many of its words are new to them.
desk-unread-none-other = No model read this.
desk-evidence = Marked as speaking of vulnerability:

## Why it is here
desk-why = Why it is here
desk-why-judged = A person has looked at it already.
desk-why-sent = A person has sent it here.
desk-why-audit-sample = It was drawn at random.
desk-why-unreadable = Its record could not be read.
desk-why-unknown-product = Its product has no team.
desk-why-language-unread = It is in a language that only people read.
desk-why-missing-product = The strategy asks no model for the product.
desk-why-abstained = The model is unsure of { $task }.
desk-why-abstained-at = The model is unsure of { $task }: its best guess is { $label } with { $share }, and it needs { $least }.
desk-why-unread = The model could not read it for { $task }.
desk-why-failed = The model failed to answer on { $task }.
desk-why-missing = The answer on { $task } came too late.
desk-why-other = Reason: { $code }
desk-task-product = the product
desk-task-issue = the issue
desk-task-vulnerable = vulnerability

## Decide
desk-decide = Decide
desk-confirm = Right: { $team } keeps it
desk-send = Send to { $team }
desk-likely = The likeliest teams:
desk-no-likely = No model says which team is likeliest. Choose one below.
desk-percent = { $value } %
desk-percent-under = under 1 %
desk-percent-over = over 99 %
desk-no-complaint = Not a complaint
desk-vulnerable-yes = Vulnerable customer
desk-vulnerable-no = Not a vulnerable customer
desk-to-another = Another team
desk-other-team = Team
desk-choose = Choose a team
desk-reason = Reason
desk-reason-hint = A code: letters, digits, dots, dashes and underscores.
desk-move = Send
desk-skip = Skip, because
desk-skip-unclear = I can't tell from this text
desk-skip-conflict = I have a conflict of interest
desk-skip-language = I don't read this language
desk-skip-later = Not now
desk-give-back = Give it back

## Who has it
desk-held = { $holder } has this complaint until { $until }.
desk-lost = Somebody else has this complaint now. What you typed is still here.
desk-kept = Not sent yet:
desk-free = Nobody has it
desk-take = Take it

## Beside it
desk-clocks = Due
desk-no-clocks = No clock runs.
desk-others = Other open complaints of this customer

## What has just been done
done-desk-confirmed = Confirmed.
done-desk-sent = Sent on.
done-desk-no-complaint = Noted: not a complaint.
done-desk-vulnerable = Noted: a vulnerable customer.
done-desk-not-vulnerable = Noted: not a vulnerable customer.
done-desk-skipped = Skipped.
done-desk-given-back = Given back.
done-desk-undone = Taken back. Decide again.

## Why something was not done
desk-problem-held = Not sent: { $holder } has this complaint until { $until }.
desk-problem-just-finished = Not sent: the work on this complaint has just been finished.
desk-problem-lease-over = Your time with this complaint is over. Take it again.
desk-problem-changed = Not sent: the complaint has changed since you saw it. Look at it again.
desk-problem-case-unknown = There is no complaint of this id that you may see. One that came just now is there in a moment.
desk-problem-not-your-team = This complaint lies with a team that you do not work for.
desk-problem-lead-only = Another person decided this: only they or a lead may take it back.
desk-problem-to-team-missing = Choose the team that gets the complaint.
desk-problem-to-team-unchanged = The complaint came from this team. Take the earlier decision back instead.
desk-problem-team-unknown = The strategy has no such team. Choose another.
desk-problem-label-unchanged = This is what was decided at first. Take the later decision back instead.
desk-problem-no-code = Give a reason as a code: at most 64 letters, digits, dots, dashes and underscores.
desk-problem-unknown-symbol = Press one of the buttons of the page.
desk-problem-verdict-unknown = This decision is not archived yet. Try again in a moment.
desk-problem-narrative-unknown = What the customer wrote is not archived yet. Try again in a moment.
desk-problem-audit-unavailable = It can't be recorded that you open this, and without the record nothing is shown. Try again in a moment.
desk-problem-view-behind = The queue is behind. Try again in a moment.
desk-problem-busy = Others were faster. Try again.
desk-problem-unavailable = A part of Ombud does not answer. Try again in a moment.

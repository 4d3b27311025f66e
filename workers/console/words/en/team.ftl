# The queues of teams.

## The list of teams
team-list-title = Teams
team-list-caption = What each of your teams has to do
team-list-team = Team
team-list-overdue = overdue
team-list-today = due today
team-list-open = Open
team-list-waiting = Waiting
team-list-answered = Answered
team-list-empty = No team
team-list-empty-why = You see the teams that you work for. Whoever runs Ombud says which those are.

## One queue
team-title = Queue of { $team }
team-tabs = Lists of this queue
team-tab-mine = Mine
team-tab-open = Open
team-tab-waiting = Waiting
team-tab-answered = Answered
team-caption = { $count ->
    [one] 1 complaint
   *[other] { $count } complaints on this page
}
team-col-choose = Choose
team-col-complaint = Complaint
team-col-due = Due
team-col-vulnerability = Vulnerability
team-col-issue = Issue
team-col-product = Product
team-col-age = Age
team-col-holder = With
team-col-state = State
team-choose = Choose { $complaint }
team-choose-all = Choose all on this page
team-empty = Nothing here
team-empty-filtered = No complaint fits these filters. Take some of them away.
team-empty-mine = You have taken no complaint of this team.
team-empty-open = Nothing is open in this queue.
team-empty-waiting = No customer waits for a later answer.
team-empty-answered = Nothing was answered lately.

## Filters
team-filters = Filters of this queue
team-filter-product = Product
team-filter-vulnerable = Vulnerability
team-filter-any = Any
team-filter-possible = Possible or vulnerable
team-filter-sure = Vulnerable
team-filter-due_before = Due before
team-filter-customer = Customer reference
team-filter-needs_human = Needs a look at its team
team-filter = Filter
team-filter-none = Without filters

## What is done with chosen complaints
team-acknowledge = Acknowledge
team-holding = Holding response
team-not-ours = Not ours
team-confirm-acknowledge-title = { $count ->
    [one] Acknowledge 1 complaint?
   *[other] Acknowledge { $count } complaints?
}
team-confirm-acknowledge-what = This records that each of these customers was told that the complaint was received. Send the letters first.
team-confirm-acknowledge-yes = { $count ->
    [one] Yes, acknowledge it
   *[other] Yes, acknowledge all { $count }
}
team-confirm-holding-title = { $count ->
    [one] Record a holding response for 1 complaint?
   *[other] Record a holding response for { $count } complaints?
}
team-confirm-holding-what = This records that each of these customers was told why there is no answer yet. Send the letters first.
team-confirm-holding-yes = { $count ->
    [one] Yes, record it
   *[other] Yes, record all { $count }
}
team-confirm-move-title = { $count ->
    [one] Give 1 complaint to another team?
   *[other] Give { $count } complaints to another team?
}
team-confirm-move-what = They leave this queue. What you say here is also how the models learn which team was right.
team-confirm-move-yes = { $count ->
    [one] Give it to that team
   *[other] Give all { $count } to that team
}
team-confirm-no = No, back to the queue
team-confirm-nothing = It can be done with none of these complaints.
team-left-out = { $count ->
    [one] 1 complaint is left out
   *[other] { $count } complaints are left out
}
team-left-out-moved-already = { $complaint }: it is with another team now.
team-left-out-already-acknowledged = { $complaint }: it is acknowledged already.
team-left-out-already-answered = { $complaint }: it is answered already.
team-left-out-withdrawn = { $complaint }: the customer took it back.
team-left-out-not-answered = { $complaint }: it is not answered.
team-to-team = Which team gets it
team-to-team-none = Choose a team
team-move-reason = Why it is not ours
team-move-reason-hint = A code such as WRONG_PRODUCT: letters, digits, dots, dashes, underscores. No words about the customer.
team-undo = { $count ->
    [one] Undo it
   *[other] Undo all { $count }
}
done-team-acknowledge = { $count ->
    [one] 1 complaint acknowledged.
   *[other] { $count } complaints acknowledged.
}
done-team-holding = { $count ->
    [one] The holding response is recorded.
   *[other] { $count } holding responses are recorded.
}
done-team-move = { $count ->
    [one] 1 complaint given to the other team.
   *[other] { $count } complaints given to the other team.
}
done-team-undone = Undone.

## Download
team-export = Download as CSV
team-export-hint = The list as it is filtered now, without what customers wrote; 10,000 rows at most. That you took it is recorded.
team-export-cut = Cut here: the list is longer than { $count } rows. Filter it, and download it in parts.

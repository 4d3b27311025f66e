# The vulnerability desk.

vulnerable-title = Vulnerability desk
vulnerable-title-one = Complaint { $complaint }
vulnerable-about = Complaints of customers who are called vulnerable, or who may be. The earliest due moment comes first. When you open one, your name is recorded.
vulnerable-next = Next that nobody has checked
vulnerable-skip = Next
vulnerable-back = To the list
vulnerable-whole-case = Whole case

## The list
vulnerable-tabs = Which complaints are shown
vulnerable-tab-all = Vulnerable or possible
vulnerable-tab-vulnerable = Vulnerable
vulnerable-empty = No complaint is here.
vulnerable-empty-why = Of your teams, none that is open is called vulnerable or possible.
vulnerable-caption = Open complaints, by due moment
vulnerable-column-due = Due
vulnerable-column-complaint = Complaint
vulnerable-column-flag = Flag
vulnerable-column-team = Team
vulnerable-column-product = Product
vulnerable-column-received = Received
vulnerable-column-with = Worked on by
vulnerable-no-clock = No clock runs
vulnerable-judged = checked
vulnerable-flag-vulnerable = vulnerable
vulnerable-flag-possible = possible
vulnerable-flag-not-indicated = no sign

## One complaint
vulnerable-wrote = What the customer wrote
vulnerable-another-text = This text is newer than the one that the models have read, so nothing in it is marked.
vulnerable-phrase-number = Phrase { $number }
vulnerable-evidence = Why it was called vulnerable
vulnerable-no-evidence = No phrase of the evidence table is in this text. The score alone decided, or a missing answer.
vulnerable-explicit = says it outright
vulnerable-hint = a hint
vulnerable-driver-health = Health
vulnerable-driver-life-events = Life events
vulnerable-driver-resilience = Resilience
vulnerable-driver-capability = Capability
vulnerable-driver-unknown = Without a driver
vulnerable-models = Who said it
vulnerable-models-caption = Models that looked, the newest answer first
vulnerable-no-models = No model has looked at this text.
vulnerable-column-model = Model and version
vulnerable-column-table = Evidence table
vulnerable-column-score = Score
vulnerable-column-part = Part
vulnerable-part-decided = decided
vulnerable-part-beside = was asked beside it
vulnerable-told = What the team was told
vulnerable-told-outright = The customer says it outright
vulnerable-told-priority = Priority
vulnerable-told-at = Routed
vulnerable-told-not = The team was not told which words, nor what they speak of.
vulnerable-yes = yes
vulnerable-no = no
vulnerable-said = What people said
vulnerable-said-nothing = Nobody has said anything yet.

## The decision
vulnerable-question = Is this customer vulnerable?
vulnerable-confirm = Confirm
vulnerable-refuse = Not vulnerable
vulnerable-caused = Did our failure to respond to the vulnerability cause this complaint?
vulnerable-caused-hint = Also where we failed to notice it. Leave it open if you do not know yet.
vulnerable-caused-yes = Yes
vulnerable-caused-no = No
vulnerable-caused-open = Leave it open
vulnerable-caused-known-yes = Recorded: our failure to respond caused it.
vulnerable-caused-known-no = Recorded: our failure to respond did not cause it.
vulnerable-look-only = You may look at this complaint. A specialist of its team decides.
vulnerable-undo = Undo

## What has just happened
done-vulnerable-confirmed = Confirmed: the customer is vulnerable.
done-vulnerable-refused = Recorded: the customer is not vulnerable.
done-vulnerable-undone = Taken back.

## What was not done
vulnerable-problem-another-text = The customer has written something else since. Read it again.
vulnerable-problem-cause-of-nothing = Who is not vulnerable was not failed in that. Say no, or leave it open.
vulnerable-problem-specialists-only = Evidence of vulnerability is for the vulnerability desk.
vulnerable-problem-route-unknown = This complaint is not routed yet. Try again in a moment.

## What a customer was called vulnerable for
evidence-armed-forces = armed forces
evidence-age = age
evidence-health = health
evidence-mental-health = mental health
evidence-disability = disability
evidence-bereavement = bereavement
evidence-caring = caring for somebody
evidence-domestic-abuse = domestic abuse
evidence-money-troubles = money troubles
evidence-job-loss = loss of a job
evidence-capability = capability
evidence-disaster = disaster

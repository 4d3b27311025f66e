# Who did and who looked at what.
trail-title = Who did and looked at what
trail-complaint = Complaint
trail-complaint-hint = A whole id; without one, everything.
trail-filter = Show
trail-caption = { $count ->
    [one] 1 entry
   *[other] { $count } entries, the newest first
}
trail-col-at = When
trail-col-who = Who
trail-col-roles = Roles or scopes then
trail-col-way = How they came in
trail-col-what = What
trail-col-about = About
trail-col-record = Record
trail-col-reason = Reason
trail-empty = No entry
trail-empty-why = Nobody did or looked at anything here that is recorded.
trail-empty-more = None in the part that was looked through. The next page looks further back.
trail-way-session = signed in
trail-way-proxy = through a proxy
trail-way-token = a system's token
trail-way-command = a command of the operator's
trail-way-none = showed nothing
trail-action-narrative-opened = Opened the narrative
trail-action-evidence-opened = Opened the evidence of vulnerability
trail-action-work-recorded = Recorded work
trail-action-verdict-given = Gave a verdict
trail-action-lease-taken = Took the complaint
trail-action-lease-released = Gave the complaint back
trail-action-lease-taken-over = Took the complaint over
trail-action-exported = Downloaded the queue
trail-action-change-requested = Asked for a change
trail-action-change-approved = Approved a change
trail-action-change-published = Published a change
trail-action-signed-in = Signed in
trail-action-signed-out = Signed out
trail-action-sign-in-refused = Could not sign in

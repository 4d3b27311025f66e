# Radar: complaints that say the same.

alike-title = Radar
alike-intro = Complaints of the last seven days that say the same, nearly word for word. What is new or growing comes first.
alike-compared = { $count ->
    [one] One complaint was compared,
   *[other] { $count } complaints were compared,
  }
alike-as-of = as of
alike-since = The earliest that is compared came on
alike-partial = More came than can be compared at once: only those of the last days were.
alike-not-yet = Nothing has been compared yet.
alike-not-yet-why = The first comparison takes some seconds. Load the page again.
alike-empty = No five complaints of the last seven days say the same.
alike-empty-why = Complaints are compared every few minutes. Very short ones are left out: two people write the same by chance.
alike-caption = Clusters of alike complaints, what is new or growing first
alike-cluster = Cluster
alike-news = News
alike-new = new
alike-growing = growing
alike-steady = as usual
alike-large = 20 or more
alike-this-week = Last seven days
alike-week-before = Week before
alike-usual = Usual week
alike-first = First seen
alike-last = Last seen
alike-teams = Teams
alike-products = Products
alike-channels = Channels
alike-representatives = Represented by
alike-many = { $count ->
    [one] One complaint
   *[other] { $count } alike
  }
alike-percent = { $count } %
alike-none = none named
alike-others = others
alike-all = All clusters
alike-gone-title = No such cluster
alike-gone = There is no cluster of that name now. A cluster is over when fewer than five of its complaints are of the last seven days.
alike-weeks = Week by week
alike-weeks-caption = { $count ->
    [0] Complaints that say this, by week. Hardly any came in a usual week before
    [one] Complaints that say this, by week. One came in a usual week before
   *[other] Complaints that say this, by week. { $count } came in a usual week before
  }
alike-week = Week
alike-weeks-ago = { $count ->
    [one] The week before
   *[other] { $count } weeks before
  }
alike-complaints = Complaints
alike-members = Its complaints
alike-members-caption = Complaints of the last seven days that you may see, the earliest first
alike-hidden = { $count ->
    [one] One more is with a team that you do not see.
   *[other] { $count } more are with teams that you do not see.
  }
alike-complaint = Complaint
alike-team = Team
alike-product = Product
alike-received = Received
alike-channel = Channel
alike-unrouted = not routed yet
alike-unavailable = The list of complaints cannot be read now. Load the page again in a moment.
alike-what = What such clusters are
alike-template = A template.
alike-template-looks = A letter from the internet or from a claims company, with other names and amounts in it. It comes from many customers over weeks, through one channel, often about one product. Each customer still has a case of their own.
alike-campaign = A campaign.
alike-campaign-looks = Somebody calls on others to write. It is new, grows within days, and reaches several teams at once. Tell whoever answers the press and the regulator.
alike-incident = An incident.
alike-incident-looks = Something broke, and people describe it in like words. It begins at one hour, at one product. These are seldom alike word for word, so a small cluster may stand for many.
alike-twice = The same customer, again.
alike-twice-looks = One person sent the same text several times. Such a cluster is small, and stays with one team.
alike-how = Complaints are compared by runs of five words, without names that were struck out, numbers and punctuation. No text is kept for it.

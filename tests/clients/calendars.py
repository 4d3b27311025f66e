"""Calendars and due moments by Python's `holidays` and `zoneinfo`, which are not ours.

    calendars.py write NAME NUMBER FIRST_YEAR LAST_YEAR    a calendar as schemas/calendars/ keeps it
    calendars.py days                                      stdin: {"calendar", "first", "last"} a line; out: its days, a list a line
    calendars.py due                                       stdin: one clock a line; out: {"due", "beyond"} a line

A clock: {"starts" (ms), "zone", "number", "unit" (days, business days, weeks), "calendar", "first", "last" (covered days),
"suspended": [[from, until], ...]}."""

import datetime
import functools
import json
import sys
import zoneinfo

import holidays

# Of the pinned package tzdata, and not of the machine.
zoneinfo.reset_tzpath(to=())

PLACES = {
    "england-and-wales": ("GB", "ENG"),
    "scotland": ("GB", "SCT"),
    "northern-ireland": ("GB", "NIR"),
    "us-federal": ("US", None),
}
SOURCES = {
    "GB": "https://www.gov.uk/bank-holidays.json",
    "US": "5 U.S.C. 6103(a) and (b): a holiday on a Saturday is kept on the Friday before, one on a Sunday on the Monday after",
}
DAY = datetime.timedelta(days=1)


@functools.cache
def of_year(name, year):
    country, part = PLACES[name]
    # Not `observed` alone: a holiday on a weekend has its own name, and its substitute another.
    return dict(holidays.country_holidays(country, subdiv=part, years=year))


def day_of(text):
    return datetime.date.fromisoformat(text)


def days_of(name, first, last):
    found = {}
    for year in range(first.year, last.year + 1):
        found |= {day: what for day, what in of_year(name, year).items() if first <= day <= last}
    return dict(sorted(found.items()))


def is_business_day(clock, day):
    covered = day_of(clock["first"]) <= day <= day_of(clock["last"])
    return day.weekday() < 5 and not (covered and day in of_year(clock["calendar"].split("@")[0], day.year))


def due(clock):
    zone = zoneinfo.ZoneInfo(clock["zone"])
    utc = datetime.datetime.fromtimestamp(0, datetime.UTC) + datetime.timedelta(milliseconds=clock["starts"])
    received = day = utc.astimezone(zone).date()
    spans = [(day_of(first), day_of(last)) for first, last in clock["suspended"]]
    left = clock["number"] * (7 if clock["unit"] == "weeks" else 1)
    business = clock["unit"] == "business days"
    while left:
        day += DAY
        counts = not any(first <= day <= last for first, last in spans)
        left -= counts and (not business or is_business_day(clock, day))
    end = datetime.datetime.combine(day + DAY, datetime.time(), zone).timestamp()
    outside = received + DAY < day_of(clock["first"]) or day > day_of(clock["last"])
    return {"due": round(end * 1000), "beyond": bool(business and outside)}


def write(name, number, first_year, last_year):
    country, _ = PLACES[name]
    first, last = datetime.date(int(first_year), 1, 1), datetime.date(int(last_year), 12, 31)
    today = datetime.datetime.now(datetime.UTC).date()
    quoted = functools.partial(json.dumps, ensure_ascii=False)
    print("# Days that are no business days beside Saturdays and Sundays. Never edited: a change is the next number.\n")
    print(f"calendar = {quoted(f'{name}@{number}')}")
    print(f"source = {quoted(f'{SOURCES[country]}; by Python holidays {holidays.__version__}')}")
    print(f'taken = "{today}"')
    print(f'first_day = "{first}"\nlast_day = "{last}"\n\n[days]')
    for day, what in days_of(name, first, last).items():
        print(f"{day} = {quoted(what)}")


def main():
    task = sys.argv[1]
    if task == "write":
        return write(*sys.argv[2:])
    for line in sys.stdin:
        asked = json.loads(line)
        if task == "days":
            found = days_of(asked["calendar"].split("@")[0], day_of(asked["first"]), day_of(asked["last"]))
            answer = [[str(day), what] for day, what in found.items()]
        else:
            answer = due(asked)
        print(json.dumps(answer))


main()

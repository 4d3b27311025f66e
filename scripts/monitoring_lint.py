"""What promtool does not check in deploy/monitoring: that rules, tests, dashboards, runbooks and tables agree, and name only
what is exported. scripts/monitoring calls it."""

import json
import pathlib
import re
import sys

import yaml

# What a selector is built of: a name, and perhaps its matchers.
SELECTOR = re.compile(r"([a-zA-Z_][a-zA-Z0-9_:]*)\s*(\{(?:[^{}\"]|\"(?:[^\"\\]|\\.)*\")*\})?")
MATCHER = re.compile(r"([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*\"((?:[^\"\\]|\\.)*)\"")
GROUPING = re.compile(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)")
# A comparison with a number.
BOUND = re.compile(r"(>=|>|==) ([\d.]+)")
# Prometheus adds them when it scrapes, as the PodMonitor of the chart says.
SCRAPED = {"namespace", "instance", "pod", "job"}
SUFFIXES = ("_bucket", "_sum", "_count")
SEVERITIES = {"critical", "warning", "info"}
BOARDS = {"flow", "models", "quality", "store"}

complaints = []


def expect(holds, complaint):
    if not holds:
        complaints.append(complaint)


class Monitoring:
    """All files that belong together."""

    def __init__(self, root):
        root = pathlib.Path(root)
        folder = root / "deploy/monitoring"
        rules = yaml.safe_load((folder / "rules.yaml").read_text())["groups"]
        self.rules = [rule for group in rules for rule in group["rules"]]
        self.alerts = {rule["alert"]: rule for rule in self.rules if "alert" in rule}
        self.recorded = {rule["record"] for rule in self.rules if "record" in rule}
        self.tests = tests_of(sorted(folder.glob("tests/*.yaml")))
        self.boards = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("dashboards/*.json"))}
        page = (root / "docs/monitoring.md").read_text()
        self.alarms = re.findall(r"^\| \[(Ombud\w+)\]\((\S+)\) \| (\w+) \|", section(page, "## Alarms"), re.M)
        self.metrics = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", section(page, "## Every metric"), re.M))
        self.runbooks = (root / "docs/runbooks.md").read_text()

    def expressions(self):
        """Every expression with the place where it stands."""
        for rule in self.rules:
            yield f"rule {rule.get('alert') or rule['record']}", rule["expr"]
        for name, board in self.boards.items():
            for panel in board["panels"]:
                for target in panel["targets"]:
                    yield f"panel {panel['id']} of {name}.json", target["expr"]

    def metric(self, name):
        """The metric of the table that `name` is a series of; None where there is none."""
        if name in self.metrics and self.metrics[name] != "histogram":
            return name
        for suffix in SUFFIXES:
            base = name.removesuffix(suffix)
            if base != name and self.metrics.get(base) == "histogram":
                return base
        return None


def section(text, heading):
    """What stands below `heading` until the next one of its level, or above."""
    level = heading.split(" ")[0]
    after = text.split(f"\n{heading}\n", 1)[1]
    return re.split(rf"^#{{2,{len(level)}}} ", after, maxsplit=1, flags=re.M)[0]


def tests_of(paths):
    """Of every test: the alarm that it is about, its whole name, and whether the alarm is to ring."""
    tests = []
    for path in paths:
        for test in yaml.safe_load(path.read_text())["tests"]:
            asked = test["promql_expr_test"][-1]
            alert = re.fullmatch(r'count\(ALERTS\{alertname="(\w+)",alertstate="firing"\}\)', asked["expr"])
            alert = alert.group(1) if alert else None
            expect(alert and test["name"].startswith(f"{alert}: "), f"test {test['name']}: its name and what it asks differ")
            tests.append((alert, test["name"], bool(asked["exp_samples"])))
    return tests


def selectors(expression):
    """Names of series in `expression`, each with its matchers."""
    plain = GROUPING.sub(" ", expression)
    for name, matchers in SELECTOR.findall(re.sub(r"\[[^\]]*\]", " ", plain)):
        if ":" in name or name.startswith(("ombud_", "process_")):
            yield name, MATCHER.findall(matchers)


def labels(expression):
    """Labels by which `expression` groups."""
    return {label.strip() for by in GROUPING.findall(expression) for label in by.split(",")} - {"", "le"}


def check_names(files):
    for place, expression in files.expressions():
        for name, _ in selectors(expression):
            expect(name in files.recorded or files.metric(name), f"{place} asks for {name}, which nobody exports or records")
    for name in re.findall(r"`(ombud_\w+?|process_\w+?)(?:\{[^`]*)?`", files.runbooks):
        expect(name in files.metrics or files.metric(name), f"docs/runbooks.md names {name}, which nobody exports")
    asked = {files.metric(name) for _, expression in files.expressions() for name, _ in selectors(expression)}
    for name in files.metrics:
        expect(name in asked or name.startswith("process_"), f"{name} is on no dashboard")


def check_alerts(files):
    panels = {(board["uid"], panel["id"]): panel for board in files.boards.values() for panel in board["panels"]}
    summaries = [rule["annotations"]["summary"] for rule in files.alerts.values()]
    expect(len(set(summaries)) == len(summaries), "two alarms have one summary")
    for name, rule in files.alerts.items():
        said = rule["annotations"]
        expect(re.fullmatch(r"Ombud(?:[A-Z][a-z]+)+", name), f"{name} is not CamelCase")
        expect(set(rule["labels"]) == {"severity"} and rule["labels"]["severity"] in SEVERITIES, f"{name}: severity")
        expect(set(said) == {"summary", "description", "runbook_url", "dashboard_url"}, f"{name}: annotations {set(said)}")
        expect("{{" not in said["summary"] and len(said["summary"]) <= 90, f"{name}: its summary is no short constant")
        expect("{{" in said["description"], f"{name}: its description has no value")
        expect(said["runbook_url"] == f"https://ombud.example/docs/runbooks.md#{name.lower()}", f"{name}: runbook_url")
        at = re.fullmatch(r"https://grafana\.example/d/([\w-]+)\?viewPanel=(\d+)", said["dashboard_url"])
        panel = at and panels.get((at.group(1), int(at.group(2))))
        expect(panel, f"{name}: {said['dashboard_url']} is no panel")
        if panel:
            shown = {series for target in panel["targets"] for series, _ in selectors(target["expr"])}
            expect(shown & {series for series, _ in selectors(rule["expr"])}, f"{name}: its panel shows none of its series")
        for rings in (True, False):
            tested = any(alert == name and how == rings for alert, _, how in files.tests)
            expect(tested, f"{name}: no test in which it {'rings' if rings else 'stays silent'}")
    names = [name for _, name, _ in files.tests]
    expect(len(set(names)) == len(names), "two tests have one name")


def check_docs(files):
    expect(files.alarms and len(files.alarms) == len({name for name, _, _ in files.alarms}), "docs/monitoring.md: alarms")
    documented = {name: (link, severity) for name, link, severity in files.alarms}
    for name in sorted(documented.keys() ^ files.alerts.keys()):
        expect(False, f"{name} is in only one of docs/monitoring.md (Alarms) and rules.yaml")
    for name in documented.keys() & files.alerts.keys():
        wanted = (f"runbooks.md#{name.lower()}", files.alerts[name]["labels"]["severity"])
        expect(documented[name] == wanted, f"docs/monitoring.md says {documented[name]} of {name}, and not {wanted}")
    books = re.findall(r"^## (\w+)\n", files.runbooks, re.M)
    expect(books == list(files.alerts), f"docs/runbooks.md: {sorted(set(books) ^ files.alerts.keys()) or 'another order than rules'}")
    for name in set(books) & files.alerts.keys():
        text = section(files.runbooks, f"## {name}")
        for part in ("**What it means.**", "**How to see it.**", "**What to do.**"):
            expect(part in text, f"docs/runbooks.md lacks {part} of {name}")
    for code in re.findall(r"`(ombud [^`]*|kubectl [^`]*)`", files.runbooks):
        whole = re.fullmatch(r"kubectl exec \S+ -- ombud [\w-]+.*", code)
        expect(whole, f"docs/runbooks.md: `{code}` is no kubectl exec ... -- ombud ...")


def sources(part):
    """Every data source within a dashboard."""
    if isinstance(part, list):
        for each in part:
            yield from sources(each)
    elif isinstance(part, dict):
        for name, each in part.items():
            if name == "datasource":
                yield each
            else:
                yield from sources(each)


def check_boards(files):
    expect(set(files.boards) == BOARDS, f"dashboards are {set(files.boards)}")
    for name, board in files.boards.items():
        ids = [panel["id"] for panel in board["panels"]]
        variables = {variable["name"]: variable for variable in board["templating"]["list"]}
        expect(board["uid"] == f"ombud-{name}", f"{name}.json: uid {board['uid']}")
        expect("id" not in board, f"{name}.json has an absolute id")
        expect(len(set(ids)) == len(ids), f"{name}.json: two panels have one id")
        expect(variables["datasource"]["type"] == "datasource", f"{name}.json: its data source is no variable")
        for source in sources(board):
            expect(source == {"type": "prometheus", "uid": "${datasource}"}, f"{name}.json: data source {source}")
        for panel in board["panels"]:
            place = f"panel {panel['id']} of {name}.json"
            expect(panel["title"] and panel["description"] and panel["targets"], f"{place}: title, description, targets")
            refs = [target["refId"] for target in panel["targets"]]
            expect(len(set(refs)) == len(refs), f"{place}: two targets have one refId")
            for target in panel["targets"]:
                for series, matchers in selectors(target["expr"]):
                    of_namespace = ("namespace", "=~", "$namespace") in matchers
                    expect(of_namespace, f"{place}: {series} is not of the chosen namespace")


def exported(files, paths):
    """Every metric and every label that is asked for is in what the roles export."""
    series = {}
    for path in paths:
        for line in pathlib.Path(path).read_text().splitlines():
            found = re.match(r"([a-zA-Z_]\w*)(\{.*\})? ", line)
            if found and not line.startswith("#"):
                series.setdefault(found.group(1), []).append(dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found.group(2) or "")))
    for name in sorted(files.metrics):
        expect(any(files.metric(known) == name for known in series), f"no role exports {name}")
    for place, expression in files.expressions():
        for name, matchers in selectors(expression):
            for label, operator, value in matchers:
                if label in SCRAPED or name not in series:
                    continue
                values = {known[label] for known in series[name] if label in known}
                expect(values, f"{place}: {name} has no label {label}")
                wanted = value.replace("\\\\", "\\")
                matches = re.compile(wanted if operator in ("=~", "!~") else re.escape(wanted))
                expect(any(matches.fullmatch(known) for known in values), f"{place}: {name} has no {label}={value}: {values}")
    known = {label for of in series.values() for labels in of for label in labels} | SCRAPED
    for place, expression in files.expressions():
        for label in labels(expression) - known:
            expect(False, f"{place} groups by {label}, which no metric has")


def broken(how, rule):
    """The alarm with one bound broken; None where it has no such bound. `how` is the bound's number, from 1 on, which
    anything passes then; or `deaf`: nothing passes any of them."""
    bounds = list(BOUND.finditer(rule["expr"]))
    if how == "deaf":
        expression = BOUND.sub(lambda bound: f"{bound.group(1)} 1e12", rule["expr"]).replace("< on", "> on")
    elif int(how) <= len(bounds):
        start, end = bounds[int(how) - 1].span(2)
        expression = f"{rule['expr'][:start]}-1{rule['expr'][end:]}"
    else:
        return None
    return {**rule, "expr": expression}


def broken_rules(how, path):
    """The rules with every alarm broken that can be, in that way."""
    rules = yaml.safe_load(pathlib.Path(path).read_text())
    for group in rules["groups"]:
        group["rules"] = ["alert" in rule and broken(how, rule) or rule for rule in group["rules"]]
    return yaml.safe_dump(rules)


def caught(how, path, printed):
    """Of every alarm that was broken a test has failed."""
    failed = set(re.findall(r'alertname=\\"(\w+)\\",alertstate=\\"firing\\"', pathlib.Path(printed).read_text()))
    rules = [rule for group in yaml.safe_load(pathlib.Path(path).read_text())["groups"] for rule in group["rules"]]
    for rule in rules:
        if "alert" in rule and broken(how, rule):
            expect(rule["alert"] in failed, f"{rule['alert']}: no test fails when its bound is broken ({how})")


def main():
    what, *rest = sys.argv[1:]
    if what == "break":
        sys.stdout.write(broken_rules(*rest))
    elif what == "caught":
        caught(*rest)
    elif what == "exported":
        exported(Monitoring(rest[0]), rest[1:])
    elif what == "files":
        files = Monitoring(rest[0])
        for check in (check_names, check_alerts, check_docs, check_boards):
            check(files)
    elif what == "counted":
        files = Monitoring(rest[0])
        panels = sum(len(board["panels"]) for board in files.boards.values())
        counts = {"rules": len(files.rules), "alerts": len(files.alerts), "tests": len(files.tests), "panels": panels}
        print(json.dumps(counts))
    for complaint in complaints:
        print(f"monitoring: {complaint}", file=sys.stderr)
    sys.exit(1 if complaints else 0)


main()

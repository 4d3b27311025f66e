"""Every value of the chart is documented beside it, stands in its README, is known to the schema, and changes what is rendered."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

import render

README = render.CHART / "README.md"
BEGIN, END = "<!-- values: made by scripts/chart --write -->\n", "<!-- end of values -->\n"
# Maps that are one value to whoever sets them.
WHOLE = {"resources", "policies"}

# Everything that can be switched on at once, and what excludes some of it.
ALL_ON = ("sign-in", "gitops", "pvc-models", "gateway", "sasl-tls", {
    "signIn": {"oidc": {"ca": {"configMap": "", "secret": "ca"}}},
    "autoscaling": {"enabled": True, "prometheus": "http://prometheus:9090"},
    "models": {"hub": {"enabled": True, "endpoint": "https://hub.bank.example", "existingSecret": "hub"}},
    "kafka": {"tls": {"clientSecret": "client"}, "sasl": {"existingSecret": "kafka"}, "users": {}},
    "setup": {"hook": True}, "learn": {"enabled": True, "existingClaim": ""}, "podMonitor": {"enabled": True},
    "nodeSelector": {}, "tolerations": [], "priorityClassName": "", "topologySpreadConstraints": [],
    "image": {"registry": "", "digest": ""}, "imageCore": {"registry": "", "tag": ""}, "fullnameOverride": "",
})  # fmt: skip
OTHERWISE = ("sign-in", "image-volume", {
    "autoscaling": {"enabled": True, "by": "cpu"}, "archive": {"autoscaling": {"enabled": False}}, "setup": {"hook": False},
    "registry": {"ca": {"configMap": "ca"}}, "cql": {"ca": {"configMap": "ca"}},
    "kafka": {"tls": {"enabled": True, "ca": {"configMap": "ca"}}},
})  # fmt: skip
NOTHING_SCALES = ("pvc-models", {"learn": {"existingClaim": ""}, "archive": {"autoscaling": {"enabled": True}}})


@dataclass
class Value:
    name: str
    default: object
    remark: str
    is_section: bool


def documented():
    """Every value with the remark above it, in the order of values.yaml."""
    text = (render.CHART / "values.yaml").read_text()
    lines = text.split("\n")
    found = []

    def look(node, place):
        for key, value in node.value:
            name = f"{place}{key.value}"
            # A flow map such as {} and what is in WHOLE is one value.
            block = isinstance(value, yaml.MappingNode) and not value.flow_style and key.value not in WHOLE
            found.append(Value(name, render.reach(defaults, name), remark(lines, key.start_mark.line), block))
            if block:
                look(value, f"{name}.")

    defaults = yaml.load(text, yaml.CSafeLoader)
    look(yaml.compose(text, yaml.SafeLoader), "")
    return found


def remark(lines, line):
    """The lines of remarks right above."""
    first = line
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return " ".join(each.strip().lstrip("#").strip() for each in lines[first:line])


def undocumented(values):
    return [f"{each.name} has no remark above it" for each in values if not each.is_section and not each.remark]


def table(values):
    rows = ["| value | default | |", "|---|---|---|"]
    for each in values:
        default = "" if each.is_section else f"`{json.dumps(each.default)}`".replace("|", "\\|")
        if each.remark or not each.is_section:
            name = f"**`{each.name}`**" if each.is_section else f"`{each.name}`"
            said = each.remark.replace("|", "\\|")
            rows.append(f"| {name} | {default} | {said} |")
    return "\n".join(rows) + "\n"


def readme(values):
    """README.md as it should be."""
    before, _, rest = README.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table(values)}{END}{after}"


def unused(values):
    """Values that can be changed without anything being rendered otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        bases = []
        for number, parts in enumerate((ALL_ON, OTHERWISE, NOTHING_SCALES)):
            file = Path(folder) / f"{number}.yaml"
            file.write_text(yaml.dump(merged(parts)))
            # A base that is refused would hide what is unused: it has to render.
            bases.append((file, render.render(render.CHART, file, "--skip-schema-validation")))

        def fault(each):
            change = render.set_json({each.name: other(each)})
            if any(rendered(file, *change) != before for file, before in bases):
                return None
            return f"{each.name} changes nothing: it is used nowhere"

        leaves = [each for each in values if not each.is_section]
        return [why for why in render.side_by_side(fault, leaves) if why]


def rendered(file, *change):
    try:
        return render.render(render.CHART, file, "--skip-schema-validation", *change)
    except render.RenderError as error:
        # What it says is of use as well: that a value is refused shows that it is read.
        return f"refused: {error}"


def merged(parts):
    result = {}
    for part in parts:
        more = yaml.load(render.files()[part].read_text(), yaml.CSafeLoader) if isinstance(part, str) else part
        result = overlaid(result, more)
    return result


def overlaid(first, second):
    result = dict(first)
    for name, value in second.items():
        both = isinstance(value, dict) and value and isinstance(result.get(name), dict)
        result[name] = overlaid(result[name], value) if both else value
    return result


def other(value):
    """Another value than the default, of its kind."""
    default = value.default
    if value.name.endswith("resources"):
        return {"limits": {"cpu": "7", "memory": "9Gi"}, "requests": {"cpu": "7", "memory": "9Gi"}}
    if value.name == "kafka.users":
        return {"infer": {"username": "somebody"}}
    if value.name == "groups":
        return [{"name": "another", "tasks": ["product"]}]
    if isinstance(default, bool):
        return not default
    if isinstance(default, int):
        return default + 1
    if isinstance(default, dict):
        return {"another": "one"}
    if isinstance(default, list):
        return [{"name": "another"}]
    return f"{default}x"

"""Holds what people type to what runs: an object that the docs name to `kubectl` is rendered with release `ombud`, and `ombud COMMAND`
runs in a pod whose Kafka user may all that schemas/access.toml gives to who runs that command."""

import re
import tomllib
from pathlib import Path

import render

REPO = Path(__file__).resolve().parents[3]
PAGES = [*sorted((REPO / "docs").glob("*.md")), REPO / "README.md", render.CHART / "README.md"]
KINDS = {"deploy": "Deployment", "deployment": "Deployment", "service": "Service", "job": "Job", "cronjob": "CronJob"}
# Whose work is elsewhere: a CRM's, the product teams' and an auditor's.
ELSEWHERE = {"crm", "product-team", "auditor"}

ACCESS = tomllib.loads((REPO / "schemas/access.toml").read_text())["roles"]


def grants(role):
    """What a role may, one triple for each operation: the kind of name, the name, and the operation."""
    for grant in role["grants"]:
        ((kind, name),) = [(kind, name) for kind, name in grant.items() if kind != "operations"]
        for operation in grant["operations"]:
            yield kind, name, operation


GRANTS = {role["name"]: {*grants(role)} for role in ACCESS}
# Who runs a command, by its first word: of `ombud learn --from-feedback` that is `learn`.
WHO = {word: role["name"] for role in ACCESS for word in re.findall(r"`(?:ombud )?([a-z]+)[^`]*`", role["who"])}


def user(role):
    """The role of schemas/access.toml as which a pod signs in."""
    return "operator" if role == "doctor" else role


def may(role, command):
    """Whether a pod's Kafka user has every grant that the command needs."""
    return command in WHO and GRANTS[WHO[command]] <= GRANTS[user(role)]


def typed(text):
    """Every command line of kubectl in a page."""
    return re.findall(r"kubectl [^`\n]*", text)


def faults(text, objects):
    """What is wrong with a page's commands."""
    for line in typed(text):
        named = re.findall(r"[ =](\w+)/([a-z0-9-]+)", line.split(" -- ")[0])
        found = [(KINDS[kind], name, objects.get((KINDS[kind], name))) for kind, name in named if kind in KINDS]
        for kind, name, each in found:
            if each is None:
                yield f"`{line}` names the {kind} {name}, which the chart does not render"
        run = re.search(r" -- ombud ([a-z]+)", line)
        for _, name, each in found if run else []:
            if each and not may(each.role, run.group(1)):
                yield f"`{line}`: the user of {name} may not `ombud {run.group(1)}`"


def problems(schema):
    """Everything that is wrong, and how many commands were looked at."""
    rendered = render.Rendering("ombud", render.render(render.CHART, render.files()["default"], release="ombud"), None)
    objects = {(each.kind, each.name): each for each in rendered.objects}
    found = [f"{page.name}: {fault}" for page in PAGES for fault in faults(page.read_text(), objects)]
    users = schema["properties"]["kafka"]["properties"]["users"]["properties"].keys()
    if {*users} != GRANTS.keys() - ELSEWHERE:
        found.append(f"kafka.users and schemas/access.toml differ in {sorted({*users} ^ (GRANTS.keys() - ELSEWHERE))}")
    return found, sum(len(typed(page.read_text())) for page in PAGES)

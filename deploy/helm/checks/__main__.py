"""Runs every check of the chart; the last line of stdout is one JSON object. With --write the README's values are written anew."""

import json
import sys
import time

import autoscale
import breakages
import commands
import definitions
import promises
import refusals
import render
import settings
import values
from promises import jobs, network, roles, rollout, scaling, security  # noqa: F401 - each adds its promises

# What is asked for at least: a check that lost its cases would pass.
LEAST = {"assertions": 80, "breakages": 40, "refused": 20, "commands": 30}


def main():
    started = time.monotonic()
    documented = values.documented()
    if "--write" in sys.argv:
        values.README.write_text(values.readme(documented))
    figures = {}
    faults = []

    def step(name, found, **counted):
        print(f"{time.monotonic() - started:5.1f} s  {name}: {'well' if not found else f'{len(found)} wrong'}", flush=True)
        faults.extend(f"{name}: {each}" for each in found)
        figures.update(counted)

    step("helm lint --strict", unlinted(), lint=True)
    renderings = render.all_renderings()
    kept = {name: promises.broken(name, renderings.values()) for name in promises.PROMISES}
    step("promises", [f"{name}: {place}" for name, places in kept.items() for place in places], assertions=len(kept))
    step("definitions", undefined(renderings))
    objects = sum(len(each.objects) for each in renderings.values())
    figures.update(objects=objects, files=len(render.files()), renderings=len(renderings))
    step("refusals", refusals.accepted(), refused=len(refusals.WRONG) + len(refusals.IMPOSSIBLE))
    schema = json.loads((render.CHART / "values.schema.json").read_text())
    step("settings", settings.differences(schema), settings=len(settings.rules()))
    step("values documented", values.undocumented(documented) + unwritten(documented), values=len(documented))
    step("values used", values.unused(documented))
    typed, lines = commands.problems(schema)
    step("commands of the docs", typed, commands=lines)
    scaled, simulated = autoscale.problems([each.data for each in renderings["scaled"].objects], "--write" in sys.argv)
    step("autoscaling, simulated", scaled, **simulated)
    step("breakages", breakages.all_unnoticed(), breakages=len(breakages.BREAKAGES))
    faults.extend(f"only {figures[name]} {name}" for name, least in LEAST.items() if figures[name] < least)

    figures["lint"] = not any(each.startswith("helm lint") for each in faults)
    figures.update(faults=len(faults), seconds=round(time.monotonic() - started))
    for each in faults:
        print(f"WRONG  {each}", file=sys.stderr)
    print(json.dumps(figures))
    return 1 if faults else 0


def unlinted():
    found = []
    for name, file in render.files().items():
        try:
            render.helm("lint", "--strict", "--quiet", str(render.CHART), "--values", str(file))
        except render.RenderError as error:
            found.append(f"{name}: {error}")
    return found


def undefined(renderings):
    known = definitions.Definitions()
    # Most objects are the same in most renderings.
    seen = {json.dumps(each.data, sort_keys=True): each for one in renderings.values() for each in one.objects}
    return [fault for each in seen.values() for fault in known.faults(each)]


def unwritten(documented):
    written = values.README.read_text()
    return [] if values.readme(documented) == written else ["README.md has other values: scripts/chart --write"]


sys.exit(main())

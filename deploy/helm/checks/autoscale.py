"""Holds what the docs promise of autoscaling against the chart: a day and a backfill, simulated from what Helm renders.

    helm template ... | autoscale.py            checks the promises, and that docs/ shows what comes of these values
    helm template ... | autoscale.py --write    writes docs/autoscaling.svg, and names the rows that docs/kubernetes.md lacks

hpa.py has the autoscaler's rules, keda.py what a ScaledObject asks of it, drain.py the workers' gauge, flow.py the group.
"""

import json
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import yaml

import flow
import keda

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
DEADLINE = int(tomllib.loads((ROOT / "models/strategy.toml").read_text())["deadline"].removesuffix(" s"))
DRAINED_WITHIN = 15 * 60
NO_TURN_WITHIN = 5 * 60
A_DAY, A_BACKFILL = 15_000, 100_000
BUSIEST = 10 * 3600


@dataclass
class Run:
    """A load, and what came of it."""

    name: str
    load: flow.Load
    trace: flow.Trace

    @property
    def drained_in(self):
        return self.trace.drained_at and self.trace.drained_at - self.load.backfill_at

    def waits(self):
        """Of live complaints that came while the backfill was there, or of all."""
        until = self.trace.drained_at or flow.DAY
        since = self.load.backfill_at if self.load.backfill else 0
        return sorted(wait for came, wait in self.trace.waits if since <= came < until)

    def p99(self):
        waits = self.waits()
        return waits[len(waits) * 99 // 100]

    def late(self):
        return sum(wait > DEADLINE for wait in self.waits())

    def most(self):
        return max(replicas for _, replicas in self.trace.replicas)

    def changes(self):
        return len(self.trace.replicas) - 1

    def soonest_turn(self):
        """The shortest time between a change and the next one if that goes the other way; None where none does."""
        turns, before = [], None
        for (_, were), (at, are) in zip(self.trace.replicas, self.trace.replicas[1:]):
            is_up = are > were
            if before and before[1] != is_up:
                turns.append(at - before[0])
            before = (at, is_up)
        return min(turns, default=None)


def infer_groups(documents):
    """Every ScaledObject that scales an infer group, with the cores of its pods."""
    by_name = {each["metadata"]["name"]: each for each in documents if each["kind"] == "Deployment"}
    for document in documents:
        if document["kind"] != "ScaledObject":
            continue
        container = by_name[document["spec"]["scaleTargetRef"]["name"]]["spec"]["template"]["spec"]["containers"][0]
        if "infer" in container["args"]:
            yield document, cores(container["resources"]["limits"]["cpu"])


def cores(quantity):
    said = str(quantity)
    return float(said[:-1]) / 1000 if said.endswith("m") else float(said)


def loads():
    """What the docs show, the backfills at the worst hour of the day: name, load, and how long a pod takes to be ready."""
    day = flow.day_of(A_DAY)
    bulk = flow.Load(day, A_BACKFILL, BUSIEST)
    at_once = flow.Load(day, A_BACKFILL, BUSIEST, is_at_once=True)
    return [
        ("`ombud send --bulk`", bulk, flow.READY_AFTER),
        ("the same, where a pod takes 3 minutes to be ready", bulk, 180),
        ("`ombud send --bulk --at-once`", at_once, flow.READY_AFTER),
        ("no backfill; one complaint every 20 s", flow.Load(flow.one_every(20)), flow.READY_AFTER),
    ]


def simulate(document, name, load, ready_after, pod_cores):
    return Run(name, load, flow.Group(keda.ScaledObject(document), flow.World(pod_cores, ready_after=ready_after), load).run())


def runs(document, pod_cores):
    return [simulate(document, *each, pod_cores) for each in loads()]


def broken(run):
    """Which promises it does not keep, in words."""
    load, least = run.load, run.trace.replicas[0][1]
    if load.backfill and (run.drained_in is None or run.drained_in > DRAINED_WITHIN):
        yield f"{run.name}: not drained within {DRAINED_WITHIN} s, but in {run.drained_in}"
    # What is thrown in at once stands in front of live complaints whatever the autoscaler does: they are routed at their deadline.
    if not load.is_at_once and run.p99() > DEADLINE:
        yield f"{run.name}: p99 of live complaints is {run.p99()} s"
    turn = run.soonest_turn()
    if turn is not None and turn < NO_TURN_WITHIN:
        yield f"{run.name}: the autoscaler turns round after {turn} s"
    if not load.backfill and run.most() > least:
        yield f"{run.name}: {run.most()} pods, though {least} are enough"
    if run.trace.replicas[-1][1] != least:
        yield f"{run.name}: {run.trace.replicas[-1][1]} pods are left at the end of the day"


def table(of):
    head = "15,000 complaints a day, and at 10:00 100,000 more by"
    yield f"| {head} | drained in | most pods | changes | live p99, until answered | live ones past their deadline |"
    yield "|---|---:|---:|---:|---:|---:|"
    for run in of:
        drained = f"{run.drained_in / 60:.1f} min" if run.drained_in else "never" if run.load.backfill else ""
        yield f"| {run.name} | {drained} | {run.most()} | {run.changes()} | {run.p99()} s | {run.late()} |"


def steps(changes, since, until):
    """Minutes since the backfill began, and how many pods are wanted from then on."""
    points, before = [], None
    for at, replicas in changes + [(until, changes[-1][1])]:
        minute = max(since, min(until, at)) - since
        if before is not None:
            points.append((minute / 60 - 5, before))
        points.append((minute / 60 - 5, replicas))
        before = replicas
    return points


def plot(of):
    """An SVG whose colours can be read on a light page and on a dark one."""
    import pygal
    from pygal.style import Style

    grey, colors = "#7d8590", ("#3b82c4", "#c9741a")
    style = Style(
        background="transparent", plot_background="transparent",
        foreground=grey, foreground_strong=grey, foreground_subtle=grey,
        guide_stroke_color=f"{grey}55", major_guide_stroke_color=f"{grey}55",
        colors=colors + colors, font_family="sans-serif", opacity="1", stroke_width=2.5,
    )
    # Without the script that pygal would load from its site.
    chart = pygal.XY(
        style=style, js=[], show_dots=False, width=900, height=420, disable_xml_declaration=True,
        legend_at_bottom=True, legend_at_bottom_columns=2,
        title="Pods and backlog, 100,000 complaints beside a day of 15,000",
        x_title="minutes since the backfill began", y_title="pods wanted",
        range=(0, 10), xrange=(-5, 25), secondary_range=(0, 100),
        x_labels=list(range(-5, 26, 5)), y_labels=list(range(0, 11, 2)), show_y_guides=True,
    )
    chart.uuid = "autoscaling"  # else another one each time
    shown = [(of[0], "--bulk"), (of[2], "--at-once")]
    since, until = BUSIEST - 300, BUSIEST + 25 * 60
    for run, name in shown:
        chart.add(f"pods, {name}", steps(run.trace.replicas, since, until))
    for run, name in shown:
        points = [((at - BUSIEST) / 60, count / 1000) for at, count in run.trace.waiting if since <= at <= until]
        dashed = {"width": 1.5, "dasharray": "5, 4"}
        chart.add(f"complaints waiting, {name} (dashed, thousands)", points, secondary=True, stroke_style=dashed)
    # pygal says in comments on which day it drew: the picture would be another one tomorrow.
    return re.sub("<!--.*?-->", "", chart.render(is_unicode=True)) + "\n"


def problems(documents, write=False):
    """What is wrong with the autoscaling of these objects, or with what the docs show of it; and its figures."""
    groups = list(infer_groups(documents))
    found = [] if groups else ["no ScaledObject of an infer group was rendered"]
    figures = {}
    for document, pod_cores in groups:
        of = runs(document, pod_cores)
        found += [f"{document['metadata']['name']}: {each}" for run in of for each in broken(run)]
        # The docs show the first group; all come from the same values.
        if not figures:
            found += docs(of, write)
            drained = [run.drained_in for run in of if run.load.backfill]
            figures = {"drained_s": drained, "live_p99_s": of[0].p99(), "most_pods": of[0].most()}
    return found, figures


def docs(of, write):
    """Whether the docs show something else; with `write`, only the page does."""
    page, drawn = DOCS / "kubernetes.md", DOCS / "autoscaling.svg"
    image = plot(of)
    if write:
        drawn.write_text(image)
    said = page.read_text() if page.exists() else ""
    yield from (f"docs/kubernetes.md lacks the row {row}" for row in table(of) if row not in said)
    if not drawn.exists() or drawn.read_text() != image:
        yield "docs/autoscaling.svg shows other values: scripts/chart --write"


def main(arguments):
    found, figures = problems([each for each in yaml.safe_load_all(sys.stdin) if each], "--write" in arguments)
    for each in found:
        print(f"autoscale: {each}", file=sys.stderr)
    print(json.dumps(figures))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(sys.argv[1:])

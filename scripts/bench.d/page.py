"""Writes docs/measured.md and its pictures from the figures of a run; no figure on that page is typed by hand.

    page.py FILE            writes docs/measured.json, docs/measured.md, docs/measured-peers.svg and docs/measured-growth.svg
    page.py --check         exit code 1 where docs/measured.md is not what docs/measured.json says
"""

import json
import pathlib
import re
import statistics
import sys

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
FIGURES, PAGE = DOCS / "measured.json", DOCS / "measured.md"
ENCODERS = {
    "transformers": "transformers, as given",
    "transformers_sorted": "transformers, sorted by length",
    "sentence_transformers": "sentence-transformers (no head)",
    "onnxruntime": "ONNX Runtime, single precision, fused, sorted",
    "onnxruntime_int8": "ONNX Runtime, a byte a weight, fused, sorted",
}
INTRODUCTION = """# What was measured of speed

For whoever sizes a deployment, or asks how Ombud compares with what they would build. At the end you know what each part takes,
beside what peers take for the same in the same run, and how to repeat it. `scripts/bench` has measured all of it, and
`scripts/bench page` has written this page. How good the default model is stands in [default-model.md](default-model.md), how large
a deployment has to be in [capacity.md](capacity.md).
"""
HOW = """## How

Sides run in turn, in processes of their own; each figure is the median of its turns, in brackets the least and the most. Neighbours
share the machine, so ratios within a run say more than figures, and seconds of the cores more than those of the clock. Complaints
have the lengths of real ones. Servers run beside, with both of Java's compilers. Each peer runs in three settings, and is shown in
the best one. No thread spins where it could wait: not in OpenMP, and not in ONNX Runtime.
"""


def number(value):
    """Three digits, or all before the point."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.1f}"


def ratio(over, under):
    return f"{over / under:.2f}" if over and under else ""


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(head, rows):
    """The first column is words, the others are figures."""
    return "\n".join([row(*head), "|---" + "|---:" * (len(head) - 1) + "|", *(row(*cells) for cells in rows)])


def seen(part, side, key):
    """A side's median, and what it lies between."""
    values = part["turns"].get(side, {}).get(key)
    if not values:
        return ""
    middle = number(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} [{number(min(values))}, {number(max(values))}]"


def with_before(part, figures):
    """Ours beside the build before: the ratio first, above 1 where it is better now."""
    rows = []
    for key, (what, is_more_better) in figures.items():
        now, then = part[key], part.get("before", {}).get(key)
        better = ratio(now, then) if is_more_better else ratio(then, now)
        rows.append((what, better, seen(part, "ombud", key), seen(part, "before", key)))
    return table(("", "times better", "now", "before"), rows)


def beside(part, peers, key, what, is_more_better=True):
    """Ours beside each peer: the ratio first, above 1 where ours is better."""
    rows = [("Ombud", "", seen(part, "ombud", key), "")]
    for side, called in peers.items():
        own = part["turns"].get(side)
        if own:
            theirs = part[f"{side}_{key}"]
            better = ratio(part[key], theirs) if is_more_better else ratio(theirs, part[key])
            rows.append((called, better, seen(part, side, key), part["settings"][side]["best"]))
    return table(("", "Ombud, times better", what, "in its best setting"), rows)


def of_encoder(part):
    rows = [("Ombud, `up` as a whole, with bag, log and cases", "", *(seen(part, "ombud", key) for key in KEYS_OF_TEXTS), "")]
    for side, called in ENCODERS.items():
        if side in part["turns"]:
            better = ratio(part["texts_per_cpu_s"]["float"], part["texts_per_cpu_s"][side])
            best = f"{part['settings'][side]['best']} texts at once"
            rows.append((called, better, *(seen(part, side, key) for key in KEYS_OF_TEXTS), best))
    head = ("", "Ombud, times better", "texts a CPU second", "texts a second", "in its best setting")
    return f"## The encoder\n\nThe network that ships, and its tokenizer, before the same texts.\n\n{table(head, rows)}"


KEYS_OF_TEXTS = ("texts_per_cpu_s", "texts_per_s")


def of_embedded(part):
    figures = {
        "filed_per_s": ("complaints a second, from the start until each case is filed", True),
        "cpu_ms": ("milliseconds of the cores for each", False),
        "rss_mb": ("most memory, MB", False),
        "restart_s": ("seconds that a restart on them takes longer than on nothing", False),
        "restart_mb": ("MB that it takes more", False),
    }
    text = f"`ombud up --once` with the bag, {part['complaints']:,} complaints, start and end included."
    return f"## Everything in one process\n\n{text}\n\n{with_before(part, figures)}"


def of_join(part):
    figures = {
        "records_per_s": ("records a second", True),
        "records_per_cpu_s": ("records a CPU second", True),
        "rss_mb": ("most memory, MB", False),
    }
    peers = {"kafka_streams": "Kafka Streams, aggregate", "kafka_streams_windowed": "Kafka Streams, windowed join"}
    parts = [
        "## The joiner",
        f"Before topics that hold {part['complaints']:,} complaints and their predictions, four records each. Kafka Streams brings "
        "bytes together by their key, in as many threads; it knows no Avro, no deadline, no routing and no revision.",
        with_before(part, figures),
    ]
    if "kafka_streams" in part["turns"]:
        parts += [
            beside(part, peers, "records_per_s", "records a second"),
            beside(part, peers, "records_per_cpu_s", "records a CPU second"),
        ]
    return "\n\n".join(parts)


def of_archive(part):
    figures = {
        "complaints_per_s": ("complaints a second", True),
        "cpu_s_per_1000": ("CPU seconds for 1,000", False),
        "cassandra_cpu_s_per_1000": ("CPU seconds of Cassandra for 1,000", False),
        "rss_mb": ("most memory, MB", False),
    }
    return (
        f"## The archive\n\nBefore topics that hold {part['complaints']:,} complaints, predictions and routes, with Cassandra on the "
        f"same cores.\n\n{with_before(part, figures)}"
    )


def of_flow(part):
    figures = {
        "cpu_s_per_1000": ("CPU seconds for 1,000 complaints, all roles", False),
        "infer_cpu_s_per_1000": ("of which infer", False),
        "join_cpu_s_per_1000": ("of which join", False),
        "archive_cpu_s_per_1000": ("of which archive", False),
        "routed_per_s": ("complaints routed a second, from the first append", True),
        "kafka_bytes": ("bytes of a complaint in the topics", False),
    }
    parts = [
        "## All roles over Kafka",
        f"Infer with the bag, join and archive, {part['complaints']:,} complaints, servers on the same cores. The Python worker "
        "(confluent-kafka, scikit-learn, JSON) answers the same tasks by matrices of the same size, without evidence, calibration or "
        "cases.",
        with_before(part, figures),
    ]
    if "python" in part["turns"]:
        called = {"python": "Python worker (complaints at once)"}
        parts.append(beside(part, called, "cpu_s_per_1000", "CPU seconds for 1,000", is_more_better=False))
    return "\n\n".join(parts)


def of_live(part):
    rows = [
        (rate, *(f"{number(part[rate][key])} [{number(min(values))}, {number(max(values))}]" for key, values in turns.items()))
        for rate, turns in part["turns"].items()
    ]
    text = (
        f"From append to route over Kafka with the default model, {part['complaints']:,} complaints that come one by one: the median "
        "of runs."
    )
    return f"## One complaint at a time\n\n{text}\n\n{table(('complaints a second', 'p50, ms', 'p99, ms', 'longest, ms'), rows)}"


def of_growth(part):
    rows = [
        (
            f"{int(count):,}",
            number(each["filed_per_s"]),
            number(each["last_filed_per_s"]),
            number(each["cpu_ms"]),
            number(each["rss_mb"]),
            number(each.get("before", {}).get("rss_mb", 0)) if "before" in each else "",
            number(each["bytes"]),
        )
        for count, each in counts(part)
    ]
    head = ("complaints", "filed a second", "the last tenth", "CPU ms", "most memory, MB", "before, MB", "bytes on disk")
    return f"## As complaints become many\n\n`ombud up --once` with the bag.\n\n{table(head, rows)}\n\n![Rate and memory](measured-growth.svg)"


def counts(part):
    return sorted(((count, each) for count, each in part.items() if count.isdigit()), key=lambda of: int(of[0]))


def of_recovery(part):
    rows = [
        (f"{int(count):,}", number(each["recovered_s"]), number(each["cpu_s"]), number(each["rss_mb"]))
        for count, each in counts(part)
    ]
    text = "A joiner with so many open cases is killed: from the start of the next one until it has all of them again."
    return f"## Recovery\n\n{text}\n\n{table(('open cases', 'seconds', 'CPU seconds', 'memory, MB'), rows)}"


PARTS = {
    "encoder": of_encoder,
    "embedded": of_embedded,
    "join": of_join,
    "archive": of_archive,
    "flow": of_flow,
    "live": of_live,
    "growth": of_growth,
    "recovery": of_recovery,
}


def tables(found):
    return "\n\n".join(PARTS[part](figures) for part, figures in found.items())


def page(found):
    about = next(iter(found.values()))["about"]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items() if name != "commit")
    took = sum(part["about"]["took_s"] for part in found.values()) / 60
    machine = f"{about['machine']}, {about['date']}. {versions}. All parts took {took:.0f} minutes."
    again = "```sh\nscripts/bench --json figures.json\nscripts/bench page figures.json\n```"
    ours = f"<!-- not run: it measures for {took:.0f} minutes -->\n{again}"
    picture = "![Ombud beside peers](measured-peers.svg)"
    return "\n".join([INTRODUCTION, picture, "", HOW, machine, "", ours, "", tables(found), ""])


def peers(found):
    """Each peer's ratio, ours over theirs."""
    encoder, join, flow = found["encoder"], found["join"], found["flow"]
    texts = encoder["texts_per_cpu_s"]
    told = {called: texts["float"] / texts[side] for side, called in ENCODERS.items() if side in texts}
    told["Kafka Streams, records a second"] = join["records_per_s"] / join["kafka_streams_records_per_s"]
    told["Kafka Streams, records a CPU second"] = join["records_per_cpu_s"] / join["kafka_streams_records_per_cpu_s"]
    told["Python worker, complaints a CPU second"] = flow["python_cpu_s_per_1000"] / flow["cpu_s_per_1000"]
    return told


def style():
    """Colours that can be read on a light page and on a dark one."""
    from pygal.style import Style

    grey, colors = "#7d8590", ("#3b82c4", "#c9741a")
    return Style(
        background="transparent",
        plot_background="transparent",
        foreground=grey,
        foreground_strong=grey,
        foreground_subtle=grey,
        guide_stroke_color=f"{grey}55",
        major_guide_stroke_color=f"{grey}55",
        colors=colors,
        font_family="sans-serif",
        opacity="1",
    )


def draw(found):
    """The pictures, by name."""
    import pygal

    # Without the script that pygal would load from its site.
    common = {"style": style(), "js": [], "width": 900, "disable_xml_declaration": True}
    told = peers(found)
    bars = pygal.HorizontalBar(
        **common,
        height=420,
        show_legend=False,
        print_values=True,
        title="How many times better Ombud is; 1 is as good",
        formatter=lambda value: f"{value:.2f}",
        range=(0, max(told.values()) * 1.05),
    )
    bars.x_labels = list(reversed(told))
    bars.add("", list(reversed(told.values())))
    grown = counts(found["growth"])
    lines = pygal.Line(
        **common,
        height=360,
        legend_at_bottom=True,
        title="As complaints become many",
        x_title="complaints",
        y_title="filed a second",
        x_labels=[f"{int(count):,}" for count, _ in grown],
        include_x_axis=True,
    )
    lines.add("filed a second", [each["filed_per_s"] for _, each in grown])
    lines.add("memory, MB (right)", [each["rss_mb"] for _, each in grown], secondary=True)
    for chart, name in ((bars, "measured-peers"), (lines, "measured-growth")):
        chart.uuid = name  # else another one each time
    # Without pygal's comments, which say on which day it drew.
    return {
        name: re.sub("<!--.*?-->", "", chart.render(is_unicode=True)) + "\n"
        for chart, name in ((bars, "measured-peers"), (lines, "measured-growth"))
    }


def main():
    if sys.argv[1:] == ["--check"]:
        if PAGE.read_text() != page(json.loads(FIGURES.read_text())):
            sys.exit("docs/measured.md is not what docs/measured.json says: scripts/bench page docs/measured.json")
        return
    found = json.loads(pathlib.Path(sys.argv[1]).read_text())
    for name, drawn in draw(found).items():
        (DOCS / f"{name}.svg").write_text(drawn)
    FIGURES.write_text(json.dumps(found, indent=1) + "\n")
    PAGE.write_text(page(found))


if __name__ == "__main__":
    main()

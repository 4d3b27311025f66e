"""Runs the parts of a bench: each side in turn, again and again, and keeps medians with what they lie between.

    main.py [--quick] [--turns N] [--json FILE] [--before FOLDER] [PART ...]
"""

import argparse
import functools
import json
import os
import pathlib
import platform
import statistics
import sys
import tempfile
import time

import brokers
import complaints
import embedded
import encoder
import page

KEPT = complaints.ROOT / ".bench"
OURS, BEFORE = "ombud", "before"


class Best:
    """A peer in several settings: in the first turn in each of them, later in the one that was best."""

    def __init__(self, measure, settings, key, best):
        self.measure, self.settings, self.key, self.best = measure, list(settings), key, best
        self.seen = {}

    def __call__(self):
        found = self.measure(self.settings)
        if not self.seen:
            self.seen = found
            self.settings = [self.best(found, key=lambda setting: found[setting][self.key])]
        return found[self.settings[0]]


def turns(sides, times):
    """Runs each of `sides` in turn, `times` times."""
    found = {}
    for turn in range(times):
        for side, measure in sides.items():
            print(f"bench: {side}, {turn + 1} of {times}", file=sys.stderr, flush=True)
            for key, value in measure().items():
                found.setdefault(side, {}).setdefault(key, []).append(value)
    return found


def medians(figures):
    return {key: statistics.median(values) for key, values in figures.items()}


def report(sides, times):
    """Each figure of ours as it is called, a peer's behind its name, and of each what was seen."""
    found = turns(sides, times)
    told = medians(found[OURS])
    for side, figures in found.items():
        if side == BEFORE:
            told[BEFORE] = medians(figures)
        elif side != OURS:
            told |= {f"{side}_{key}": value for key, value in medians(figures).items()}
    told["turns"] = found
    told["settings"] = {
        side: {"best": str(measure.settings[0]), "all": {str(each): figures for each, figures in measure.seen.items()}}
        for side, measure in sides.items()
        if isinstance(measure, Best)
    }
    return told


def both(measure, commands, env, *sizes):
    """The same measure of this build, and of the one before where it is given."""
    return {name: functools.partial(measure, command, env, *sizes) for name, command in commands.items()}


def part_encoder(commands, env, quick, times):
    count = 64 if quick else 500
    sides = both(encoder.served, commands, env, count)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for peer in () if quick else encoder.PEERS:
            measure = functools.partial(in_each, functools.partial(encoder.peer, peer, env, folder, count))
            sides[peer] = Best(measure, encoder.BATCHES, "texts_per_cpu_s", max)
        told = report(sides, times)
    # By figure, then by side: "float" is how ours computes.
    by_side = told["turns"] | {"float": told["turns"][OURS]}
    for key in ("texts_per_s", "texts_per_cpu_s"):
        told[key] = {side: statistics.median(figures[key]) for side, figures in by_side.items() if side != OURS}
    return told


def in_each(measure, settings):
    return {setting: measure(setting) for setting in settings}


def part_embedded(commands, env, quick, times):
    count = 2_000 if quick else 50_000
    return report(both(embedded.whole_run, commands, env, count), times) | {"complaints": count}


def part_growth(commands, env, quick, _times):
    found = {}
    for count in (1_000, 4_000) if quick else (1_000, 10_000, 100_000, 1_000_000):
        # The build before takes more memory than there is for the last one.
        asked = {name: command for name, command in commands.items() if name == OURS or count <= 100_000}
        found[str(count)] = report(both(embedded.grown, asked, env, count), 1)
    return found


def part_join(commands, env, quick, times):
    count = 5_000 if quick else 50_000
    sides = both(brokers.join_alone, commands, env, count)
    if not quick:
        for name, topology in (("kafka_streams", "aggregate"), ("kafka_streams_windowed", "windowed")):
            measure = functools.partial(brokers.kafka_streams, commands[OURS], env, count, topology)
            sides[name] = Best(measure, brokers.STREAMS, "records_per_s", max)
    return report(sides, times) | {"complaints": count}


def part_archive(commands, env, quick, times):
    count = 1_000 if quick else 10_000
    return report(both(brokers.archive_alone, commands, env, count), times) | {"complaints": count}


def part_flow(commands, env, quick, times):
    count = 2_000 if quick else 10_000
    sides = both(brokers.flow, commands, env, count)
    if not quick:
        measure = functools.partial(brokers.python_worker, commands[OURS], env, count)
        sides["python"] = Best(measure, (100, 500, 2_000), "cpu_s_per_1000", min)
    return report(sides, times) | {"complaints": count}


def part_live(commands, env, quick, times):
    """Runs of each rate, of which the medians: the slow ones side by side, for each takes 20 minutes."""
    count, runs = (30 if quick else 600), []
    for rates in [[5.0]] if quick else [[0.5] * times, *([5.0] for _ in range(times))]:
        runs += zip(rates, brokers.live(commands[OURS], env, count, rates), strict=True)
    found = {}
    for rate in sorted({rate for rate, _ in runs}):
        seen = [figures for at, figures in runs if at == rate]
        found[str(rate)] = {key: [each[key] for each in seen] for key in seen[0]}
    told = {rate: medians(figures) for rate, figures in found.items()}
    return told | {"p99_ms": max(each["p99_ms"] for each in told.values()), "turns": found, "complaints": count}


def part_recovery(commands, env, quick, _times):
    counts = (1_000,) if quick else (1_000, 10_000, 50_000)
    return {str(count): report(both(brokers.recovery, commands, env, count), 1) for count in counts}


PARTS = {
    "encoder": part_encoder,
    "embedded": part_embedded,
    "join": part_join,
    "archive": part_archive,
    "flow": part_flow,
    "live": part_live,
    "growth": part_growth,
    "recovery": part_recovery,
}


def about(commands, env, quick):
    return {
        "machine": machine(),
        "date": time.strftime("%Y-%m-%d"),
        "complaints": complaints.source().name,
        "versions": json.loads(env["BENCH_VERSIONS"]),
        "is_quick": quick,
        "sides": list(commands),
    }


def machine():
    cpu = next(
        (line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{os.cpu_count()} virtual cores of {cpu}, {pages / 2**30:.0f} GiB, Linux {platform.release()}"


def whole(kept):
    """What all parts have kept."""
    return {part: json.loads(file.read_text()) for part in PARTS if (file := kept / f"{part}.json").exists()}


def absurd(found):
    """What can't be, whatever the machine: each says what is wrong."""
    ratios = {
        "the joiner's records over the archive's complaints, a second": (
            found["join"]["records_per_s"] / found["archive"]["complaints_per_s"],
            1,
        ),
        "complaints filed a second with four times as many over before": (
            found["growth"]["4000"]["filed_per_s"] / found["growth"]["1000"]["filed_per_s"],
            0.5,
        ),
        "seconds of the cores that infer takes over those of the joiner": (
            found["flow"]["infer_cpu_s_per_1000"] / found["flow"]["join_cpu_s_per_1000"],
            0.2,
        ),
    }
    return [f"{what}: {ratio:.2f}, and it can't be below {least}" for what, (ratio, least) in ratios.items() if ratio < least]


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all without one")
    parser.add_argument("--quick", action="store_true", help="small, once, and without peers; fails where a ratio is absurd")
    parser.add_argument("--turns", type=int, default=3, metavar="N", help="how often each side runs [default: 3]")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--before", type=pathlib.Path, metavar="FOLDER", help="the binaries of another build, measured in turn")
    asked = parser.parse_args()
    unknown = [part for part in asked.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]}: it must be one of {', '.join(PARTS)}")
    env = dict(os.environ)
    commands = {OURS: env["BENCH_OMBUD"]}
    if asked.before:
        commands[BEFORE] = str(asked.before.resolve() / "ombud")
    kept = KEPT / "quick" if asked.quick else KEPT
    kept.mkdir(parents=True, exist_ok=True)
    quick_parts = [part for part in PARTS if part not in ("encoder", "live", "recovery")]
    for part in asked.parts or (quick_parts if asked.quick else PARTS):
        began = time.monotonic()
        figures = PARTS[part](commands, env, asked.quick, 1 if asked.quick else asked.turns)
        figures["about"] = about(commands, env, asked.quick) | {"took_s": round(time.monotonic() - began)}
        (kept / f"{part}.json").write_text(json.dumps(figures, indent=1) + "\n")
        print(f"bench: {part} took {figures['about']['took_s']} s", file=sys.stderr, flush=True)
    found = whole(kept)
    print(page.tables(found))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")
    if asked.quick and not asked.parts and (problems := absurd(found)):
        sys.exit("\n".join(f"bench: {problem}" for problem in problems))


if __name__ == "__main__":
    main()

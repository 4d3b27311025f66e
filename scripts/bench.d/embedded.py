"""`ombud up` with everything in one process: complaints whose case is filed, memory and start-up."""

import contextlib
import pathlib
import sqlite3
import tempfile
import time

import complaints
from measure import run

ROOT = complaints.ROOT


def environment(base, data, models):
    """What `ombud` runs with: nobody's settings but the bench's."""
    kept = {name: value for name, value in base.items() if not name.startswith("OMBUD_")}
    own = {"OMBUD_DATA": data, "OMBUD_MODELS": models, "OMBUD_HTTP__ADDRESS": "127.0.0.1:0"}
    return kept | {name: str(value) for name, value in own.items()}


def bag_alone(folder):
    """A models folder whose strategy names the bag and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    strategy = (ROOT / "models" / "strategy.toml").read_text()
    (folder / "strategy.toml").write_text(strategy.replace('model = "complaints"', 'model = "complaints-bag"'))
    link = folder / "complaints-bag"
    if not link.exists():
        link.symlink_to(ROOT / "models" / "complaints-bag")
    return folder


def filed(data):
    """Complaints of a data folder that have a route in their case."""
    with sqlite3.connect(f"file:{data}/ombud.db?mode=ro", uri=True) as log:
        return log.execute("SELECT count(DISTINCT complaint_id) FROM case_events WHERE kind = 3").fetchone()[0]


@contextlib.contextmanager
def bag_up(ombud, env):
    """A data folder, and what runs `up --once` with the bag on it, over a file where one is given."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        folder = pathlib.Path(folder)
        data = folder / "data"
        data.mkdir()
        own = environment(env, data, bag_alone(folder / "models"))
        yield data, lambda *file: run([ombud, "up", "--once", *file], own, folder)


def whole_run(ombud, env, count):
    """`up --once` over a file of `count`, start-up and all; and what it takes to start on them again, above an empty folder."""
    with bag_up(ombud, env) as (data, up):
        cost = up(complaints.write(data.parent / "complaints.csv", count))
        kept = filed(data)
        if kept != count:
            raise RuntimeError(f"{kept} of {count} complaints are filed")
        again = up()
    with bag_up(ombud, env) as (_, up):
        empty = up()
    return {
        "filed_per_s": count / cost.wall_s,
        "cpu_ms": cost.cpu_s / count * 1_000,
        "rss_mb": cost.rss_bytes / 1e6,
        "restart_s": again.wall_s - empty.wall_s,
        "restart_mb": (again.rss_bytes - empty.rss_bytes) / 1e6,
    }


def grown(ombud, env, count):
    """`up --once` over a file of `count`: what each takes of disk, and how fast the last tenth was routed and filed."""
    with bag_up(ombud, env) as (data, up):
        cost = up(complaints.write(data.parent / "complaints.csv", count))
        ended = time.time()
        tail = count // 10
        rest_s = ended - routed_at(data, count - tail)
        return {
            "filed_per_s": count / cost.wall_s,
            "last_filed_per_s": tail / rest_s,
            "cpu_ms": cost.cpu_s / count * 1_000,
            "rss_mb": cost.rss_bytes / 1e6,
            "bytes": sum(each.stat().st_size for each in data.iterdir() if each.is_file()) / count,
        }


def routed_at(data, number):
    """When the route of that number was appended, in seconds since 1970."""
    with sqlite3.connect(f"file:{data}/ombud.db?mode=ro", uri=True) as log:
        first, partitions = log.execute("SELECT first, partitions FROM topics WHERE name = 'complaints.routed'").fetchone()
        wanted = "SELECT appended_at FROM records WHERE place >= ? AND place < ? ORDER BY appended_at LIMIT 1 OFFSET ?"
        return log.execute(wanted, (first << 40, (first + partitions) << 40, number)).fetchone()[0] / 1_000

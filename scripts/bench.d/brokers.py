"""Ombud's roles over Kafka, a registry and a CQL server: each alone, and all together."""

import contextlib
import pathlib
import secrets
import socket
import statistics
import tempfile
import time
import urllib.request

import complaints
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from embedded import bag_alone, environment
from measure import cpu_s, roles, run, wait_until

HERE = pathlib.Path(__file__).resolve().parent
PARTITIONS = 6
TIMEOUT_S = 900
RAW, PREDICTIONS, ROUTED = "complaints.raw", "complaints.predictions", "complaints.routed"
ARCHIVED = (RAW, PREDICTIONS, ROUTED)
# What the three roles of a whole flow are called with.
INFER, JOIN, ARCHIVE = ("infer", "--task", "all"), ("join",), ("archive",)


class Deployment:
    """A set of topics and a keyspace of their own."""

    def __init__(self, ombud, env, models=None):
        self.ombud = ombud
        self.prefix = f"bench{secrets.token_hex(4)}."
        self.home = tempfile.TemporaryDirectory(prefix="bench-")
        self.folder = pathlib.Path(self.home.name)
        (self.folder / "data").mkdir()
        own = environment(env, self.folder / "data", models or bag_alone(self.folder / "models"))
        servers = {name: value for name, value in env.items() if name.startswith("OMBUD_")}
        names = {"OMBUD_TOPICS__PREFIX": self.prefix, "OMBUD_CQL__KEYSPACE": self.prefix.rstrip(".")}
        self.env = own | servers | names
        self.bootstrap = env["OMBUD_KAFKA_BOOTSTRAP"]
        self.call("setup", "--partitions", str(PARTITIONS), "--replication-factor", "1", "--json")
        self.consumer = Consumer(
            {"bootstrap.servers": self.bootstrap, "group.id": f"{self.prefix}bench", "enable.auto.commit": False}
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.consumer.close()
        self.home.cleanup()

    def call(self, *arguments):
        """Runs `ombud` to its end."""
        return run([self.ombud, *arguments], self.env, self.folder)

    def roles(self, *arguments):
        """Starts `ombud` once for each."""
        return roles(*([self.ombud, *each] for each in arguments), env=self.env, cwd=self.folder)

    def topic(self, base):
        return self.prefix + base

    def create(self, base):
        """Makes one more topic."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        for made in admin.create_topics([NewTopic(self.topic(base), PARTITIONS, 1)]).values():
            made.result(30)
        wait_until(f"a leader of {base}", lambda: self.has_leaders(base), TIMEOUT_S)

    def has_leaders(self, base):
        try:
            return self.end(base) == 0
        except KafkaException:
            return False

    def end(self, base):
        """Records in a topic."""
        parts = (TopicPartition(self.topic(base), number) for number in range(PARTITIONS))
        return sum(self.consumer.get_watermark_offsets(part, timeout=30)[1] for part in parts)

    def is_archived(self):
        """Whether the archive's group has nothing left of what the flow writes."""
        asked = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "ombud.archive"})
        try:
            parts = [TopicPartition(self.topic(base), n) for base in ARCHIVED for n in range(PARTITIONS)]
            behind = {(part.topic, part.partition): part.offset for part in asked.committed(parts, timeout=30)}
            return all(
                asked.get_watermark_offsets(part, timeout=30)[1] <= behind[part.topic, part.partition]
                for part in parts
                if asked.get_watermark_offsets(part, timeout=30)[1] > 0
            )
        finally:
            asked.close()

    def send(self, count):
        """Sends so many complaints as fast as the broker takes them."""
        self.call("send", "--bulk", "--at-once", complaints.write(self.folder / "complaints.csv", count))

    def bytes_on_disk(self):
        """What the broker keeps of its topics."""
        log = pathlib.Path(self.env["SERVICES_DATA"]) / "kafka" / "log"
        parts = (log / f"{self.topic(base)}-{number}" for base in ARCHIVED for number in range(PARTITIONS))
        return sum(file.stat().st_blocks * 512 for part in parts for file in part.glob("*.log"))

    def times(self, base):
        """When each complaint's first record of a topic was appended, in milliseconds, by key."""
        ends = [self.consumer.get_watermark_offsets(TopicPartition(self.topic(base), n)) for n in range(PARTITIONS)]
        left = {n: end for n, (_, end) in enumerate(ends) if end > 0}
        self.consumer.assign([TopicPartition(self.topic(base), n, 0) for n in left])
        found = {}
        while left:
            for message in self.consumer.consume(1_000, timeout=30):
                if message.error():
                    raise RuntimeError(message.error())
                found.setdefault(message.key(), message.timestamp()[1])
                if message.offset() + 1 >= left.get(message.partition(), 0):
                    left.pop(message.partition(), None)
        return found


def filled(ombud, env, count, *through):
    """A deployment whose topics hold `count` complaints, and what the roles of `through` make of them."""
    deployment = Deployment(ombud, env)
    deployment.send(count)
    if through:
        goal, base = (3 * count, PREDICTIONS) if through == (INFER,) else (count, ROUTED)
        with deployment.roles(*through):
            wait_until(f"{goal} records of {base}", lambda: deployment.end(base) >= goal, TIMEOUT_S)
    return deployment


def progress(what, count, goal, cost, timeout_s=TIMEOUT_S):
    """Waits until `count()` is `goal`, from the first that was seen on: how many came from there, in how many seconds of the
    clock, and for how many of the cores."""
    wait_until(f"the first of {what}", lambda: count() > 0, timeout_s, 0.01)
    began, first, before = time.monotonic(), count(), cost().cpu_s
    ended = wait_until(f"{goal} of {what}", lambda: count() >= goal, timeout_s, 0.01)
    return goal - first, ended - began, cost().cpu_s - before


def rates(records, wall_s, taken_s, cost):
    return {"records_per_s": records / wall_s, "records_per_cpu_s": records / taken_s, "rss_mb": cost.rss_bytes / 1e6}


def join_alone(ombud, env, count):
    """A joiner before full topics: four records a complaint, counted by its routes."""
    with filled(ombud, env, count, INFER) as deployment, deployment.roles(JOIN) as [join]:
        routes, wall_s, taken_s = progress("routes", lambda: deployment.end(ROUTED), count, join.cost)
        return rates(4 * routes, wall_s, taken_s, join.cost())


# Kafka Streams' settings beside its own: each record is written on at once, so that its output can be counted.
LARGE_BATCHES = [
    *("commit.interval.ms=10000", "producer.linger.ms=50", "producer.batch.size=524288"),
    *("consumer.max.poll.records=5000", "consumer.fetch.min.bytes=65536"),
]
STREAMS = {
    "as it comes": [],
    "commits every 10 s, large batches": LARGE_BATCHES,
    "the same, state in memory": [*LARGE_BATCHES, "dsl.store.suppliers.class=memory"],
}


def kafka_streams(ombud, env, count, topology, settings):
    """Kafka Streams before the same topics, once for each of `settings`, by its name: records that it has brought together,
    counted by what it writes."""
    # An aggregate is written at each of the four records, a pair at each prediction.
    goal, weight = (3 * count, 4 / 3) if topology == "windowed" else (4 * count, 1)
    found = {}
    with filled(ombud, env, count, INFER) as deployment:
        for number, setting in enumerate(settings):
            out = f"bench.joined{number}"
            deployment.create(out)
            topics = [deployment.topic(base) for base in (RAW, PREDICTIONS, out)]
            command = [
                *("java", "-Xmx2g", "-cp", f"{env['BENCH_PEERS']}/streams/*", HERE / "Aggregate.java", deployment.bootstrap),
                *(f"{deployment.prefix}streams{number}", *topics, deployment.folder / "state", topology, *STREAMS[setting]),
            ]
            with roles(command, env=deployment.env, cwd=deployment.folder) as [streams]:
                written, wall_s, taken_s = progress("records", lambda out=out: deployment.end(out), goal, streams.cost)
                found[setting] = rates(weight * written, wall_s, taken_s, streams.cost())
    return found


def archive_alone(ombud, env, count):
    """An archive before full topics: complaints a second from its start on."""
    with filled(ombud, env, count, INFER, JOIN) as deployment, deployment.roles(ARCHIVE) as [archive]:
        before = cpu_s(server_pid(env, "cql"))
        wait_until("the archive", deployment.is_archived, TIMEOUT_S, pause_s=0.2)
        cost = archive.cost()
        return {
            "complaints_per_s": count / cost.wall_s,
            "cpu_s_per_1000": cost.cpu_s / count * 1_000,
            "cassandra_cpu_s_per_1000": (cpu_s(server_pid(env, "cql")) - before) / count * 1_000,
            "rss_mb": cost.rss_bytes / 1e6,
        }


def server_pid(env, name):
    """The process of a server that scripts/services has started."""
    return int((pathlib.Path(env["SERVICES_DATA"]) / name / "pid").read_text())


def flow(ombud, env, count):
    """All roles from the first route on: seconds of the cores for 1,000 complaints until they are archived."""
    with Deployment(ombud, env) as deployment, deployment.roles(INFER, JOIN, ARCHIVE) as running:
        with deployment.roles(("send", "--bulk", "--at-once", complaints.write(deployment.folder / "complaints.csv", count))):
            wait_until("the first route", lambda: deployment.end(ROUTED) > 0, TIMEOUT_S, 0.01)
            first, before = deployment.end(ROUTED), [role.cost().cpu_s for role in running]
            wait_until("every route", lambda: deployment.end(ROUTED) >= count, TIMEOUT_S)
        wait_until("the archive", deployment.is_archived, TIMEOUT_S, pause_s=0.2)
        after = [role.cost().cpu_s for role in running]
        taken = [(now - then) / (count - first) * 1_000 for now, then in zip(after, before, strict=True)]
        raw, routed = deployment.times(RAW), deployment.times(ROUTED)
        span_s = (max(routed.values()) - min(raw.values())) / 1_000
        return {
            "cpu_s_per_1000": sum(taken),
            "infer_cpu_s_per_1000": taken[0],
            "join_cpu_s_per_1000": taken[1],
            "archive_cpu_s_per_1000": taken[2],
            "infer_rss_mb": running[0].cost().rss_bytes / 1e6,
            "join_rss_mb": running[1].cost().rss_bytes / 1e6,
            "archive_rss_mb": running[2].cost().rss_bytes / 1e6,
            "kafka_bytes": deployment.bytes_on_disk() / count,
            "routed_per_s": count / span_s,
        }


def python_worker(ombud, env, count, batches):
    """The Python worker before the same complaints, once for each of `batches`, complaints that it takes at once."""
    found = {}
    with filled(ombud, env, count) as deployment:
        for batch in batches:
            out = f"bench.answers{batch}"
            deployment.create(out)
            command = [
                *(f"{env['BENCH_PEERS']}/bin/python", HERE / "python_worker.py", deployment.topic(RAW)),
                *(deployment.topic(out), f"{deployment.prefix}python{batch}", str(batch)),
            ]
            with roles(command, env=deployment.env, cwd=deployment.folder) as [worker]:
                answers, wall_s, taken_s = progress("answers", lambda out=out: deployment.end(out), count, worker.cost)
                found[batch] = {"complaints_per_s": answers / wall_s, "cpu_s_per_1000": taken_s / answers * 1_000}
    return found


def live(ombud, env, count, rates):
    """Complaints that come one by one, at each of `rates` a second in a deployment of its own, all side by side: from append to
    route in milliseconds, with the model that ships. A list, as `rates` is."""
    with contextlib.ExitStack() as stack:
        running = []
        for rate in rates:
            deployment = stack.enter_context(Deployment(ombud, env, complaints.ROOT / "models"))
            stack.enter_context(deployment.roles(INFER, JOIN, ARCHIVE))
            # One goes ahead of the others, so that all roles have begun.
            deployment.call("send", complaints.write(deployment.folder / "first.csv", 1, first=count))
            wait_until("the first route", lambda of=deployment: of.end(ROUTED) >= 1, TIMEOUT_S)
            file = complaints.write(deployment.folder / "complaints.csv", count)
            stack.enter_context(deployment.roles(("send", str(file), "--rate", str(rate))))
            running.append((rate, deployment))
        found = []
        for rate, deployment in running:
            wait_until("every route", lambda of=deployment: of.end(ROUTED) > count, count / rate + TIMEOUT_S, 0.5)
            raw, routed = deployment.times(RAW), deployment.times(ROUTED)
            first = min(raw, key=raw.get)
            waits = sorted(routed[key] - at for key, at in raw.items() if key != first)
            cuts = statistics.quantiles(waits, n=100, method="inclusive")
            found.append({"p50_ms": cuts[49], "p99_ms": cuts[98], "most_ms": waits[-1]})
        return found


def recovery(ombud, env, count):
    """A joiner with `count` open cases is killed: from the start of the next one until it has all of them again."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        models = bag_alone(pathlib.Path(folder))
        strategy = models / "strategy.toml"
        strategy.write_text(strategy.read_text().replace('deadline = "30 s"', 'deadline = "1 h"'))
        with Deployment(ombud, env, models) as deployment:
            deployment.send(count)
            address = free_address()
            deployment.env["OMBUD_HTTP__ADDRESS"] = address
            for _ in range(2):
                with deployment.roles(JOIN) as [join]:
                    until = wait_until("open cases", lambda: metric(address, "ombud_join_open") >= count, TIMEOUT_S, 0.05)
                    cost = join.cost()
                    join.process.kill()
            return {"recovered_s": until - join.began, "cpu_s": cost.cpu_s, "rss_mb": cost.rss_bytes / 1e6}


def free_address():
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{asked.getsockname()[1]}"


def metric(address, name):
    """A gauge of a process; 0 while it has none."""
    try:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return 0
    return next((float(line.split()[-1]) for line in lines if line.startswith(f"{name} ")), 0)

"""Ombud's roles over Kafka, a registry and a CQL server: each alone, and all together."""

import json
import pathlib
import secrets
import statistics
import tempfile

import complaints
from confluent_kafka import Consumer, TopicPartition
from embedded import bag_alone, environment
from measure import roles, run, wait_until

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

    def end(self, base):
        """Records in a topic."""
        parts = (TopicPartition(self.topic(base), number) for number in range(PARTITIONS))
        return sum(self.consumer.get_watermark_offsets(part, timeout=30)[1] for part in parts)

    def is_archived(self):
        """Whether the archive's group has nothing left of what the flow writes."""
        asked = Consumer({"bootstrap.servers": self.bootstrap, "group.id": f"{self.prefix}ombud.archive"})
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
        self.call("send", "--bulk", complaints.write(self.folder / "complaints.csv", count))

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


def join_alone(ombud, env, count):
    """A joiner before full topics: records a second from its first route to its last."""
    with filled(ombud, env, count, INFER) as deployment, deployment.roles(JOIN) as [join]:
        wait_until("every route", lambda: deployment.end(ROUTED) >= count, TIMEOUT_S)
        cost = join.cost()
        routed = sorted(deployment.times(ROUTED).values())
        span_s = (routed[-1] - routed[0]) / 1_000
        return {
            "records_per_s": 4 * count / span_s,
            "records_per_s_with_start": 4 * count / cost.wall_s,
            "records_per_cpu_s": 4 * count / cost.cpu_s,
            "rss_mb": cost.rss_bytes / 1e6,
        }


def archive_alone(ombud, env, count):
    """An archive before full topics: complaints a second from its start on."""
    with filled(ombud, env, count, INFER, JOIN) as deployment, deployment.roles(ARCHIVE) as [archive]:
        wait_until("the archive", deployment.is_archived, TIMEOUT_S, pause_s=0.2)
        cost = archive.cost()
        return {
            "complaints_per_s": count / cost.wall_s,
            "cpu_s_per_1000": cost.cpu_s / count * 1_000,
            "rss_mb": cost.rss_bytes / 1e6,
        }


def flow(ombud, env, count):
    """All roles from an empty log on: seconds of the cores for 1,000 complaints, and complaints a second to their cases."""
    with Deployment(ombud, env) as deployment, deployment.roles(INFER, JOIN, ARCHIVE) as running:
        before = [role.cost().cpu_s for role in running]
        deployment.send(count)
        wait_until("every route", lambda: deployment.end(ROUTED) >= count, TIMEOUT_S)
        wait_until("the archive", deployment.is_archived, TIMEOUT_S, pause_s=0.2)
        after = [role.cost().cpu_s for role in running]
        taken = [(now - then) / count * 1_000 for now, then in zip(after, before, strict=True)]
        raw, routed = deployment.times(RAW), deployment.times(ROUTED)
        span_s = (max(routed.values()) - min(raw.values())) / 1_000
        return {
            "cpu_s_per_1000": sum(taken),
            "infer_cpu_s_per_1000": taken[0],
            "join_cpu_s_per_1000": taken[1],
            "archive_cpu_s_per_1000": taken[2],
            "routed_per_s": count / span_s,
        }


def live(ombud, env, count, rates):
    """Complaints that come one by one, at each of `rates` a second in a deployment of its own, side by side: from append to
    route in milliseconds, with the model that ships."""
    models = complaints.ROOT / "models"
    running, found = [], {}
    try:
        for rate in rates:
            deployment = Deployment(ombud, env, models)
            started = deployment.roles(INFER, JOIN, ARCHIVE)
            started.__enter__()
            file = complaints.write(deployment.folder / "complaints.csv", count)
            sending = deployment.roles(("send", str(file), "--rate", str(rate)))
            sending.__enter__()
            running.append((rate, deployment, started, sending))
        for rate, deployment, _, _ in running:
            wait_until("every route", lambda of=deployment: of.end(ROUTED) >= count, count / rate + TIMEOUT_S, 0.5)
            raw, routed = deployment.times(RAW), deployment.times(ROUTED)
            waits = sorted(routed[key] - at for key, at in raw.items())
            cuts = statistics.quantiles(waits, n=100, method="inclusive")
            found.setdefault(str(rate), []).append({"p50_ms": cuts[49], "p99_ms": cuts[98], "most_ms": waits[-1]})
    finally:
        for _, deployment, started, sending in running:
            sending.__exit__(None, None, None)
            started.__exit__(None, None, None)
            deployment.__exit__(None, None, None)
    return found


if __name__ == "__main__":
    import os
    import sys

    part, ombud, count = globals()[sys.argv[1]], sys.argv[2], int(sys.argv[3])
    print(json.dumps(part(ombud, dict(os.environ), count)))

"""Keeps a whole deployment in a file, and puts it back under another name: subjects, topics record by record, the positions of
groups, and the rows of the tables.

    python tests/clients/kept.py keep    PREFIX KEYSPACE FILE.jsonl.gz
    python tests/clients/kept.py restore PREFIX KEYSPACE FILE.jsonl.gz MIGRATION.cql...

What is restored lies in topics and tables as the build that wrote it had made them: nothing of a newer `ombud setup`."""

import base64
import gzip
import json
import os
import pathlib
import struct
import sys

import topic
from cassandra.cluster import Cluster
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from topic import REQUEST_TIMEOUT_S

BOOTSTRAP = {"bootstrap.servers": os.environ["OMBUD_KAFKA_BOOTSTRAP"]}
GROUPS = ("ombud.",)
# The one table whose rows carry a time of their own, so that an older write never wins.
STAMPED = "queue_by_team_day"


def packed(data):
    return None if data is None else base64.b64encode(data).decode()


def unpacked(text):
    return None if text is None else base64.b64decode(text)


def connect(keyspace=None):
    host, port = os.environ["OMBUD_CQL_NODES"].split(",")[0].rsplit(":", 1)
    return Cluster([host], port=int(port)).connect(keyspace)


def names(prefix):
    return [name for name in AdminClient(BOOTSTRAP).list_topics(timeout=REQUEST_TIMEOUT_S).topics if name.startswith(prefix)]


def subjects(registry, prefix):
    for subject in registry.get_subjects():
        if not subject.startswith(prefix):
            continue
        for version in registry.get_versions(subject):
            found = registry.get_version(subject, version)
            yield {
                "subject": subject.removeprefix(prefix),
                "id": found.schema_id,
                "type": found.schema.schema_type,
                "schema": found.schema.schema_str,
            }


def topics(prefix):
    admin = AdminClient(BOOTSTRAP)
    about = admin.list_topics(timeout=REQUEST_TIMEOUT_S).topics
    for name in names(prefix):
        own = topic.settings(admin, name)
        yield {"topic": name.removeprefix(prefix), "partitions": len(about[name].partitions), "config": own}


def records(prefix):
    consumer = Consumer(BOOTSTRAP | {"group.id": f"{prefix}kept", "enable.auto.commit": False})
    about = consumer.list_topics(timeout=REQUEST_TIMEOUT_S).topics
    for name in names(prefix):
        for number in about[name].partitions:
            for message, _ in topic.records(consumer, name, number):
                yield {
                    "record": name.removeprefix(prefix),
                    "partition": number,
                    "key": packed(message.key()),
                    "value": packed(message.value()),
                    "headers": [[key, packed(value)] for key, value in message.headers() or []],
                }
    consumer.close()


def positions(prefix):
    groups = AdminClient(BOOTSTRAP).list_consumer_groups().result(REQUEST_TIMEOUT_S).valid
    for group in sorted(it.group_id for it in groups if it.group_id.startswith(GROUPS)):
        consumer = Consumer(BOOTSTRAP | {"group.id": group})
        about = consumer.list_topics(timeout=REQUEST_TIMEOUT_S).topics
        asked = [TopicPartition(name, n) for name in names(prefix) for n in about[name].partitions]
        for found in consumer.committed(asked, timeout=REQUEST_TIMEOUT_S):
            if found.offset >= 0:
                yield {
                    "group": group,
                    "topic": found.topic.removeprefix(prefix),
                    "partition": found.partition,
                    "offset": found.offset,
                    "metadata": found.metadata or "",
                }
        consumer.close()


def rows(keyspace):
    session = connect(keyspace)
    tables = session.execute("SELECT table_name FROM system_schema.tables WHERE keyspace_name = %s", [keyspace])
    for table in sorted(row.table_name for row in tables):
        stamp = ", writetime(revision)" if table == STAMPED else ""
        columns = session.execute(
            "SELECT column_name FROM system_schema.columns WHERE keyspace_name = %s AND table_name = %s", [keyspace, table]
        )
        listed = ", ".join(f"toJson({row.column_name}) AS {row.column_name}" for row in columns)
        for row in session.execute(f"SELECT {listed}{stamp} FROM {table}"):
            kept = row._asdict()
            written_at = kept.pop("writetime_revision", None)
            yield {"row": table, "written_at": written_at, "json": {name: json.loads(value) for name, value in kept.items() if value is not None}}


def keep(prefix, keyspace, file):
    registry = SchemaRegistryClient({"url": os.environ["OMBUD_REGISTRY_URL"], "timeout": REQUEST_TIMEOUT_S})
    with gzip.open(file, "wt", encoding="utf-8") as out:
        for part in (subjects(registry, prefix), topics(prefix), records(prefix), positions(prefix), rows(keyspace)):
            for line in part:
                out.write(json.dumps(line, sort_keys=True) + "\n")


def restore(prefix, keyspace, file, *migrations):
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        kept = [json.loads(line) for line in lines]
    of = lambda kind: [line for line in kept if kind in line]

    registry = SchemaRegistryClient({"url": os.environ["OMBUD_REGISTRY_URL"], "timeout": REQUEST_TIMEOUT_S})
    ids = {}
    for line in of("subject"):
        ids[line["id"]] = registry.register_schema(prefix + line["subject"], Schema(line["schema"], line["type"]))

    admin = AdminClient(BOOTSTRAP)
    wanted = [NewTopic(prefix + line["topic"], line["partitions"], 1, config=line["config"]) for line in of("partitions")]
    for made in admin.create_topics(wanted).values():
        made.result(REQUEST_TIMEOUT_S)

    producer = Producer(BOOTSTRAP | {"acks": "all", "enable.idempotence": True, "message.max.bytes": 4_000_000})
    for line in of("record"):
        value = unpacked(line["value"])
        if value is not None and value[:1] == b"\0" and len(value) >= 5:
            (number,) = struct.unpack(">I", value[1:5])
            value = b"\0" + struct.pack(">I", ids.get(number, number)) + value[5:]
        headers = [(key, unpacked(text)) for key, text in line["headers"]]
        producer.produce(prefix + line["record"], key=unpacked(line["key"]), value=value, partition=line["partition"], headers=headers)
        producer.poll(0)
    assert producer.flush(REQUEST_TIMEOUT_S) == 0, "not every record was acknowledged"

    groups = {}
    for line in of("group"):
        at = TopicPartition(prefix + line["topic"], line["partition"], line["offset"], metadata=line["metadata"])
        groups.setdefault(line["group"], []).append(at)
    for group, at in groups.items():
        consumer = Consumer(BOOTSTRAP | {"group.id": group, "enable.auto.commit": False})
        for done in consumer.commit(offsets=at, asynchronous=False):
            assert done.error is None, f"{group}: {done}"
        consumer.close()

    session = connect()
    session.execute(
        f"CREATE KEYSPACE {keyspace} WITH replication = {{'class': 'NetworkTopologyStrategy', 'replication_factor': 1}}"
    )
    session.execute(
        f"CREATE TABLE {keyspace}.schema_migrations (component text, version int, applied_at timestamp, PRIMARY KEY ((component), version))"
    )
    for migration in migrations:
        plain = [line.split("--")[0] for line in pathlib.Path(migration).read_text(encoding="utf-8").splitlines()]
        for statement in "\n".join(plain).replace("{keyspace}", keyspace).split(";"):
            if statement.strip():
                session.execute(statement)
    for line in of("row"):
        stamp = f" USING TIMESTAMP {line['written_at']}" if line["written_at"] else ""
        session.execute(f"INSERT INTO {keyspace}.{line['row']} JSON %s{stamp}", [json.dumps(line["json"])])


if __name__ == "__main__":
    {"keep": keep, "restore": restore}[sys.argv[1]](*sys.argv[2:])

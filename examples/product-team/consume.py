"""Follows complaints.routed as a product team does, and prints one JSON line for each change of a complaint.

    $(scripts/clients)/python examples/product-team/consume.py --team card-services

What is held lies in a SQLite file that all members of the group share. Two rules make it right whatever comes twice, late
or out of order: a record is applied only if its revision is greater than the one held, and offsets are committed only
after it was applied.
"""

import argparse
import json
import os
import pathlib
import sqlite3
import sys

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

# The schema that this program was written for: fields that came later are passed over, and an enum's symbol that it
# does not know becomes that enum's default.
SCHEMA = pathlib.Path(__file__).parents[2] / "schemas/complaints.routed/v1.avsc"
BATCH, WAIT_S = 500, 0.5


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--bootstrap", default=os.environ.get("OMBUD_KAFKA_BOOTSTRAP", "127.0.0.1:19092"))
    options.add_argument("--registry", default=os.environ.get("OMBUD_REGISTRY_URL", "http://127.0.0.1:18081/apis/ccompat/v7"), help="URL, with user:password@ if it asks")
    options.add_argument("--topic", default="complaints.routed")
    options.add_argument("--group", default="product-team", help="consumer group; members of one group share the work")
    options.add_argument("--team", help="print only what concerns this team's queue")
    options.add_argument("--held", default="held.sqlite", help="file of what is held")
    options.add_argument("--until-end", action="store_true", help="end when everything was read")
    options.add_argument("--property", action="append", default=[], metavar="NAME=VALUE", help="of librdkafka, such as security.protocol=SASL_SSL")
    given = options.parse_args()

    held = Held(given.held)
    read = AvroDeserializer(SchemaRegistryClient({"url": given.registry, "timeout": 10}), SCHEMA.read_text())
    consumer = Consumer(
        {
            "bootstrap.servers": given.bootstrap,
            "group.id": given.group,
            "auto.offset.reset": "earliest",  # the topic is compacted: from its start it tells every complaint's state
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "partition.assignment.strategy": "cooperative-sticky",
        }
        | dict(pair.split("=", 1) for pair in given.property)
    )
    ended = set()
    consumer.subscribe([given.topic], on_revoke=lambda _, gone: ended.difference_update((p.topic, p.partition) for p in gone))
    try:
        while not (given.until_end and ended and len(ended) == len(consumer.assignment())):
            messages = []
            for message in consumer.consume(BATCH, WAIT_S):
                place = (message.topic(), message.partition())
                if message.error() is None:
                    ended.discard(place)
                    messages.append(message)
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    ended.add(place)
                else:
                    raise KafkaException(message.error())
            if not messages:
                continue
            # What can't be decoded ends the program: skipping it would lose a complaint.
            told = [(m.key().decode(), read(m.value(), SerializationContext(m.topic(), MessageField.VALUE))) for m in messages]
            with held:
                changes = [held.apply(complaint_id, routed) for complaint_id, routed in told]
            commit(consumer, messages)
            for change in filter(None, changes):
                if given.team is None or given.team in (change["team"], change["previous_team"]):
                    print(json.dumps(change), flush=True)
    except KeyboardInterrupt:
        pass
    finally:
        consumer.close()


def commit(consumer, messages):
    """Lets the group go on behind what is applied and on disk."""
    behind = {(m.topic(), m.partition()): m.offset() + 1 for m in messages}
    try:
        consumer.commit(offsets=[TopicPartition(*place, offset) for place, offset in behind.items()], asynchronous=False)
    except KafkaException as failure:
        # Another member has the partitions by now, or the broker is away: they come again, and change nothing.
        print(f"not committed: {failure}", file=sys.stderr)


class Held:
    """What the team holds of each complaint; a `with` block is one transaction."""

    def __init__(self, path):
        self.file = sqlite3.connect(path, timeout=30, isolation_level=None)
        self.file.execute("CREATE TABLE IF NOT EXISTS held (complaint_id TEXT PRIMARY KEY, revision INTEGER, team TEXT)")

    def __enter__(self):
        # Locks other members out from the start: of two that had read before they wrote, one would fail.
        self.file.execute("BEGIN IMMEDIATE")

    def __exit__(self, failure, *_):
        self.file.execute("ROLLBACK" if failure else "COMMIT")

    def apply(self, complaint_id, routed):
        """The change that the record makes, or None where it tells nothing new."""
        row = self.file.execute("SELECT revision, team FROM held WHERE complaint_id = ?", [complaint_id]).fetchone()
        revision, team = row or (-1, None)
        if routed is None:  # erased: the team forgets it as well
            self.file.execute("DELETE FROM held WHERE complaint_id = ?", [complaint_id])
            return row and {"change": "erased", "complaint_id": complaint_id, "team": None, "previous_team": team}
        if routed["revision"] <= revision:
            return None
        self.file.execute("REPLACE INTO held VALUES (?, ?, ?)", [complaint_id, routed["revision"], routed["team"]])
        if routed["why"] == "WITHDRAWN":
            change = "withdrawn"
        elif row is None:
            change = "arrived"
        else:
            change = "moved" if routed["team"] != team else "updated"
        told = ("team", "priority", "vulnerability", "needs_human", "human_reasons", "missing_tasks", "why", "revision")
        return {"change": change, "complaint_id": complaint_id, "previous_team": team} | {name: routed[name] for name in told}


if __name__ == "__main__":
    sys.exit(main())

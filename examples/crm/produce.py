"""Sends complaints to complaints.raw as a CRM does: confluent-kafka and the registry's latest schema.

    $(scripts/clients)/python examples/crm/produce.py examples/crm/complaints.jsonl

FILE is JSON lines in the schema's own field names, or a CSV (.gz) of the data sets. Without --bootstrap and --registry it asks
the servers that `scripts/services env` exports. Exit code 0: all are durable.
"""

import argparse
import csv
import gzip
import hashlib
import json
import os
import secrets
import sys
import time
from datetime import datetime, timezone

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext


# Fill the second and the third once every worker knows them (docs/crm.md, "Changes of the schema").
TIMES = ("received_at", "regulator_sent_at", "notice_at")


def arguments(about):
    options = argparse.ArgumentParser(description=about.splitlines()[0])
    options.add_argument("file")
    options.add_argument("--registry", default=os.environ.get("OMBUD_REGISTRY_URL", "http://127.0.0.1:18081/apis/ccompat/v7"), help="URL, with user:password@ if it asks")
    options.add_argument("--topic", default="complaints.raw")
    options.add_argument("--bulk", action="store_true", help="a backfill: no deadline")
    return options


def complaints(path, bulk):
    """The file's complaints as records of the schema; what a row leaves out keeps the schema's default."""
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        rows = map(from_row, csv.DictReader(file)) if ".csv" in path else map(json.loads, filter(str.strip, file))
        for record in rows:
            for name in TIMES:
                if record.get(name) is not None:
                    record[name] = milliseconds(record[name])
            yield record | {"bulk": True} if bulk else record


def from_row(row):
    # A complaint without an id gets one from its content, so that sending the file twice gives no second complaint.
    digest = hashlib.sha256(row["narrative"].encode()).hexdigest()[:16]
    return {
        "complaint_id": row["complaint_id"] or f"cfpb-{digest}",
        "narrative": row["narrative"],
        "received_at": row["date_received"] or datetime.now(timezone.utc).isoformat(),
        "channel": row["submitted_via"].lower() or "unknown",
        "language": "en",
        "legal_entity": row["company"] or None,
        "attributes": {"state": row["state"]} if row["state"] else {},
    }


def milliseconds(when):
    """Since 1970, in UTC, from an ISO 8601 time or from milliseconds."""
    if isinstance(when, int):
        return when
    at = datetime.fromisoformat(when)
    return round((at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp() * 1000)


def framing(registry, topic):
    """From a record to its bytes: 0, the schema's id in 4 bytes, Avro."""
    write = AvroSerializer(
        SchemaRegistryClient({"url": registry, "timeout": 10}),
        conf={
            # A producer never registers: `ombud setup` has done so, and checked the schema.
            "auto.register.schemas": False,
            "use.latest.version": True,
            "subject.name.strategy.type": "TOPIC",
        },
    )
    return lambda record: write(record, SerializationContext(topic, MessageField.VALUE))


def traceparent():
    """Where the complaint's trace begins (W3C Trace Context); Ombud carries it to the routed record."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def main():
    options = arguments(__doc__)
    options.add_argument("--bootstrap", default=os.environ.get("OMBUD_KAFKA_BOOTSTRAP", "127.0.0.1:19092"))
    options.add_argument("--rate", type=float, help="complaints a second; as fast as the broker takes them if left out")
    options.add_argument("--property", action="append", default=[], metavar="NAME=VALUE", help="of librdkafka, such as security.protocol=SASL_SSL")
    given = options.parse_args()

    failed = []

    def delivered(error, message):
        if error:
            failed.append(message.key())
            print(f"{message.key().decode()}: {error}", file=sys.stderr)

    producer = Producer(
        {
            "bootstrap.servers": given.bootstrap,
            # Java's partitioner, which every writer of complaints.raw uses: one complaint stays in one partition.
            "partitioner": "murmur2_random",
            "acks": "all",
            "enable.idempotence": True,
        }
        | dict(pair.split("=", 1) for pair in given.property)
    )
    frame = framing(given.registry, given.topic)
    began, sent = time.monotonic(), 0
    for record in complaints(given.file, given.bulk):
        if given.rate:
            time.sleep(max(0.0, began + sent / given.rate - time.monotonic()))
        value, key = frame(record), record["complaint_id"].encode()
        while True:
            try:
                producer.produce(given.topic, value, key, headers={"traceparent": traceparent()}, on_delivery=delivered)
                break
            except BufferError:  # the local queue is full: wait until the broker has taken some
                producer.poll(0.1)
        producer.poll(0)
        sent += 1
    producer.flush()
    print(f"{sent - len(failed)} of {sent} complaints are durable in {given.topic}, after {time.monotonic() - began:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

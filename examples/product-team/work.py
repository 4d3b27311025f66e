"""Tells Ombud what a product team did about a complaint: one event to complaints.work.

    $(scripts/clients)/python examples/product-team/work.py ROUTED.json ACKNOWLEDGED --actor agent-17
    $(scripts/clients)/python examples/product-team/work.py ROUTED.json FINAL_RESPONSE --outcome UPHELD --cause fees-not-explained \\
        --redress 2500 GBP --actor agent-17

ROUTED.json is the value of the routed record that it was done on, as `ombud tail complaints.routed --json` or your own store
has it. No free text: Ombud parks an event that holds any.
"""

import argparse
import hashlib
import json
import os
import pathlib
import sys
import time

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

# The schema that this program was written for; `ombud setup` has registered it.
SCHEMA = pathlib.Path(__file__).parents[2] / "schemas/complaints.work/v1.avsc"
KINDS = (
    "CLAIMED",
    "RELEASED",
    "ACKNOWLEDGED",
    "HOLDING_RESPONSE",
    "SUMMARY_RESOLUTION",
    "FINAL_RESPONSE",
    "FORWARDED",
    "REOPENED",
    "NOTED",
    "UNDONE",
)


def event(routed, given):
    """The record, without its id."""
    amount, currency = given.redress or (None, None)
    return {
        "complaint_id": routed["complaint_id"],
        "kind": given.kind,
        "revision": routed["revision"],
        # So that an answer holds where the CRM sends the very same complaint again.
        "input_sha256": routed["input_sha256"],
        "done_at": given.done_at or round(time.time() * 1000),
        "actor": given.actor,
        "actor_role": given.role,
        "source": given.source,
        "team": routed["team"],
        "lease_id": None,
        "reason_code": given.reason_code,
        "outcome": given.outcome,
        "cause_code": given.cause,
        "redress_minor": amount and int(amount),
        "redress_currency": currency,
        "vulnerability_code": given.vulnerability,
        "forwarded_to": given.forwarded_to,
        "undoes": given.undoes,
    }


def identified(record):
    """With an id that is made of what it says: sent twice, it is one event."""
    said = ("complaint_id", "kind", "revision", "done_at", "actor", "source", "reason_code", "undoes")
    content = json.dumps([record[name] for name in said])
    return {"work_id": hashlib.sha256(content.encode()).hexdigest()} | record


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("routed", type=pathlib.Path)
    options.add_argument("kind", choices=KINDS)
    options.add_argument("--outcome", choices=("UPHELD", "PARTLY_UPHELD", "REJECTED"), help="how it was answered: needed for an answer")
    options.add_argument("--cause", metavar="CODE", help="your bank's code of the cause: needed for an answer")
    options.add_argument("--redress", nargs=2, metavar=("MINOR_UNITS", "CURRENCY"), help="what was paid, such as 2500 GBP for 25 pounds")
    options.add_argument("--vulnerability", metavar="CODE", help="your bank's code of what vulnerability had to do with it, where it asks")
    options.add_argument("--forwarded-to", metavar="CODE", help="your bank's code of the firm: needed for FORWARDED")
    options.add_argument("--undoes", metavar="WORK_ID", help="the event that is undone: needed for UNDONE")
    options.add_argument("--reason-code", default="", metavar="CODE", help="what is noted: needed for NOTED")
    options.add_argument("--actor", required=True, help="a pseudonym, never a name or an address")
    options.add_argument("--role", default="clerk", help="`lead` may undo what others did")
    options.add_argument("--source", default="product-team", help="your system")
    options.add_argument("--done-at", type=int, help="milliseconds since 1970; now if left out")
    options.add_argument("--bootstrap", default=os.environ.get("OMBUD_KAFKA_BOOTSTRAP", "127.0.0.1:19092"))
    options.add_argument("--registry", default=os.environ.get("OMBUD_REGISTRY_URL", "http://127.0.0.1:18081/apis/ccompat/v7"), help="URL, with user:password@ if it asks")
    options.add_argument("--topic", default="complaints.work")
    options.add_argument("--dry-run", action="store_true", help="print the record and send nothing")
    options.add_argument("--property", action="append", default=[], metavar="NAME=VALUE", help="of librdkafka, such as security.protocol=SASL_SSL")
    given = options.parse_args()

    routed = json.loads(given.routed.read_text(encoding="utf-8"))
    record = identified(event(routed.get("value", routed), given))
    if given.dry_run:
        print(json.dumps(record))
        return 0

    write = AvroSerializer(
        SchemaRegistryClient({"url": given.registry, "timeout": 10}),
        SCHEMA.read_text(),
        conf={"auto.register.schemas": False},
    )
    failed = []
    settings = {"bootstrap.servers": given.bootstrap, "acks": "all", "enable.idempotence": True}
    producer = Producer(settings | dict(pair.split("=", 1) for pair in given.property))
    value = write(record, SerializationContext(given.topic, MessageField.VALUE))
    # The key is the complaint's id: under another one the event is parked. Any partitioner will do.
    producer.produce(given.topic, value, record["complaint_id"].encode(), on_delivery=lambda error, _: error and failed.append(error))
    producer.flush()
    print(failed[0] if failed else f"event {record['work_id']} is durable", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

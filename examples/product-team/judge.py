"""Tells Ombud what a product team made of a complaint: one verdict to complaints.feedback.

    $(scripts/clients)/python examples/product-team/judge.py ROUTED.json REALLOCATED --to-team home-lending --actor agent-17

ROUTED.json is the value of the routed record that is judged, as `ombud tail complaints.routed --json` or your own store has
it. What the verdict says about the decision is copied from there, so that it is about that very route. No free text: Ombud
parks a verdict that holds any.
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

KINDS = ("CONFIRMED", "REALLOCATED", "RELABELLED", "VULNERABILITY", "NOT_A_COMPLAINT", "RETRACTED")
# The schema that this program was written for; `ombud setup` has registered it.
SCHEMA = pathlib.Path(__file__).parents[2] / "schemas/complaints.feedback/v2.avsc"


def verdict(routed, given):
    """The record, without its id."""
    task = "vulnerable" if given.kind == "VULNERABILITY" else given.task
    decision = next((d for d in routed["decisions"] if d["task"] == task), None)
    # The flag that was routed counts, which is POSSIBLE where no model answered.
    before = routed["vulnerability"] if task == "vulnerable" else decision and decision["label"]
    return {
        "complaint_id": routed["complaint_id"],
        "route_id": routed["route_id"],
        "revision": routed["revision"],
        "kind": given.kind,
        "task": task,
        "prediction_id": decision and decision["prediction_id"],
        "model_id": decision and decision["model_id"],
        "model_version": decision and decision["model_version"],
        "label_before": before,
        "label_after": given.label,
        "from_team": routed["team"],
        "to_team": given.to_team,
        "reason_code": given.reason_code,
        "actor": given.actor,
        "actor_role": "case-handler",
        "source": given.source,
        "audit_sample": "audit-sample" in routed["human_reasons"],
        "decided_at": given.decided_at or round(time.time() * 1000),
        "retracts": given.retracts,
    }


def identified(record):
    """With an id that is made of what it says: sent twice, it is one verdict."""
    said = ("complaint_id", "revision", "kind", "task", "label_after", "to_team", "actor", "decided_at", "source")
    # What only some say makes no other id of what others say.
    retracts = [record["retracts"]] if record["retracts"] else []
    content = json.dumps([record[name] for name in said] + retracts)
    return {"feedback_id": hashlib.sha256(content.encode()).hexdigest()} | record


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("routed", type=pathlib.Path)
    options.add_argument("kind", choices=KINDS)
    options.add_argument("--task", help="the task that was judged: needed for RELABELLED")
    options.add_argument("--label", help="the right label: needed for RELABELLED and VULNERABILITY")
    options.add_argument("--to-team", help="who gets it: needed for REALLOCATED")
    options.add_argument("--retracts", metavar="FEEDBACK_ID", help="the verdict that is taken back: needed for RETRACTED")
    options.add_argument("--actor", required=True, help="a pseudonym, never a name or an address")
    options.add_argument("--reason-code", default="")
    options.add_argument("--source", default="product-team", help="your system")
    options.add_argument("--decided-at", type=int, help="milliseconds since 1970; now if left out")
    options.add_argument("--bootstrap", default=os.environ.get("OMBUD_KAFKA_BOOTSTRAP", "127.0.0.1:19092"))
    options.add_argument("--registry", default=os.environ.get("OMBUD_REGISTRY_URL", "http://127.0.0.1:18081/apis/ccompat/v7"), help="URL, with user:password@ if it asks")
    options.add_argument("--topic", default="complaints.feedback")
    options.add_argument("--dry-run", action="store_true", help="print the record and send nothing")
    options.add_argument("--property", action="append", default=[], metavar="NAME=VALUE", help="of librdkafka, such as security.protocol=SASL_SSL")
    given = options.parse_args()

    routed = json.loads(given.routed.read_text(encoding="utf-8"))
    record = identified(verdict(routed.get("value", routed), given))
    if given.dry_run:
        print(json.dumps(record))
        return 0

    write = AvroSerializer(
        SchemaRegistryClient({"url": given.registry, "timeout": 10}),
        SCHEMA.read_text(),
        conf={"auto.register.schemas": False},
    )
    failed = []
    producer = Producer(
        {
            "bootstrap.servers": given.bootstrap,
            # Java's partitioner: a complaint's verdicts lie in one partition.
            "partitioner": "murmur2_random",
            "acks": "all",
            "enable.idempotence": True,
        }
        | dict(pair.split("=", 1) for pair in given.property)
    )
    value = write(record, SerializationContext(given.topic, MessageField.VALUE))
    # The key is the complaint's id: under another one the verdict is parked.
    producer.produce(given.topic, value, record["complaint_id"].encode(), on_delivery=lambda error, _: error and failed.append(error))
    producer.flush()
    print(failed[0] if failed else f"verdict {record['feedback_id']} is durable", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

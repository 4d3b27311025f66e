"""Appends what no CRM should send to one partition of complaints.raw, between complaints that are good; prints where each
lies, what its bytes are, and what a dead letter must say about it, as one JSON object."""

import base64
import json
import os
import struct
import sys

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from fastavro import parse_schema, schemaless_writer
import io

topic = sys.argv[1]
registry = SchemaRegistryClient({"url": os.environ["OMBUD_REGISTRY_URL"], "timeout": 10})
latest = registry.get_latest_version(f"{topic}-value")
schema = parse_schema(json.loads(latest.schema.schema_str))
producer = Producer(
    {
        "bootstrap.servers": os.environ["OMBUD_KAFKA_BOOTSTRAP"],
        "acks": "all",
        "enable.idempotence": True,
        "message.max.bytes": 4_000_000,
    }
)


def avro(complaint_id, narrative="My card was charged twice and nobody answers."):
    out = io.BytesIO()
    schemaless_writer(out, schema, {"complaint_id": complaint_id, "narrative": narrative, "received_at": 1_700_000_000_000})
    return out.getvalue()


def framed(body, magic=0, schema_id=latest.schema_id):
    return struct.pack(">bI", magic, schema_id) + body


poison = {
    "bad-bytes": (b"\xff\xfe not even close", "UNDECODABLE"),
    "unknown-schema-id": (framed(avro("unknown-schema-id"), schema_id=1_999_999_999), "UNKNOWN_SCHEMA"),
    "truncated-avro": (framed(avro("truncated-avro"))[:-12], "UNDECODABLE"),
    "wrong-magic-byte": (framed(avro("wrong-magic-byte"), magic=7), "UNDECODABLE"),
    "two-megabytes": (framed(avro("two-megabytes", "x" * 2_000_000)), "TOO_LARGE"),
    "null-value": (None, "INVALID"),
    "somebody-else": (framed(avro("mine")), "INVALID"),
}
keys = {
    "good-null-key": None,
    "good-json-key": b'"good-json-key"',
    "good-avro-key": framed(bytes([2 * len("good-avro-key")]) + b"good-avro-key", schema_id=7),
}
placed = {}


def delivered(name):
    def note(error, message):
        assert error is None, f"{name}: {error}"
        placed[name] = message.offset()

    return note


for number, (name, (value, _)) in enumerate(poison.items()):
    good = f"good-{number}"
    producer.produce(topic, key=good, value=framed(avro(good)), partition=0, on_delivery=delivered(good))
    producer.produce(topic, key=name, value=value, partition=0, on_delivery=delivered(name))
producer.produce(topic, key="good-last", value=framed(avro("good-last")), partition=0, on_delivery=delivered("good-last"))
for name, key in keys.items():
    producer.produce(topic, key=key, value=framed(avro(name)), partition=0, on_delivery=delivered(name))
nameless = b"neither key nor value say whose it is"
producer.produce(topic, key=None, value=nameless, partition=0, on_delivery=delivered("nameless"))
assert producer.flush(30) == 0
# Where nobody finds an id, the place stands for it.
placed[f"unreadable-0-{placed['nameless']}"] = placed["nameless"]
poison[f"unreadable-0-{placed['nameless']}"] = (nameless, "UNDECODABLE")
described = {
    name: {
        "offset": placed[name],
        "reason": reason,
        "value": None if value is None else base64.b16encode(value).decode().lower(),
    }
    for name, (value, reason) in poison.items()
}
print(json.dumps({"poison": described, "good": {name: offset for name, offset in placed.items() if name.startswith("good-")}}))

"""Appends complaints to complaints.raw as other producers write them, one a kind: with schemas of their own, in transactions, by
two partitioners. The ids are those of tests/cases/producers."""

import copy
import io
import json
import os
import struct
import sys

from confluent_kafka import Producer
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from fastavro import parse_schema, schemaless_writer

topic = sys.argv[1]
registry = SchemaRegistryClient({"url": os.environ["OMBUD_REGISTRY_URL"], "timeout": 10})
latest = registry.get_latest_version(f"{topic}-value")
ours = json.loads(latest.schema.schema_str)
basics = {"bootstrap.servers": os.environ["OMBUD_KAFKA_BOOTSTRAP"], "acks": "all", "enable.idempotence": True}
TEXT = "My card was charged twice for one purchase and the bank refuses to refund it."


def registered(name, text, kind="AVRO"):
    return registry.register_schema(f"{topic}-{name}", Schema(text, kind))


def complaint(complaint_id, **more):
    fields = {field["name"]: field["default"] for field in ours["fields"] if "default" in field}
    return fields | {"complaint_id": complaint_id, "narrative": TEXT, "received_at": 1_775_208_600_000} | more


def framed(schema_id, body):
    return struct.pack(">bI", 0, schema_id) + body


def avro(schema, record):
    out = io.BytesIO()
    schemaless_writer(out, parse_schema(copy.deepcopy(schema)), record)
    return out.getvalue()


def in_words(name, change, record):
    schema = copy.deepcopy(ours)
    change(schema)
    return framed(registered(name, json.dumps(schema)), avro(schema, record))


def plain(complaint_id, **more):
    return framed(latest.schema_id, avro(ours, complaint(complaint_id, **more)))


def field(schema, name):
    return next(field for field in schema["fields"] if field["name"] == name)


def java(schema):
    for each in schema["fields"]:
        if each["type"] == "string":
            each["type"] = {"type": "string", "avro.java.string": "String"}


def more_fields(schema):
    agent = {"type": "record", "name": "Agent", "fields": [{"name": "name", "type": "string"}]}
    schema["fields"].insert(0, {"name": "tenant", "type": "string"})
    schema["fields"].append({"name": "agent", "type": ["null", agent], "default": None})


def needed_alone(schema):
    schema["fields"] = [field for field in schema["fields"] if "default" not in field]


uuid = "7f0c2b1e-5a43-4f0e-9d61-3c3a86c1d7a2"
as_uuid = {"type": "string", "logicalType": "uuid"}
invoice = {
    "type": "record",
    "name": "Invoice",
    "namespace": "com.example.crm",
    "fields": [{"name": "number", "type": "string"}],
}
named = {"name": "Ticket", "namespace": "com.example.crm"}
values = {
    "other-namespace": in_words("n", lambda schema: schema.update(namespace="com.example.crm"), complaint("other-namespace")),
    "other-name": in_words("r", lambda schema: schema.update(named), complaint("other-name")),
    uuid: in_words("u", lambda schema: field(schema, "complaint_id").update(type=as_uuid), complaint(uuid)),
    "java-strings": in_words("j", java, complaint("java-strings")),
    "more-fields": in_words("m", more_fields, complaint("more-fields", tenant="north", agent={"name": "a-7"})),
    "needed-fields-alone": in_words("a", needed_alone, complaint("needed-fields-alone")),
    "json-schema": framed(
        registered("json", json.dumps({"type": "object", "properties": {"complaint_id": {"type": "string"}}}), "JSON"),
        json.dumps(complaint("json-schema")).encode(),
    ),
    "protobuf": framed(
        registered("protobuf", 'syntax = "proto3";\nmessage Ticket {\n  string complaint_id = 1;\n}\n', "PROTOBUF"),
        b"\0\x0a\x08protobuf",
    ),
    "another-subject": framed(registered("invoices", json.dumps(invoice)), avro(invoice, {"number": "i-1"})),
}

# What comes later in the partition waits behind neither: whoever has that has passed both.
outbox = Producer(basics | {"transactional.id": f"{topic}-outbox"})
outbox.init_transactions(30)
for name in ("aborted", "committed"):
    outbox.begin_transaction()
    outbox.produce(topic, key=name, value=plain(name), partition=0)
    outbox.flush(30)
    outbox.commit_transaction(30) if name == "committed" else outbox.abort_transaction(30)

producer = Producer(basics)
for name, value in values.items():
    producer.produce(topic, key=name, value=value, partition=0)
for partition, submission in ((0, 1), (1, 2)):
    producer.produce(topic, key="of-two-partitioners", value=plain("of-two-partitioners", submission=submission), partition=partition)
assert producer.flush(30) == 0

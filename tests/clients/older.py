"""Appends records as older releases wrote them: each in the schema of its version, which the registry must know.

    python tests/clients/older.py PREFIX FILE.jsonl

Each line: {"topic", "version", "key", "record"}; the topic without the prefix, bytes of the record in hexadecimal. All goes
into partition 0, in the file's order."""

import io
import json
import os
import pathlib
import struct
import sys

from confluent_kafka import Producer
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from fastavro import parse_schema, schemaless_writer

REQUEST_TIMEOUT_S = 30
SCHEMAS = pathlib.Path(__file__).parents[2] / "schemas"


def packed(schema, value):
    """`value` with bytes where its schema has them and JSON has hexadecimal digits."""
    if isinstance(schema, list):
        return None if value is None else packed(next(one for one in schema if one != "null"), value)
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind == "bytes":
        return bytes.fromhex(value)
    if kind == "record":
        fields = {field["name"]: field["type"] for field in schema["fields"]}
        # What the version does not know is not written.
        return {name: packed(fields[name], it) for name, it in value.items() if name in fields}
    if kind == "array":
        return [packed(schema["items"], it) for it in value]
    return value


def must_be_taken(error, _):
    assert error is None, error


def main(prefix, file):
    registry = SchemaRegistryClient({"url": os.environ["OMBUD_REGISTRY_URL"], "timeout": REQUEST_TIMEOUT_S})
    bootstrap = os.environ["OMBUD_KAFKA_BOOTSTRAP"]
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "enable.idempotence": True})
    with open(file, encoding="utf-8") as lines:
        wanted = [json.loads(line) for line in lines]
    for line in wanted:
        topic = prefix + line["topic"]
        text = (SCHEMAS / line["topic"] / f"v{line['version']}.avsc").read_text(encoding="utf-8")
        known = registry.lookup_schema(f"{topic}-value", Schema(text, "AVRO"))
        schema, out = json.loads(text), io.BytesIO()
        out.write(struct.pack(">bI", 0, known.schema_id))
        schemaless_writer(out, parse_schema(json.loads(text)), packed(schema, line["record"]))
        producer.produce(topic, key=line["key"], value=out.getvalue(), partition=0, on_delivery=must_be_taken)
    assert producer.flush(REQUEST_TIMEOUT_S) == 0, "not every record was acknowledged"


if __name__ == "__main__":
    main(*sys.argv[1:])

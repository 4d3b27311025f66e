"""Reads all of complaints.routed with Confluent's AvroDeserializer and says what is in it, as one JSON object."""

import argparse
import json
import os

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("topic")
    topic = arguments.parse_args().topic
    decode = AvroDeserializer(SchemaRegistryClient({"url": os.environ["OMBUD_REGISTRY_URL"], "timeout": 10}))
    bootstrap = os.environ.get("TEST_PLAIN_BOOTSTRAP", os.environ["OMBUD_KAFKA_BOOTSTRAP"])
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": f"{topic}-test", "enable.auto.commit": False})

    partitions = [TopicPartition(topic, n, 0) for n in consumer.list_topics(topic).topics[topic].partitions]
    ends = {p.partition: consumer.get_watermark_offsets(p)[1] for p in partitions}
    consumer.assign(partitions)
    context = SerializationContext(topic, MessageField.VALUE)
    held, records, unversioned = {}, 0, []
    while any(ends.values()):
        message = consumer.poll(10)
        assert message is not None, f"nothing came within 10 s; still missing: {ends}"
        assert message.error() is None, message.error()
        records += 1
        if message.offset() + 1 >= ends[message.partition()]:
            ends[message.partition()] = 0
        route = decode(message.value(), context)
        assert message.key().decode() == route["complaint_id"]
        versions = {d["task"]: d["model_version"] for d in route["decisions"]}
        if any(len(versions.get(task, "")) != 64 for task in ("product", "issue", "vulnerable")):
            unversioned.append(route["complaint_id"])
        known = held.get(route["complaint_id"])
        if known is None or route["revision"] > known["revision"]:
            held[route["complaint_id"]] = route
    missing = sorted(i for i, route in held.items() if route["missing_tasks"])
    print(json.dumps({"records": records, "complaints": sorted(held), "unversioned": unversioned, "incomplete": missing}))


main()

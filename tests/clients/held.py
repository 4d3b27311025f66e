"""Reads all of complaints.routed and says what who obeys the revision rule holds of each complaint, as one JSON object: the
record with the greatest revision, wherever it lies."""

import json
import os
import sys

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

topic = sys.argv[1]
decode = AvroDeserializer(SchemaRegistryClient({"url": os.environ["OMBUD_REGISTRY_URL"], "timeout": 10}))
bootstrap = os.environ.get("TEST_PLAIN_BOOTSTRAP", os.environ["OMBUD_KAFKA_BOOTSTRAP"])
consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": f"{topic}-held", "enable.auto.commit": False})

partitions = [TopicPartition(topic, n, 0) for n in consumer.list_topics(topic).topics[topic].partitions]
ends = {p.partition: consumer.get_watermark_offsets(p)[1] for p in partitions}
consumer.assign(partitions)
context = SerializationContext(topic, MessageField.VALUE)
held = {}
while any(ends.values()):
    message = consumer.poll(10)
    assert message is not None, f"nothing came within 10 s; still missing: {ends}"
    assert message.error() is None, message.error()
    if message.offset() + 1 >= ends[message.partition()]:
        ends[message.partition()] = 0
    route = decode(message.value(), context)
    if route["revision"] > held.get(route["complaint_id"], {"revision": -1})["revision"]:
        held[route["complaint_id"]] = route
fields = ("revision", "why", "raw_partition", "raw_offset")
print(json.dumps({complaint_id: {field: route[field] for field in fields} for complaint_id, route in held.items()}))

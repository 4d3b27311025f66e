"""Reads all of complaints.routed with Confluent's AvroDeserializer."""

import os

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

REQUEST_TIMEOUT_S = 10


def routes(topic, group):
    """Every record that lies in the topic now, and the route that it holds."""
    registry = SchemaRegistryClient({"url": os.environ["OMBUD_REGISTRY_URL"], "timeout": REQUEST_TIMEOUT_S})
    decode = AvroDeserializer(registry)
    bootstrap = os.environ.get("TEST_PLAIN_BOOTSTRAP", os.environ["OMBUD_KAFKA_BOOTSTRAP"])
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False})
    partitions = [TopicPartition(topic, n, 0) for n in consumer.list_topics(topic).topics[topic].partitions]
    ends = {p.partition: consumer.get_watermark_offsets(p)[1] for p in partitions}
    consumer.assign(partitions)
    context = SerializationContext(topic, MessageField.VALUE)
    while any(ends.values()):
        message = consumer.poll(REQUEST_TIMEOUT_S)
        assert message is not None, f"nothing came within {REQUEST_TIMEOUT_S} s; still missing: {ends}"
        assert message.error() is None, message.error()
        if message.offset() + 1 >= ends[message.partition()]:
            ends[message.partition()] = 0
        yield message, decode(message.value(), context)

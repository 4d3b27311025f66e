"""Reads a topic record by record, as it lies."""

from confluent_kafka import TopicPartition
from confluent_kafka.admin import ConfigResource

SET_ON_THE_TOPIC = (1,)  # DYNAMIC_TOPIC_CONFIG
REQUEST_TIMEOUT_S = 30


def settings(admin, name):
    """The settings that a topic has of its own."""
    resource = ConfigResource(ConfigResource.Type.TOPIC, name)
    found = admin.describe_configs([resource])[resource].result(REQUEST_TIMEOUT_S)
    return {key: entry.value for key, entry in found.items() if entry.source in SET_ON_THE_TOPIC}


def records(consumer, name, number):
    """Every record of a partition, which must begin at offset 0 and lack none, with the offset where it ends."""
    at = TopicPartition(name, number, 0)
    first, end = consumer.get_watermark_offsets(at)
    assert first == 0, f"{name}/{number} begins at {first}: its offsets can't be kept"
    consumer.assign([at])
    for offset in range(end):
        message = consumer.poll(REQUEST_TIMEOUT_S)
        assert message is not None and message.error() is None, f"{name}/{number} at {offset}"
        assert message.offset() == offset, f"{name}/{number} has no record at {offset}: offsets can't be kept"
        yield message, end

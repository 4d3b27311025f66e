"""Copies the topics of one cluster to another, as a mirror does.

    python tests/clients/mirror.py FROM TO PREFIX NEW_PREFIX [option...]

FROM and TO are bootstrap servers. Without options every record keeps its partition, offset, time and headers; so that it
can keep the time, the copies of all topics have message.timestamp.type=CreateTime.

    --stamp            copies have their topics' own settings: where the log stamps what it appends, it does
    --skip TOPIC=N     the first N records of each partition are not copied, so that offsets shift
    --cut TOPIC=N      the last N records of each partition are not copied
    --leave-out TOPIC  nothing of it is copied, nor is it made

Positions of groups are not copied: this client does not give their metadata as it lies."""

import argparse

import topic
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from topic import REQUEST_TIMEOUT_S


def counted(text):
    base, count = text.split("=")
    return base, int(count)


def must_be_taken(error, _):
    assert error is None, error


def copy(options, name, base, partitions, producer):
    consumer = Consumer({"bootstrap.servers": options.source, "group.id": f"{name}-mirror", "enable.auto.commit": False})
    for number in range(partitions):
        for message, end in topic.records(consumer, name, number):
            if options.skip.get(base, 0) <= message.offset() < end - options.cut.get(base, 0):
                producer.produce(
                    options.new_prefix + base,
                    key=message.key(),
                    value=message.value(),
                    partition=number,
                    headers=message.headers() or [],
                    timestamp=message.timestamp()[1],
                    on_delivery=must_be_taken,
                )
                producer.poll(0)
    consumer.close()


def main():
    arguments = argparse.ArgumentParser()
    for name in ("source", "target", "prefix", "new_prefix"):
        arguments.add_argument(name)
    arguments.add_argument("--stamp", action="store_true")
    arguments.add_argument("--skip", type=counted, action="append", default=[])
    arguments.add_argument("--cut", type=counted, action="append", default=[])
    arguments.add_argument("--leave-out", action="append", default=[])
    options = arguments.parse_args()
    options.skip, options.cut = dict(options.skip), dict(options.cut)

    source = AdminClient({"bootstrap.servers": options.source})
    about = source.list_topics(timeout=REQUEST_TIMEOUT_S).topics
    copied = {
        name.removeprefix(options.prefix): len(found.partitions)
        for name, found in about.items()
        if name.startswith(options.prefix) and name.removeprefix(options.prefix) not in options.leave_out
    }
    assert copied, f"no topic of {options.source} begins with {options.prefix}"
    wanted = []
    for base, partitions in copied.items():
        config = topic.settings(source, options.prefix + base)
        if not options.stamp:
            config["message.timestamp.type"] = "CreateTime"
        wanted.append(NewTopic(options.new_prefix + base, partitions, 1, config=config))
    target = AdminClient({"bootstrap.servers": options.target})
    for made in target.create_topics(wanted).values():
        made.result(REQUEST_TIMEOUT_S)

    producer = Producer(
        {"bootstrap.servers": options.target, "acks": "all", "enable.idempotence": True, "message.max.bytes": 4_000_000}
    )
    for base, partitions in copied.items():
        copy(options, options.prefix + base, base, partitions, producer)
    assert producer.flush(REQUEST_TIMEOUT_S) == 0, "not every record was acknowledged"


if __name__ == "__main__":
    main()

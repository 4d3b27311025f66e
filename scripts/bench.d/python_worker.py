"""The worker that a team would write in Python: complaints from Kafka, hashed n-grams times a matrix with scikit-learn, answers
to Kafka as JSON. It answers the three tasks of the bag, and knows no evidence, no calibration and no case.

    python_worker.py RAW ANSWERS GROUP BATCH
"""

import json
import os
import sys

import numpy
import scipy.sparse
from confluent_kafka import Consumer, Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from sklearn.feature_extraction.text import HashingVectorizer

COLUMNS = 1 << 18
LABELS = {"product": 9, "issue": 45, "vulnerable": 2}


def models():
    """The bag's two halves, and weights of its shape for each task: what they say makes no difference to the time."""
    words = HashingVectorizer(ngram_range=(1, 2), n_features=COLUMNS, strip_accents="unicode", alternate_sign=False)
    runs = HashingVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), n_features=COLUMNS, strip_accents="unicode", alternate_sign=False
    )
    chance = numpy.random.default_rng(1)
    weights = {
        task: chance.normal(size=(2 * COLUMNS, labels)).astype(numpy.float32) for task, labels in LABELS.items()
    }
    return (words, runs), weights


def answers(vectorizers, weights, narratives):
    """Each task's label and confidence for each narrative."""
    features = scipy.sparse.hstack([each.transform(narratives) for each in vectorizers], format="csr")
    found = {}
    for task, matrix in weights.items():
        scores = features @ matrix
        scores -= scores.max(axis=1, keepdims=True)
        shares = numpy.exp(scores)
        shares /= shares.sum(axis=1, keepdims=True)
        best = shares.argmax(axis=1)
        found[task] = list(zip(best.tolist(), shares[numpy.arange(len(best)), best].tolist(), strict=True))
    return found


def main():
    raw, out, group, batch = sys.argv[1:5]
    bootstrap = os.environ["OMBUD_KAFKA_BOOTSTRAP"]
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20, "enable.idempotence": True})
    decode = AvroDeserializer(SchemaRegistryClient({"url": os.environ["OMBUD_REGISTRY_URL"], "timeout": 10}))
    context = SerializationContext(raw, MessageField.VALUE)
    vectorizers, weights = models()
    consumer.subscribe([raw])
    while True:
        messages = [each for each in consumer.consume(int(batch), timeout=0.2) if each.error() is None]
        if not messages:
            continue
        complaints = [decode(message.value(), context) for message in messages]
        found = answers(vectorizers, weights, [complaint["narrative"] for complaint in complaints])
        for at, (message, complaint) in enumerate(zip(messages, complaints, strict=True)):
            answer = {task: {"label": all_[at][0], "confidence": all_[at][1]} for task, all_ in found.items()}
            value = json.dumps({"complaint_id": complaint["complaint_id"], "answers": answer})
            producer.produce(out, value, message.key())
            producer.poll(0)
        producer.flush(30)
        consumer.commit(asynchronous=False)


if __name__ == "__main__":
    main()

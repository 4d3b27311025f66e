"""Gives one topic more partitions, as an administrator does who knows nothing of the others: TOPIC N."""

import os
import sys

from confluent_kafka.admin import AdminClient, NewPartitions

topic, count = sys.argv[1], int(sys.argv[2])
bootstrap = os.environ.get("TEST_PLAIN_BOOTSTRAP", os.environ["OMBUD_KAFKA_BOOTSTRAP"])
admin = AdminClient({"bootstrap.servers": bootstrap})
for added in admin.create_partitions([NewPartitions(topic, count)]).values():
    added.result(30)

"""Counts the cases in a keyspace with the Python driver of Apache Cassandra: how many complaints have an event of each kind."""

import collections
import json
import os
import sys

from cassandra.cluster import Cluster

host, port = os.environ["OMBUD_CQL_NODES"].split(",")[0].rsplit(":", 1)
session = Cluster([host], port=int(port)).connect(sys.argv[1])
kinds = collections.defaultdict(set)
for row in session.execute("SELECT complaint_id, kind FROM case_events"):
    kinds[row.kind].add(row.complaint_id)
print(json.dumps({str(kind): len(ids) for kind, ids in kinds.items()}))

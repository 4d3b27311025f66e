"""Which routes a keyspace lacks, asked with the Python driver of Apache Cassandra.

    python tests/clients/filed.py KEYSPACE FILE

FILE is a JSON list of [complaint_id, revision]; printed is the list of those without a row."""

import json
import os
import sys

from cassandra.cluster import Cluster
from cassandra.concurrent import execute_concurrent_with_args

ROUTED = 3

host, port = os.environ["OMBUD_CQL_NODES"].split(",")[0].rsplit(":", 1)
session = Cluster([host], port=int(port)).connect(sys.argv[1])
with open(sys.argv[2], encoding="utf-8") as file:
    routes = json.load(file)
rows = session.prepare(f"SELECT seq FROM case_events WHERE complaint_id = ? AND kind = {ROUTED} AND seq = ?")
found = execute_concurrent_with_args(session, rows, routes, concurrency=64)
print(json.dumps([route for route, (_, answer) in zip(routes, found) if not list(answer)]))

"""Reads all of complaints.routed and prints what a team that follows the revision rule holds of each complaint, as one JSON
object: the record with the greatest revision, wherever it lies."""

import json
import sys

from routes import routes

topic = sys.argv[1]
held = {}
for _, route in routes(topic, f"{topic}-held"):
    if route["revision"] > held.get(route["complaint_id"], {"revision": -1})["revision"]:
        held[route["complaint_id"]] = route
fields = ("revision", "why", "raw_partition", "raw_offset")
print(json.dumps({complaint_id: {field: route[field] for field in fields} for complaint_id, route in held.items()}))

"""Reads all of complaints.routed with Confluent's AvroDeserializer and says what is in it, as one JSON object."""

import argparse
import json

from routes import routes


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("topic")
    topic = arguments.parse_args().topic
    held, records, unversioned = {}, 0, []
    for message, route in routes(topic, f"{topic}-test"):
        records += 1
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

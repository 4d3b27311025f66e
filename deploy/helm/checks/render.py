"""Renders the chart in all its modes: every file of ci/, and a few values beside them. Helm runs side by side."""

import json
import os
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import yaml

CHART = Path(__file__).resolve().parents[1] / "ombud"
NAMESPACE = "triage"
RELEASE = "prod"

# Beside the files of ci/: a name, the file that it begins with, and values that differ (as --set-json has them).
VARIANTS = {
    "default again": ("default", {}),
    "other settings": ("default", {"config.infer.queue": 7}),
    "next chart": ("default", {}),
    "next setup": ("gitops", {"config.infer.queue": 7}),
    "prefixed": ("keda", {"config.topics.prefix": "bank-"}),
    "lag alone": ("keda", {"autoscaling.prometheus": "", "autoscaling.targetCPU": 0}),
    "scaled": ("default", {"autoscaling.enabled": True, "autoscaling.prometheus": "http://prometheus:9090"}),
    "open": ("default", {"config.http.open": True, "http.tokensSecret": ""}),
    "wider": ("gitops", {"setup.widen": True, "kafka.partitions": 96}),
    "many brokers": ("default", {"kafka.bootstrap": "a:9092,b:9093,[fd00::1]:9094"}),
}
# The chart as it will be once its version has changed.
RELEASED = {"next chart": "9.8.7"}

POD_KINDS = {"Deployment", "Job", "CronJob", "Pod"}


@dataclass
class Object:
    """One rendered object; `of` reaches into it, and gives None where there is nothing."""

    data: dict

    @property
    def kind(self):
        return self.data["kind"]

    @property
    def name(self):
        return self.data["metadata"]["name"]

    @property
    def place(self):
        return f"{self.kind} {self.name}"

    @property
    def labels(self):
        return self.data["metadata"].get("labels", {})

    @property
    def annotations(self):
        return self.data["metadata"].get("annotations", {})

    @property
    def is_hook(self):
        return "helm.sh/hook" in self.annotations

    def of(self, path):
        return reach(self.data, path)

    @property
    def template(self):
        """The pod template of whatever runs pods; a Pod is its own."""
        path = {"Pod": "", "CronJob": "spec.jobTemplate.spec.template"}.get(self.kind, "spec.template")
        return self.of(path) if path else self.data

    @property
    def pod(self):
        return Object(self.template).of("spec") if self.template else None

    @property
    def role(self):
        return self.template["metadata"]["labels"]["ombud/role"]

    @property
    def container(self):
        return self.pod["containers"][0]

    @property
    def env(self):
        """Variables of the container: value, or the map that says where from."""
        return {each["name"]: each.get("value", each.get("valueFrom")) for each in self.container.get("env", [])}


def reach(data, path):
    for name in path.split("."):
        if isinstance(data, list) and name.isdigit() and int(name) < len(data):
            data = data[int(name)]
        elif isinstance(data, dict) and name in data:
            data = data[name]
        else:
            return None
    return data


@dataclass
class Rendering:
    """What one set of values makes of the chart."""

    name: str
    text: str
    # Another rendering of the same chart, by its name.
    other: Callable[[str], "Rendering"] = field(repr=False)

    @cached_property
    def objects(self):
        return [Object(each) for each in yaml.load_all(self.text, yaml.CSafeLoader) if each]

    def kind(self, *kinds):
        return [each for each in self.objects if each.kind in kinds]

    def one(self, kind, name):
        """The object whose name ends in `name`."""
        found = [each for each in self.kind(kind) if each.name.endswith(name)]
        return found[0] if found else Object({"kind": kind, "metadata": {"name": f"(no {name})"}})

    @cached_property
    def running(self):
        """Everything that runs pods of ours."""
        return self.kind(*POD_KINDS)

    @cached_property
    def workers(self):
        return self.kind("Deployment")

    @cached_property
    def settings(self):
        """What stands in `ombud.toml`."""
        plain = [each for each in self.kind("ConfigMap") if "ombud.toml" in each.of("data") and not each.is_hook]
        return tomllib.loads(plain[0].of("data")["ombud.toml"])

class RenderError(Exception):
    """Helm refused, with what it said."""


def helm(*arguments, given=None):
    done = subprocess.run(["helm", *arguments], input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RenderError(done.stderr.strip())
    return done.stdout


def render(chart, values, *more, release=RELEASE):
    return helm("template", release, str(chart), "--namespace", NAMESPACE, "--kube-version", "1.37.0",
                "--api-versions", "keda.sh/v1alpha1", "--values", str(values), *more)  # fmt: skip


def set_json(values):
    return [part for name, value in values.items() for part in ("--set-json", f"{name}={json.dumps(value)}")]


def files(chart=CHART):
    return {each.stem: each for each in sorted((chart / "ci").glob("*.yaml"))}


def render_named(name, chart=CHART):
    """The chart's text with the values of one file of ci/, or of one variant."""
    begin, values = VARIANTS.get(name, (name, {}))
    if name not in RELEASED:
        return render(chart, files(CHART)[begin], *set_json(values))
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(chart, Path(folder))
        said = (copy / "Chart.yaml").read_text()
        (copy / "Chart.yaml").write_text(said.replace("\nversion: ", f"\nversion: {RELEASED[name]}  # "))
        return render(copy, files(CHART)[begin], *set_json(values))


def all_renderings(chart=CHART):
    names = [*files(chart), *VARIANTS]
    texts = side_by_side(lambda name: render_named(name, chart), names)
    found = {}
    found |= {name: Rendering(name, text, found.get) for name, text in zip(names, texts, strict=True)}
    return found


def copied(chart, folder):
    return Path(shutil.copytree(chart, folder / "ombud"))


def side_by_side(work, inputs):
    with ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
        return list(pool.map(work, inputs))

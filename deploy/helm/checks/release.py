"""One release of the chart in a cluster: what helm and kubectl do to it, and what then is there."""
import json, os, re, subprocess, tempfile, time
from audit import need, require

WAIT_S = 120
# The namespaces that a scenario leaves behind.
TO_REMOVE = {"check": "chart"}
# A claim that somebody else makes: one of models.
CLAIM = {"accessModes": ["ReadOnlyMany"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": ""}


def run(*command, text=None, fails=False):
    """Runs a command: its standard output, or its standard error where it is meant to fail. A warning is a failure."""
    done = subprocess.run(command, input=text, text=True, capture_output=True, timeout=WAIT_S + 60)
    said = done.stderr.strip()
    require((done.returncode != 0) == fails, f"{' '.join(command)} ended with {done.returncode}: {said[-3000:]}")
    if fails:
        return said
    # Of Kubernetes' client, lines with an I are no warnings, whatever they say: that a watch has ended and is made anew.
    warnings = [line for line in said.splitlines() if "warn" in line.lower() and not re.match(r"I\d{4} ", line)]
    require(not warnings, f"{' '.join(command)} warns: {said[-3000:]}")
    return done.stdout


def until(what, holds, seconds=WAIT_S, instead=str):
    """Waits until `holds` returns something true, and returns it; `instead` says what there is where it does not."""
    end = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        require(time.monotonic() < end, f"waited {seconds} s in vain: {what} {instead()}".strip())
        time.sleep(0.3)


def kubectl(*arguments, text=None, fails=False):
    return run("kubectl", *arguments, text=text, fails=fails)


def remove_all():
    """Namespaces of earlier scenarios, with all that is in them, and what belongs to no namespace."""
    for kind in ("namespaces", "persistentvolumes", "priorityclasses"):
        kubectl("delete", kind, "--selector", "check=chart", f"--timeout={WAIT_S}s")


def apply(*objects):
    kubectl("apply", "--server-side", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


class Release:
    """A release `ombud` in a namespace of its own, which enforces the pod security standard *restricted*."""

    def __init__(self, namespace, chart, values, settings=()):
        self.namespace, self.chart, self.values = namespace, chart, values
        self.settings = list(settings)
        labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
        apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels | TO_REMOVE}})
        until(f"a service account in {namespace}", lambda: self.get("serviceaccounts"))

    def arguments(self, chart=None):
        values = ["--values", str(self.values)] if chart is None else []
        return ["ombud", str(chart or self.chart), "--namespace", self.namespace, *values, *self.settings]

    def helm(self, command, *more, settings=(), chart=None, fails=False, timeout=WAIT_S):
        return run("helm", command, *self.arguments(chart), "--wait", f"--timeout={timeout}s", *more, *settings, fails=fails)

    def rollback(self, revision):
        run("helm", "rollback", "ombud", str(revision), "--namespace", self.namespace, "--wait", f"--timeout={WAIT_S}s")

    def get(self, resources, selector=None):
        choice = ["--selector", selector] if selector else []
        return json.loads(kubectl("get", resources, "--namespace", self.namespace, "--output", "json", *choice))["items"]

    def validate(self):
        """What helm renders, strictly validated by the API server without being kept: unknown and doubled fields too."""
        rendered = run("helm", "template", *self.arguments())
        # Nothing of a dry run stays, and a pod is refused whose account or priority is not there.
        names = lambda field: set(re.findall(rf'^ *{field}: "?([a-z0-9.-]+)', rendered, re.MULTILINE))
        accounts = names("serviceAccountName")
        apply(*({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": 1,
                 "metadata": {"name": name, "labels": TO_REMOVE}} for name in names("priorityClassName")),
              *({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": self.namespace}}
                for name in accounts))
        taken = json.loads(kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "--warnings-as-errors",
                                   "--namespace", self.namespace, "--output", "json", "-f", "-", text=rendered))
        objects = taken["items"] if taken["kind"] == "List" else [taken]
        if own := {o["metadata"]["name"] for o in objects if o["kind"] == "ServiceAccount"} & accounts:
            kubectl("delete", "serviceaccounts", *own, "--namespace", self.namespace)
        return objects

    def provide(self, objects):
        """What pods name and the chart leaves to others: nodes, Secrets, ConfigMaps, claims; and disks for all claims."""
        for label, value in {one for o in objects for one in pod_spec(o).get("nodeSelector", {}).items()}:
            if "kubernetes.io/" not in label:
                kubectl("label", "nodes", "--all", "--overwrite", f"{label}={value}")
        own = {(o["kind"], o["metadata"]["name"]): o.get("spec") for o in objects}
        named = {one for o in objects for one in need(pod_spec(o))}
        given = [{"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": self.namespace}}
                 for kind, name in sorted(named - own.keys()) if kind != "PersistentVolumeClaim"]
        for name in sorted(name for kind, name in named | own.keys() if kind == "PersistentVolumeClaim"):
            spec = own.get(("PersistentVolumeClaim", name)) or CLAIM
            disk = f"{self.namespace}-{name}"
            given.append({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": disk, "labels": TO_REMOVE}, "spec": {
                "accessModes": spec["accessModes"], "capacity": spec["resources"]["requests"], "hostPath": {"path": "/nowhere"},
                "storageClassName": spec.get("storageClassName") or "", "persistentVolumeReclaimPolicy": "Retain",
                "claimRef": {"namespace": self.namespace, "name": name}}})
            if ("PersistentVolumeClaim", name) not in own:
                given.append({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
                              "metadata": {"name": name, "namespace": self.namespace}, "spec": spec | {"volumeName": disk}})
        if given:
            apply(*given)

    def deployments(self):
        """Pod templates and identities by name."""
        return {d["metadata"]["name"]: d for d in self.get("deployments,statefulsets")}

    def templates(self):
        return {name: d["spec"]["template"] for name, d in self.deployments().items()}

    def settled(self):
        """Waits until every pod is ready or has ended well, every Job has ended, and every replica that is wanted is there."""
        def done():
            pods = self.get("pods")
            rolled = all(d["status"].get("observedGeneration") == d["metadata"]["generation"]
                         and d["status"].get("updatedReplicas", 0) == d["spec"]["replicas"] == d["status"].get("replicas", 0)
                         and d["status"].get("readyReplicas", 0) == d["spec"]["replicas"] for d in self.deployments().values())
            # The pod of a Job is ready while it runs.
            ended = all(has_ended(job) for job in self.get("jobs"))
            return rolled and ended and all(p["status"]["phase"] == "Succeeded" or is_ready(p) for p in pods) and pods
        return until(f"all pods of {self.namespace} are ready", done, instead=self.unready)

    def unready(self):
        """In words, for who has waited in vain: the pods that are not ready, Jobs under way, what each Deployment has of its replicas."""
        pods = [(p["metadata"]["name"], p["status"].get("conditions", p["status"]["phase"])) for p in self.get("pods")
                if p["status"]["phase"] != "Succeeded" and not is_ready(p)]
        jobs = [job["metadata"]["name"] for job in self.get("jobs") if not has_ended(job)]
        return f"{pods}, {jobs}, {[(name, d['spec']['replicas'], d['status']) for name, d in self.deployments().items()]}"

    def ready(self):
        """How many pods of each Deployment are ready, whatever else is under way."""
        return {name: d["status"].get("readyReplicas", 0) for name, d in self.deployments().items()}

    def revision(self):
        """The newest revision's number and state."""
        newest = json.loads(run("helm", "history", "ombud", "--namespace", self.namespace, "--output", "json"))[-1]
        return newest["revision"], newest["status"]


def is_ready(pod):
    return any((c["type"], c["status"]) == ("Ready", "True") for c in pod["status"].get("conditions", []))


def has_ended(job):
    return any(c["type"] in ("Complete", "Failed") and c["status"] == "True" for c in job["status"].get("conditions", []))


def pod_spec(one):
    """The spec of the pods that an object makes; empty where it makes none."""
    spec = one.get("spec", {})
    if one["kind"] == "Pod":
        return spec
    return spec.get("jobTemplate", {}).get("spec", spec).get("template", {}).get("spec", {})


class Cluster:
    """scripts/cluster with a private folder, for as long as the check runs."""

    def __init__(self, root):
        self.script = str(root / "scripts/cluster")

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="cluster.")
        os.environ |= {"CLUSTER_DATA": self.folder, "KUBECONFIG": f"{self.folder}/kubeconfig.admin",
                       "HELM_CONFIG_HOME": f"{self.folder}/helm", "HELM_CACHE_HOME": f"{self.folder}/helm",
                       "HELM_DATA_HOME": f"{self.folder}/helm"}
        try:
            subprocess.run([self.script, "start"], check=True)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        subprocess.run([self.script, "wipe"], check=True)

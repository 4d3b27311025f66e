"""What the API server wrote down: that it refused nothing, and that no pod waits for something that is not there."""
import json, pathlib

# Controllers meet these in good order: two wrote at once, or what was to be removed is gone.
IN_GOOD_ORDER = (404, 409)
KINDS = {"configmaps": "ConfigMap", "secrets": "Secret", "persistentvolumeclaims": "PersistentVolumeClaim"}


class Broken(Exception):
    """What the chart promises does not hold."""


def require(holds, what):
    if not holds:
        raise Broken(what)


def need(pod):
    """What a pod's spec names and a kubelet waits for: kinds and names."""
    volumes = pod.get("volumes", [])
    sources = volumes + [source for volume in volumes for source in volume.get("projected", {}).get("sources", [])]
    variables = []
    for container in pod.get("containers", []) + pod.get("initContainers", []):
        variables += [one.get("valueFrom", {}) for one in container.get("env", [])] + container.get("envFrom", [])
    named = set()
    for one in sources + variables:
        for key, kind, name in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName"), ("secret", "Secret", "name"),
                                ("configMapKeyRef", "ConfigMap", "name"), ("secretKeyRef", "Secret", "name"),
                                ("configMapRef", "ConfigMap", "name"), ("secretRef", "Secret", "name"),
                                ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName")):
            if name in one.get(key, {}) and not one[key].get("optional"):
                named.add((kind, one[key][name]))
    return named


class Audit:
    """The API server's log of changes, read from where it ended before."""

    def __init__(self, file):
        self.file, self.offset, self.there = pathlib.Path(file), 0, set()

    def entries(self):
        with self.file.open("rb") as log:
            log.seek(self.offset)
            lines = log.read().split(b"\n")
        # The last one may be half written.
        self.offset += sum(len(line) + 1 for line in lines[:-1])
        entries = [json.loads(line) for line in lines[:-1] if line]
        return [entry for entry in entries if "dryRun=All" not in entry["requestURI"]]

    def note(self, entry, code):
        """Keeps account of what pods can name."""
        wanted = entry.get("objectRef", {})
        kind, space, name = KINDS.get(wanted.get("resource")), wanted.get("namespace"), wanted.get("name")
        if kind and code < 300 and not wanted.get("subresource"):
            if entry["verb"] == "deletecollection":
                self.there = {one for one in self.there if one[:2] != (space, kind)}
            elif entry["verb"] == "delete":
                self.there.discard((space, kind, name))
            else:
                self.there.add((space, kind, name))

    def check(self, allowed=lambda entry: False):
        """Holds that nothing was refused, nothing breaks the namespace's rule, and no pod came too early; returns what was made."""
        made, wrong = set(), []
        for entry in self.entries():
            wanted, answer = entry.get("objectRef", {}), entry.get("responseStatus", {})
            name = "/".join(filter(None, (wanted.get("namespace"), wanted.get("resource"), wanted.get("name"))))
            code, notes = answer.get("code", 0), entry.get("annotations", {})
            self.note(entry, code)
            if code == 201 and not wanted.get("subresource"):
                made.add(name)
            if allowed(entry):
                continue
            if code >= 400 and code not in IN_GOOD_ORDER:
                wrong.append(f"{entry['verb']} {name} by {entry['user']['username']} was refused with {code}: {answer.get('message')}")
            if violation := notes.get("pod-security.kubernetes.io/audit-violations"):
                wrong.append(f"{name} breaks what the namespace enforces: {violation}")
            # Kubernetes' own controllers still write what it calls deprecated.
            if notes.get("k8s.io/deprecated") == "true" and entry["user"]["username"] == "admin":
                wrong.append(f"{name} uses a deprecated API: {entry['requestURI']}")
            if code == 201 and wanted.get("resource") == "pods" and not wanted.get("subresource"):
                pod = entry["responseObject"]
                missing = sorted(one for one in need(pod["spec"]) if (wanted["namespace"], *one) not in self.there)
                if missing:
                    wrong.append(f"a pod of {wanted['namespace']} ({pod['metadata'].get('generateName', name)}) waits for {missing}")
        require(not wrong, "; ".join(dict.fromkeys(wrong)))
        return made

    def skip(self):
        """Passes over what was written so far."""
        self.check(allowed=lambda entry: True)

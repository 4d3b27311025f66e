#!/usr/bin/env python3
"""A real API server takes the chart, in namespaces that enforce the pod security standard *restricted*.

    deploy/helm/checks/cluster.py run CRDS...     every scenario below, in a cluster of scripts/cluster that it starts and removes;
                                                  CRDS are files or folders of definitions (KEDA, PodMonitor, Gateway API)
    deploy/helm/checks/cluster.py keep            keeps what the chart renders now in previous/, for the upgrades of later
                                                  versions: part of every release

helm and kubectl are those of PATH. `TEST_FULL=1 scripts/chart` calls it.
"""
import json, pathlib, subprocess, sys, tempfile, time
from audit import Audit, Broken, require
from release import Cluster, Release, kubectl, remove_all, run, until

ROOT = pathlib.Path(__file__).resolve().parents[3]
CHART = ROOT / "deploy/helm/ombud"
PREVIOUS = pathlib.Path(__file__).resolve().parent / "previous"
EXAMPLES = sorted((CHART / "ci").glob("*.yaml"))
DEFAULT = CHART / "ci/default.yaml"
# Those whose rendering is kept: setup as a hook, setup as a Job, and replicas that an autoscaler sets.
KEPT = ("default", "gitops", "keda")
# Setup as a hook of helm's, which is the default, or as an ordinary Job.
AS_JOB = ("--set", "setup.hook=false")


def images(tag):
    """Every image with a tag; scripts/cluster.d/stages.yaml says what its program then does."""
    return tuple(word for image in ("image", "imageCore") for word in ("--set", f"{image}.tag={tag},{image}.digest="))


def scaled(objects):
    """The Deployments whose replicas an autoscaler sets."""
    return {o["spec"]["scaleTargetRef"]["name"] for o in objects if o["kind"] in ("HorizontalPodAutoscaler", "ScaledObject")}


def left_of(release):
    """What carries the release's label, of all kinds that a namespace can hold, but for what has ended: its output can be read."""
    kinds = set(kubectl("api-resources", "--namespaced", "--verbs=list", "--output=name").split())
    # kubectl warns of the first, which are slices of the same today.
    found = release.get(",".join(sorted(kinds - {"endpoints"})), "app.kubernetes.io/instance=ombud")
    return sorted({f"{o['kind']}/{o['metadata']['name']}" for o in found
                   if o["kind"] != "Job" and (o["kind"] != "Pod" or o["status"]["phase"] != "Succeeded")})


def jobs_of(release):
    return {job["metadata"]["name"]: job["status"] for job in release.get("jobs")}


def an_example_lives_from_install_to_uninstall(cluster, example):
    """Validated, installed, tested, upgraded to another image, rolled back, removed."""
    release = Release(f"lives-{example.stem}", CHART, example)
    objects = release.validate()
    release.provide(objects)
    release.helm("install")
    release.settled()
    before = release.templates()
    require(before, "nothing was deployed")
    for job in release.get("jobs"):
        require(job["status"].get("succeeded"), f"{job['metadata']['name']} has not ended well: {job['status']}")
        require("helm.sh/hook" not in job["metadata"].get("annotations", {})
                or all(job["status"]["completionTime"] <= d["metadata"]["creationTimestamp"] for d in release.deployments().values()),
                f"{job['metadata']['name']} did not end before the workers came")
    for cron in release.get("cronjobs"):
        name = f"{cron['metadata']['name'][:40]}-now"
        kubectl("create", "job", name, f"--from=cronjob/{cron['metadata']['name']}", "--namespace", release.namespace)
        until(f"{name} ends", lambda: jobs_of(release)[name].get("succeeded"))
    run("helm", "test", "ombud", "--namespace", release.namespace, f"--timeout={60}s")

    # Where an autoscaler has set the replicas, an upgrade leaves them.
    for name in scaled(objects):
        kubectl("scale", f"deployment/{name}", "--replicas=4", "--namespace", release.namespace)
    identities = {name: d["metadata"]["uid"] for name, d in release.deployments().items()}
    release.helm("upgrade", settings=images("next"))
    release.settled()
    after = release.deployments()
    require({n: d["metadata"]["uid"] for n, d in after.items()} == identities, "an upgrade made a Deployment anew")
    require(all(c["image"].endswith(":next") for d in after.values() for c in d["spec"]["template"]["spec"]["containers"]
                if "ombud" in c["image"]), "an upgrade left an old image")
    for name in scaled(objects):
        require(after[name]["spec"]["replicas"] == 4, f"an upgrade took the replicas of {name} from its autoscaler")

    release.rollback(1)
    release.settled()
    require(release.templates() == before, "a rollback does not bring back what was there")
    run("helm", "uninstall", "ombud", "--namespace", release.namespace, "--wait", f"--timeout={60}s")
    until("all is gone", lambda: not left_of(release), 60, lambda: f"{left_of(release)} are left")
    return len(objects)


def previous_chart(rendering, folder):
    """A chart of the same name that renders exactly what was kept."""
    chart = pathlib.Path(folder) / "ombud"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: ombud\nversion: 0.0.1\n")
    (chart / "rendering.yaml").write_text(rendering.read_text())
    (chart / "templates/all.yaml").write_text('{{ .Files.Get "rendering.yaml" }}')
    return chart


def the_previous_version_is_upgraded(cluster, rendering):
    """From the rendering that was kept, to the chart as it is now, and back."""
    example = CHART / "ci" / rendering.name
    release = Release("previous", CHART, example)
    release.provide(release.validate())
    with tempfile.TemporaryDirectory() as folder:
        release.helm("install", chart=previous_chart(rendering, folder))
    release.settled()
    before, identities = release.templates(), {n: d["metadata"]["uid"] for n, d in release.deployments().items()}
    release.helm("upgrade", settings=images("next"))
    release.settled()
    # Others may come; those that were there are updated, not made anew.
    kept = {n: d["metadata"]["uid"] for n, d in release.deployments().items()}
    require(identities.items() <= kept.items(), f"the upgrade removed a Deployment, or made it anew: {identities} became {kept}")
    release.rollback(1)
    release.settled()
    require(release.templates() == before, "a rollback does not bring back the previous version")


def setup_is_an_ordinary_job(cluster, example):
    """As GitOps tools want it: no hook, and an upgrade does not meet a Job that can't be changed."""
    release = Release("setup-job", CHART, example, AS_JOB)
    objects = release.validate()
    release.provide(objects)
    setups = [o for o in objects if o["kind"] == "Job" and "setup" in o["metadata"]["name"]]
    require(setups and not any("helm.sh/hook" in note for o in setups for note in o["metadata"].get("annotations", {})),
            "setup is still a hook")
    release.helm("install", "--wait-for-jobs")
    release.settled()
    first = jobs_of(release)
    release.helm("upgrade", "--wait-for-jobs", settings=images("next"))
    release.settled()
    require(jobs_of(release).keys() != first.keys(), f"the upgrade ran no setup: there is {list(first)} as before")
    release.rollback(1)
    release.settled()


def a_hook_that_fails_stops_the_release(cluster, example):
    """Nothing is deployed on topics that are not set up; what ran before runs on; the next good version goes through."""
    release = Release("hook-fails", CHART, example)
    release.provide(release.validate())
    impatient = ("--set", "setup.backoffLimit=0")
    said = release.helm("install", settings=(*images("fails"), *impatient), fails=True)
    require("pre-install" in said and "setup" in said, f"helm does not name the hook that failed: {said}")
    require(release.revision()[1] == "failed" and not release.deployments(), "a failed hook left something deployed")
    run("helm", "uninstall", "ombud", "--namespace", release.namespace)

    release.helm("install", settings=impatient)
    release.settled()
    before, ready = release.templates(), release.ready()
    said = release.helm("upgrade", settings=(*images("fails"), *impatient), fails=True)
    require("pre-upgrade" in said and "setup" in said, f"helm does not name the hook that failed: {said}")
    require(release.revision() == (2, "failed"), f"the release is {release.revision()}")
    require((release.templates(), release.ready()) == (before, ready), "a failed hook changed what runs")
    release.helm("upgrade", settings=(*images("next"), *impatient))
    release.settled()
    return said.strip().splitlines()[-1]


def a_version_that_is_never_ready_takes_nothing_away(cluster, example):
    """The rollout stops at its first pod: all that served goes on serving, until the rollback."""
    release = Release("never-ready", CHART, example)
    release.provide(release.validate())
    release.helm("install")
    release.settled()
    before, ready = release.templates(), release.ready()
    release.helm("upgrade", settings=images("never-ready"), fails=True, timeout=15)
    require(release.ready() == ready, f"of {ready} only {release.ready()} are ready")
    release.rollback(1)
    release.settled()
    require(release.templates() == before and release.ready() == ready, "a rollback does not bring back what was there")


def a_node_can_be_drained(cluster, example):
    """Disruption budgets let every pod go, one after the other, and others take over on the nodes that are left."""
    release = Release("drained", CHART, example)
    release.provide(release.validate())
    release.helm("install")
    release.settled()
    for node in ("node-a", "node-b", "node-c"):
        run("kubectl", "drain", node, "--delete-emptydir-data", "--pod-selector=app.kubernetes.io/instance=ombud",
            "--timeout=90s", "--skip-wait-for-delete-timeout=0", "--grace-period=1")
        pods = release.settled()
        there = [p["metadata"]["name"] for p in pods if p["spec"].get("nodeName") == node and p["status"]["phase"] == "Running"]
        require(not there, f"{there} still run on {node}")
        kubectl("uncordon", node)


def what_breaks_the_rule_is_seen(cluster, example):
    """The check itself: a pod without restrictions, an unknown field, an impossible port."""
    release = Release("control", CHART, example)
    container = {"name": "ombud", "image": "ombud:1"}
    labels = {"app": "ombud"}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "bare", "namespace": release.namespace},
                  "spec": {"selector": {"matchLabels": labels},
                           "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}}
    text = json.dumps(deployment)
    strict = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-")
    kubectl(*strict, "--warnings-as-errors", text=text, fails=True)
    container |= {"ports": [{"containerPort": 99464}], "restrictions": []}
    said = kubectl(*strict, text=json.dumps(deployment), fails=True)
    require("restrictions" in said, f"an unknown field is taken: {said}")
    del container["restrictions"]
    said = kubectl(*strict, text=json.dumps(deployment), fails=True)
    require("99464" in said, f"an impossible port is taken: {said}")
    cluster.audit.skip()

    subprocess.run(["kubectl", "apply", "--server-side", "-f", "-"], input=text, text=True, capture_output=True, check=True)
    def refused():
        try:
            cluster.audit.check()
        except Broken as found:
            return str(found)
    said = until("the audit log names a pod that was refused", refused, 30)
    require("control/" in said and "restricted" in said, said)
    kubectl("delete", "deployment", "bare", "--namespace", release.namespace)
    cluster.audit.skip()


def eviction_that_waits(entry):
    """A disruption budget's answer while another pod is still on its way."""
    return entry.get("objectRef", {}).get("subresource") == "eviction" and entry["responseStatus"]["code"] == 429


def run_all(definitions):
    require(EXAMPLES, f"there is no example in {CHART / 'ci'}")
    kept = [PREVIOUS / f"{name}.yaml" for name in KEPT]
    require(all(file.exists() for file in kept), f"{PREVIOUS} lacks what was kept: deploy/helm/checks/cluster.py keep")
    scenarios = [
        *((an_example_lives_from_install_to_uninstall, example) for example in EXAMPLES),
        *((the_previous_version_is_upgraded, rendering) for rendering in kept),
        *((scenario, DEFAULT) for scenario in (
            setup_is_an_ordinary_job, a_hook_that_fails_stops_the_release, a_version_that_is_never_ready_takes_nothing_away,
            a_node_can_be_drained, what_breaks_the_rule_is_seen)),
    ]
    made, failed, start = set(), 0, time.monotonic()
    with Cluster(ROOT) as cluster:
        for folder in definitions:
            kubectl("apply", "--server-side", "--recursive", "-f", folder)
        kubectl("wait", "--for=condition=Established", "customresourcedefinitions", "--all", "--timeout=60s")
        cluster.audit = Audit(f"{cluster.folder}/audit.jsonl")
        cluster.audit.check()
        for scenario, argument in scenarios:
            name, began = f"{scenario.__name__.replace('_', ' ')} ({argument.stem})", time.monotonic()
            try:
                result = scenario(cluster, argument)
                made |= cluster.audit.check(eviction_that_waits)
                print(f"ok      {name}, {time.monotonic() - began:.0f} s{f': {result}' if result else ''}", flush=True)
            except Broken as broken:
                failed += 1
                print(f"FAILED  {name}: {broken}", flush=True)
            remove_all()
            cluster.audit.skip()
    print(json.dumps({"scenarios": len(scenarios), "failed": failed, "objects": len(made),
                      "seconds": round(time.monotonic() - start)}))
    return 1 if failed else 0


def keep():
    PREVIOUS.mkdir(exist_ok=True)
    for name in KEPT:
        rendered = run("helm", "template", "ombud", str(CHART), "--namespace", "previous", "--values", f"{CHART}/ci/{name}.yaml")
        (PREVIOUS / f"{name}.yaml").write_text(rendered)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["run", *definitions] if definitions:
            sys.exit(run_all(definitions))
        case ["keep"]:
            keep()
        case _:
            sys.exit(__doc__)

"""What runs once or now and then: setup, learn, report, and the doctor of `helm test`."""

from . import promise


@promise
def setup_comes_before_each_install_and_upgrade(r):
    if r.name not in ("gitops", "next setup", "wider"):
        setup = r.one("Job", "-setup")
        yield setup.place, {*setup.annotations["helm.sh/hook"].split(",")} == {"pre-install", "pre-upgrade"}
        # No Job may be changed: the old one goes before the new one comes.
        yield setup.place, setup.annotations["helm.sh/hook-delete-policy"] == "before-hook-creation"


@promise
def what_setup_needs_comes_before_it(r):
    setup = r.one("Job", "-setup")
    if setup.is_hook:
        hooks = [each for each in r.objects if each.annotations.get("helm.sh/hook") == setup.annotations["helm.sh/hook"]]
        before = [each for each in hooks if int(each.annotations["helm.sh/hook-weight"]) < int(setup.annotations["helm.sh/hook-weight"])]
        yield setup.place, {each.kind for each in before} == {"ServiceAccount", "ConfigMap", "NetworkPolicy"}
        yield setup.place, setup.pod["serviceAccountName"] in {each.name for each in before if each.kind == "ServiceAccount"}
        # Uninstalling leaves hooks behind, so they go by themselves.
        yield setup.place, all("hook-succeeded" in each.annotations["helm.sh/hook-delete-policy"] for each in before)


@promise
def setup_reads_the_same_settings_as_the_workers(r):
    for each in r.kind("ConfigMap"):
        if each.is_hook:
            (plain,) = [one for one in r.kind("ConfigMap") if "ombud.toml" in one.of("data") and not one.is_hook]
            yield each.place, each.of("data") == plain.of("data")


@promise
def setup_ends(r):
    for each in r.kind("Job"):
        spec = each.of("spec")
        yield each.place, spec["activeDeadlineSeconds"] <= 3600 and spec["backoffLimit"] <= 6
        yield each.place, each.pod["restartPolicy"] == "Never"


@promise
def a_hook_is_kept_for_a_look_and_goes_by_itself(r):
    for each in r.kind("Job"):
        if each.is_hook:
            yield each.place, each.of("spec.ttlSecondsAfterFinished") >= 600


@promise
def setup_as_an_ordinary_job_is_no_hook_and_stays(r):
    """GitOps would make a Job again that its time to live took away."""
    if r.name == "gitops":
        (setup,) = r.kind("Job")
        yield setup.place, not setup.is_hook and "ttlSecondsAfterFinished" not in setup.of("spec")
        yield setup.place, not any(each.is_hook for each in r.objects if each.kind != "Pod")


@promise
def another_content_is_another_job(r):
    if r.name == "next setup":
        (now,), (before,) = r.kind("Job"), r.other("gitops").kind("Job")
        yield now.place, now.name != before.name and now.name.startswith("triage-setup-")


@promise
def setup_makes_as_many_partitions_and_copies_as_are_said(r):
    args = r.one("Job", "").container["args"]
    copies = ["--replication-factor", "3"] if r.name in ("gitops", "next setup") else []
    wanted = ["--widen", "96"] if r.name == "wider" else ["--partitions", "48", *copies]
    yield "setup", args == ["setup", *wanted]


@promise
def helm_test_runs_the_doctor(r):
    doctor = r.one("Pod", "-doctor")
    yield doctor.place, doctor.annotations["helm.sh/hook"] == "test" and doctor.pod["restartPolicy"] == "Never"
    # What it printed stays until the next test: `helm test --logs` asks for it once it has ended.
    yield doctor.place, doctor.annotations["helm.sh/hook-delete-policy"] == "before-hook-creation"


@promise
def no_scheduled_job_runs_beside_itself(r):
    for each in r.kind("CronJob"):
        yield each.place, each.of("spec.concurrencyPolicy") == "Forbid" and each.of("spec.timeZone") == "Etc/UTC"


@promise
def a_job_that_found_nothing_is_not_tried_again(r):
    for each in r.kind("CronJob"):
        (rule,) = each.of("spec.jobTemplate.spec.podFailurePolicy.rules")
        yield each.place, rule["action"] == "FailJob" and rule["onExitCodes"]["values"] == [2, 3]
        yield each.place, each.pod["restartPolicy"] == "Never"


@promise
def a_killed_learner_goes_on_where_it_was(r):
    """Its folder is the run's own: the next pod of the same Job finds it, and the next Job begins another."""
    for each in r.kind("CronJob"):
        if each.role == "learn":
            yield each.place, each.container["args"][-2:] == ["--out", "/data/learn/$(RUN)/challenger"]
            label = "metadata.labels['batch.kubernetes.io/job-name']"
            yield each.place, each.env["RUN"] == {"fieldRef": {"fieldPath": label}}


@promise
def a_learners_folder_is_its_claim(r):
    if r.name == "pvc-models":
        learn = r.one("CronJob", "-learn")
        (data,) = [volume for volume in learn.pod["volumes"] if volume["name"] == "data"]
        yield learn.place, data["persistentVolumeClaim"]["claimName"] == "learn"


@promise
def a_report_is_of_the_time_that_was_said(r):
    wanted = {"pvc-models": "30d", "gitops": "7d"}
    if r.name in wanted:
        yield "report", r.one("CronJob", "-report").container["args"] == ["report", "quality", "--since", wanted[r.name]]

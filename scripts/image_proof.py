#!/usr/bin/env python3
"""Starts every role in the images' file systems as a restricted pod would, and routes the sample there.

    scripts/image_proof.py CORE-ROOT CORE-CONFIG.json FULL-ROOT FULL-CONFIG.json       # as `buildah inspect` prints them

Each process is the first of its own, as user 65532 without groups and capabilities, on a root that is read-only; /tmp and /data are
empty and the only places that it may write, /models is mounted read-only. What it finds in its environment is the image's, and where
the servers are (scripts/services env). It prints a JSON object: seconds until ready, seconds to stop and the most memory of each role.
"""
import gzip, hashlib, http.client, json, os, pathlib, re, secrets, signal, subprocess, sys, tempfile, time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
USER = 65532
# What a kubelet asks is under the pod's own address.
POD = "10.42.0.17:8080"
READY_S, ROUTED_S, STOPPED_S, COMMAND_S = 180, 300, 20, 600
SAMPLE = 300
SERVERS = ("OMBUD_KAFKA_", "OMBUD_KAFKA__", "OMBUD_REGISTRY_", "OMBUD_CQL_")
# A mount namespace's first process: the image read-only, what a container engine adds, and then the role by the image's user.
CONTAIN = r"""set -e
root=$1 models=$2 folder=$3; shift 3
mount --bind "$root" "$root"
mount -o remount,bind,ro,nosuid,nodev "$root"
for writable in tmp data; do mount -t tmpfs -o nosuid,nodev,gid=65532,mode=2777 "$writable" "$root/$writable"; done
if [[ -n $models ]]; then
  mount --bind "$models" "$root/models"
  mount -o remount,bind,ro,nosuid,nodev "$root/models"
fi
mount -t proc proc "$root/proc"
mount -t tmpfs -o nosuid,mode=755 dev "$root/dev"
for device in null zero random urandom; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mount -o remount,ro "$root/dev"
setpriv=$(command -v setpriv) unshare=$(command -v unshare)
# Programs are looked for in the image from here on.
PATH=$IMAGE_PATH
unset IMAGE_PATH
export -n PWD OLDPWD SHLVL
exec "$setpriv" --no-new-privs --bounding-set=-all,+setgid,+setuid,+sys_chroot \
  "$unshare" --root="$root" --wd="$folder" --setgid=65532 --setuid=65532 "$@"
"""


class Failed(Exception):
    pass


def ensure(holds, *what):
    if not holds:
        raise Failed(*what)


def until(bound_s, what, answer):
    """The first answer that is not None."""
    end = time.monotonic() + bound_s
    while (found := answer()) is None:
        ensure(time.monotonic() < end, f"{what}: not within {bound_s} s")
        time.sleep(0.1)
    return found


class Image:
    def __init__(self, root, config, work):
        self.root, self.work = root, work
        self.config = json.loads(pathlib.Path(config).read_text())["OCIv1"]["config"]
        ensure(self.config["User"] == f"{USER}:{USER}", f"the image runs as {self.config['User']}")
        ensure(self.config["Entrypoint"] == ["/opt/ombud/ombud"], self.config["Entrypoint"])
        for label in ("title", "description", "version", "revision", "licenses"):
            ensure(self.config["Labels"].get(f"org.opencontainers.image.{label}"), f"the label {label} says nothing")

    def start(self, words, variables, models, **streams):
        env = dict(pair.split("=", 1) for pair in self.config["Env"]) | variables
        inside = ["bash", "-c", CONTAIN, "contain", self.root, str(models or ""), self.config["WorkingDir"], *words]
        outside = {"IMAGE_PATH": env["PATH"], "PATH": os.environ["PATH"]}
        return subprocess.Popen(["unshare", "--mount", "--pid", "--fork", *inside], env=env | outside, **streams)

    def run(self, *arguments, variables, models=None, stdin=None, code=0):
        """Runs a command to its end, as `kubectl exec` finds it; gives what it printed."""
        ended, out, log = self.end_of(arguments, variables, models, stdin)
        ensure(ended == code, f"ombud {' '.join(arguments)} ended with {ended}: {(out + log)[-3000:]}")
        return out + log if code else out

    def end_of(self, arguments, variables, models=None, stdin=None):
        """Exit code, stdout and stderr."""
        process = self.start(["ombud", *arguments], variables, models, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, log = process.communicate(stdin, timeout=COMMAND_S)
        except subprocess.TimeoutExpired as late:
            kill(process)
            raise Failed(f"ombud {' '.join(arguments)} goes on after {COMMAND_S} s") from late
        return process.returncode, out.decode(), log.decode()


def child_of(process):
    """The process in the namespaces."""
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(children[0]) if children else None


def kill(process):
    try:
        os.kill(child_of(process) or process.pid, signal.SIGKILL)
    except (OSError, ValueError):
        pass
    process.wait()


class Role:
    """A long-lived role in its own container."""

    def __init__(self, image, words, variables, models=None):
        self.name, self.log = words[0], image.work / f"{words[0]}.log"
        self.began = time.monotonic()
        with self.log.open("wb") as log:
            self.process = image.start([*image.config["Entrypoint"], *words], variables, models, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.said = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            kill(self.process)

    def last_words(self):
        return "\n".join(self.log.read_text().splitlines()[-15:])

    def address(self):
        ensure(self.process.poll() is None, f"{self.name} ended with {self.process.returncode} before it was ready:\n{self.last_words()}")
        found = re.search(r'"address":"0\.0\.0\.0:(\d+)".*"listening"|"listening".*"address":"0\.0\.0\.0:(\d+)"', self.log.read_text())
        return found and int(found[1] or found[2])

    def get(self, path, host=POD, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path, headers={"Host": host, **headers})
        response = connection.getresponse()
        return response.status, response.read().decode()

    def wait_until_ready(self):
        self.port = until(READY_S, f"{self.name} listens", self.address)
        try:
            until(READY_S, f"{self.name} is ready", lambda: self.address() and self.get("/readyz")[0] == 200 or None)
        except Failed as late:
            raise Failed(f"{late}; {self.get('/readyz')}:\n{self.last_words()}") from late
        self.said["ready_s"] = round(time.monotonic() - self.began, 1)
        for path in ("/healthz", "/metrics"):
            ensure(self.get(path)[0] == 200, f"{self.name}: {path} answers {self.get(path)}")
        self.look_from_outside()

    def look_from_outside(self):
        """What the kernel says about the process: who it is, and where it may write."""
        about = pathlib.Path(f"/proc/{child_of(self.process)}")
        status = dict(line.split(":\t", 1) for line in (about / "status").read_text().splitlines() if ":\t" in line)
        for field, wanted in {"Uid": f"{USER}\t" * 3 + str(USER), "Gid": f"{USER}\t" * 3 + str(USER), "Groups": "", "NoNewPrivs": "1",
                              "CapEff": "0" * 16, "CapPrm": "0" * 16, "CapAmb": "0" * 16}.items():
            ensure(status[field].strip() == wanted, f"{self.name}: {field} is {status[field]!r}")
        ensure(status["NSpid"].split()[-1] == "1", f"{self.name} is no first process: {status['NSpid']}")
        mounts = [line.split() for line in (about / "mountinfo").read_text().splitlines()]
        writable = {mount[4] for mount in mounts if "rw" in mount[5].split(",")} - {"/proc"}
        ensure(writable - {f"/dev/{name}" for name in ("null", "zero", "random", "urandom")} == {"/tmp", "/data"}, f"{self.name} may write {writable}")
        ensure(not any(mount[4] == "/" and "rw" in mount[5].split(",") for mount in mounts), f"{self.name}: its root may be written")

    def most_memory(self):
        status = pathlib.Path(f"/proc/{child_of(self.process)}/status").read_text()
        self.said["rss_mb"] = round(int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024)

    def stop(self):
        """SIGTERM, as a kubelet sends it; it has to end well."""
        self.most_memory()
        began = time.monotonic()
        os.kill(child_of(self.process), signal.SIGTERM)
        try:
            code = self.process.wait(STOPPED_S)
        except subprocess.TimeoutExpired as late:
            raise Failed(f"{self.name} goes on {STOPPED_S} s after SIGTERM:\n{self.last_words()}") from late
        ensure(code == 0, f"{self.name} ended with {code} after SIGTERM:\n{self.last_words()}")
        self.said["stop_s"] = round(time.monotonic() - began, 1)


def deployment():
    """Variables of a deployment of its own on the servers."""
    ensure(all(os.environ.get(name) for name in ("OMBUD_KAFKA_BOOTSTRAP", "OMBUD_REGISTRY_URL", "OMBUD_CQL_NODES")),
           'no servers are named: scripts/services start, and eval "$(scripts/services env)"')
    name = f"image{secrets.token_hex(4)}"
    servers = {key: value for key, value in os.environ.items() if key.startswith(SERVERS)}
    return servers | {"OMBUD_TOPICS__PREFIX": f"{name}.", "OMBUD_CQL__KEYSPACE": name}


def routed(core, variables):
    lines = core.run("tail", f"{variables['OMBUD_TOPICS__PREFIX']}complaints.routed", "--json", "--from", "start", variables=variables).splitlines()
    return {value["complaint_id"]: value["why"] for value in (json.loads(line)["value"] for line in lines)}


def prove(core, full):
    own, models = deployment(), REPOSITORY / "models"
    mounted = own | {"OMBUD_MODELS": "/models"}
    begin = ("--partitions", "4", "--replication-factor", "1")
    # What the images say by themselves: where a kubelet finds the port, and that nothing computes without libtorch.
    shown = core.run("config", "show", variables={})
    ensure("0.0.0.0:8080" in shown and "/data" in shown, shown)
    ensure("ombud-torch, which is not there" in core.run("infer", "--task", "all", variables=own, code=1), "infer says what is missing")
    # The full image has its own models, and the small one those that are mounted.
    foreseen = full.run("setup", *begin, "--dry-run", variables=deployment())
    ensure("strategy" in foreseen, foreseen)
    core.run("setup", *begin, variables=mounted, models=models)
    core.run("setup", *begin, variables=mounted, models=models)

    listening = {"OMBUD_HTTP__ADDRESS": "0.0.0.0:0"}
    token = secrets.token_hex(32)
    console_settings = own | listening | {"OMBUD_HTTP__TOKENS__PROOF": hashlib.sha256(token.encode()).hexdigest()}
    with (Role(full, ["infer", "--task", "all"], mounted | listening, models) as infer, Role(core, ["join"], own | listening) as join,
          Role(core, ["archive"], own | listening) as archive, Role(core, ["console"], console_settings) as console):
        # In this order a slow one makes no other look slow.
        roles = [join, archive, console, infer]
        for role in roles:
            role.wait_until_ready()
        here = f"127.0.0.1:{console.port}"
        ensure(console.get("/api/openapi.json", here, Authorization=f"Bearer {token}")[0] == 200, "the API answers who has a token")
        ensure(console.get("/api/openapi.json", here)[0] == 401, "the API answers nobody without one")

        began = time.monotonic()
        core.run("send", "-", variables=own, stdin=gzip.decompress((REPOSITORY / "examples/complaints-sample.csv.gz").read_bytes()))
        routes = until(ROUTED_S, f"{SAMPLE} complaints are routed", lambda: found if len(found := routed(core, own)) >= SAMPLE else None)
        seconds = time.monotonic() - began
        why = {name: sum(it == name for it in routes.values()) for name in sorted(set(routes.values()))}
        ensure(len(routes) == SAMPLE and set(why) <= {"COMPLETE", "DEADLINE", "AMENDED"} and why.get("COMPLETE", 0) + why.get("AMENDED", 0) > 0, why)
        kept = re.compile(r'^ombud_lag_records\{[^}]*\} ([0-9.]+)$', re.M)
        until(ROUTED_S, "the archive keeps them", lambda: (lags := kept.findall(archive.get("/metrics")[1])) and not any(map(float, lags)) or None)

        core.run("doctor", variables=mounted, models=models)
        # Signed by the login name of the image's user; a report of no verdict at all ends with 3.
        core.run("feedback", min(routes), "confirmed", variables=own)
        report = ("report", "quality", "--since", "30d", "--json")
        until(ROUTED_S, "the verdict is reported", lambda: core.end_of(report, own)[0] == 0 or None)
        learned = full.run("learn", "/models/complaints-sample.csv.gz", "--out", "/data/learned", "--json", variables=own, models=REPOSITORY / "examples")
        ensure(json.loads(learned.splitlines()[-1]), learned)
        for role in roles:
            role.stop()
        return {"routed": len(routes), "why": why, "seconds": round(seconds, 1), "roles": {role.name: role.said for role in roles}}


def main():
    with tempfile.TemporaryDirectory() as folder:
        core_root, core_config, full_root, full_config = sys.argv[1:]
        work = pathlib.Path(folder)
        core, full = Image(core_root, core_config, work), Image(full_root, full_config, work)
        try:
            print(json.dumps(prove(core, full)))
        except Failed as failure:
            sys.exit(f"image: {failure}")


if __name__ == "__main__":
    main()

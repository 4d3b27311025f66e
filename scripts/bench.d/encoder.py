"""The encoder that ships, beside what others make of the same network."""

import json
import pathlib
import subprocess
import tempfile

import complaints
from embedded import environment
from measure import run

HERE = pathlib.Path(__file__).resolve().parent
# Settings of each peer: texts at once.
BATCHES = (16, 32, 64)
PEERS = ("transformers", "transformers_sorted", "sentence_transformers", "onnxruntime", "onnxruntime_int8")
# What starting takes is taken off by a run over so many.
FEW = 64


def served(ombud, env, count):
    """`up --once` with the default model, which is the encoder and the bag: what `count` complaints more take."""
    few, many = (flow(ombud, env, size) for size in (FEW, FEW + count))
    return {"texts_per_s": count / (many.wall_s - few.wall_s), "texts_per_cpu_s": count / (many.cpu_s - few.cpu_s)}


def flow(ombud, env, count):
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        folder = pathlib.Path(folder)
        (folder / "data").mkdir()
        file = complaints.write(folder / "complaints.csv", count)
        return run([ombud, "up", "--once", file], environment(env, folder / "data", complaints.ROOT / "models"), folder)


def peer(side, env, folder, count, batch):
    """One peer in a process of its own, with as many threads as there are cores, that do not spin."""
    own = env | {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONPATH": env["BENCH_TRANSFORMERS"], "TOKENIZERS_PARALLELISM": "true"}
    command = [f"{env['BENCH_PEERS']}/bin/python", "-W", "ignore", HERE / "encoder_peer.py", side, folder]
    done = subprocess.run([*command, str(count), str(batch)], env=own, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1])

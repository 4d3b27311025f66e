"""Times steps of fine-tuning in transformers; scripts/python-steps runs it in its environment.

What costs time is as in Ombud's default recipe: batches of like length, texts cut to their head and tail, embeddings
and the lowest layers frozen, a head a task that pools by a query, dropout, AdamW with a rate a layer, clipping, a moving
average of the weights. The coarse level's loss, a few additions a step, is left out.
"""

import argparse
import csv
import gzip
import math
import pathlib
import random
import re
import time

import tokenizers
import torch
import transformers
from torch import nn
from torch.nn import functional

BATCH, BATCHES_A_BLOCK = 16, 40
MAX_TOKENS, HEAD_SHARE = 256, 0.63
FROZEN_LAYERS = 2
RATE, RATE_A_LAYER, HEAD_RATE = 1.5e-4, 0.9, 1e-3
SMOOTHING, AVERAGE = 0.05, 0.998
WEIGHTS = {"product": 1.0, "issue": 1.0, "vulnerable": 0.3}
UNLABELLED = -100

REDACTED = re.compile(r"\bX{2,}(?:[\s/,.\-]*X{2,})*\b")


def read(file):
    """Each row's narrative with its labels, and how many labels a task has."""
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    sets = {task: sorted({row[task] for row in rows if row[task]}) for task in ("product", "issue")}
    places = {task: {label: at for at, label in enumerate(labels)} for task, labels in sets.items()}

    def labels(row):
        known = row["tags_known"] == "True" and row["tags_all_positive"] == "False"
        return {
            **{task: places[task].get(row[task], UNLABELLED) for task in places},
            "vulnerable": int(bool(row["tags"])) if known else UNLABELLED,
        }

    rows = [(row["narrative"], labels(row)) for row in rows]
    return rows, {**{task: len(labels) for task, labels in sets.items()}, "vulnerable": 1}


def reader(base):
    """Gives a text's ids, cleaned and cut as Ombud does."""
    tokenizer = tokenizers.Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    head = 1 + math.ceil((MAX_TOKENS - 2) * HEAD_SHARE)

    def ids(narrative):
        text = re.sub(r"\.00\b", "", re.sub(r"[{}]", "", narrative))
        found = tokenizer.encode(REDACTED.sub("xx", text)).ids
        return found if len(found) <= MAX_TOKENS else found[:head] + found[head - MAX_TOKENS :]

    return ids


def batches(rows, ids, steps):
    """So many batches of an epoch: of like length, in random order."""
    drawn = random.Random(1)
    drawn.shuffle(rows)
    block = BATCH * BATCHES_A_BLOCK
    made = []
    for start in range(0, min(len(rows), math.ceil(steps / BATCHES_A_BLOCK) * block), block):
        lessons = [(ids(narrative), labels) for narrative, labels in rows[start : start + block]]
        lessons.sort(key=lambda lesson: len(lesson[0]))
        made += [lessons[at : at + BATCH] for at in range(0, len(lessons), BATCH)]
    drawn.shuffle(made)
    return made[:steps]


class Classifier(nn.Module):
    """A body and a head a task, which weighs all tokens of a text by a query."""

    def __init__(self, body, labels):
        super().__init__()
        hidden = body.config.hidden_size
        self.body = body
        self.queries = nn.ParameterDict({task: nn.Parameter(torch.zeros(hidden)) for task in labels})
        self.answers = nn.ModuleDict({task: nn.Linear(hidden, count) for task, count in labels.items()})
        self.dropout = nn.Dropout(0.1)

    def forward(self, ids, mask):
        tokens = self.body(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        logits = {}
        for task, query in self.queries.items():
            scores = (tokens @ query / math.sqrt(len(query))).masked_fill(mask == 0, -math.inf)
            pooled = (scores.softmax(1).unsqueeze(2) * tokens).sum(1)
            logits[task] = self.answers[task](self.dropout(pooled))
        return logits


def loss_of(logits, labels):
    total = 0.0
    for task, weight in WEIGHTS.items():
        truth = torch.tensor([one[task] for one in labels])
        labelled = truth != UNLABELLED
        if not labelled.any():
            continue
        said, truth = logits[task][labelled], truth[labelled]
        if task == "vulnerable":
            loss = functional.binary_cross_entropy_with_logits(said[:, 0], truth.float())
        else:
            loss = functional.cross_entropy(said, truth, label_smoothing=SMOOTHING)
        total = total + weight * loss
    return total


def groups(model):
    """Parameters with their rates; what is frozen is marked so."""
    body, layers = model.body, model.body.encoder.layer
    for part in [body.embeddings, *layers[:FROZEN_LAYERS]]:
        part.requires_grad_(False)
    top = len(layers) - 1
    trained = [(layer, RATE * RATE_A_LAYER ** (top - at)) for at, layer in enumerate(layers)][FROZEN_LAYERS:]
    heads = [*model.queries.parameters(), *model.answers.parameters()]
    return [
        *({"params": list(layer.parameters()), "lr": rate} for layer, rate in trained),
        {"params": heads, "lr": HEAD_RATE},
    ]


def fast():
    """What Ombud multiplies in on this machine, where it isn't given."""
    cpu = pathlib.Path("/proc/cpuinfo")
    return "bfloat16" if cpu.exists() and "avx512_bf16" in cpu.read_text() else "float"


class FrozenTime:
    """Seconds in the frozen layers: Ombud runs them once a text and reads what they gave from then on."""

    def __init__(self, body):
        self.seconds = self.begun = 0.0
        body.embeddings.register_forward_pre_hook(self.begin)
        body.encoder.layer[FROZEN_LAYERS - 1].register_forward_hook(self.end)

    def begin(self, *_):
        self.begun = time.perf_counter()

    def end(self, *_):
        self.seconds += time.perf_counter() - self.begun


def main():
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("complaints", type=pathlib.Path)
    parse.add_argument("--base", type=pathlib.Path, required=True)
    parse.add_argument("--steps", type=int, default=100)
    parse.add_argument("--threads", type=int)
    parse.add_argument("--precision", choices=["bfloat16", "float"], default=fast())
    said = parse.parse_args()
    if said.threads:
        torch.set_num_threads(said.threads)
    torch.manual_seed(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()

    rows, labels = read(said.complaints)
    steps = batches(rows, reader(said.base), said.steps)
    model = Classifier(transformers.AutoModel.from_pretrained(said.base, add_pooling_layer=False), labels)
    optimiser = torch.optim.AdamW(groups(model), betas=(0.9, 0.98), eps=1e-6, weight_decay=0.01)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    averages = [parameter.detach().clone() for parameter in trained]
    frozen = FrozenTime(model.body)
    model.train()

    examples, begun = 0, time.perf_counter()
    for batch in steps:
        longest = max(len(ids) for ids, _ in batch)
        ids = torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in batch])
        mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in batch])
        with torch.autocast("cpu", torch.bfloat16, enabled=said.precision == "bfloat16"):
            logits = model(ids, mask)
        loss = loss_of({task: one.float() for task, one in logits.items()}, [labels for _, labels in batch])
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(averages, trained, 1 - AVERAGE)
        examples += len(batch)
    seconds = time.perf_counter() - begun
    print(
        f"{examples / seconds:.1f} examples/s in Python: {len(steps)} steps of {BATCH}, {seconds:.0f} s,"
        f" {said.precision}, {torch.get_num_threads()} threads, transformers {transformers.__version__},"
        f" torch {torch.__version__}\n"
        f"{examples / (seconds - frozen.seconds):.1f} examples/s of these without the frozen layers,"
        " which Ombud runs once a text"
    )


main()

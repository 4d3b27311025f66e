"""Explains what the default model answers with SHAP's PartitionExplainer, for our explanations to be judged beside.

    python scripts/partition_shap.py FAITHFUL SPLIT COUNT FILE

FAITHFUL is the bench of that name (benches/benches/faithful), which says what to explain and answers as the model that serves.
Each task of a complaint gets 500 evaluations of its own, of the log-odds of what was answered, over words that are there or
deleted. One line a complaint is appended to FILE; what is there already is left out, so that a run which ended early goes on.
One complaint a core is explained at a time.
scripts/faithful runs it with scripts/pins/shap.txt.
"""

import json
import multiprocessing
import os
import pathlib
import re
import subprocess
import sys
import time

import numpy as np
import shap
from shap.maskers._text import partition_tree

EVALUATIONS = 500
# The explainer's own default is 5: it chooses which group to split next between two batches.
BATCH = 10
# What the Text masker takes for the end of a segment after which a word begins, not the rest of one.
SPACE_END = re.compile(r"^.*\W$", re.DOTALL)


class Words(shap.maskers.Masker):
    """As SHAP's Text masker, over our words and with an empty mask: hidden words are deleted, and nothing else changes."""

    def __init__(self, text, words):
        self.text, self.words = text, words
        self.immutable_outputs, self.text_data = True, True

    def __call__(self, mask, _):
        left, at = [], 0
        for stays, (start, end) in zip(mask, self.words):
            if not stays:
                left.append(self.text[at:start])
                at = end
        left.append(self.text[at:])
        return (np.array(["".join(left)]),)

    def shape(self, _):
        return 1, len(self.words)

    def mask_shapes(self, _):
        return [(len(self.words),)]

    def feature_names(self, _):
        return [[self.text[start:end] for start, end in self.words]]

    def clustering(self, _):
        """SHAP's own tree over the segments of the text, each a word with what stands between it and the next."""
        ends = [start for start, _ in self.words[1:]] + [self.words[-1][1]]
        segments = [self.text[start:end] for (start, _), end in zip(self.words, ends)]
        joined = [False] + [
            SPACE_END.match(before) is None and segment[:1].isalpha() for before, segment in zip(segments, segments[1:])
        ]
        tree = partition_tree([("##" if joins else "") + segment.strip() for joins, segment in zip(joined, segments)], [])
        tree[:, 2] = tree[:, 3] / tree[:, 3].max()
        return tree


class Served:
    """The model that serves, in a process of its own."""

    def __init__(self, faithful):
        # One core, for each worker has one.
        alone = {**os.environ, "RAYON_NUM_THREADS": "1"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "encoding": "utf-8"}
        self.process = subprocess.Popen([faithful, "score"], env=alone, **pipes)

    def log_odds(self, of, texts):
        """For each text, for each task, how likely the answer to `of` is."""
        print(json.dumps({"of": of, "texts": texts}), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())["log_odds"]


def explained(complaint, served):
    """What each word is worth, by task."""
    text, known = complaint["text"], {}
    masker = Words(text, complaint["words"])

    def log_odds(texts, task):
        # Tasks ask about many of the same texts: those that lack large parts.
        new = [asked for asked in dict.fromkeys(texts) if asked not in known]
        if new:
            known.update(zip(new, served.log_odds(text, new)))
        return np.array([known[asked][task] for asked in texts])

    tasks = []
    for task in range(len(complaint["tasks"])):
        # What it does with groups of equal worth it draws.
        np.random.seed(complaint["row"] % 2**32)
        explainer = shap.PartitionExplainer(lambda texts, task=task: log_odds([str(one) for one in texts], task), masker)
        explanation = explainer([text], max_evals=EVALUATIONS, batch_size=BATCH, silent=True)
        tasks.append({"words": [float(value) for value in explanation.values[0]]})
    return tasks


# Of a worker.
SERVED = None


def begin(faithful):
    global SERVED
    SERVED = Served(faithful)


def line_of(complaint):
    began = time.monotonic()
    tasks = explained(complaint, SERVED)
    return {"row": complaint["row"], "kind": "shap", "seconds": time.monotonic() - began, "tasks": tasks}


def main(faithful, split, count, file):
    file = pathlib.Path(file)
    done = {json.loads(line)["row"] for line in file.read_text().splitlines()} if file.exists() else set()
    listed = subprocess.run([faithful, "words", split, count], stdout=subprocess.PIPE, check=True, encoding="utf-8")
    complaints = [json.loads(line) for line in listed.stdout.splitlines()]
    left = [complaint for complaint in complaints if complaint["row"] not in done]
    cores = len(os.sched_getaffinity(0))
    with file.open("a") as lines, multiprocessing.Pool(cores, begin, (faithful,)) as workers:
        for line in workers.imap_unordered(line_of, left):
            print(json.dumps(line), file=lines, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Makes workers/learn/tests/goldens/metrics.json: figures of scikit-learn for the evaluation to agree with.

Made with scikit-learn 1.9.1, scipy 1.17.1 and numpy 2.4.6; run as

    python scripts/evaluation_golden.py workers/learn/tests/goldens/metrics.json

The calibration error is no figure of scikit-learn; it is computed here with numpy's histograms.
"""

import json
import pathlib
import sys

import numpy as np
from scipy.stats import binomtest
from sklearn import metrics

ROWS, LABELS, BINS = 160, 5, 15


def calibration_error(confidence, right):
    edges = np.linspace(0, 1, BINS + 1)
    # Bins hold their upper edge: mirror both, for numpy's hold their lower one.
    count = np.histogram(1 - confidence, 1 - edges[::-1])[0]
    confidences = np.histogram(1 - confidence, 1 - edges[::-1], weights=confidence)[0]
    rights = np.histogram(1 - confidence, 1 - edges[::-1], weights=right.astype(float))[0]
    filled = count > 0
    gaps = np.abs(confidences[filled] / count[filled] - rights[filled] / count[filled])
    return float((gaps * count[filled]).sum() / len(confidence))


def wilson(hits, trials):
    interval = binomtest(hits, trials).proportion_ci(method="wilson")
    return [float(interval.low), float(interval.high)]


def choice(random):
    truth = random.choice(LABELS, ROWS, p=[0.4, 0.3, 0.2, 0.1, 0.0])
    scores = random.normal(size=(ROWS, LABELS)) + 1.5 * np.eye(LABELS)[truth]
    scores[:, 4] -= 1.5
    probabilities = np.round(np.exp(scores) / np.exp(scores).sum(1, keepdims=True), 4)
    answer, confidence = probabilities.argmax(1), probabilities.max(1)
    right = answer == truth
    labels = list(range(LABELS))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, answer, labels=labels, zero_division=0)
    surest = np.argsort(-confidence, kind="stable")
    top3 = metrics.top_k_accuracy_score(truth, probabilities, k=3, labels=labels)
    return {
        "truth": truth.tolist(),
        "probabilities": probabilities.tolist(),
        "accuracy": metrics.accuracy_score(truth, answer),
        "macro_f1": metrics.f1_score(truth, answer, average="macro"),
        "top3": float(top3),
        "ece": calibration_error(confidence, right),
        "accuracy_interval": wilson(int(right.sum()), ROWS),
        "coverage": {str(share): float(right[surest[:round(ROWS * share)]].mean()) for share in (0.5, 0.8, 1.0)},
        "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "support": support.tolist(),
    }


def flag(random):
    yes = random.random(ROWS) < 0.25
    # Two decimals: many scores are equal.
    score = np.round(np.clip(random.normal(0.3 + 0.2 * yes, 0.15), 0, 1), 2)
    precision, recall, thresholds = metrics.precision_recall_curve(yes, score)
    at = np.flatnonzero(recall[:-1] >= 0.6).max()
    return {
        "yes": yes.tolist(),
        "score": score.tolist(),
        "pr_auc": float(metrics.average_precision_score(yes, score)),
        "precision_at_recall_60": float(precision[at]),
        "score_at_recall_60": float(thresholds[at]),
        "flag_rate_at_recall_60": float((score >= thresholds[at]).mean()),
        "base_rate": float(yes.mean()),
    }


def main():
    random = np.random.default_rng(3)
    golden = {"choice": choice(random), "flag": flag(random)}
    path = pathlib.Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()

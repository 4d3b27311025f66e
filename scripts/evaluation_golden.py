"""Makes crates/measure/tests/goldens/metrics.json: figures of scikit-learn and statsmodels for the evaluation to agree with.

Made with scikit-learn 1.9.1, statsmodels 0.15.0, scipy 1.17.1 and numpy 2.4.6; run as

    python scripts/evaluation_golden.py crates/measure/tests/goldens/metrics.json

The calibration error is no figure of scikit-learn; it is computed here with numpy's histograms.
"""

import json
import pathlib
import sys

import numpy as np
from scipy.stats import binomtest
from sklearn import metrics
from statsmodels.stats.contingency_tables import mcnemar

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


def weighted(random, choice, flag):
    """The same rows, each counting so much."""
    weight = np.round(random.gamma(1.0, 1.0, ROWS), 3)
    answer = np.array(choice["probabilities"]).argmax(1)
    yes, score = np.array(flag["yes"]), np.array(flag["score"])
    precision, recall, _ = metrics.precision_recall_curve(yes, score, sample_weight=weight)
    return {
        "weights": weight.tolist(),
        "accuracy": metrics.accuracy_score(choice["truth"], answer, sample_weight=weight),
        "macro_f1": metrics.f1_score(choice["truth"], answer, average="macro", sample_weight=weight),
        "top3": float(metrics.top_k_accuracy_score(
            choice["truth"], choice["probabilities"], k=3, labels=list(range(LABELS)), sample_weight=weight)),
        "pr_auc": float(metrics.average_precision_score(yes, score, sample_weight=weight)),
        "precision_at_recall_60": float(precision[np.flatnonzero(recall[:-1] >= 0.6).max()]),
    }


def discordant():
    """McNemar's test as `ombud evaluate --against` makes it: exact below 25 rows on which just one model is right."""
    def test(n10, n01):
        table = [[50, n10], [n01, 30]]
        return {"n10": n10, "n01": n01, "p": float(mcnemar(table, exact=n10 + n01 < 25, correction=True).pvalue)}
    return [test(*pair) for pair in [(0, 1), (9, 1), (3, 12), (11, 13), (13, 12), (40, 22), (22, 40), (300, 240)]]


def main():
    random = np.random.default_rng(3)
    golden = {"choice": choice(random), "flag": flag(random)}
    golden["weighted"] = weighted(random, golden["choice"], golden["flag"])
    golden["mcnemar"] = discordant()
    path = pathlib.Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()

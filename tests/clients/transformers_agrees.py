"""Says how far transformers is from Ombud: on folders that Ombud exported, and on those that they came from.

    transformers_agrees.py EXPORTED [THEIRS]

EXPORTED holds what Ombud answered (ombud_parity.json); THEIRS, where it is given, the classifier that was imported.
Fails where a logit is off by more than 1e-4, where the pipeline does not run, or the card is not what the hub reads.
"""

import json
import pathlib
import sys

import torch
from huggingface_hub import ModelCard
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

TOLERANCE = 1e-4
TEXTS = ["My card was charged twice and the bank refuses to refund me.", "They took my house.", "word " * 2_000]


def load(folder):
    model, said = AutoModelForSequenceClassification.from_pretrained(
        folder, trust_remote_code=True, dtype=torch.float32, output_loading_info=True)
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not said[what], f"{folder}: {what} {said[what]}"
    return model.eval()


@torch.no_grad()
def alone(model, answered):
    rows = [model(input_ids=torch.tensor([one["input_ids"]])).logits for one in answered]
    return torch.cat(rows)


@torch.no_grad()
def together(model, answered):
    longest = max(len(one["input_ids"]) for one in answered)
    pad = model.config.pad_token_id
    ids = torch.tensor([one["input_ids"] + [pad] * (longest - len(one["input_ids"])) for one in answered])
    mask = torch.tensor([[int(at < len(one["input_ids"])) for at in range(longest)] for one in answered])
    return model(input_ids=ids, attention_mask=mask).logits


def main(exported, theirs=None):
    parity = json.loads((exported / "ombud_parity.json").read_text())
    answered = parity["answered"]
    expected = torch.tensor([one["logits"] for one in answered])
    model = load(exported)
    # Logits that hardly differ from text to text would agree by themselves.
    spread = expected.std(0).mean().item()
    assert len(answered) >= 5 and spread > 0.01, f"{exported}: the texts' logits differ by {spread} only"
    logits = {"alone": alone(model, answered), "together": together(model, answered)}
    if theirs:
        logits["before"] = alone(load(theirs), answered)
    off = {name: (found - expected).abs().max().item() for name, found in logits.items()}
    print(exported.name, parity["task"], {name: f"{by:.1e}" for name, by in off.items()})
    assert max(off.values()) < TOLERANCE, f"{exported}: off by {off}"

    classify = pipeline("text-classification", model=str(exported), trust_remote_code=True)
    labels = set(model.config.id2label.values())
    answers = classify(TEXTS, truncation=True, batch_size=2)
    assert all(answer["label"] in labels and 0 < answer["score"] <= 1 for answer in answers), answers
    if theirs:
        ours, before = (AutoTokenizer.from_pretrained(folder)(TEXTS, truncation=True) for folder in (exported, theirs))
        assert ours["input_ids"] == before["input_ids"], f"{exported}: its tokenizer reads otherwise"

    card = ModelCard.load(exported / "README.md")
    data = card.data.to_dict()
    assert data["pipeline_tag"] == "text-classification" and data["library_name"] == "transformers", data
    assert all(chapter in card.text for chapter in ("## Intended use", "## Metrics", "## Limits", "## Ethical notes"))


main(*map(pathlib.Path, sys.argv[1:]))

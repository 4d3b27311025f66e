"""Classifiers as a data scientist leaves them: small, random, saved by transformers itself; and of the same bodies
artefacts with two heads as Ombud trains them, for which transformers has no class.

    transformers_makes.py DIR    writes DIR/bert, DIR/distilbert and so on, and DIR/bert-heads and so on
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import PreTrainedTokenizerFast

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "scripts"))
import goldens  # noqa: E402

BERTS = {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "mask_token": "[MASK]"}
ROBERTAS = {"unk_token": "<unk>", "cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>", "mask_token": "<mask>"}
MPNETS = {**ROBERTAS, "unk_token": "[UNK]"}
# Half precision for one: what is read there has to be widened here.
KINDS = [
    ("bert", goldens.bert, goldens.word_piece, BERTS, torch.bfloat16),
    ("distilbert", goldens.distilbert, goldens.word_piece, BERTS, torch.float32),
    ("mpnet", goldens.mpnet, goldens.mpnet_piece, MPNETS, torch.float32),
    ("roberta", goldens.roberta, goldens.byte_level, ROBERTAS, torch.float32),
    ("xlm-roberta", goldens.xlm_roberta, goldens.sentence_piece, ROBERTAS, torch.float32),
]



def in_bytes(matrix):
    """Rounded to whole multiples of a step a row."""
    steps = matrix.abs().amax(1) / 127
    return (matrix / steps.unsqueeze(1)).round().to(torch.int8), steps


def write_heads(folder, name, model, tokenizer, seed):
    """An artefact: the body's matrices in bytes, one head that pools by a query and one over the first token."""
    folder.mkdir(parents=True)
    tensors = {}
    for key, value in model.state_dict().items():
        if not key.startswith(model.base_model_prefix + ".") or "pooler" in key:
            continue
        if value.dim() == 2:
            tensors[key], tensors[key + ".scale"] = in_bytes(value.float())
        else:
            tensors[key] = value.float()
    generator = torch.Generator().manual_seed(seed)
    hidden = model.config.hidden_size

    def drawn(*shape):
        return torch.randn(shape, generator=generator)

    tensors["heads.product.query"] = drawn(hidden) * 2
    tensors["heads.product.weight"], tensors["heads.product.bias"] = drawn(9, hidden), drawn(9)
    tensors["heads.vulnerable.dense.weight"] = drawn(hidden, hidden) * 0.3
    tensors["heads.vulnerable.dense.bias"] = drawn(hidden)
    tensors["heads.vulnerable.weight"], tensors["heads.vulnerable.bias"] = drawn(2, hidden), drawn(2)
    save_file(tensors, folder / "model.safetensors")
    # As a base has it: a body without a classifier.
    said = {**model.config.to_dict(), "architectures": [type(model.base_model).__name__]}
    (folder / "config.json").write_text(json.dumps(said))
    tokenizer.save(str(folder / "tokenizer.json"))
    heads = [
        {"task": "product", "kind": "choice", "label_set": "product@1", "labels": goldens.LABELS, "temperature": 1.5,
         "thresholds": {}},
        {"task": "vulnerable", "kind": "flag", "label_set": "vulnerable@1", "labels": ["NOT_INDICATED", "VULNERABLE"],
         "temperature": 0.8, "thresholds": {"possible": 0.2, "vulnerable": 0.5}},
    ]
    (folder / "ombud.json").write_text(json.dumps({
        "format": 1, "model_id": f"{name}-heads", "family": "encoder", "heads": heads, "max_tokens": 28,
        "cleaning": "redactions-1",
        "metrics": {"validation.product.accuracy": 0.5, "test.product.accuracy": 0.25, "validation.vulnerable.pr_auc": 0.1},
    }))


for seed, (name, build, train, special, dtype) in enumerate(KINDS, start=11):
    out = pathlib.Path(sys.argv[1])
    tokenizer = train()
    model = build(tokenizer.get_vocab_size())
    goldens.draw(model, seed)
    write_heads(out / f"{name}-heads", name, model, tokenizer, seed)
    # Last year's name of one label, and one that only its author knows.
    model.config.id2label = {**model.config.id2label, 6: "Credit card", 2: "debts"}
    model.config.label2id = {label: logit for logit, label in model.config.id2label.items()}
    model.to(dtype).save_pretrained(out / name)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=30, **special).save_pretrained(out / name)

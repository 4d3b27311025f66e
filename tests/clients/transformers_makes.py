"""Classifiers as a data scientist leaves them: small, random, saved by transformers itself.

    transformers_makes.py DIR    writes DIR/bert, DIR/distilbert and DIR/roberta
"""

import pathlib
import sys

import torch
from transformers import PreTrainedTokenizerFast

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "scripts"))
import goldens  # noqa: E402

BERTS = {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "mask_token": "[MASK]"}
ROBERTAS = {"unk_token": "<unk>", "cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>", "mask_token": "<mask>"}
# Half precision for one: what is read there has to be widened here.
KINDS = [
    ("bert", goldens.bert, goldens.word_piece, BERTS, torch.bfloat16),
    ("distilbert", goldens.distilbert, goldens.word_piece, BERTS, torch.float32),
    ("roberta", goldens.roberta, goldens.byte_level, ROBERTAS, torch.float32),
]

for seed, (name, build, train, special, dtype) in enumerate(KINDS, start=11):
    folder = pathlib.Path(sys.argv[1]) / name
    tokenizer = train()
    model = build(tokenizer.get_vocab_size())
    goldens.draw(model, seed)
    # Last year's name of one label, and one that only its author knows.
    model.config.id2label = {**model.config.id2label, 6: "Credit card", 2: "debts"}
    model.config.label2id = {label: logit for logit, label in model.config.id2label.items()}
    model.to(dtype).save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=30, **special).save_pretrained(folder)

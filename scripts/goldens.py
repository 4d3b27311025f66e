"""Makes crates/torch/tests/goldens: what the real libraries answer, for the Rust encoder to agree with.

Made with torch 2.13.0, transformers 5.23.0, tokenizers 0.23.3 and safetensors 0.8.0 on Python 3; run as

    python scripts/goldens.py crates/torch/tests/goldens

Each folder is an artefact of a small random model, as `save_pretrained` writes it, and `expected.json`: for
each text the ids that the model reads, how many tokens it does not read, and its logits. The weights are
drawn wide, biases and norms included, so that a swapped or forgotten tensor moves the logits by far more
than the tolerance. The tokenizers carry a truncation and a fixed padding, which a reader has to override.
"""

import json
import math
import pathlib
import sys

import torch
import transformers
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

# The leaves of product@1, in another order than the taxonomy's.
LABELS = [
    "Mortgage", "Student loan", "Debt collection", "Credit reporting", "Vehicle loan or lease",
    "Money transfer or virtual currency", "Credit card or prepaid card", "Checking or savings account",
    "Payday, title or personal loan",
]
MAX_TOKENS = 24
POSITIONS = 32

SENTENCES = [
    "The bank charged me a late fee although the payment was made three days before it was due.",
    "My mortgage servicer lost the insurance papers and then added a force placed policy.",
    "I never opened this credit card and the company refuses to close the account.",
    "They keep calling my work about a student loan that was paid off last year.",
    "The transfer of two hundred dollars never arrived and nobody answers the phone.",
    "After I disputed the charge the card was declined at the pharmacy.",
    "The escrow account was short and my monthly payment went up without notice.",
    "A fraud alert locked me out of my checking account for two weeks.",
    "My credit report still shows a debt that belongs to somebody else.",
    "The representative promised a refund, it has not been credited.",
]

TEXTS = [
    "The bank charged me a late fee.",
    "my mortgage payment went up",
    "",
    "   \n\t ",
    "\U0001f621\U0001f4b8\U0001f621",
    "Señor Müller’s naïve café — 贷款 was paid \U0001f4b3 off",
    "a\x00b [SEP] </s> [MASK] end",
    "Loan",
    " ".join(SENTENCES),
    "They keep calling my work about a loan. " * 40,
    "supercalifragilistic" * 12,
]
# Long enough for every bucket of distances that MPNet knows: they end at 128.
FAR = 150


def word_piece_of(special):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(SENTENCES, trainers.WordPieceTrainer(vocab_size=220, special_tokens=special))
    return tokenizer


def word_piece():
    tokenizer = word_piece_of(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")],
    )
    return tokenizer


def byte_level():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=320, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    end, start = (("</s>", tokenizer.token_to_id("</s>")), ("<s>", tokenizer.token_to_id("<s>")))
    tokenizer.post_processor = processors.RobertaProcessing(end, start, trim_offsets=True, add_prefix_space=False)
    return tokenizer


def mpnet_piece():
    tokenizer = word_piece_of(["<s>", "<pad>", "</s>", "[UNK]", "<mask>"])
    end, start = (("</s>", tokenizer.token_to_id("</s>")), ("<s>", tokenizer.token_to_id("<s>")))
    tokenizer.post_processor = processors.RobertaProcessing(end, start, trim_offsets=True, add_prefix_space=False)
    return tokenizer


def sentence_piece():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")])
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.UnigramTrainer(vocab_size=220, special_tokens=special, unk_token="<unk>")
    tokenizer.train_from_iterator(SENTENCES, trainer)
    end, start = (("</s>", tokenizer.token_to_id("</s>")), ("<s>", tokenizer.token_to_id("<s>")))
    tokenizer.post_processor = processors.RobertaProcessing(end, start, trim_offsets=True, add_prefix_space=False)
    return tokenizer


def labels():
    return {"id2label": dict(enumerate(LABELS)), "label2id": {name: i for i, name in enumerate(LABELS)}}


def bert(vocab):
    config = transformers.BertConfig(
        vocab_size=vocab, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
        max_position_embeddings=POSITIONS, layer_norm_eps=1e-12, pad_token_id=0, **labels())
    return transformers.BertForSequenceClassification(config)


def distilbert(vocab):
    config = transformers.DistilBertConfig(
        vocab_size=vocab, dim=32, n_layers=2, n_heads=4, hidden_dim=48, max_position_embeddings=POSITIONS,
        pad_token_id=0, **labels())
    return transformers.DistilBertForSequenceClassification(config)


def roberta(vocab):
    config = transformers.RobertaConfig(
        vocab_size=vocab, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
        max_position_embeddings=POSITIONS, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0,
        eos_token_id=2, **labels())
    return transformers.RobertaForSequenceClassification(config)


def mpnet(vocab):
    config = transformers.MPNetConfig(
        vocab_size=vocab, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
        max_position_embeddings=FAR + 2, layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0, eos_token_id=2, **labels())
    return transformers.MPNetForSequenceClassification(config)


def xlm_roberta(vocab):
    config = transformers.XLMRobertaConfig(
        vocab_size=vocab, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
        max_position_embeddings=POSITIONS, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0,
        eos_token_id=2, **labels())
    return transformers.XLMRobertaForSequenceClassification(config)


def draw(model, seed):
    """Weights wide enough to matter; norms around one."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        norm = "norm" in name.lower() and name.endswith("weight")
        parameter.data = 1 + 0.2 * noise if norm else noise * (0.3 if parameter.dim() > 1 else 0.1)


def head_and_tail(tokenizer, text, most):
    """The ids that are read: all, or the first 63 % and the last rest of what fits between the special tokens."""
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    first, last = tokenizer.encode("", add_special_tokens=True).ids
    room = most - 2
    if len(ids) <= room:
        return [first, *ids, last], len(ids), 0
    head = math.ceil(0.63 * room)
    return [first, *ids[:head], *ids[head - room:], last], len(ids), len(ids) - room


@torch.no_grad()
def logits(model, inputs, pad):
    longest = max(len(ids) for ids in inputs)
    padded = torch.tensor([ids + [pad] * (longest - len(ids)) for ids in inputs])
    mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids in inputs])
    return model(input_ids=padded, attention_mask=mask).logits


def golden(folder, tokenizer, build, seed, dtype, most=MAX_TOKENS):
    folder.mkdir(parents=True, exist_ok=True)
    model = build(tokenizer.get_vocab_size())
    draw(model, seed)
    model.to(dtype).save_pretrained(folder)
    model = model.float().eval()

    tokenizer.no_padding()
    read = [head_and_tail(tokenizer, text, most) for text in TEXTS]
    pad = model.config.pad_token_id
    single = torch.cat([logits(model, [ids], pad) for ids, _, _ in read])
    together = logits(model, [ids for ids, _, _ in read], pad)
    assert (single - together).abs().max() < 1e-5, "padding changes the real library's answer"

    tokenizer.enable_padding(pad_id=pad, pad_token=tokenizer.id_to_token(pad), length=16)
    tokenizer.enable_truncation(16)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    write(folder / "ombud.json", {
        "format": 1, "model_id": f"golden-{folder.name}", "family": "encoder", "max_tokens": most,
        "heads": [{"task": "product", "kind": "choice", "label_set": "product@1", "labels": LABELS,
                   "temperature": 1.0, "thresholds": {}}]})
    write(folder / "expected.json", [
        {"text": text, "ids": ids, "tokens": tokens, "truncated_tokens": cut, "logits": row.tolist()}
        for text, (ids, tokens, cut), row in zip(TEXTS, read, single)])
    print(f"{folder.name}: logits {single.min():.2f} to {single.max():.2f}, spread {single.std(0).mean():.2f}")


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=True, indent=1) + "\n")


def main():
    out = pathlib.Path(sys.argv[1])
    # Two of them in half precision on disk: a reader has to widen it.
    golden(out / "bert", word_piece(), bert, 1, torch.bfloat16)
    golden(out / "distilbert", word_piece(), distilbert, 2, torch.float16)
    golden(out / "roberta", byte_level(), roberta, 3, torch.float32)
    golden(out / "mpnet", mpnet_piece(), mpnet, 4, torch.float32, FAR)
    golden(out / "xlm-roberta", sentence_piece(), xlm_roberta, 5, torch.float16)


if __name__ == "__main__":
    main()

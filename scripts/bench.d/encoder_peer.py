"""What others make of the encoder that ships: its shape, its tokenizer and a head of nine labels, on weights by chance, which make
no difference to the time.

    encoder_peer.py SIDE FOLDER COUNT BATCH

FOLDER is for what it makes of the model. It prints texts a second of the clock and of the cores, tokenising included.
"""

import json
import os
import pathlib
import sys
import time

import complaints

ENCODER = complaints.ROOT / "models" / "complaints" / "encoder"
MAX_TOKENS, LABELS = 256, 9
THREADS = os.cpu_count()
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
ONNX_OPSET = 17


def network():
    """The encoder's network in PyTorch."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    shape = json.loads((ENCODER / "config.json").read_text())
    torch.manual_seed(1)
    config = BertConfig(**{name: shape[name] for name in shape if name in BertConfig().to_dict()})
    config.num_labels = LABELS
    return BertForSequenceClassification._from_config(config, attn_implementation="sdpa").eval()


def tokenizer():
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_file=str(ENCODER / "tokenizer.json"),
        pad_token="[PAD]",
        model_max_length=MAX_TOKENS,
        model_input_names=INPUTS,
    )


def tokens(reads, texts, kind):
    return reads(texts, truncation=True, max_length=MAX_TOKENS, padding="longest", return_tensors=kind)


def transformers_side(folder, batch, is_sorted):
    import torch

    model, reads = network(), tokenizer()

    def classify(texts):
        if is_sorted:
            texts = sorted(texts, key=len, reverse=True)
        with torch.inference_mode():
            for at in range(0, len(texts), batch):
                model(**tokens(reads, texts[at : at + batch], "pt"))

    return classify


def sentence_transformers_side(folder, batch):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer

    home = folder / "sentence"
    if not home.exists():
        network().bert.save_pretrained(home)
        tokenizer().save_pretrained(home)
    words = Transformer(str(home), max_seq_length=MAX_TOKENS)
    model = SentenceTransformer(modules=[words, Pooling(words.get_embedding_dimension())], device="cpu")
    return lambda texts: model.encode(texts, batch_size=batch, show_progress_bar=False)


def exported(folder, is_int8):
    """The network for ONNX Runtime, its layers fused; with a byte a weight where asked."""
    import onnx
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer

    plain, fused, small = (folder / f"{name}.onnx" for name in ("plain", "fused", "int8"))
    if not fused.exists():
        model = network()
        model.config._attn_implementation = "eager"
        example = tokens(tokenizer(), ["My card was charged twice.", "Help."], "pt")
        axes = {name: {0: "texts", 1: "tokens"} for name in INPUTS}
        torch.onnx.export(
            model,
            tuple(example[name] for name in INPUTS),
            plain,
            input_names=INPUTS,
            output_names=["scores"],
            dynamic_axes=axes | {"scores": {0: "texts"}},
            opset_version=ONNX_OPSET,
            dynamo=False,
        )
        shape = model.config
        options = {"num_heads": shape.num_attention_heads, "hidden_size": shape.hidden_size, "opt_level": 1}
        optimizer.optimize_model(str(plain), model_type="bert", **options).save_model_to_file(str(fused))
    if is_int8 and not small.exists():
        extra = {"DefaultTensorType": onnx.TensorProto.FLOAT}  # of what the fused layers give
        quantize_dynamic(fused, small, weight_type=QuantType.QInt8, per_channel=True, extra_options=extra)
    return small if is_int8 else fused


def onnxruntime_side(folder, batch, is_int8):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(exported(folder, is_int8), options, providers=["CPUExecutionProvider"])
    names, reads = {each.name for each in session.get_inputs()}, tokenizer()

    def classify(texts):
        texts = sorted(texts, key=len, reverse=True)
        for at in range(0, len(texts), batch):
            read = tokens(reads, texts[at : at + batch], "np")
            session.run(None, {name: value for name, value in read.items() if name in names})

    return classify


SIDES = {
    "transformers": lambda folder, batch: transformers_side(folder, batch, is_sorted=False),
    "transformers_sorted": lambda folder, batch: transformers_side(folder, batch, is_sorted=True),
    "sentence_transformers": sentence_transformers_side,
    "onnxruntime": lambda folder, batch: onnxruntime_side(folder, batch, is_int8=False),
    "onnxruntime_int8": lambda folder, batch: onnxruntime_side(folder, batch, is_int8=True),
}


def main():
    side, folder, count, batch = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    classify = SIDES[side](folder, batch)
    narratives = complaints.narratives()
    classify(narratives[:batch])
    texts = [narratives[at % len(narratives)] for at in range(count)]
    began, cpu = time.monotonic(), time.process_time()
    classify(texts)
    wall_s, cpu_s = time.monotonic() - began, time.process_time() - cpu
    print(json.dumps({"texts_per_s": count / wall_s, "texts_per_cpu_s": count / cpu_s}))


if __name__ == "__main__":
    main()

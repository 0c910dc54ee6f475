"""Writes a trained checkpoint as the int8 ONNX folder that packages/embedding serves, and checks that int8 scores order like fp32 ones.

Usage: python export.py --checkpoint checkpoints/last.pt --model ../../../packages/embedding/models/all-MiniLM-L6-v2 --pairs pairs.jsonl --out <folder>

Dynamic quantisation, a scale per output channel, weights in 7 bits: processors without VNNI add pairs of products in 16 bits, which 8 would overflow.
"""

import argparse
import json
import random
import shutil
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from model import CrossEncoder, read_rows
from train import Encoder, group_pairs

NAMES = ["input_ids", "attention_mask", "token_type_ids"]


def write_onnx(model: CrossEncoder, path: Path) -> None:
    example = tuple(torch.ones(2, 9, dtype=torch.int64) for _ in NAMES)
    example[2][:, :4] = 0
    dynamic = {name: {0: "batch", 1: "sequence"} for name in NAMES} | {"logits": {0: "batch"}}
    torch.onnx.export(model.eval(), example, str(path), input_names=NAMES, output_names=["logits"], dynamic_axes=dynamic, opset_version=17, dynamo=False)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--max-tokens", type=int, default=256)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = CrossEncoder()
    model.load_state_dict(torch.load(options.checkpoint, weights_only=True)["model"])
    model.eval()
    target = options.out / "onnx" / "model_quantized.onnx"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "model.onnx"
        write_onnx(model, whole)
        quantize_dynamic(whole, target, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True, op_types_to_quantize=["MatMul", "Gather"])
    for name in ("tokenizer.json", "special_tokens_map.json"):
        shutil.copyfile(options.model / name, options.out / name)
    tokenizer = json.loads((options.model / "tokenizer_config.json").read_text()) | {"model_max_length": 512}
    (options.out / "tokenizer_config.json").write_text(json.dumps(tokenizer, indent=2) + "\n")
    config = {
        "architectures": ["BertForSequenceClassification"], "model_type": "bert", "hidden_size": 384, "num_hidden_layers": 6,
        "num_attention_heads": 12, "intermediate_size": 1536, "max_position_embeddings": 512, "vocab_size": 30522, "type_vocab_size": 2,
        "num_labels": 1, "id2label": {"0": "relevant"}, "label2id": {"relevant": 0},
    }  # fmt: skip
    (options.out / "config.json").write_text(json.dumps(config, indent=2) + "\n")

    session_options = onnxruntime.SessionOptions()
    session_options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(target), session_options)
    encoder = Encoder(options.model, options.max_tokens)
    rng = random.Random(5)
    correlations, same_first, rows = [], 0, read_rows(options.pairs, "validation")[:40]
    for row in rows:
        exact, rounded = [], []
        for pair in group_pairs(row, rng, 7):
            batch = encoder.batch([pair])
            with torch.no_grad():
                exact.append(float(model(*batch)))
            rounded.append(float(session.run(None, {name: value.numpy() for name, value in zip(NAMES, batch, strict=True)})[0][0, 0]))
        correlations.append(np.corrcoef(exact, rounded)[0, 1])
        same_first += int(np.argmax(exact) == np.argmax(rounded))
    print(f"{target.stat().st_size} bytes; within a query int8 and fp32 correlate by {np.mean(correlations):.4f} (least {min(correlations):.4f}); same first in {same_first} of {len(rows)}")


if __name__ == "__main__":
    main()

"""The cross-encoder: MiniLM reads query and passage in one forward pass; a small head turns its token states into one score.

Layers below `split` let the two texts attend to themselves only, with positions that start anew, so that they compute what the
sentence encoder computes; from `split` on they attend to each other, damped by a learned bias per head that starts low (MacAvaney et al. 2020, PreTTR, joins texts late for speed;
here it keeps a good starting point that little training must not lose). The score adds late interaction between the final states
(Khattab and Zaharia 2020), the cosine of the means, and a learned reading of [CLS].
"""

import json
import math
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

HIDDEN, HEADS, INNER = 384, 12, 1536


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(HIDDEN, HIDDEN) for _ in range(4))
        self.up, self.down = nn.Linear(HIDDEN, INNER), nn.Linear(INNER, HIDDEN)
        self.attention_norm, self.norm = nn.LayerNorm(HIDDEN, eps=1e-12), nn.LayerNorm(HIDDEN, eps=1e-12)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        def heads(t: Tensor) -> Tensor:
            return t.view(t.shape[0], t.shape[1], HEADS, HIDDEN // HEADS).transpose(1, 2)

        weights = heads(self.query(x)) @ heads(self.key(x)).transpose(2, 3) / math.sqrt(HIDDEN // HEADS) + bias
        read = (weights.softmax(-1) @ heads(self.value(x))).transpose(1, 2).flatten(2)
        x = self.attention_norm(x + self.output(read))
        return self.norm(x + self.down(F.gelu(self.up(x))))


class CrossEncoder(nn.Module):
    def __init__(self, layers: int = 6, split: int = 3) -> None:
        super().__init__()
        self.split = split
        self.words = nn.Embedding(30522, HIDDEN)
        self.positions = nn.Embedding(512, HIDDEN)
        self.norm = nn.LayerNorm(HIDDEN, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.across = nn.Parameter(torch.full((layers - split, HEADS), -2.0))
        self.importance = nn.Linear(HIDDEN, 1)
        self.reading = nn.Linear(HIDDEN, HIDDEN)
        self.verdict = nn.Linear(HIDDEN, 1)
        self.scales = nn.Parameter(torch.tensor([10.0, 5.0]))
        for module in (self.importance, self.verdict):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Pairs × tokens each; type 1 is the passage and its [SEP]. One logit a pair."""
        mask = attention_mask.float()
        passage = token_type_ids.float() * mask
        query = mask - passage
        # Positions of the passage start at 1, as if [CLS] stood before it.
        lengths = query.sum(1, keepdim=True).long()
        order = torch.arange(input_ids.shape[1], device=input_ids.device).unsqueeze(0)
        positions = order - (lengths - 1) * token_type_ids
        x = self.norm(self.words(input_ids) + self.positions(positions.clamp(0, 511)))
        absent = ((1.0 - mask) * -1e4)[:, None, None, :]
        apart = (token_type_ids[:, None, :, None] != token_type_ids[:, None, None, :]).float()
        within = absent + apart * -1e4
        for at, layer in enumerate(self.layers):
            x = layer(x, within if at < self.split else absent + apart * self.across[at - self.split][None, :, None, None])
        unit = F.normalize(x, dim=-1, eps=1e-6)
        similar = unit @ unit.transpose(1, 2) + ((1.0 - passage) * -1e4)[:, None, :]
        best = similar.amax(2)
        # [CLS] and [SEP] hold the text, not a word.
        word = query * (input_ids != 101).float() * (input_ids != 102).float()
        weight = self.importance(x).squeeze(-1).clamp(-4, 4).exp() * word
        late = (best * weight).sum(1) / weight.sum(1).clamp(min=1e-6)
        means = [F.normalize((x * part[:, :, None]).sum(1), dim=-1, eps=1e-6) for part in (query, passage)]
        verdict = self.verdict(torch.tanh(self.reading(x[:, 0]))).squeeze(-1)
        return (self.scales[0] * late + self.scales[1] * (means[0] * means[1]).sum(1) + verdict).unsqueeze(1)


def from_minilm(model_dir: Path, layers: int = 6, split: int = 3) -> CrossEncoder:
    """Starts from the bundled int8 encoder: its weights times their scales."""
    graph = onnx.load(model_dir / "onnx" / "model_quantized.onnx").graph
    values = {t.name: numpy_helper.to_array(t) for t in graph.initializer}

    def dequantised(name: str) -> np.ndarray:
        scale, zero = values[f"{name}_scale"], values[f"{name}_zero_point"]
        return (values[f"{name}_quantized"].astype(np.float32) - zero.astype(np.float32)) * scale

    model = CrossEncoder(layers, split)

    def put(target: Tensor, value: np.ndarray) -> None:
        with torch.no_grad():
            target.copy_(torch.from_numpy(np.array(value)))

    base = "m.embeddings."
    put(model.words.weight, dequantised(f"{base}word_embeddings.weight"))
    # Every token had type 0: its vector is folded into the positions.
    put(model.positions.weight, dequantised(f"{base}position_embeddings.weight") + dequantised(f"{base}token_type_embeddings.weight")[0])
    put(model.norm.weight, values[f"{base}LayerNorm.weight"])
    put(model.norm.bias, values[f"{base}LayerNorm.bias"])
    # Linear weights have names by the exporter's count; the node's output says which they are.
    matrices = {
        node.output[0].split("/layer.")[1].split("/MatMul")[0]: node.input[1].removesuffix("_quantized")
        for node in graph.node
        if node.op_type == "MatMulInteger"
    }
    parts = {
        "attention/self/query": "query", "attention/self/key": "key", "attention/self/value": "value",
        "attention/output/dense": "output", "intermediate/dense": "up", "output/dense": "down",
    }  # fmt: skip
    for at, layer in enumerate(model.layers):
        for path, name in parts.items():
            linear = getattr(layer, name)
            put(linear.weight, dequantised(matrices[f"{at}/{path}"]).T)
            put(linear.bias, values[f"m.encoder.layer.{at}.{path.replace('/', '.')}.bias"])
        for path, name in {"attention.output": "attention_norm", "output": "norm"}.items():
            norm = getattr(layer, name)
            put(norm.weight, values[f"m.encoder.layer.{at}.{path}.LayerNorm.weight"])
            put(norm.bias, values[f"m.encoder.layer.{at}.{path}.LayerNorm.bias"])
    return model


def passage_text(passage: dict, with_title: bool = True, with_path: bool = True) -> str:
    """What the reranker reads at query time: title, heading path, text, a line each."""
    lines = [passage["title"] if with_title else "", *(passage["path"] if with_path else []), passage["text"]]
    return "\n".join(line for line in lines if line)


def read_rows(path: Path, split: str) -> list[dict]:
    with path.open() as file:
        return [row for row in map(json.loads, file) if row["split"] == split]

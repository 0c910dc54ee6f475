"""Trains the cross-encoder on make_pairs.py's groups. Resumable: a second start goes on from the last checkpoint.

Usage: python train.py --pairs pairs.jsonl --model ../../../packages/embedding/models/all-MiniLM-L6-v2 --out checkpoints --minutes 60

Listwise softmax over a query's passages. The lower layers stay as they are: they are the sentence encoder's. The learning rate
falls with the share of the minutes spent, counted over all starts; a group is never seen twice before all were seen once.
"""

import argparse
import random
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch.nn import functional as F

from model import CrossEncoder, from_minilm, passage_text, read_rows


class Encoder:
    """Pairs as the worker of packages/embedding encodes them: [CLS] query [SEP] passage [SEP], only the passage cut."""

    def __init__(self, model_dir: Path, max_tokens: int) -> None:
        self.tokenizer = Tokenizer.from_file(str(model_dir / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.max_tokens = max_tokens

    def ids(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def batch(self, pairs: list[tuple[str, str]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        rows = []
        for query, passage in pairs:
            q = self.ids(query)[: self.max_tokens // 2]
            p = self.ids(passage)[: self.max_tokens - 3 - len(q)]
            rows.append(([101, *q, 102, *p, 102], len(q) + 2))
        width = max(len(ids) for ids, _ in rows)
        input_ids, mask, types = (torch.zeros(len(rows), width, dtype=torch.long) for _ in range(3))
        for at, (ids, first) in enumerate(rows):
            input_ids[at, : len(ids)] = torch.tensor(ids)
            mask[at, : len(ids)] = 1
            types[at, first : len(ids)] = 1
        return input_ids, mask, types


def group_pairs(row: dict, rng: random.Random, negatives: int) -> list[tuple[str, str]]:
    """The positive first. A heading must not be found in its own passage alone, so all passages of a group show or hide it."""
    with_path = rng.random() < (0.25 if row["kind"] == "heading" else 0.5)
    with_title = rng.random() < 0.6
    chosen = row["negatives"][:negatives]
    return [(row["query"], passage_text(p, with_title, with_path)) for p in [row["positive"], *chosen]]


@torch.no_grad()
def validate(model: CrossEncoder, encoder: Encoder, rows: list[dict]) -> tuple[float, float]:
    """(mean reciprocal rank, share of queries whose positive comes first) among positive and negatives."""
    model.eval()
    reciprocal, first = 0.0, 0
    rng = random.Random(3)
    for row in rows:
        scores = model(*encoder.batch(group_pairs(row, rng, 7))).squeeze(1)
        rank = 1 + int((scores[1:] >= scores[0]).sum())
        reciprocal += 1 / rank
        first += rank == 1
    model.train()
    return reciprocal / len(rows), first / len(rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--groups", type=int, default=4, help="queries a step")
    parser.add_argument("--negatives", type=int, default=5)
    parser.add_argument("--max-tokens", type=int, default=144)
    parser.add_argument("--split", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--validation", type=int, default=150)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    options.out.mkdir(parents=True, exist_ok=True)
    encoder = Encoder(options.model, options.max_tokens)
    model = from_minilm(options.model, split=options.split)
    train, validation = read_rows(options.pairs, "train"), read_rows(options.pairs, "validation")[: options.validation]
    random.Random(2).shuffle(train)

    frozen = [model.words, model.positions, model.norm, *list(model.layers)[: options.split]]
    for module in frozen:
        module.requires_grad_(False)
    head = [model.across, model.scales, *model.importance.parameters(), *model.reading.parameters(), *model.verdict.parameters()]
    body = [p for layer in list(model.layers)[options.split :] for p in layer.parameters()]
    groups = [{"params": body, "rate": options.rate, "weight_decay": 0.01}, {"params": head, "rate": 10 * options.rate, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=options.rate)

    checkpoint = options.out / "last.pt"
    step, spent = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        for group, given in zip(optimizer.param_groups, groups, strict=True):
            group["rate"] = given["rate"]
        step, spent = state["step"], state["seconds"]
    print(f"{len(train)} groups, validation {len(validation)}; from step {step}, {spent / 60:.1f} minutes", flush=True)
    if step == 0:
        print("before: reciprocal rank %.4f, first %.3f" % validate(model, encoder, validation), flush=True)

    budget = options.minutes * 60
    began, base, saved, losses = time.monotonic(), spent, time.monotonic(), []
    while spent < budget:
        share = spent / budget
        rate = min(1.0, (step + 1) / 60) * max(0.02, 1 - share)
        for group in optimizer.param_groups:
            group["lr"] = group["rate"] * rate
        rng = random.Random(step)
        rows = [train[(step * options.groups + i) % len(train)] for i in range(options.groups)]
        lists = [group_pairs(row, rng, options.negatives) for row in rows]
        scores = model(*encoder.batch([pair for pairs in lists for pair in pairs])).squeeze(1)
        loss = torch.stack([F.cross_entropy(part.unsqueeze(0), torch.zeros(1, dtype=torch.long)) for part in scores.split([len(p) for p in lists])]).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*body, *head], 1.0)
        optimizer.step()
        step += 1
        losses.append(loss.item())
        spent = base + time.monotonic() - began
        if step % 50 == 0:
            pairs = step * options.groups * (1 + options.negatives)
            print(f"step {step}, {pairs} pairs, {spent / 60:.1f} min, loss {sum(losses[-50:]) / len(losses[-50:]):.4f}", flush=True)
        if time.monotonic() - saved > 240 or spent >= budget:
            saved = time.monotonic()
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "seconds": spent}
            torch.save(state, options.out / "next.pt")
            (options.out / "next.pt").replace(checkpoint)
    print("after: reciprocal rank %.4f, first %.3f" % validate(model, encoder, validation), flush=True)


if __name__ == "__main__":
    main()

"""Measures a checkpoint on held-out pictures: exact answers by format and by kind, boxes, and with pictures swapped.

    python training/evaluate.py --checkpoint language.pt --tokenizer tokenizer.model --held-out HELD_OUT_DIR
"""
import argparse
import collections
import json
import pathlib

import numpy as np
import sentencepiece as spm
import torch
from torch import Tensor

from chats import Packer, Questions, Rows, empty_rows
from data import normalise, read_facts, read_pixels, shards
from encode_pool import FORMATS
from language import Llava, exact_answers
from tokenizer import EOS, first_turn
from train_language import ROW_LENGTH, ROWS, SHARES, build, evaluate

BOX_REACH = 0.03


@torch.no_grad()
def generate(model: Llava, features: Tensor, requests: list[list[int]], most: int = 64) -> list[list[int]]:
    """Greedy answers, one request for each picture [B, N, D]; each step runs everything again, which is enough here."""
    width = max(map(len, requests)) + most
    rows = empty_rows((len(requests), 1, width))
    rows["chat"][:] = 0
    rows["position"][:] = np.arange(width)
    for at, request in enumerate(requests):
        rows["ids"][at, 0, : len(request)] = request
    batch = Rows(**{name: torch.from_numpy(value) for name, value in rows.items()})
    ends = torch.tensor([len(request) - 1 for request in requests])
    answers: list[list[int]] = [[] for _ in requests]
    open_ones = set(range(len(requests)))
    while open_ones and len(answers[next(iter(open_ones))]) < most:
        _, _, end = model(features, batch)
        best = model.llama.output(end[torch.arange(len(requests)), 0, ends]).argmax(-1)
        ends = ends + 1
        for at in list(open_ones):
            token = int(best[at])
            if token == EOS:
                open_ones.discard(at)
            else:
                answers[at].append(token)
                batch.ids[at, 0, ends[at]] = token
    return answers


def boxes_near(model: Llava, pixels: Tensor, held_out: pathlib.Path, tokenizer: spm.SentencePieceProcessor,
               count: int = 192) -> float:
    """Share of boxes with all four numbers within BOX_REACH of the true ones."""
    facts = [picture for shard in shards(held_out) for picture in read_facts(shard)][:count]
    asked = [(at, question) for at, picture in enumerate(facts) for question in picture["questions"]
             if question["format"] == "box"][:count]
    near = []
    for at in range(0, len(asked), 32):
        part = asked[at : at + 32]
        features = model.tower(normalise(pixels[[picture for picture, _ in part]]))
        requests = [tokenizer.encode(first_turn(question["request"])) for _, question in part]
        for ids, (_, question) in zip(generate(model, features, requests), part):
            near.append(is_near(tokenizer.decode(ids), question["answer"]))
    return float(np.mean(near))


def is_near(answer: str, truth: str) -> bool:
    try:
        numbers = json.loads(answer)
    except json.JSONDecodeError:
        return False
    true_numbers = json.loads(truth)
    return len(numbers) == 4 and all(abs(a - b) <= BOX_REACH + 1e-9 for a, b in zip(numbers, true_numbers))


@torch.no_grad()
def by_kind(model: Llava, pixels: Tensor, packer: Packer, kinds: list[str], pictures: int) -> dict[str, float]:
    """Exact answers by format and kind of question."""
    hits: dict[str, list[bool]] = collections.defaultdict(list)
    for at in range(0, pictures, 20):
        some = np.arange(at, min(at + 20, pictures))
        rows = packer.draw(some)
        _, _, end = model(model.tower(normalise(pixels[some])), rows)
        for question, hit in exact_answers(model, end, rows):
            hits[f"{FORMATS[packer.questions.formats[question]]} / {kinds[question]}"].append(hit)
    return {name: float(np.mean(values)) for name, values in sorted(hits.items())}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--checkpoint", type=pathlib.Path, required=True)
    p.add_argument("--tokenizer", type=pathlib.Path, required=True)
    p.add_argument("--held-out", type=pathlib.Path, required=True)
    p.add_argument("--pictures", type=int, default=1000)
    a = p.parse_args()
    torch.manual_seed(0)
    tokenizer = spm.SentencePieceProcessor(model_file=str(a.tokenizer))
    model = build(tokenizer).eval()
    model.load_state_dict(torch.load(a.checkpoint)["model"])
    pixels = torch.cat([read_pixels(shard) for shard in shards(a.held_out)])
    kinds = [question["kind"] for shard in shards(a.held_out) for picture in read_facts(shard)
             for question in picture["questions"]]
    packer = Packer(Questions(a.held_out), tokenizer, ROWS, ROW_LENGTH, SHARES, np.random.default_rng(2))
    show("by kind", by_kind(model, pixels, packer, kinds, a.pictures))
    show("by format", evaluate(model, pixels, packer, a.pictures))
    show("by format, pictures swapped", evaluate(model, pixels, packer, min(a.pictures, 300), swap=True))
    show("boxes", {f"within {BOX_REACH}": boxes_near(model, pixels, a.held_out, tokenizer)})


def show(title: str, scores: dict[str, float]) -> None:
    print(f"## {title}")
    for name, value in scores.items():
        print(f"{name:28} {value:.4f}")


if __name__ == "__main__":
    main()

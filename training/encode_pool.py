"""Tokenises the pool's questions: one .npz beside each shard.

    python training/encode_pool.py --pool POOL_DIR --tokenizer tokenizer.model

Arrays of a shard: `ids` int16, all questions one after the other, each request (as a first turn), answer, end of
sequence; `marks` int8 beside them (see below); `starts` [questions + 1], `answers` [questions], where in a question
its answer begins; `formats` [questions]; `boxes` uint8 [questions, 4], the box that is asked for or asked about, in
bins; `pictures` [pictures + 1], which questions belong to a picture.
"""
import argparse
import json
import pathlib
from typing import Any

import numpy as np
import sentencepiece as spm

from data import read_facts, shards
from targets import BACKGROUNDS, BOX_BINS, CELLS, COLORS, SHAPES, SIZES
from tokenizer import EOS, first_turn

FORMATS = ["free", "short", "letter", "caption", "detailed", "unanswerable", "region", "box"]
COUNTS = ["zero", "one", "two", "three", "four"]
FACTS = [*dict.fromkeys([*COLORS, *SHAPES, *COUNTS, *CELLS, *SIZES, *BACKGROUNDS, "yes", "no", "unanswerable"])]

# Marks: 0 nothing · 1 end of a wrong option · 2 end of the right option · 3 + fact: end of the question itself ·
# 100: end of a question about a box.
WRONG, RIGHT, FACT, BOX = 1, 2, 3, 100


def marks_of(ids: list[int], answer_at: int, question: dict[str, Any], newline: int) -> np.ndarray:
    """Where in a tokenised question its own end and the ends of its options are."""
    marks = np.zeros(len(ids), np.int8)
    if question["format"] in ("box", "region"):
        marks[answer_at - 3] = BOX
    if "fact" not in question:
        return marks
    # Token 1 is the newline after the image; what follows up to the next one (or to " ASSISTANT:") is the question.
    ends = [at - 1 for at in range(2, answer_at) if ids[at] == newline] or [answer_at - 3]
    marks[ends[0]] = FACT + FACTS.index(question["fact"])
    for end, choice in zip(ends[1:], question.get("choices", [])):
        marks[end] = RIGHT if choice == question["fact"] else WRONG
    return marks


def box_of(question: dict[str, Any]) -> list[int]:
    """The box in a box question's answer or a region question's request, each number as one of BOX_BINS."""
    if question["format"] not in ("box", "region"):
        return [0, 0, 0, 0]
    text = question["answer"] if question["format"] == "box" else question["request"].split(": ")[1].rstrip(".")
    return [round(share * (BOX_BINS - 1)) for share in json.loads(text)]


def encode(shard: pathlib.Path, tokenizer: spm.SentencePieceProcessor) -> None:
    pictures = read_facts(shard)
    questions = [question for picture in pictures for question in picture["questions"]]
    requests = tokenizer.encode([first_turn(question["request"]) for question in questions], num_threads=2)
    answers = tokenizer.encode([question["answer"] for question in questions], num_threads=2)
    newline = tokenizer.piece_to_id("<0x0A>")
    whole = [request + answer + [EOS] for request, answer in zip(requests, answers)]
    marks = [marks_of(ids, len(request), question, newline) for ids, request, question in zip(whole, requests, questions)]
    np.savez(
        shard.with_suffix(".npz"),
        ids=np.concatenate([np.array(ids, np.int16) for ids in whole]),
        marks=np.concatenate(marks),
        starts=np.cumsum([0, *map(len, whole)]),
        answers=np.array([len(request) for request in requests], np.int16),
        formats=np.array([FORMATS.index(question["format"]) for question in questions], np.int8),
        boxes=np.array([box_of(question) for question in questions], np.uint8),
        pictures=np.cumsum([0, *(len(picture["questions"]) for picture in pictures)]),
    )


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--pool", type=pathlib.Path, required=True)
    p.add_argument("--tokenizer", type=pathlib.Path, required=True)
    a = p.parse_args()
    tokenizer = spm.SentencePieceProcessor(model_file=str(a.tokenizer))
    for shard in shards(a.pool):
        encode(shard, tokenizer)


if __name__ == "__main__":
    main()

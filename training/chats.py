"""Packs questions into chats and chats into rows, so that many questions share one picture's prefix.

A chat is one to four turns. Rows of a picture hold chats side by side; a chat sees the prefix and itself only, and its
positions go on from the prefix as if it were alone.
"""
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sentencepiece as spm
import torch
from torch import Tensor

from data import shards
from encode_pool import BOX, FACT, FORMATS, RIGHT, WRONG
from tokenizer import OPENINGS, first_turn, later_turn

TURNS = [1, 2, 3, 4]
TURN_SHARES = [0.62, 0.2, 0.12, 0.06]


@dataclass
class Rows:
    """A batch: B pictures × R rows × L tokens; all -1 where nothing is to be learned.

    `target`, `fact` and `option` are what to predict there; `box` and `question` are question numbers, `box` at the
    end of a question about a box and `question` where answer tokens are predicted.
    """
    ids: Tensor
    chat: Tensor
    position: Tensor
    target: Tensor
    weight: Tensor
    fact: Tensor
    option: Tensor
    box: Tensor
    question: Tensor


class Questions:
    """The tokenised questions of all shards of a folder (see encode_pool.py)."""

    def __init__(self, folder: pathlib.Path) -> None:
        parts = [np.load(shard.with_suffix(".npz")) for shard in shards(folder)]
        starts = np.cumsum([0, *(len(part["ids"]) for part in parts)])
        counts = np.cumsum([0, *(len(part["formats"]) for part in parts)])
        self.ids = np.concatenate([part["ids"] for part in parts])
        self.marks = np.concatenate([part["marks"] for part in parts])
        self.starts = np.concatenate([part["starts"][:-1] + at for part, at in zip(parts, starts)] + [starts[-1:]])
        self.answers = np.concatenate([part["answers"] for part in parts])
        self.boxes = torch.from_numpy(np.concatenate([part["boxes"] for part in parts])).long()
        self.formats = np.concatenate([part["formats"] for part in parts])
        self.pictures = np.concatenate([part["pictures"][:-1] + at for part, at in zip(parts, counts)] + [counts[-1:]])

    def length(self, question: int) -> int:
        return int(self.starts[question + 1] - self.starts[question])


def later_words(tokenizer: spm.SentencePieceProcessor) -> np.ndarray:
    """A first turn begins `▁`, newline, `What`; a later one `▁USER`, `:`, `▁What`: piece id → id with the space."""
    with_space = np.full(tokenizer.vocab_size(), -1, np.int64)
    for begin in ("What", "Where", "How", "Is", "Describe", *OPENINGS):
        first = tokenizer.encode(first_turn(begin))
        later = tokenizer.encode(later_turn(begin))
        if len(first) != len(later) or first[3:] != later[3:]:
            raise ValueError(f"Expected {begin!r} to be one piece with and without a space before it")
        with_space[first[2]] = later[2]
    return with_space


class Packer:
    """Draws chats for pictures."""

    def __init__(self, questions: Questions, tokenizer: spm.SentencePieceProcessor, rows: int, length: int,
                 shares: dict[str, float], rng: np.random.Generator) -> None:
        self.questions, self.rows, self.length, self.rng = questions, rows, length, rng
        self.shares = np.array([shares[name] for name in FORMATS])
        self.with_space = later_words(tokenizer)
        self.later_head = tokenizer.encode(later_turn("What"))[:2]

    def draw(self, pictures: np.ndarray) -> Rows:
        """A batch for the pictures [B]: as many chats as fit, formats by their shares."""
        shape = (len(pictures), self.rows, self.length)
        rows = empty_rows(shape)
        for b, picture in enumerate(pictures):
            low, high = self.questions.pictures[picture : picture + 2]
            formats = self.questions.formats[low:high]
            share = self.shares[formats] / np.bincount(formats, minlength=len(FORMATS))[formats]
            # Exponential race: a random order in which likelier formats tend to come first.
            order = iter(low + np.argsort(self.rng.exponential(size=high - low) / share))
            waiting: list[int] = []
            for r in range(self.rows):
                self.fill(rows, (b, r), order, waiting)
        return Rows(**{name: torch.from_numpy(value) for name, value in rows.items()})

    def fill(self, rows: dict[str, np.ndarray], at: tuple[int, int], order: Iterator[int], waiting: list[int]) -> None:
        """Fills one row with chats; a question that does not fit waits for the next row."""
        used, chat = 0, 0
        kept: list[int] = []
        while used < self.length - 16:
            begin = used
            turns = self.rng.choice(TURNS, p=TURN_SHARES)
            while turns:
                question = waiting.pop() if waiting else next(order, None)
                if question is None:
                    break
                size = self.questions.length(question)
                if used + size > self.length:
                    kept.append(question)
                    if len(kept) > 3:
                        break
                    continue
                self.put(rows, at, used, question, first=used == begin)
                used, turns = used + size, turns - 1
            rows["chat"][at][begin:used] = chat
            rows["position"][at][begin:used] = np.arange(used - begin)
            chat += 1
            if used == begin or turns:
                break
        waiting.extend(kept)

    def put(self, rows: dict[str, np.ndarray], at: tuple[int, int], place: int, question: int, *, first: bool) -> None:
        """Writes one turn into a row from `place` on."""
        q = self.questions
        low, high = q.starts[question], q.starts[question + 1]
        size, answer_at = high - low, q.answers[question]
        span = slice(place, place + size)
        ids = q.ids[low:high].astype(np.int64)
        marks = q.marks[low:high]
        if not first:
            ids[:3] = *self.later_head, self.with_space[ids[2]]
        answer = slice(place + answer_at - 1, place + size - 1)
        rows["ids"][at][span] = ids
        rows["target"][at][answer] = ids[answer_at:]
        rows["weight"][at][answer] = (size - answer_at) ** -0.5
        rows["question"][at][answer] = question
        rows["fact"][at][span] = np.where((marks >= FACT) & (marks < BOX), marks - FACT, -1)
        rows["box"][at][span] = np.where(marks == BOX, question, -1)
        rows["option"][at][span] = np.select([marks == WRONG, marks == RIGHT], [0, 1], -1)


def empty_rows(shape: tuple[int, int, int]) -> dict[str, np.ndarray]:
    rows = {name: np.full(shape, -1, np.int64) for name in ("chat", "target", "fact", "option", "box", "question")}
    rows.update({name: np.zeros(shape, np.int64) for name in ("ids", "position")})
    return {**rows, "weight": np.zeros(shape, np.float32)}

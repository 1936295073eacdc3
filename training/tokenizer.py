"""The demo model's tokenizer: SentencePiece BPE as LLaMA uses it, small, learned from the pool's own texts.

    python training/tokenizer.py --pool POOL_DIR --out tokenizer.model
"""
import argparse
import itertools
import pathlib
from typing import Iterator

import sentencepiece as spm
from sentencepiece import sentencepiece_model_pb2 as proto

from data import read_facts, shards

SYSTEM = (
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
)
BOS, EOS = 1, 2
PIECES = 800
PICTURES = 2000

# Sentences that never change become pieces of their own, so that training spends no time on reading them.
ENDINGS = [
    "Answer the question using a single word or phrase.",
    "Answer with the option's letter from the given choices directly.",
    "When the provided information is insufficient, respond with 'Unanswerable'.",
    "Please explain in detail.",
]
OPENINGS = [
    "Please provide the bounding box coordinate of the region this sentence describes:",
    "Please provide a short description for this region:",
    "Provide a one-sentence caption for the provided image.",
]


def before_image() -> str:
    """The text left of the image, tokenised by itself."""
    return f"{SYSTEM} USER: "


def first_turn(request: str) -> str:
    """The text right of the image up to where the answer begins."""
    return f"\n{request} ASSISTANT:"


def later_turn(request: str) -> str:
    return f"USER: {request} ASSISTANT:"


def corpus(pool: pathlib.Path) -> Iterator[str]:
    """Lines as the tokenizer will meet them: a space stands before what begins a chunk, none after a newline."""
    for facts in read_facts(shards(pool)[0])[:PICTURES]:
        yield f" {before_image()}"
        for question in facts["questions"]:
            yield from first_turn(question["request"]).split("\n")
            yield f" {later_turn(question['request'])}".split("\n")[0]
            yield f" {question['answer']}"


def train(pool: pathlib.Path, out: pathlib.Path) -> None:
    spm.SentencePieceTrainer.train(
        sentence_iterator=(line for line in corpus(pool) if line),
        model_prefix=str(out.with_suffix("")),
        model_type="bpe",
        vocab_size=PIECES,
        byte_fallback=True,
        character_coverage=1.0,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=False,
        split_digits=True,
        max_sentencepiece_length=16,
        unk_id=0, bos_id=BOS, eos_id=EOS, pad_id=-1,
        num_threads=2,
        minloglevel=1,
    )
    out.with_suffix(".vocab").unlink()
    model = proto.ModelProto.FromString(out.read_bytes())
    add_sentences(model, spm.SentencePieceProcessor(model_file=str(out)))
    # The corpus wrote its leading spaces itself; from here on they are added, as llama.cpp does.
    model.normalizer_spec.add_dummy_prefix = True
    out.write_bytes(model.SerializeToString())


def add_sentences(model: proto.ModelProto, words: spm.SentencePieceProcessor) -> None:
    """Adds each fixed sentence and all its beginnings, so that it grows word by word, after every other merge."""
    known = {piece.piece for piece in model.pieces}
    score = min(piece.score for piece in model.pieces)
    for sentence in [*ENDINGS, *OPENINGS, *(f" {opening}" for opening in OPENINGS)]:
        for beginning in itertools.accumulate(words.encode(sentence, out_type=str)):
            if beginning not in known:
                known.add(beginning)
                score -= 1
                model.pieces.add(piece=beginning, score=score, type=proto.ModelProto.SentencePiece.NORMAL)
    model.trainer_spec.vocab_size = len(model.pieces)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--pool", type=pathlib.Path, required=True)
    p.add_argument("--out", type=pathlib.Path, required=True)
    a = p.parse_args()
    train(a.pool, a.out)


if __name__ == "__main__":
    main()

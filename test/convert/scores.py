"""Scores of the checkpoints in 16 bits once more: `scores.py FOLDER` → FOLDER/SHAPE/exact-logprobs.f32.

A model that is cast to 16 bits and back has lost digits of its rotary frequencies as well, which are no weights:
who loads the checkpoint computes them anew, in float32.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "transformers"))
from make import model_of, write_reference  # noqa: E402
from shapes import SHAPES  # noqa: E402


def main(folder: str) -> None:
    for shape in SHAPES:
        if shape.dtype == "float32" or shape.lora:
            continue
        torch.manual_seed(sum(shape.name.encode()))
        tokenizer = shape.tokenizer(shape.added)
        model = model_of(shape, tokenizer)
        rotary = model.model.language_model.rotary_emb
        fresh = type(rotary)(config=model.config.text_config)
        rotary.inv_freq = fresh.inv_freq
        with tempfile.TemporaryDirectory() as place:
            write_reference(model, tokenizer, shape, Path(place))
            shutil.copy(Path(place) / "logprobs.f32", Path(folder) / shape.name / "exact-logprobs.f32")


if __name__ == "__main__":
    main(*sys.argv[1:])

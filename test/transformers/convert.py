"""The text half and the vocabulary of each checkpoint in transformers' layout, as llama.cpp's own converter writes them:
`convert.py LLAMA_CPP FOLDER` → FOLDER/SHAPE/text.gguf, float32."""

import logging
import runpy
import sys
from pathlib import Path

from shapes import SHAPES


def main(llama_cpp: str, folder: str) -> None:
    root = Path(llama_cpp).resolve()
    sys.path[:0] = [str(root), str(root / "gguf-py")]
    from conversion.base import TextModel

    # It tells the split of texts by a hash of large vocabularies' tokens, which small ones do not have.
    TextModel.get_vocab_base_pre = lambda self, tokenizer: "llama-bpe"
    logging.disable(logging.INFO)
    for shape in SHAPES:
        if shape.layout == "authors" or shape.lora:
            continue
        place = Path(folder) / shape.name
        sys.argv = ["", str(place / "checkpoint"), "--outfile", str(place / "text.gguf"), "--outtype", "f32"]
        runpy.run_path(str(root / "convert_hf_to_gguf.py"), run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])

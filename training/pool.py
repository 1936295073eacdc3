"""Turns the records of pool/write-pool.ts (stdin) into what training reads: one shard.

    tsx training/pool/write-pool.ts 0 20000 | python training/pool.py POOL_DIR/000000

writes POOL_DIR/000000.rgb, `count × 112 × 112 × 3` bytes, and POOL_DIR/000000.jsonl, the facts and questions.
"""
import json
import pathlib
import sys
from typing import BinaryIO, Iterator

from PIL import Image

IMAGE_SIZE = 112
PAD_COLOR = (122, 116, 104)


def records(stream: BinaryIO) -> Iterator[tuple[bytes, Image.Image]]:
    """The records of a stream: the JSON line as it came and the picture."""
    while line := stream.readline():
        facts = json.loads(line)
        size = (facts["width"], facts["height"])
        yield line, Image.frombytes("RGB", size, stream.read(3 * size[0] * size[1]))


def to_square(picture: Image.Image) -> Image.Image:
    """LLaVA's way: padded to a centred square, then resized by antialiased bicubic interpolation."""
    width, height = picture.size
    side = max(width, height)
    square = Image.new("RGB", (side, side), PAD_COLOR)
    square.paste(picture, ((side - width) // 2, (side - height) // 2))
    return square.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC)


def main() -> None:
    target = pathlib.Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{target}.rgb", "wb") as pixels, open(f"{target}.jsonl", "wb") as facts:
        for line, picture in records(sys.stdin.buffer):
            pixels.write(to_square(picture).tobytes())
            facts.write(line)


if __name__ == "__main__":
    main()

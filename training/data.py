"""The pool that pool.py wrote: pixels as one array, facts as dictionaries."""
import json
import pathlib
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pool import IMAGE_SIZE

MEAN = [0.48145466, 0.4578275, 0.40821073]
STD = [0.26862954, 0.26130258, 0.27577711]


def shards(folder: pathlib.Path) -> list[pathlib.Path]:
    """The shards of a folder, in order of their first seed, without their endings."""
    return [path.with_suffix("") for path in sorted(folder.glob("*.rgb"))]


def read_pixels(shard: pathlib.Path) -> Tensor:
    """uint8 [pictures, side, side, 3]"""
    raw = np.fromfile(shard.with_suffix(".rgb"), np.uint8)
    return torch.from_numpy(raw.reshape(-1, IMAGE_SIZE, IMAGE_SIZE, 3))


def read_facts(shard: pathlib.Path) -> list[dict[str, Any]]:
    with open(shard.with_suffix(".jsonl")) as lines:
        return [json.loads(line) for line in lines]


def normalise(pixels: Tensor, noise: float = 0.0) -> Tensor:
    """uint8 [B, side, side, 3] → float [B, 3, side, side] as CLIP wants it; `noise` is in levels of 255."""
    x = pixels.float()
    if noise:
        x = x + noise * torch.rand(len(x), 1, 1, 1) * torch.randn_like(x)
    x = (x / 255 - torch.tensor(MEAN)) / torch.tensor(STD)
    return x.permute(0, 3, 1, 2).contiguous()

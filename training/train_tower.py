"""Trains the vision tower alone: every patch's row must tell what is there and what the whole picture holds.

    python training/train_tower.py --pool POOL_DIR --held-out HELD_OUT_DIR --out tower.pt --minutes 30
"""
import argparse
import math
import pathlib
import time

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from data import normalise, read_facts, read_pixels, shards
from model import Tower, TowerConfig
from targets import BOX_BINS, PATCH_CLASSES, PICTURE_CLASSES, patch_targets, picture_targets

THING_CLASSES = ("shape", "color", "size", "cell", "name")


class Heads(nn.Module):
    """One linear reading of the features for each fact; thrown away after training."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.sizes = {**PATCH_CLASSES, **PICTURE_CLASSES, "box": 4 * BOX_BINS}
        self.all = nn.Linear(width, sum(self.sizes.values()))

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        """[B, N, D] → logits [B, N, classes] by name"""
        return dict(zip(self.sizes, self.all(features).float().split(list(self.sizes.values()), -1)))


def load(folder: pathlib.Path) -> tuple[Tensor, dict[str, Tensor]]:
    """Pixels uint8 [P, side, side, 3] and targets by name: [P, 64] each patch, [P] whole picture, box [P, 64, 4]."""
    pixels = torch.cat([read_pixels(shard) for shard in shards(folder)])
    rows: dict[str, list[np.ndarray | int]] = {}
    for shard in shards(folder):
        for facts in read_facts(shard):
            for name, value in {**patch_targets(facts), **picture_targets(facts)}.items():
                rows.setdefault(name, []).append(value)
    return pixels, {name: torch.from_numpy(np.array(values)) for name, values in rows.items()}


def box_loss(logits: Tensor, box: Tensor) -> Tensor:
    """Cross entropy against the two nearest bins of each coordinate. logits [K, 4 × bins], box [K, 4]"""
    logits = logits.view(-1, 4, BOX_BINS).log_softmax(-1)
    place = box.clamp(0, 1) * (BOX_BINS - 1)
    low = place.floor().long().clamp(max=BOX_BINS - 2)
    share = place - low
    near = logits.gather(-1, torch.stack([low, low + 1], -1))
    return -(near[..., 0] * (1 - share) + near[..., 1] * share).mean()


def total_loss(out: dict[str, Tensor], y: dict[str, Tensor]) -> Tensor:
    """Patches with a thing weigh more than empty ones; each fact about the picture is asked of every patch."""
    thing = (y["shape"] > 0).flatten()
    weight = torch.where(thing, 1.0, 0.25)
    weight = weight / weight.sum()
    loss = out["shape"].new_zeros(())
    for name in PATCH_CLASSES:
        each = F.cross_entropy(out[name].flatten(0, 1), y[name].flatten().long(), reduction="none")
        loss = loss + (each * weight).sum()
    patches = y["shape"].shape[1]
    for name in PICTURE_CLASSES:
        target = y[name].long().repeat_interleave(patches)
        loss = loss + 0.5 * F.cross_entropy(out[name].flatten(0, 1), target)
    return loss + 0.5 * box_loss(out["box"].flatten(0, 1)[thing], y["box"].flatten(0, 1)[thing])


@torch.no_grad()
def scores(tower: nn.Module, heads: Heads, pixels: Tensor, y: dict[str, Tensor]) -> dict[str, float]:
    """Accuracy by fact: thing facts on patches with a thing, picture facts on all patches; box as mean distance."""
    rows = []
    for at in range(0, len(pixels), 250):
        part = {name: value[at : at + 250] for name, value in y.items()}
        with torch.autocast("cpu", torch.bfloat16):
            out = heads(tower(normalise(pixels[at : at + 250])))
        thing = part["shape"] > 0
        row = {name: (out[name].argmax(-1) == part[name]).float() for name in PATCH_CLASSES}
        row = {name: (hit[thing] if name in THING_CLASSES else hit).mean().item() for name, hit in row.items()}
        for name in PICTURE_CLASSES:
            row[name] = (out[name].argmax(-1) == part[name][:, None]).float().mean().item()
        bins = out["box"].view(*thing.shape, 4, BOX_BINS).softmax(-1) @ torch.linspace(0, 1, BOX_BINS)
        row["box"] = (bins - part["box"]).abs()[thing].mean().item()
        rows.append(row)
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--pool", type=pathlib.Path, required=True)
    p.add_argument("--held-out", type=pathlib.Path, required=True)
    p.add_argument("--out", type=pathlib.Path, required=True)
    p.add_argument("--minutes", type=float, default=30, help="wall time the learning rate schedule is stretched over")
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--rate", type=float, default=1.2e-3)
    p.add_argument("--start-from", type=pathlib.Path, help="a tower.pt to go on from, with a new schedule")
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(a.threads)
    pixels, y = load(a.pool)
    held_pixels, held_y = load(a.held_out)
    tower = Tower(TowerConfig())
    heads = Heads(tower.config.width)
    if a.start_from:
        state = torch.load(a.start_from)
        tower.load_state_dict(state["tower"])
        heads.load_state_dict(state["heads"])
    parameters = [*tower.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=a.rate, betas=(0.9, 0.98), weight_decay=0.02, fused=True)
    print(f"{len(pixels)} pictures, {sum(p.numel() for p in tower.parameters())} parameters", flush=True)
    start, step, running = time.time(), 0, 0.0
    while (progress := (time.time() - start) / (60 * a.minutes)) < 1:
        warm = min(1.0, (step + 1) / 200)
        optimizer.param_groups[0]["lr"] = a.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
        pick = torch.randint(len(pixels), (a.batch,))
        with torch.autocast("cpu", torch.bfloat16):
            out = heads(tower(normalise(pixels[pick], noise=3.0)))
        loss = total_loss(out, {name: value[pick] for name, value in y.items()})
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        step, running = step + 1, running + loss.item()
        if step % 100 == 0:
            print(f"{time.time() - start:6.0f} s step {step} loss {running / 100:.4f}", flush=True)
            running = 0.0
        if step % 500 == 0:
            report(tower, heads, held_pixels, held_y, a.out)
    report(tower, heads, held_pixels, held_y, a.out)


def report(tower: Tower, heads: Heads, pixels: Tensor, y: dict[str, Tensor], out: pathlib.Path) -> None:
    line = " ".join(f"{name} {value:.4f}" for name, value in scores(tower, heads, pixels, y).items())
    print(f"held out: {line}", flush=True)
    part = out.with_suffix(".part")
    torch.save({"tower": tower.state_dict(), "heads": heads.state_dict()}, part)
    part.replace(out)


if __name__ == "__main__":
    main()

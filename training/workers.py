"""Several training processes that work on one model, each on batches of its own."""
import os
import pathlib

import torch
import torch.distributed as dist
from torch import nn


def join_workers(folder: pathlib.Path) -> tuple[int, int]:
    """This process's rank and how many there are, from RANK and WORLD_SIZE; they meet in a file."""
    rank, world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    if world > 1:
        meeting = f"file://{folder.resolve()}/workers-{os.environ['MEETING']}"
        dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=world)
    return rank, world


def agree(value: float, world: int) -> float:
    """The first worker's value, so that all keep to one schedule."""
    if world == 1:
        return value
    shared = torch.tensor(value)
    dist.broadcast(shared, 0)
    return shared.item()


def share_gradients(parameters: list[nn.Parameter], world: int) -> None:
    """Replaces each worker's gradients by the mean of all."""
    flat = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])
    dist.all_reduce(flat)
    flat /= world
    at = 0
    for p in parameters:
        if p.grad is not None:
            p.grad.copy_(flat[at : at + p.numel()].view_as(p))
            at += p.numel()

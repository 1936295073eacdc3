"""Trains projector and language model on a trained tower, which stays as it is.

    python training/train_language.py --pool POOL_DIR --held-out HELD_OUT_DIR --tokenizer tokenizer.model \\
        --tower tower.pt --out language.pt --minutes 60

Several workers share the work when each is started with RANK, WORLD_SIZE and MEETING (a word of your choice, the same
for all, new for each go) in its environment; on a busy machine two workers of one thread do better than two threads.
"""
import argparse
import pathlib
import time

import numpy as np
import sentencepiece as spm
import torch
from torch import Tensor, nn

from chats import Packer, Questions, Rows
from data import normalise, read_pixels, shards
from encode_pool import FORMATS
from language import Llava, answer_loss, box_loss, exact_answers, helping_loss
from model import LlamaConfig, TowerConfig
from tokenizer import BOS, before_image
from workers import agree, join_workers, share_gradients

# How the formats share the questions, as far as a picture has them.
SHARES = {
    "short": 0.18, "letter": 0.18, "free": 0.18, "unanswerable": 0.10,
    "caption": 0.08, "detailed": 0.08, "region": 0.08, "box": 0.12,
}
ROWS, ROW_LENGTH = 3, 112


def build(tokenizer: spm.SentencePieceProcessor) -> Llava:
    left = [BOS, *tokenizer.encode(before_image())]
    return Llava(TowerConfig(), LlamaConfig(tokenizer.vocab_size()), left)


def optimizers(model: Llava, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the language model's blocks, AdamW for all else."""
    matrices = [p for p in model.llama.blocks.parameters() if p.ndim == 2]
    known = {id(p) for p in matrices}
    others = [p for name, p in model.named_parameters() if id(p) not in known and not name.startswith("tower.")]
    return [
        torch.optim.Muon(matrices, lr=2 * rate, weight_decay=0.02, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True),
    ]


def schedule(progress: float, step: int) -> float:
    """Up in 150 steps, level for a third of the time, then down to almost nothing."""
    return min(1.0, (step + 1) / 150) * min(1.0, 0.01 + 0.99 * (1 - progress) / 0.65)


@torch.no_grad()
def features_of(model: Llava, pixels: Tensor, noise: float) -> Tensor:
    return model.tower(normalise(pixels, noise))


@torch.no_grad()
def evaluate(model: Llava, pixels: Tensor, packer: Packer, pictures: int, swap: bool = False) -> dict[str, float]:
    """Share of questions answered exactly, by format; with `swap` each picture's questions meet another picture."""
    hits: dict[str, list[bool]] = {}
    for at in range(0, pictures, 20):
        some = np.arange(at, min(at + 20, pictures))
        rows = packer.draw(some)
        with torch.autocast("cpu", torch.bfloat16):
            features = features_of(model, pixels[(some + 1) % pictures if swap else some], 0.0)
            _, _, end = model(features, rows)
            for question, hit in exact_answers(model, end, rows):
                hits.setdefault(FORMATS[packer.questions.formats[question]], []).append(hit)
    return {name: float(np.mean(values)) for name, values in sorted(hits.items())}


def train_step(model: Llava, forward: nn.Module, pixels: Tensor, rows: Rows, boxes: Tensor) -> tuple[Tensor, ...]:
    with torch.autocast("cpu", torch.bfloat16):
        features = features_of(model, pixels, 3.0)
        fact, option, end = forward(features, rows)
        answer = answer_loss(model, end, rows)
        fact_loss = helping_loss(model.fact_head, fact, rows.fact)
        option_loss = helping_loss(model.option_head, option, rows.option)
        near_loss = box_loss(model.box_head, fact, rows, boxes)
    (answer + 0.3 * fact_loss + 0.3 * option_loss + 0.1 * near_loss).backward()
    return answer.detach(), fact_loss.detach(), option_loss.detach(), near_loss.detach()


def save(model: Llava, opts: list[torch.optim.Optimizer], step: int, spent: float, out: pathlib.Path) -> None:
    part = out.with_suffix(".part")
    state = {"model": model.state_dict(), "optimizers": [o.state_dict() for o in opts], "step": step, "spent": spent}
    torch.save(state, part)
    part.replace(out)


def restore(model: Llava, opts: list[torch.optim.Optimizer], a: argparse.Namespace) -> tuple[int, float]:
    """Loads what --resume, --fresh and --tower ask for; the steps done and the seconds spent so far."""
    step, spent = 0, 0.0
    if a.resume:
        state = torch.load(a.resume)
        model.load_state_dict(state["model"])
        if not a.fresh:
            step, spent = state["step"], state["spent"]
            for opt, saved in zip(opts, state["optimizers"]):
                opt.load_state_dict(saved)
    if a.tower:
        model.tower.load_state_dict(torch.load(a.tower)["tower"])
    return step, spent


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--pool", type=pathlib.Path, required=True)
    p.add_argument("--held-out", type=pathlib.Path, required=True)
    p.add_argument("--tokenizer", type=pathlib.Path, required=True)
    p.add_argument("--tower", type=pathlib.Path, help="take the tower from here, whatever else is loaded")
    p.add_argument("--resume", type=pathlib.Path, help="go on from this checkpoint")
    p.add_argument("--fresh", action="store_true", help="with --resume: take its weights, but start a new schedule")
    p.add_argument("--out", type=pathlib.Path, required=True)
    p.add_argument("--minutes", type=float, default=60, help="wall time the learning rate schedule is stretched over")
    p.add_argument("--batch", type=int, default=6)
    p.add_argument("--rate", type=float, default=1.7e-3)
    p.add_argument("--threads", type=int, default=2)
    train(p.parse_args())


def train(a: argparse.Namespace) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(a.threads)
    rank, world = join_workers(a.out.parent)
    tokenizer = spm.SentencePieceProcessor(model_file=str(a.tokenizer))
    model = build(tokenizer)
    opts = optimizers(model, a.rate)
    rates = [group["lr"] for opt in opts for group in opt.param_groups]
    step, spent = restore(model, opts, a)
    packer = Packer(Questions(a.pool), tokenizer, ROWS, ROW_LENGTH, SHARES, np.random.default_rng([step, rank]))
    pixels = torch.cat([read_pixels(shard) for shard in shards(a.pool)])
    held_pixels = torch.cat([read_pixels(shard) for shard in shards(a.held_out)])
    held = Packer(Questions(a.held_out), tokenizer, ROWS, ROW_LENGTH, SHARES, np.random.default_rng(1))
    forward = torch.compile(model.forward, dynamic=False)
    print(f"{len(pixels)} pictures, {sum(p.numel() for p in model.parameters())} parameters", flush=True)
    start, saved_at, running = time.time() - spent, time.time(), []
    while (progress := agree((time.time() - start) / (60 * a.minutes), world)) < 1:
        for group, rate in zip((group for opt in opts for group in opt.param_groups), rates):
            group["lr"] = rate * schedule(progress, step)
        pick = packer.rng.integers(0, len(pixels), a.batch)
        running.append(train_step(model, forward, pixels[pick], packer.draw(pick), packer.questions.boxes))
        if world > 1:
            share_gradients(list(model.parameters()), world)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for opt in opts:
            opt.step()
            opt.zero_grad()
        step += 1
        if step % 100 == 0 and rank == 0:
            losses = " ".join(f"{value:.4f}" for value in torch.tensor(running).mean(0))
            print(f"{time.time() - start:6.0f} s step {step} answer, fact, option, box loss {losses}", flush=True)
            running.clear()
        if rank == 0 and time.time() - saved_at > 300:
            save(model, opts, step, time.time() - start, a.out)
            report(evaluate(model, held_pixels, held, 100))
            saved_at = time.time()
    if rank > 0:
        return
    save(model, opts, step, time.time() - start, a.out)
    report(evaluate(model, held_pixels, held, len(held_pixels)))
    report(evaluate(model, held_pixels, held, 400, swap=True), "picture swapped")


def report(scores: dict[str, float], title: str = "held out") -> None:
    print(f"{title}: " + " ".join(f"{name} {value:.4f}" for name, value in scores.items()), flush=True)


if __name__ == "__main__":
    main()

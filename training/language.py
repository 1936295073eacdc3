"""The whole model on packed rows: image prefix once, many chats after it."""
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chats import Rows
from encode_pool import FACTS
from model import Llama, LlamaConfig, Projector, Tower, TowerConfig
from targets import BOX_BINS

# After which block the helping heads read: the fact or box asked for at the question's end, and then whether an
# option is the right one at the option's end. They show the model the way and are thrown away after training.
FACT_BLOCK, OPTION_BLOCK = 3, 4


class Llava(nn.Module):
    """Tower, projector and language model, with the helping heads of training."""

    def __init__(self, tower: TowerConfig, text: LlamaConfig, left_ids: list[int]) -> None:
        super().__init__()
        self.tower = Tower(tower)
        self.projector = Projector(tower.width, text.width)
        self.llama = Llama(text)
        self.fact_head = nn.Linear(text.width, len(FACTS))
        self.option_head = nn.Linear(text.width, 2)
        self.box_head = nn.Linear(text.width, 4 * BOX_BINS)
        self.register_buffer("left_ids", torch.tensor(left_ids))

    def prefix(self, features: Tensor) -> Tensor:
        """Tower features [B, N, D] → begin of sequence, system text and image [B, P, D of the language model]"""
        left = self.llama.token_embd(self.left_ids).expand(len(features), -1, -1)
        return torch.cat([left, self.projector(features).float()], 1)

    def forward(self, features: Tensor, rows: Rows) -> tuple[Tensor, Tensor, Tensor]:
        """Hidden states of the rows [B, R, L, D]: after FACT_BLOCK, after OPTION_BLOCK, normalised at the end."""
        batch, count, length = rows.ids.shape
        prefix = self.prefix(features)
        size = prefix.shape[1]
        x = torch.cat([prefix, self.llama.token_embd(rows.ids.flatten(1))], 1)
        ahead = torch.arange(size).expand(batch, -1)
        position = torch.cat([ahead, size + rows.position.flatten(1)], 1)
        cos, sin = self.llama.cos[position][:, None], self.llama.sin[position][:, None]
        causal, inside = masks(rows, size)
        dtype = torch.bfloat16 if torch.is_autocast_enabled("cpu") else x.dtype
        cos, sin, causal, inside = (part.to(dtype) for part in (cos, sin, causal, inside))
        seen = []
        for block in self.llama.blocks:
            q, k, v = block.qkv(x, cos, sin)
            with torch.autocast("cpu", enabled=False):
                mixed = packed_attention(q, k, v, size, (count, length), causal, inside)
            x = block.finish(x, mixed)
            seen.append(x)
        final = self.llama.output_norm(x)
        parts = (seen[FACT_BLOCK - 1], seen[OPTION_BLOCK - 1], final)
        fact, option, end = (part[:, size:].unflatten(1, (count, length)) for part in parts)
        return fact, option, end


def masks(rows: Rows, size: int) -> tuple[Tensor, Tensor]:
    """Additive masks: causal over the prefix [P, P]; rows see prefix, own chat's past [B, R, 1, L, P + L]."""
    hidden = -1e4
    causal = torch.full((size, size), hidden).triu(1)
    length = rows.ids.shape[-1]
    same = rows.chat[..., :, None] == rows.chat[..., None, :]
    past = torch.ones(length, length, dtype=torch.bool).tril()
    inside = torch.zeros(same.shape).masked_fill(~(same & past), hidden)
    return causal, F.pad(inside, (size, 0))[:, :, None]


def packed_attention(q: Tensor, k: Tensor, v: Tensor, size: int, shape: tuple[int, int], causal: Tensor,
                     inside: Tensor) -> Tensor:
    """Attention of prefix to prefix and of each row to prefix and itself; all [B, H, P + R × L, head width]."""
    count = shape[0]
    q = q * q.shape[-1] ** -0.5
    q0, k0, v0 = (part[:, :, :size] for part in (q, k, v))
    first = (q0 @ k0.transpose(-1, -2) + causal).softmax(-1) @ v0
    q1, k1, v1 = (part[:, :, size:].unflatten(2, shape).transpose(1, 2) for part in (q, k, v))
    k1 = torch.cat([k0[:, None].expand(-1, count, -1, -1, -1), k1], 3)
    v1 = torch.cat([v0[:, None].expand(-1, count, -1, -1, -1), v1], 3)
    rest = (q1 @ k1.transpose(-1, -2) + inside).softmax(-1) @ v1
    return torch.cat([first, rest.transpose(1, 2).flatten(2, 3)], 2)


def answer_loss(model: Llava, end: Tensor, rows: Rows) -> Tensor:
    """Weighted cross entropy over the answers' tokens."""
    learn = rows.target >= 0
    logits = model.llama.output(end[learn]).float()
    each = F.cross_entropy(logits, rows.target[learn], reduction="none")
    weight = rows.weight[learn]
    return (each * weight).sum() / weight.sum()


def helping_loss(head: nn.Linear, hidden: Tensor, target: Tensor) -> Tensor:
    marked = target >= 0
    return F.cross_entropy(head(hidden[marked]).float(), target[marked])




def box_loss(head: nn.Linear, hidden: Tensor, rows: Rows, boxes: Tensor) -> Tensor:
    """The box that a question asks for or about, read at its end; boxes in bins [questions, 4]."""
    marked = rows.box >= 0
    logits = head(hidden[marked]).float().unflatten(-1, (4, BOX_BINS))
    return F.cross_entropy(logits.flatten(0, 1), boxes[rows.box[marked]].flatten())


def exact_answers(model: Llava, end: Tensor, rows: Rows) -> Iterator[tuple[int, bool]]:
    """For each question of the batch its number and whether greedy decoding would give exactly its answer.

    It would if each token of the answer, the end included, is the likeliest after the true ones before it.
    """
    learn = rows.target >= 0
    hit = model.llama.output(end[learn]).argmax(-1) == rows.target[learn]
    ids, place = rows.question[learn].unique(return_inverse=True)
    missed = torch.zeros(len(ids)).index_add_(0, place, (~hit).float())
    for question, misses in zip(ids.tolist(), missed.tolist()):
        yield question, misses == 0

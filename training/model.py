"""LLaVA-1.5 in small: CLIP vision tower, two-layer projector, LLaMA. Shapes: B batch, N patches, T tokens, D width."""
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class TowerConfig:
    image_size: int = 112
    patch_size: int = 14
    width: int = 128
    blocks: int = 4
    heads: int = 4
    ffn: int = 512
    norm_eps: float = 1e-5

    @property
    def patches(self) -> int:
        return (self.image_size // self.patch_size) ** 2


@dataclass(frozen=True)
class LlamaConfig:
    vocab: int
    width: int = 160
    blocks: int = 6
    heads: int = 5
    ffn: int = 448
    norm_eps: float = 1e-5
    rope_base: float = 10000.0
    context: int = 2048

    @property
    def head_width(self) -> int:
        return self.width // self.heads


class TowerBlock(nn.Module):
    """A pre-norm transformer block with biases and quick GELU, as in CLIP."""

    def __init__(self, c: TowerConfig) -> None:
        super().__init__()
        self.heads = c.heads
        self.ln1 = nn.LayerNorm(c.width, c.norm_eps)
        self.attn_qkv = nn.Linear(c.width, 3 * c.width)
        self.attn_out = nn.Linear(c.width, c.width)
        self.ln2 = nn.LayerNorm(c.width, c.norm_eps)
        self.mlp_in = nn.Linear(c.width, c.ffn)
        self.mlp_out = nn.Linear(c.ffn, c.width)

    def forward(self, x: Tensor) -> Tensor:
        """[B, N+1, D] → [B, N+1, D]"""
        batch, rows, width = x.shape
        qkv = self.attn_qkv(self.ln1(x)).view(batch, rows, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        mixed = (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).softmax(-1).to(v.dtype) @ v
        x = x + self.attn_out(mixed.transpose(1, 2).reshape(batch, rows, width))
        hidden = self.mlp_in(self.ln2(x))
        return x + self.mlp_out(hidden * torch.sigmoid(1.702 * hidden))


class Tower(nn.Module):
    """The vision tower: what LLaVA takes from CLIP, which are the patches' rows after the last block that is run."""

    def __init__(self, c: TowerConfig) -> None:
        super().__init__()
        self.config = c
        self.patch_embd = nn.Linear(3 * c.patch_size**2, c.width, bias=False)
        self.class_embd = nn.Parameter(torch.randn(c.width) * 0.02)
        self.position_embd = nn.Parameter(torch.randn(c.patches + 1, c.width) * 0.02)
        self.pre_ln = nn.LayerNorm(c.width, c.norm_eps)
        self.blocks = nn.ModuleList(TowerBlock(c) for _ in range(c.blocks))

    def forward(self, pixels: Tensor) -> Tensor:
        """Normalised pixels [B, 3, S, S] → features [B, N, D]"""
        x = self.patch_embd(cut_patches(pixels, self.config.patch_size))
        x = torch.cat([self.class_embd.to(x.dtype).expand(x.shape[0], 1, -1), x], 1) + self.position_embd
        x = self.pre_ln(x)
        for block in self.blocks:
            x = block(x)
        return x[:, 1:]


def cut_patches(pixels: Tensor, size: int) -> Tensor:
    """[B, 3, S, S] → [B, N, 3 × size × size], patches in reading order; a convolution's input as rows."""
    batch, channels, side, _ = pixels.shape
    grid = side // size
    cut = pixels.view(batch, channels, grid, size, grid, size).permute(0, 2, 4, 1, 3, 5)
    return cut.reshape(batch, grid * grid, channels * size * size)


class Projector(nn.Sequential):
    """mlp2x_gelu: features [B, N, D of the tower] → [B, N, D of the language model]."""

    def __init__(self, tower_width: int, text_width: int) -> None:
        super().__init__(nn.Linear(tower_width, text_width), nn.GELU(), nn.Linear(text_width, text_width))


def rope_tables(c: LlamaConfig) -> tuple[Tensor, Tensor]:
    """Cosines and sines, each [context, head width / 2]."""
    frequency = c.rope_base ** (-torch.arange(0, c.head_width, 2).float() / c.head_width)
    angle = torch.arange(c.context).float()[:, None] * frequency
    return angle.cos(), angle.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turns pairs (i, i + half), which is quick; the export reorders rows to llama.cpp's adjacent pairs.

    x [..., T, head width]; cos, sin broadcast to half of it.
    """
    low, high = x.chunk(2, -1)
    return torch.cat([low * cos - high * sin, low * sin + high * cos], -1)


class LlamaBlock(nn.Module):
    """RMSNorm, rotary attention, SwiGLU; no biases."""

    def __init__(self, c: LlamaConfig) -> None:
        super().__init__()
        self.heads = c.heads
        self.attn_norm = nn.RMSNorm(c.width, c.norm_eps)
        self.attn_qkv = nn.Linear(c.width, 3 * c.width, bias=False)
        self.attn_output = nn.Linear(c.width, c.width, bias=False)
        self.ffn_norm = nn.RMSNorm(c.width, c.norm_eps)
        self.ffn_gate_up = nn.Linear(c.width, 2 * c.ffn, bias=False)
        self.ffn_down = nn.Linear(c.ffn, c.width, bias=False)

    def qkv(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[B, T, D] → rotated queries, rotated keys, values, each [B, H, T, head width]"""
        batch, tokens, width = x.shape
        qkv = self.attn_qkv(self.attn_norm(x)).view(batch, tokens, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        return rotate(q, cos, sin), rotate(k, cos, sin), v

    def finish(self, x: Tensor, mixed: Tensor) -> Tensor:
        """Adds the attention's output [B, H, T, head width] and the feed-forward part to x [B, T, D]."""
        x = x + self.attn_output(mixed.transpose(1, 2).reshape(x.shape))
        gate, up = self.ffn_gate_up(self.ffn_norm(x)).chunk(2, -1)
        return x + self.ffn_down(F.silu(gate) * up)


class Llama(nn.Module):
    """The language model over embeddings, so that image features can stand among the tokens."""

    def __init__(self, c: LlamaConfig) -> None:
        super().__init__()
        self.config = c
        self.token_embd = nn.Embedding(c.vocab, c.width)
        self.blocks = nn.ModuleList(LlamaBlock(c) for _ in range(c.blocks))
        self.output_norm = nn.RMSNorm(c.width, c.norm_eps)
        self.output = nn.Linear(c.width, c.vocab, bias=False)
        cos, sin = rope_tables(c)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self.apply(init_weights)


def init_weights(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.04)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.5)

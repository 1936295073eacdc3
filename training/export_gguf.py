"""Writes a trained checkpoint as the pair of GGUF files that LLaVA-1.5 comes in.

    python training/export_gguf.py --checkpoint language.pt --tokenizer tokenizer.model --out models/demo

Matrices are F16; norms, biases, the class token and the positions are F32.
"""
import argparse
import pathlib
from collections.abc import Callable

import gguf
import numpy as np
import sentencepiece as spm
import torch
from torch import Tensor

from data import MEAN, STD
from model import LlamaConfig, TowerConfig
from tokenizer import BOS, EOS
from train_language import build

NAME = "LLaVA-1.5 demo (shapes)"
MOSTLY_F16 = 1


def matrix(x: Tensor) -> np.ndarray:
    return x.detach().float().numpy().astype(np.float16)


def vector(x: Tensor) -> np.ndarray:
    return x.detach().float().numpy()


def adjacent_pairs(rows: Tensor, heads: int) -> Tensor:
    """Reorders the output rows of a query or key matrix: pairs (i, i + half) of each head become neighbours."""
    return rows.view(heads, 2, -1, rows.shape[-1]).transpose(1, 2).reshape(rows.shape)


def open_writer(path: pathlib.Path, arch: str, description: str) -> gguf.GGUFWriter:
    writer = gguf.GGUFWriter(path, arch)
    writer.add_name(NAME)
    writer.add_description(description)
    writer.add_license("MIT")
    writer.add_file_type(MOSTLY_F16)
    return writer


def close_writer(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_vision(path: pathlib.Path, state: dict[str, Tensor], c: TowerConfig) -> None:
    """Tower and projector, with the keys and tensor names of the published LLaVA-1.5 mmproj files."""
    w = open_writer(path, "clip", "CLIP ViT tower and LLaVA-1.5 projector for pictures of coloured shapes")
    w.add_bool("clip.has_text_encoder", False)
    w.add_bool("clip.has_vision_encoder", True)
    w.add_bool("clip.has_llava_projector", True)
    w.add_string("clip.projector_type", "mlp")
    w.add_bool("clip.use_gelu", False)
    numbers = {
        "image_size": c.image_size, "patch_size": c.patch_size, "embedding_length": c.width,
        "feed_forward_length": c.ffn, "projection_dim": c.width, "block_count": c.blocks,
        "attention.head_count": c.heads,
    }
    for key, value in numbers.items():
        w.add_uint32(f"clip.vision.{key}", value)
    w.add_float32("clip.vision.attention.layer_norm_epsilon", c.norm_eps)
    w.add_array("clip.vision.image_mean", MEAN)
    w.add_array("clip.vision.image_std", STD)
    w.add_tensor("v.class_embd", vector(state["tower.class_embd"]))
    patches = state["tower.patch_embd.weight"].view(c.width, 3, c.patch_size, c.patch_size)
    w.add_tensor("v.patch_embd.weight", matrix(patches))
    w.add_tensor("v.position_embd.weight", vector(state["tower.position_embd"]))
    add_linear(w, "v.pre_ln", state, "tower.pre_ln", vector)
    for i in range(c.blocks):
        block, name = f"tower.blocks.{i}", f"v.blk.{i}"
        for part, letter in enumerate("qkv"):
            weight = state[f"{block}.attn_qkv.weight"].chunk(3)[part]
            bias = state[f"{block}.attn_qkv.bias"].chunk(3)[part]
            w.add_tensor(f"{name}.attn_{letter}.weight", matrix(weight))
            w.add_tensor(f"{name}.attn_{letter}.bias", vector(bias))
        add_linear(w, f"{name}.attn_out", state, f"{block}.attn_out", matrix)
        add_linear(w, f"{name}.ln1", state, f"{block}.ln1", vector)
        add_linear(w, f"{name}.ln2", state, f"{block}.ln2", vector)
        # As in the published files, the FIRST matrix of the feed-forward part is called ffn_down.
        add_linear(w, f"{name}.ffn_down", state, f"{block}.mlp_in", matrix)
        add_linear(w, f"{name}.ffn_up", state, f"{block}.mlp_out", matrix)
    add_linear(w, "mm.0", state, "projector.0", matrix)
    add_linear(w, "mm.2", state, "projector.2", matrix)
    close_writer(w)


def add_linear(w: gguf.GGUFWriter, name: str, state: dict[str, Tensor], source: str, weight_as: Callable[[Tensor], np.ndarray]) -> None:
    w.add_tensor(f"{name}.weight", weight_as(state[f"{source}.weight"]))
    w.add_tensor(f"{name}.bias", vector(state[f"{source}.bias"]))


def write_text(path: pathlib.Path, state: dict[str, Tensor], c: LlamaConfig, tokenizer: spm.SentencePieceProcessor) -> None:
    """The language model as llama.cpp's `llama`."""
    w = open_writer(path, "llama", "LLaMA of a LLaVA-1.5 that answers questions about pictures of coloured shapes")
    w.add_context_length(c.context)
    w.add_embedding_length(c.width)
    w.add_block_count(c.blocks)
    w.add_feed_forward_length(c.ffn)
    w.add_head_count(c.heads)
    w.add_head_count_kv(c.heads)
    w.add_layer_norm_rms_eps(c.norm_eps)
    w.add_rope_dimension_count(c.head_width)
    w.add_rope_freq_base(c.rope_base)
    w.add_vocab_size(c.vocab)
    add_vocabulary(w, tokenizer)
    w.add_tensor("token_embd.weight", matrix(state["llama.token_embd.weight"]))
    for i in range(c.blocks):
        block, name = f"llama.blocks.{i}", f"blk.{i}"
        q, k, v = state[f"{block}.attn_qkv.weight"].chunk(3)
        gate, up = state[f"{block}.ffn_gate_up.weight"].chunk(2)
        w.add_tensor(f"{name}.attn_norm.weight", vector(state[f"{block}.attn_norm.weight"]))
        w.add_tensor(f"{name}.attn_q.weight", matrix(adjacent_pairs(q, c.heads)))
        w.add_tensor(f"{name}.attn_k.weight", matrix(adjacent_pairs(k, c.heads)))
        w.add_tensor(f"{name}.attn_v.weight", matrix(v))
        w.add_tensor(f"{name}.attn_output.weight", matrix(state[f"{block}.attn_output.weight"]))
        w.add_tensor(f"{name}.ffn_norm.weight", vector(state[f"{block}.ffn_norm.weight"]))
        w.add_tensor(f"{name}.ffn_gate.weight", matrix(gate))
        w.add_tensor(f"{name}.ffn_up.weight", matrix(up))
        w.add_tensor(f"{name}.ffn_down.weight", matrix(state[f"{block}.ffn_down.weight"]))
    w.add_tensor("output_norm.weight", vector(state["llama.output_norm.weight"]))
    w.add_tensor("output.weight", matrix(state["llama.output.weight"]))
    close_writer(w)


def add_vocabulary(w: gguf.GGUFWriter, tokenizer: spm.SentencePieceProcessor) -> None:
    """SentencePiece's pieces, scores and types, as LLaMA's own GGUF files hold them."""
    ids = range(tokenizer.vocab_size())
    w.add_tokenizer_model("llama")
    w.add_tokenizer_pre("default")
    w.add_token_list([tokenizer.id_to_piece(i).encode() for i in ids])
    w.add_token_scores([tokenizer.get_score(i) for i in ids])
    w.add_token_types([int(token_type(tokenizer, i)) for i in ids])
    w.add_bos_token_id(BOS)
    w.add_eos_token_id(EOS)
    w.add_unk_token_id(tokenizer.unk_id())
    w.add_add_bos_token(True)
    w.add_add_eos_token(False)
    w.add_add_space_prefix(True)


def token_type(tokenizer: spm.SentencePieceProcessor, piece: int) -> gguf.TokenType:
    if tokenizer.is_unknown(piece):
        return gguf.TokenType.UNKNOWN
    if tokenizer.is_control(piece):
        return gguf.TokenType.CONTROL
    return gguf.TokenType.BYTE if tokenizer.is_byte(piece) else gguf.TokenType.NORMAL


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--checkpoint", type=pathlib.Path, required=True)
    p.add_argument("--tokenizer", type=pathlib.Path, required=True)
    p.add_argument("--out", type=pathlib.Path, required=True, help="folder of model.gguf and mmproj.gguf")
    a = p.parse_args()
    tokenizer = spm.SentencePieceProcessor(model_file=str(a.tokenizer))
    model = build(tokenizer)
    model.load_state_dict(torch.load(a.checkpoint)["model"])
    state = model.state_dict()
    a.out.mkdir(parents=True, exist_ok=True)
    write_vision(a.out / "mmproj.gguf.part", state, model.tower.config)
    write_text(a.out / "model.gguf.part", state, model.llama.config, tokenizer)
    for name in ("mmproj.gguf", "model.gguf"):
        (a.out / f"{name}.part").replace(a.out / name)
        print(name, (a.out / name).stat().st_size, "bytes")


if __name__ == "__main__":
    main()

"""Writes a pair of GGUF files of LLaVA-1.5 as a checkpoint of the llava-hf layout, in float32, for servers such as vLLM.

    python checkpoint.py FOLDER_WITH_model.gguf_AND_mmproj.gguf OUT [--without-system-text]

With --without-system-text, the chat template leaves system messages out, as some published ones do.
"""

import json
import pathlib
import sys

import gguf
import numpy
import sentencepiece.sentencepiece_model_pb2 as sentencepiece
import torch
import transformers
from safetensors.torch import save_file

# The prompt of LLaVA-1.5 (conv_vicuna_v1 of the authors' code), as templates of the llava-hf layout write it.
USER = (
    "USER: {% if m.content is string %}{{ m.content }}{% else %}"
    "{% for part in m.content if part.type != 'text' %}<image>\n{% endfor %}"
    "{% for part in m.content if part.type == 'text' %}{{ part.text }}{% endfor %}{% endif %} "
)
TEXT = "{% if m.content is string %}{{ m.content }}{% else %}{{ m.content[0].text }}{% endif %}"
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if m.role == 'system' %}SYSTEM{% elif m.role == 'user' %}" + USER + "{% else %}ASSISTANT: " + TEXT + "</s>{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)


def read(path):
    reader = gguf.GGUFReader(path)
    values = {name: field.contents() for name, field in reader.fields.items()}
    tensors = {}
    for tensor in reader.tensors:
        data = numpy.asarray(gguf.dequantize(tensor.data, tensor.tensor_type), dtype=numpy.float32)
        shape = [int(size) for size in reversed(tensor.shape)]
        tensors[tensor.name] = torch.from_numpy(data.reshape(shape).copy())
    return values, tensors


def halves_apart(weight, heads):
    """llama.cpp keeps the two halves that RoPE turns interleaved; this layout keeps them apart."""
    rows, columns = weight.shape
    return weight.view(heads, rows // heads // 2, 2, columns).transpose(1, 2).reshape(rows, columns)


def language_model(values, tensors, vocabulary):
    heads, kv_heads = values["llama.attention.head_count"], values["llama.attention.head_count_kv"]

    def with_room_for_image(weight):
        return torch.cat([weight, torch.zeros(vocabulary - weight.shape[0], weight.shape[1])])

    state = {
        "language_model.model.embed_tokens.weight": with_room_for_image(tensors["token_embd.weight"]),
        "language_model.lm_head.weight": with_room_for_image(tensors["output.weight"]),
        "language_model.model.norm.weight": tensors["output_norm.weight"],
    }
    parts = {
        "self_attn.q_proj": lambda block: halves_apart(tensors[block + "attn_q.weight"], heads),
        "self_attn.k_proj": lambda block: halves_apart(tensors[block + "attn_k.weight"], kv_heads),
        "self_attn.v_proj": lambda block: tensors[block + "attn_v.weight"],
        "self_attn.o_proj": lambda block: tensors[block + "attn_output.weight"],
        "mlp.gate_proj": lambda block: tensors[block + "ffn_gate.weight"],
        "mlp.up_proj": lambda block: tensors[block + "ffn_up.weight"],
        "mlp.down_proj": lambda block: tensors[block + "ffn_down.weight"],
        "input_layernorm": lambda block: tensors[block + "attn_norm.weight"],
        "post_attention_layernorm": lambda block: tensors[block + "ffn_norm.weight"],
    }
    for layer in range(values["llama.block_count"]):
        for name, part in parts.items():
            state[f"language_model.model.layers.{layer}.{name}.weight"] = part(f"blk.{layer}.")
    return state


def vision_tower(values, tensors):
    blocks, width = values["clip.vision.block_count"], values["clip.vision.embedding_length"]
    tower = "vision_tower.vision_model."
    state = {
        tower + "embeddings.class_embedding": tensors["v.class_embd"],
        tower + "embeddings.patch_embedding.weight": tensors["v.patch_embd.weight"],
        tower + "embeddings.position_embedding.weight": tensors["v.position_embd.weight"],
        tower + "post_layernorm.weight": torch.ones(width),
        tower + "post_layernorm.bias": torch.zeros(width),
    }
    # Older files call the layer that widens ffn_down.
    widens = "ffn_up" if tensors["v.blk.0.ffn_up.weight"].shape[1] == width else "ffn_down"
    narrows = "ffn_down" if widens == "ffn_up" else "ffn_up"
    names = {
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.out_proj": "attn_out",
        "layer_norm1": "ln1",
        "layer_norm2": "ln2",
        "mlp.fc1": widens,
        "mlp.fc2": narrows,
    }
    for kind in ("weight", "bias"):
        state[f"{tower}pre_layrnorm.{kind}"] = tensors[f"v.pre_ln.{kind}"]
        state[f"multi_modal_projector.linear_1.{kind}"] = tensors[f"mm.0.{kind}"]
        state[f"multi_modal_projector.linear_2.{kind}"] = tensors[f"mm.2.{kind}"]
        for block in range(blocks + 1):
            # The layout has one block behind the features that LLaVA-1.5 takes; what is in it has no effect.
            stored = min(block, blocks - 1)
            for name, own in names.items():
                state[f"{tower}encoder.layers.{block}.{name}.{kind}"] = tensors[f"v.blk.{stored}.{own}.{kind}"].clone()
    return state


def write_tokenizer(values, out):
    model = sentencepiece.ModelProto()
    for text, score, kind in zip(*(values[f"tokenizer.ggml.{name}"] for name in ("tokens", "scores", "token_type"))):
        model.pieces.add(piece=text, score=score, type=kind)
    model.trainer_spec.model_type = 2
    model.trainer_spec.byte_fallback = True
    model.trainer_spec.vocab_size = len(model.pieces)
    model.trainer_spec.pad_id = -1
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.remove_extra_whitespaces = False
    (out / "tokenizer.model").write_bytes(model.SerializeToString())
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    settings = {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "legacy": True, **special}
    (out / "tokenizer_config.json").write_text(json.dumps(settings))
    tokenizer = transformers.AutoTokenizer.from_pretrained(out)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    return tokenizer


def put_spaces_first(path):
    """As in llava-hf's published file: each text begins with a space, also the one behind the picture."""
    content = json.loads(path.read_text())
    spaces = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
    content["normalizer"] = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"}, spaces]}
    content["pre_tokenizer"] = None
    path.write_text(json.dumps(content))


def config_of(values, vision, **text_settings):
    """The image token comes behind the vocabulary, and room for more behind that."""
    side, patch = vision["clip.vision.image_size"], vision["clip.vision.patch_size"]
    image_token = len(values["tokenizer.ggml.tokens"])
    return transformers.LlavaConfig(
        vision_config=transformers.CLIPVisionConfig(
            hidden_size=vision["clip.vision.embedding_length"],
            intermediate_size=vision["clip.vision.feed_forward_length"],
            num_hidden_layers=vision["clip.vision.block_count"] + 1,
            num_attention_heads=vision["clip.vision.attention.head_count"],
            layer_norm_eps=vision["clip.vision.attention.layer_norm_epsilon"],
            image_size=side,
            patch_size=patch,
        ),
        text_config=transformers.LlamaConfig(
            vocab_size=image_token + 64,
            hidden_size=values["llama.embedding_length"],
            intermediate_size=values["llama.feed_forward_length"],
            num_hidden_layers=values["llama.block_count"],
            num_attention_heads=values["llama.attention.head_count"],
            num_key_value_heads=values["llama.attention.head_count_kv"],
            max_position_embeddings=values["llama.context_length"],
            rms_norm_eps=values["llama.attention.layer_norm_rms_epsilon"],
            **text_settings,
        ),
        image_token_index=image_token,
        image_seq_length=(side // patch) ** 2,
        architectures=["LlavaForConditionalGeneration"],
    )


def main(source, out, has_system_text):
    out.mkdir(parents=True)
    values, tensors = read(source / "model.gguf")
    vision, vision_tensors = read(source / "mmproj.gguf")
    side, patch = vision["clip.vision.image_size"], vision["clip.vision.patch_size"]
    config = config_of(values, vision, bos_token_id=1, eos_token_id=2)
    config.save_pretrained(out)
    vocabulary = config.text_config.vocab_size
    state = {**language_model(values, tensors, vocabulary), **vision_tower(vision, vision_tensors)}
    save_file({name: weight.contiguous() for name, weight in state.items()}, out / "model.safetensors", {"format": "pt"})
    transformers.LlavaProcessor(
        transformers.CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side}),
        write_tokenizer(values, out),
        patch_size=patch,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=TEMPLATE.replace("SYSTEM", TEXT + " " if has_system_text else ""),
    ).save_pretrained(out)
    put_spaces_first(out / "tokenizer.json")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), "--without-system-text" not in sys.argv)

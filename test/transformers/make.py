"""Makes small random LLaVAs with transformers and PEFT, saved as they and the authors' code save them, and beside each what
they answer: `make.py FOLDER [SHAPE…]`.

    FOLDER/SHAPE/checkpoint/    the checkpoint, or the adapter
    FOLDER/SHAPE/base/          what the adapter belongs to
    FOLDER/SHAPE/tower/         CLIP by itself, where the checkpoint does not hold it
    FOLDER/SHAPE/tensors/       every tensor as float32 under the names of transformers' classes, of the merged model
    FOLDER/SHAPE/reference.json texts, token ids, sizes
    FOLDER/SHAPE/pixels.rgb     uint8 [size, size, 3]
    FOLDER/SHAPE/features.f32   float32 [patches, hidden size]: behind the projector
    FOLDER/SHAPE/logprobs.f32   float32 [rows]: of the first token of the answer
    FOLDER/torch-files/         files of torch.save, and their tensors as safetensors
"""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import (
    AutoTokenizer,
    CLIPVisionConfig,
    CLIPVisionModel,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
)

from shapes import SHAPES, Shape
from torch_files import write_torch_files
from tokenizers_of_shapes import write_json

BEFORE = "A chat between a curious user and an assistant. USER: "
AFTER = "\nWhat color is the car in 1984? ASSISTANT:"
MEAN = [0.48145466, 0.4578275, 0.40821073]
STD = [0.26862954, 0.26130258, 0.27577711]


def model_of(shape: Shape, tokenizer) -> LlavaForConditionalGeneration:
    text = {
        "hidden_size": 128,
        "intermediate_size": 192,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "max_position_embeddings": 512,
        "rms_norm_eps": 1e-6,
        "vocab_size": tokenizer.size + shape.padding,
        "bos_token_id": tokenizer.bos,
        "eos_token_id": 2,
        **shape.text,
    }
    vision = {
        "hidden_size": 128,
        "intermediate_size": 160,
        "num_hidden_layers": 4,
        "num_attention_heads": 2,
        "image_size": 56,
        "patch_size": 14,
        **shape.vision,
    }
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**vision),
        text_config=LlamaConfig(**text),
        image_token_id=tokenizer.id_of("<image>") if "<image>" in getattr(tokenizer, "SPECIAL", shape.added) else 0,
        **{"vision_feature_layer": -2, "vision_feature_select_strategy": "default", "image_seq_length": 16, **shape.config},
    )
    model = LlavaForConditionalGeneration(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1:
                weight.normal_(0, 1.5 / weight[0].numel() ** 0.5 if "embed" not in name else 0.7)
            else:
                weight.normal_(1 if "norm" in name and name.endswith("weight") else 0, 0.2)
    return model.to(getattr(torch, shape.dtype)).float()


def plain_tensors(model) -> dict[str, torch.Tensor]:
    """The model's tensors by the names that transformers wrote before version 5."""
    named = {}
    for name, weight in model.state_dict().items():
        name = re.sub(r"^model\.language_model\.", "language_model.model.", name)
        name = re.sub(r"^lm_head\.", "language_model.lm_head.", name)
        name = re.sub(r"^model\.(vision_tower|multi_modal_projector)\.", r"\1.", name)
        name = re.sub(r"^vision_tower\.(?!vision_model\.)", "vision_tower.vision_model.", name)
        if name == "language_model.lm_head.weight" and model.config.get_text_config().tie_word_embeddings:
            continue
        named[name] = weight.detach().contiguous()
    return named


def authors_name(name: str) -> str:
    name = name.replace("language_model.model.", "model.").replace("language_model.lm_head.", "lm_head.")
    name = name.replace("multi_modal_projector.linear_1.", "model.mm_projector.0.")
    name = name.replace("multi_modal_projector.linear_2.", "model.mm_projector.2.")
    return re.sub(r"^vision_tower\.", "model.vision_tower.vision_tower.", name)


def save_tensors(tensors: dict[str, torch.Tensor], folder: Path, shape: Shape) -> None:
    stem, ending = ("model", "safetensors") if shape.files == "safetensors" else ("pytorch_model", "bin")
    names = list(tensors)
    parts = [names[part :: shape.shards] for part in range(shape.shards)]
    places = {}
    for number, part in enumerate(parts):
        file = f"{stem}.{ending}" if shape.shards == 1 else f"{stem}-{number + 1:05}-of-{shape.shards:05}.{ending}"
        chosen = {name: tensors[name] for name in part}
        places |= dict.fromkeys(part, file)
        if shape.files == "safetensors":
            save_file(chosen, folder / file, metadata={"format": "pt"})
        else:
            torch.save(chosen, folder / file)
    if shape.shards > 1:
        size = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
        write_json(folder / f"{stem}.{ending}.index.json", {"metadata": {"total_size": size}, "weight_map": places})


def save_transformers(model, tokenizer, shape: Shape, folder: Path) -> None:
    folder.mkdir(parents=True)
    saved = model.to(getattr(torch, shape.dtype))
    if shape.layout == "hf-5":
        saved.save_pretrained(folder)
    else:
        saved.config.architectures = ["LlavaForConditionalGeneration"]
        saved.config.save_pretrained(folder)
        save_tensors(plain_tensors(saved), folder, shape)
    tokenizer.write(folder)
    if shape.saved_tokenizer:
        loaded = AutoTokenizer.from_pretrained(folder)
        for name in ["tokenizer.model", "added_tokens.json"]:
            (folder / name).unlink(missing_ok=True)
        loaded.save_pretrained(folder)
    write_json(folder / "preprocessor_config.json", {"image_mean": MEAN, "image_std": STD, "do_pad": True})
    model.float()


def authors_config(model, shape: Shape) -> dict:
    text = model.config.text_config
    return {
        "architectures": ["LlavaLlamaForCausalLM"],
        "model_type": "llava_llama",
        "hidden_size": text.hidden_size,
        "intermediate_size": text.intermediate_size,
        "num_hidden_layers": text.num_hidden_layers,
        "num_attention_heads": text.num_attention_heads,
        "num_key_value_heads": text.num_key_value_heads,
        "max_position_embeddings": text.max_position_embeddings,
        "rms_norm_eps": text.rms_norm_eps,
        "vocab_size": text.vocab_size,
        "tie_word_embeddings": False,
        "hidden_act": "silu",
        "bos_token_id": 1,
        "eos_token_id": 2,
        "mm_hidden_size": model.config.vision_config.hidden_size,
        "mm_projector_type": "mlp2x_gelu",
        "mm_use_im_start_end": False,
        "mm_vision_select_feature": "patch",
        "mm_vision_select_layer": -2,
        "mm_vision_tower": "openai/clip-vit-large-patch14-336",
        "image_aspect_ratio": "pad",
    }


def save_authors(model, tokenizer, shape: Shape, folder: Path) -> None:
    folder.mkdir(parents=True)
    tensors = {
        authors_name(name): tensor.to(getattr(torch, shape.dtype))
        for name, tensor in plain_tensors(model).items()
        if shape.own_tower or not name.startswith("vision_tower.")
    }
    tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(16)
    save_tensors(tensors, folder, shape)
    write_json(folder / "config.json", authors_config(model, shape))
    tokenizer.write(folder)


def save_tower(model, folder: Path) -> None:
    """As transformers saves CLIP's vision half, with the weights of the model's tower."""
    tower = CLIPVisionModel(model.config.vision_config)
    own = {re.sub(r"^vision_tower\.", "", name): w for name, w in plain_tensors(model).items() if "vision_tower" in name}
    expected = tower.state_dict()
    prefix = "vision_model." if any(name.startswith("vision_model.") for name in expected) else ""
    tower.load_state_dict({prefix + name.removeprefix("vision_model."): w for name, w in own.items()}, strict=False)
    tower.save_pretrained(folder)
    write_json(folder / "preprocessor_config.json", {"image_mean": MEAN, "image_std": STD})


def add_lora(model, shape: Shape):
    """A LoRA of every matrix of the language model; of the tower too where asked. The projector is trained whole."""
    parts = "language_model.*" if not shape.tower_lora else "(language_model|vision_tower).*"
    config = LoraConfig(
        r=4,
        lora_alpha=8,
        use_rslora=shape.rslora,
        target_modules=rf".*{parts}(q_proj|k_proj|v_proj|o_proj|out_proj|gate_proj|up_proj|down_proj|fc1|fc2)",
        modules_to_save=["multi_modal_projector"] if shape.lora == "hf" else None,
    )
    tuned = get_peft_model(model, config)
    with torch.no_grad():
        for name, weight in tuned.named_parameters():
            if "lora_" in name:
                weight.normal_(0, 0.1)
            elif "multi_modal_projector" in name and "original" not in name:
                weight.add_(torch.randn_like(weight) * 0.05)
    return tuned


def save_lora(tuned, shape: Shape, folder: Path, base: Path) -> None:
    tuned.save_pretrained(folder)
    if shape.lora == "hf":
        return
    # As the authors' train.py leaves it: the names of their classes, and what is no LoRA in a torch file beside it.
    from safetensors.torch import load_file

    file = folder / "adapter_model.safetensors"
    renamed = {}
    for name, tensor in load_file(file).items():
        inner = name.removeprefix("base_model.model.")
        inner = inner.replace("model.language_model.", "model.")
        inner = re.sub(r"^model\.vision_tower\.(vision_model\.)?", "model.vision_tower.vision_tower.vision_model.", inner)
        renamed[f"base_model.model.{inner}"] = tensor
    file.unlink()
    torch.save(renamed, folder / "adapter_model.bin")
    whole = {
        f"base_model.model.{authors_name(name)}": torch.nn.Parameter(tensor, requires_grad=False)
        for name, tensor in plain_tensors(tuned.get_base_model()).items()
        if name.startswith("multi_modal_projector.")
    }
    torch.save(whole, folder / "non_lora_trainables.bin")
    shutil.copy(base / "config.json", folder / "config.json")


@torch.no_grad()
def write_reference(model, tokenizer, shape: Shape, folder: Path) -> None:
    model = model.float().eval()
    size = model.config.vision_config.image_size
    pixels = numpy.random.default_rng(7).integers(0, 256, (size, size, 3), dtype=numpy.uint8)
    (folder / "pixels.rgb").write_bytes(pixels.tobytes())
    values = (torch.from_numpy(pixels).float() / 255 - torch.tensor(MEAN)) / torch.tensor(STD)
    tower = model.model.vision_tower
    states = tower(values.permute(2, 0, 1)[None], output_hidden_states=True).hidden_states
    chosen = states[model.config.vision_feature_layer][:, 1:]
    features = model.model.multi_modal_projector(chosen)[0]
    before, after = [tokenizer.bos, *tokenizer.encode(BEFORE)], tokenizer.encode(AFTER)
    embed = model.get_input_embeddings()
    parts = [embed(torch.tensor(before)), features, embed(torch.tensor(after))]
    logits = model(inputs_embeds=torch.cat(parts)[None], use_cache=False).logits[0, -1].float()
    logprobs = logits.log_softmax(-1)
    features.numpy().astype("<f4").tofile(folder / "features.f32")
    logprobs.numpy().astype("<f4").tofile(folder / "logprobs.f32")
    write_json(
        folder / "reference.json",
        {
            "imageSize": size,
            "textBefore": BEFORE,
            "textAfter": AFTER,
            "idsBefore": before,
            "idsAfter": after,
            "featureShape": list(features.shape),
            "rows": len(logprobs),
        },
    )
    (folder / "tensors").mkdir()
    save_file(plain_tensors(model), folder / "tensors" / "model.safetensors")


def make(shape: Shape, folder: Path) -> None:
    torch.manual_seed(sum(shape.name.encode()))
    tokenizer = shape.tokenizer(shape.added) if shape.tokenizer.__name__ != "ByteLevel" else shape.tokenizer()
    model = model_of(shape, tokenizer)
    checkpoint = folder / ("base" if shape.lora else "checkpoint")
    save = save_authors if shape.layout == "authors" else save_transformers
    save(model, tokenizer, shape, checkpoint)
    if shape.layout == "authors" and not shape.own_tower:
        save_tower(model, folder / "tower")
    if shape.lora:
        tuned = add_lora(model, shape)
        save_lora(tuned, shape, folder / "checkpoint", checkpoint)
        model = tuned.merge_and_unload()
    write_reference(model, tokenizer, shape, folder)


def main(folder: str, *names: str) -> None:
    for shape in SHAPES:
        if names and shape.name not in names:
            continue
        target = Path(folder) / shape.name
        shutil.rmtree(target, ignore_errors=True)
        make(shape, target)
        print(shape.name, file=sys.stderr)
    if not names:
        write_torch_files(Path(folder) / "torch-files")


if __name__ == "__main__":
    main(*sys.argv[1:])

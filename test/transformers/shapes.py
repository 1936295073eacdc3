"""The shapes that checkpoints are made in."""

from dataclasses import dataclass, field

from tokenizers_of_shapes import ByteLevel, Fallback, SentencePiece


@dataclass
class Shape:
    name: str
    # "hf" since transformers 5 ("hf-5") or before ("hf-4"), or "authors".
    layout: str = "hf-4"
    tokenizer: type = SentencePiece
    added: tuple[str, ...] = ("<image>", "<pad>")
    # Rows of the embeddings beyond the tokens.
    padding: int = 0
    dtype: str = "float32"
    # "safetensors" or "bin".
    files: str = "safetensors"
    shards: int = 1
    # The tokenizer as transformers 5 saves it once it has loaded it.
    saved_tokenizer: bool = False
    text: dict = field(default_factory=dict)
    vision: dict = field(default_factory=dict)
    config: dict = field(default_factory=dict)
    # Of the authors' layout: whether the tower is in the checkpoint.
    own_tower: bool = False
    # "authors" or "hf": an adapter of a model of this shape, with these modules.
    lora: str | None = None
    rslora: bool = False
    tower_lora: bool = False


LLAMA_3 = {"rope_parameters": {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
                               "high_freq_factor": 4.0, "original_max_position_embeddings": 64}}

SHAPES = [
    Shape("plain"),
    Shape("grouped-queries", text={"num_key_value_heads": 2}),
    Shape("tied", text={"tie_word_embeddings": True}, config={"tie_word_embeddings": True}),
    Shape("padded", padding=37, added=("<image>", "<pad>", "<user>")),
    Shape("llama-3", tokenizer=ByteLevel, padding=13, text={"num_key_value_heads": 2, **LLAMA_3}),
    Shape("phi-3", text={"hidden_size": 384, "num_attention_heads": 4, "num_key_value_heads": 4}),
    Shape("mistral", text={"num_key_value_heads": 1, "head_dim": 32, "rms_norm_eps": 1e-5}),
    Shape("positions", text={"rope_parameters": {"rope_type": "linear", "rope_theta": 20000.0, "factor": 2.0}}),
    Shape("many-shards", shards=4, dtype="bfloat16"),
    Shape("half", dtype="float16", layout="hf-5"),
    Shape("bin", files="bin", dtype="float16"),
    Shape("bin-shards", files="bin", shards=3, dtype="bfloat16"),
    Shape("fallback", tokenizer=Fallback, added=("<image>", "<pad>", "<user>")),
    Shape("saved-tokenizer", layout="hf-5", saved_tokenizer=True, dtype="bfloat16"),
    Shape("llama-3-saved", layout="hf-5", tokenizer=ByteLevel, saved_tokenizer=True, text={"num_key_value_heads": 1}),
    Shape("gelu-tower", vision={"hidden_act": "gelu", "layer_norm_eps": 1e-6}, config={"vision_feature_layer": -1}),
    Shape("authors", layout="authors", added=(), files="bin", dtype="float16", shards=2),
    Shape("authors-own-tower", layout="authors", added=(), own_tower=True, dtype="bfloat16"),
    Shape("lora", lora="hf", rslora=True),
    Shape("lora-authors", layout="authors", added=(), own_tower=True, lora="authors", tower_lora=True),
]

"""Writes what `transformers` and `tokenizers` make of 100 prompts a form: tokens, and greedy answers in float32.

    npx tsx test/forms/write-pairs.ts PAIRS
    python test/forms/make_references.py PAIRS test/forms/references.json

Needs torch, transformers and gguf, as test/vllm/prepare installs them.
"""

import json
import pathlib
import sys
import tempfile

import tokenizers
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "vllm"))
import checkpoint  # noqa: E402

PROMPTS = 100
PICTURES = 4
MOST_TOKENS = 10
# Where the second best token is nearer than this, rounding may decide.
SURE_LEAD = 0.1

# As xtuner's templates.py has them.
TEMPLATES = {
    "llama3": {
        "input": "<|start_header_id|>user<|end_header_id|>\n\n{}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        "suffix": "<|eot_id|>",
        "sep": "",
        "ends": ["<|eot_id|>", "<|end_of_text|>"],
    },
    "phi3": {
        "input": "<|user|>\n{}<|end|>\n<|assistant|>\n",
        "suffix": "<|end|>",
        "sep": "\n",
        "ends": ["<|end|>", "<|endoftext|>"],
    },
}
LLAMA_3_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
MARKERS = ["<|eot_id|>", "<|end|>", "<|user|>", "[INST]", "<image>", "</s>", "<|start_header_id|>system<|end_header_id|>"]


def tokenizer_of(form, values):
    texts = values["tokenizer.ggml.tokens"]
    if form == "llama3":
        first_special = 128_000
        vocabulary = {text: token for token, text in enumerate(texts[:first_special])}
        merges = [tuple(pair.split(" ")) for pair in values["tokenizer.ggml.merges"]]
        tokenizer = tokenizers.Tokenizer(models.BPE(vocabulary, merges, ignore_merges=True))
        split = pre_tokenizers.Split(Regex(LLAMA_3_WORDS), "isolated")
        byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
        tokenizer.decoder = decoders.ByteLevel()
        special = [AddedToken(text, special=True, normalized=False) for text in texts[first_special:]]
    else:
        pieces = texts[:32_000]
        vocabulary = {text: token for token, text in enumerate(pieces)}
        scores = values["tokenizer.ggml.scores"]
        merges = []
        for token, piece in enumerate(pieces):
            ways = [(piece[:i], piece[i:]) for i in range(1, len(piece)) if piece[:i] in vocabulary and piece[i:] in vocabulary]
            merges += [(scores[token], way) for way in sorted(ways, key=lambda way: (vocabulary[way[0]], vocabulary[way[1]]))]
        merges = [way for _, way in sorted(merges, key=lambda one: -one[0])]
        tokenizer = tokenizers.Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
        tokenizer.decoder = decoders.Sequence(
            [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        )
        special = [AddedToken(text, special=True, normalized=False) for text in ("<unk>", "<s>", "</s>")]
        # Phi-3's tokenizer_config.json: all but the end of the text take the white space behind them along.
        special += [
            AddedToken(text, special=True, normalized=False, rstrip=text != "<|endoftext|>") for text in texts[32_000:32_011]
        ]
    tokenizer.add_special_tokens(special)
    for token in special:
        assert texts[tokenizer.token_to_id(token.content)] == token.content
    return tokenizer


class Prompt:
    """xtuner's encode_fn: inputs, outputs, what separates turns and both sides of the image are encoded alone."""

    def __init__(self, form, tokenizer, bos):
        self.template = TEMPLATES[form]
        self.tokenizer = tokenizer
        self.bos = bos

    def encode(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def words(self, text):
        """Special tokens of the text are words."""
        self.tokenizer.encode_special_tokens = True
        ids = self.encode(text) if text else []
        self.tokenizer.encode_special_tokens = False
        return ids

    def asked(self, said):
        """The input of a turn, its words never special: the template's own tokens are put in by hand."""
        before, after = self.template["input"].split("{}")
        whole = before + said + after
        if not any(marker in said for marker in MARKERS):
            return [ids for chunk in whole.split("<image>") for ids in [self.encode(chunk)]]
        chunks = []
        for place, chunk in enumerate(said.split("<image>", 1) if said.startswith("<image>\n") else [said]):
            chunks.append(chunk)
        ids = []
        for place, chunk in enumerate(chunks):
            own = []
            if place == 0:
                own += self.pieces(before, chunk)
            else:
                own += self.words(chunk)
            if place == len(chunks) - 1:
                own += self.encode(after)
            ids.append(own)
        return ids

    def pieces(self, before, words):
        """The template's beginning, then words as one text with what the template has behind its last special token."""
        cut = before.rfind(">") + 1
        tail = before[cut:]
        takes_space = self.template["sep"] == "\n"
        text = (tail + words).lstrip() if takes_space else tail + words
        return self.encode(before[:cut]) + self.words(text)

    def tokens(self, turns, question):
        """Left and right of the picture."""
        left, right = None, []
        for place, (asked, answer) in enumerate([*turns, (question, None)]):
            said = f"<image>\n{asked}" if place == 0 else asked
            chunks = self.asked(said)
            if place == 0:
                left = [self.bos, *chunks[0]]
                right += chunks[1]
            else:
                right += chunks[0]
            if answer is not None:
                right += self.words(answer) + self.encode(self.template["suffix"])
                if self.template["sep"]:
                    right += self.encode(self.template["sep"])
        return left, right


def model_of(values, tensors, vision, vision_tensors):
    base = float(values.get("llama.rope.freq_base", 10_000.0))
    rope = {"rope_type": "default", "rope_theta": base}
    config = checkpoint.config_of(values, vision, rope_theta=base, rope_parameters=rope)
    state = {
        **checkpoint.language_model(values, tensors, config.text_config.vocab_size),
        **checkpoint.vision_tower(vision, vision_tensors),
    }
    with tempfile.TemporaryDirectory() as folder:
        config.save_pretrained(folder)
        weights = {name: weight.contiguous() for name, weight in state.items()}
        save_file(weights, f"{folder}/model.safetensors", {"format": "pt"})
        model = transformers.LlavaForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    return model.eval(), config.image_token_index


def pixels_of(number, vision):
    side = vision["clip.vision.image_size"]
    values = torch.arange(side * side * 3, dtype=torch.int64)
    values = ((values * 7 + number * 13) % 256).reshape(side, side, 3).permute(2, 0, 1).float() / 255
    mean, deviation = (torch.tensor(vision[f"clip.vision.image_{name}"]).reshape(3, 1, 1) for name in ("mean", "std"))
    return ((values - mean) / deviation).unsqueeze(0)


@torch.no_grad()
def answer(model, image_token, patches, left, right, pixels, ends):
    given = torch.tensor([[*left, *[image_token] * patches, *right]])
    tokens, cache = [], None
    inputs = {"input_ids": given, "pixel_values": pixels}
    while len(tokens) < MOST_TOKENS:
        out = model(**inputs, past_key_values=cache, use_cache=True)
        cache = out.past_key_values
        best = torch.topk(out.logits[0, -1], 2)
        if float(best.values[0] - best.values[1]) < SURE_LEAD:
            return tokens, "unsure"
        token = int(best.indices[0])
        if token in ends:
            return tokens, "end"
        tokens.append(token)
        inputs = {"input_ids": torch.tensor([[token]])}
    return tokens, "long"


SUBJECTS = ["car", "dog", "left-hand sign", "child's hat", "tree", "number 12345", "caf\u00e9", "\u4e2d\u6587 sign", "T-shirt", "bridge"]
KINDS = [
    "What color is the {}?",
    "Where is the {}, and what's beside it?",
    "Is there a {} in the picture? It's 10:45, don't guess.",
    "Describe the {}.\nAnswer the question using a single word or phrase.",
    "How many of the {} are there in 2024?",
    "Say what the {} is for \U0001f600",
    "  Is the {}   big?",
    "{}",
    "What does {} mean next to the {}?",
    "I'd say the {} isn't here, you're sure it's {}?",
]


def questions():
    for place in range(PROMPTS):
        subject, kind = SUBJECTS[place % 10], KINDS[(place // 10 + place) % 10]
        marker = MARKERS[place % len(MARKERS)]
        second = marker if kind.count("{}") == 2 else ""
        yield kind.format(subject, second) if second else kind.format(subject)


def turns_of(place):
    said = [("What is this?", "A street"), ("Is it 7 o'clock?", "No, it's 10")]
    return said[: 0 if place % 5 < 3 else place % 5 - 2]


def main(pairs, out):
    references = {}
    for form, template in TEMPLATES.items():
        values, tensors = checkpoint.read(pairs / form / "model.gguf")
        vision, vision_tensors = checkpoint.read(pairs / form / "mmproj.gguf")
        tokenizer = tokenizer_of(form, values)
        prompt = Prompt(form, tokenizer, values["tokenizer.ggml.bos_token_id"])
        model, image_token = model_of(values, tensors, vision, vision_tensors)
        patches = (vision["clip.vision.image_size"] // vision["clip.vision.patch_size"]) ** 2
        ends = [tokenizer.token_to_id(text) for text in template["ends"]]
        rows = []
        for place, question in enumerate(questions()):
            turns, picture = turns_of(place), place % PICTURES
            left, right = prompt.tokens(turns, question)
            tokens, how = answer(model, image_token, patches, left, right, pixels_of(picture, vision), ends)
            rows.append(
                {
                    "picture": picture,
                    "turns": [{"question": asked, "answer": said} for asked, said in turns],
                    "question": question,
                    "left": left,
                    "right": right,
                    "answer": tokenizer.decode(tokens).strip(),
                    "tokens": len(tokens),
                    "ended": how,
                }
            )
        references[form] = rows
    lines = {form: ",\n".join(json.dumps(row) for row in rows) for form, rows in references.items()}
    out.write_text("{" + ",".join(f'"{form}": [\n{text}\n]' for form, text in lines.items()) + "}\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))

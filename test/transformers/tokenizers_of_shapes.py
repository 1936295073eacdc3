"""Small tokenizers of the three kinds that LLaVA-1.5's relatives have, trained on a few sentences."""

import io
import json
from pathlib import Path

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

TEXT = """A chat between a curious user and an artificial intelligence assistant.
The assistant gives helpful, detailed, and polite answers to the user's questions.
USER: What color is the car? ASSISTANT: The car is red, and it stands before 2 houses.
How many birds are there in 1984? There are 12 birds, I've counted 'em twice.
Describe the picture: a dog sleeps under the old oak; its owner reads a newspaper."""

LLAMA_3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def write_json(path: Path, value) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False), encoding="utf-8")


def token(text: str) -> dict:
    return {"content": text, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False}


def sentencepiece_model(pieces: int = 320) -> bytes:
    """Llama's kind: BPE with bytes for unknown characters, a space before each text, <unk> <s> </s> first."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT.splitlines()),
        model_writer=model,
        model_type="bpe",
        vocab_size=pieces,
        byte_fallback=True,
        character_coverage=1.0,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()


class SentencePiece:
    """tokenizer.model with `<image>` and `<pad>` added, as llava-hf has it, or as the authors have it, without."""

    def __init__(self, added: tuple[str, ...] = (), settings: dict | None = None):
        self.model = sentencepiece_model()
        self.processor = sentencepiece.SentencePieceProcessor(model_proto=self.model)
        self.added = added
        self.settings = settings or {}

    @property
    def size(self) -> int:
        return self.processor.vocab_size() + len(self.added)

    def id_of(self, text: str) -> int:
        return self.processor.vocab_size() + self.added.index(text)

    def encode(self, text: str) -> list[int]:
        return self.processor.encode(text)

    bos = 1

    def write(self, folder: Path) -> None:
        (folder / "tokenizer.model").write_bytes(self.model)
        texts = ["<unk>", "<s>", "</s>"]
        decoder = {str(id): {**token(text), "special": True} for id, text in enumerate(texts)}
        for text in self.added:
            decoder[str(self.id_of(text))] = {**token(text), "special": text != "<user>"}
        settings = {
            "add_bos_token": True,
            "add_eos_token": False,
            "added_tokens_decoder": decoder,
            "bos_token": "<s>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "pad_token": "<pad>" if "<pad>" in self.added else "<unk>",
            "legacy": True,
            "tokenizer_class": "LlamaTokenizer",
            **self.settings,
        }
        write_json(folder / "tokenizer_config.json", settings)
        if self.added:
            write_json(folder / "added_tokens.json", {text: self.id_of(text) for text in self.added})


class Fallback(SentencePiece):
    """The same as tokenizer.json alone, as the tokenizers library converts it."""

    def write(self, folder: Path) -> None:
        super().write(folder)
        pieces = [self.processor.id_to_piece(id) for id in range(self.processor.vocab_size())]
        ids = {piece: id for id, piece in enumerate(pieces)}
        merges = []
        for piece, id in ids.items():
            if self.processor.is_byte(id) or id < 3:
                continue
            for cut in range(1, len(piece)):
                left, right = piece[:cut], piece[cut:]
                if left in ids and right in ids:
                    merges.append((id, ids[left], ids[right], left, right))
        merges.sort()
        tokenizer = Tokenizer(
            models.BPE(
                ids, [(left, right) for *_, left, right in merges], unk_token="<unk>", fuse_unk=True, byte_fallback=True
            )
        )
        tokenizer.add_special_tokens([AddedToken(text, normalized=False) for text in ["<unk>", "<s>", "</s>"]])
        tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in self.added if t != "<user>"])
        tokenizer.add_tokens([AddedToken(t, normalized=False) for t in self.added if t == "<user>"])
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
        tokenizer.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        )
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)]
        )
        tokenizer.save(str(folder / "tokenizer.json"))
        (folder / "tokenizer.model").unlink()
        (folder / "added_tokens.json").unlink(missing_ok=True)


class ByteLevel:
    """Llama 3's kind: byte-level BPE, its special tokens behind the vocabulary, no tokenizer.model."""

    SPECIAL = [
        "<|begin_of_text|>",
        "<|end_of_text|>",
        "<|start_header_id|>",
        "<|end_header_id|>",
        "<|eot_id|>",
        "<image>",
        "<pad>",
    ]

    def __init__(self):
        tokenizer = Tokenizer(models.BPE(ignore_merges=True))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(LLAMA_3_SPLIT), behavior="isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
        )
        tokenizer.train_from_iterator(TEXT.splitlines(), trainer)
        tokenizer.add_special_tokens([AddedToken(text, normalized=False) for text in self.SPECIAL])
        self.bos = tokenizer.token_to_id("<|begin_of_text|>")
        tokenizer.post_processor = processors.Sequence(
            [
                processors.ByteLevel(trim_offsets=False),
                processors.TemplateProcessing(
                    single="<|begin_of_text|> $A",
                    pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1",
                    special_tokens=[("<|begin_of_text|>", self.bos)],
                ),
            ]
        )
        self.tokenizer = tokenizer

    @property
    def size(self) -> int:
        return self.tokenizer.get_vocab_size()

    def id_of(self, text: str) -> int:
        return self.tokenizer.token_to_id(text)

    def encode(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def write(self, folder: Path) -> None:
        self.tokenizer.save(str(folder / "tokenizer.json"))
        write_json(
            folder / "tokenizer_config.json",
            {
                "bos_token": "<|begin_of_text|>",
                "eos_token": "<|end_of_text|>",
                "pad_token": "<pad>",
                "added_tokens_decoder": {
                    str(self.id_of(text)): {**token(text), "special": True} for text in self.SPECIAL
                },
                "chat_template": "{% for message in messages %}{{ message['content'] }}{% endfor %}",
                "clean_up_tokenization_spaces": True,
                "tokenizer_class": "PreTrainedTokenizerFast",
            },
        )

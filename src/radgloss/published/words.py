"""Words as somebody's model was taught them: its own pieces, cleaning, marks and length.

Each family goes wrong in silence with another's manner. SigLIP was taught lower-case text without
punctuation (its accuracy falls by a tenth and more otherwise), SigLIP 2 lower case only; CLIP and
BERT lower the case within their own tables. CLIP's end mark is where the model speaks, SigLIP's is
the last thing before the padding, BERT wants one at both ends.

Only tables are read (`tokenizer.json`, or `vocab.json` with `merges.txt`, or `vocab.txt`); the
marks are put around the pieces here, so that nothing depends on how a file was converted."""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from radgloss.errors import InputRejected

__all__ = ["MANNERS", "Manner", "Words", "canonical", "load_words", "token_settings"]

_SPACED = (normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip())
_LOWERED = (*_SPACED, normalizers.Lowercase())
_CANONICAL = (
    normalizers.Replace("_", " "),
    normalizers.Replace(Regex(r"[!-/:-@\[-`{-~]"), ""),
    *_LOWERED,
)
_SILENT = str.maketrans("", "", string.punctuation)


def spaced(text: str) -> str:
    """One space between words, none at the ends."""
    return " ".join(text.split())


def lowered(text: str) -> str:
    """Lower case, one space between words."""
    return spaced(text).lower()


def canonical(text: str) -> str:
    """Lower case without ASCII punctuation; an underscore is a space (as SigLIP was trained).

    >>> canonical("  No pneumothorax; 12-mm nodule (left_lung). ")
    'no pneumothorax 12mm nodule left lung'
    """
    return spaced(text.replace("_", " ").translate(_SILENT)).lower()


@dataclass(frozen=True)
class Manner:
    """How a family takes its text. clean, steps: the same, as a function and in a table. first,
    last, pad: (role in the tokenizer's settings, usual spelling); an empty role is no mark."""

    clean: Callable[[str], str]
    steps: tuple[normalizers.Normalizer, ...]
    first: tuple[str, str]
    last: tuple[str, str]
    pad: tuple[str, str]


NONE = ("", "")
_CLIP_MARKS = {
    "first": ("bos_token", "<|startoftext|>"),
    "last": ("eos_token", "<|endoftext|>"),
    "pad": ("pad_token", "<|endoftext|>"),
}
_SIGLIP_MARKS = {"first": NONE, "last": ("eos_token", "</s>"), "pad": ("pad_token", "</s>")}
_BERT_MARKS = {
    "first": ("cls_token", "[CLS]"),
    "last": ("sep_token", "[SEP]"),
    "pad": ("pad_token", "[PAD]"),
}

MANNERS = {
    "clip": Manner(spaced, _SPACED, **_CLIP_MARKS),
    "siglip": Manner(canonical, _CANONICAL, **_SIGLIP_MARKS),
    "siglip2": Manner(lowered, _LOWERED, **_SIGLIP_MARKS),
    "siglip-as-written": Manner(spaced, _SPACED, **_SIGLIP_MARKS),
    "bert": Manner(spaced, _SPACED, **_BERT_MARKS),
}


class Words:
    """Texts → (tokens, mask), at most `context` long.

    spelt: its marks by their role, as the model's own settings spell them or as is usual. pad: the
    number that fills. The longest text of a call decides its length; towers that must see
    a full one fill it themselves."""

    def __init__(self, backend: Tokenizer, manner: Manner, settings: dict[str, Any], what: str):
        backend.no_padding()
        backend.no_truncation()
        self._backend = backend
        self._what = what
        self._manner = manner
        self.spelt = {
            role: usual if settings.get(role) is None else _spelling(settings[role])
            for role, usual in (manner.first, manner.last, manner.pad)
            if role
        }
        self._first, self._last = self._mark(manner.first[0]), self._mark(manner.last[0])
        (self.pad,) = self._mark(manner.pad[0])

    def __call__(
        self, texts: Sequence[str], context: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """(B, T) token numbers and mask.

        Raises InputRejected('empty-text') for a text without words, ('text-too-long') for one that
        the model could not take whole: a cut would drop a "no" or a side without a word."""
        rows = [self._row(text, context) for text in texts]
        longest = max((len(r) for r in rows), default=0)
        tokens = np.full((len(rows), longest), self.pad, np.int64)
        mask = np.zeros((len(rows), longest), bool)
        for i, row in enumerate(rows):
            tokens[i, : len(row)], mask[i, : len(row)] = row, True
        return tokens, mask

    def __len__(self) -> int:
        return int(self._backend.get_vocab_size())

    def save(self, path: Path) -> None:
        """The table as one `tokenizer.json`."""
        path.write_text(self._backend.to_str(), encoding="utf-8")

    def table(self, context: int) -> Tokenizer:
        """One table that does all of it by itself: cleaning, pieces, marks; and in training, where
        a long text may be cut, a cut that keeps the last mark."""
        table = Tokenizer.from_str(self._backend.to_str())
        own = [] if table.normalizer is None else [table.normalizer]
        table.normalizer = normalizers.Sequence([*self._manner.steps, *own])
        roles = [self._manner.first[0], self._manner.last[0]]
        marks = [self.spelt[role] if role else "" for role in roles]
        table.post_processor = processors.TemplateProcessing(
            single=" ".join(part for part in (marks[0], "$A", marks[1]) if part),
            special_tokens=[(self.spelt[role], self.number(role)) for role in roles if role],
        )
        table.enable_truncation(context)
        return table

    def _row(self, text: str, context: int) -> list[int]:
        pieces = self._backend.encode(self._manner.clean(text), add_special_tokens=False).ids
        if not pieces:
            raise InputRejected("empty-text", "a text", "no words", "at least one", "Type a word.")
        row = [*self._first, *pieces, *self._last]
        if len(row) > context:
            raise InputRejected(
                "text-too-long", "a text", f"{len(row)} tokens",
                f"at most {context} for this model", "Shorten it, or give it sentence by sentence.",
            )  # fmt: skip
        return row

    def number(self, role: str) -> int:
        """The number of a mark."""
        found = self._backend.token_to_id(self.spelt[role])
        if found is None:
            raise _rejected(self._what, f"a tokenizer without {self.spelt[role]}", f"its {role}")
        return int(found)

    def _mark(self, role: str) -> list[int]:
        return [self.number(role)] if role else []


def load_words(folder: Path, manner: str, what: str) -> tuple[Words, list[Path]]:
    """The words of a model, and the files that decide them.

    Raises InputRejected('weights-words') where there is no table that can be read."""
    kind = MANNERS[manner]
    backend, files = _backend(folder, what)
    settings = token_settings(folder)
    return Words(backend, kind, settings, what), files


def token_settings(folder: Path) -> dict[str, Any]:
    """`special_tokens_map.json` and `tokenizer_config.json`, as far as they are there."""
    found: dict[str, Any] = {}
    for name in ("special_tokens_map.json", "tokenizer_config.json"):
        path = folder / name
        if path.is_file():
            try:
                found |= {
                    k: v for k, v in json.loads(path.read_text("utf-8")).items() if v is not None
                }
            except (ValueError, AttributeError) as problem:
                raise _rejected(folder.name, f"an unreadable {name}", "JSON") from problem
    return found


def _spelling(given: Any) -> str:
    return str(given["content"]) if isinstance(given, dict) else str(given)


def _backend(folder: Path, what: str) -> tuple[Tokenizer, list[Path]]:
    try:
        if (path := folder / "tokenizer.json").is_file():
            return Tokenizer.from_file(str(path)), [path]
        if (path := folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
            return _byte_pairs(path, folder / "merges.txt"), [path, folder / "merges.txt"]
        if (path := folder / "vocab.txt").is_file():
            return _word_pieces(path, token_settings(folder)), [path]
    except InputRejected:
        raise
    except Exception as problem:  # the library raises a bare Exception for a file it cannot read
        raise _rejected(what, f"an unreadable {path.name}", "a table of tokens") from problem
    found = "a spiece.model only" if (folder / "spiece.model").is_file() else "no table of tokens"
    raise _rejected(what, found, "tokenizer.json, vocab.json with merges.txt, or vocab.txt")


def _byte_pairs(vocabulary: Path, merges: Path) -> Tokenizer:
    """CLIP's byte pairs (arXiv 2103.00020, section 2.4): lower case, words, digits one by one."""
    backend = Tokenizer(
        models.BPE.from_file(
            str(vocabulary), str(merges), unk_token="<|endoftext|>", end_of_word_suffix="</w>"
        )
    )
    backend.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    words = r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(words), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return backend


def _word_pieces(vocabulary: Path, settings: dict[str, Any]) -> Tokenizer:
    """BERT's word pieces (arXiv 1810.04805), lower-cased unless its settings say no."""
    backend = Tokenizer(models.WordPiece.from_file(str(vocabulary), unk_token="[UNK]"))
    lower = bool(settings.get("do_lower_case", True))
    backend.normalizer = normalizers.BertNormalizer(lowercase=lower)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return backend


def _rejected(what: str, found: str, wanted: str) -> InputRejected:
    return InputRejected("weights-words", what, found, wanted,
                         "Fetch its tokenizer files from where the weights came from.")  # fmt: skip

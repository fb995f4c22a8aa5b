"""Words to numbers, learned from the project's own reports, saved inside the checkpoint.

Byte-pair pieces over lower-case text. Digits stand alone and a decimal point stays visible, so
"12 mm" and "1.2 cm" never share a token for their number. Where text is written and not only read,
case is kept and marks say where a section begins and where it ends (`of_reports`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers import Tokenizer as Backend

__all__ = ["HIDDEN", "MARKS", "Encoded", "Tokenizer"]

PAD, UNKNOWN = "[PAD]", "[UNK]"
END = "[END]"
MARKS = (END, *(f"[{name}]" for name in (
    "EXAM", "INDICATION", "COMPARED", "TECHNIQUE", "FINDINGS", "IMPRESSION", "CAPTION", "SIMILAR",
    "ANSWER",
)))  # fmt: skip
"""Pieces that no text holds, whoever wrote it: they are put between texts (`Tokenizer.mark`)."""
HIDDEN = 1  # the number of UNKNOWN: no text has one, so it stands for a word to be guessed


@dataclass(frozen=True, eq=False)
class Encoded:
    """tokens: (B, T) int64, 0 is padding. mask: (B, T) bool, True where there is a token. words:
    (B, T) int64, which word of its text a token is a piece of; -1 padding."""

    tokens: npt.NDArray[np.int64]
    mask: npt.NDArray[np.bool_]
    words: npt.NDArray[np.int64]


class Tokenizer:
    """Texts → (tokens, mask).

    >>> t = Tokenizer.train(["No pleural effusion.", "A 12 mm stone."], size=300)
    >>> tokens, mask = t(["A stone.", "No effusion in the stone."], context=32)
    >>> tokens.shape == mask.shape, bool(mask[0, -1])
    (True, False)
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    @classmethod
    def train(cls, texts: Iterable[str], size: int = 2048) -> Tokenizer:
        """Learn at most `size` pieces from these texts."""
        backend = Backend(models.BPE(unk_token=UNKNOWN))
        backend.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
        backend.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(r"\d|[^\w\s]"), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=True),
            ]
        )
        backend.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=[PAD, UNKNOWN],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        backend.train_from_iterator(texts, trainer)
        return cls(backend)

    @classmethod
    def of_words(cls, texts: Iterable[str], size: int = 2048) -> Tokenizer:
        """Whole words instead of pieces, the `size` most frequent ones; others are unknown.

        >>> t = Tokenizer.of_words(["No pleural effusion.", "An effusion."], size=5)
        >>> t(["An effusion."], context=8)[0].tolist()
        [[4, 3, 2]]
        """
        backend = Backend(models.WordLevel(unk_token=UNKNOWN))
        backend.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
        backend.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.WhitespaceSplit(),
                pre_tokenizers.Split(Regex(r"\d|[^\w\s]"), "isolated"),
            ]
        )
        trainer = trainers.WordLevelTrainer(
            vocab_size=size, special_tokens=[PAD, UNKNOWN], show_progress=False
        )
        backend.train_from_iterator(texts, trainer)
        return cls(backend)

    @classmethod
    def of_reports(cls, texts: Iterable[str], size: int = 1024) -> Tokenizer:
        """Pieces for writing: case and line breaks are kept, and `decode` gives back what was read.

        >>> t = Tokenizer.of_reports(["LIVER: A 1.2 cm cyst."], size=300)
        >>> t.decode(t.pieces("LIVER: A 12 mm cyst.")), t.pieces("[END]") == [t.mark("[END]")]
        ('LIVER: A 12 mm cyst.', False)
        """
        backend = Backend(models.BPE(unk_token=UNKNOWN))
        backend.normalizer = normalizers.NFC()
        backend.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(r"\d|[^\w\s]|\n"), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False),
            ]
        )
        backend.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=[PAD, UNKNOWN, *MARKS],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        backend.train_from_iterator(texts, trainer)
        return cls(backend)

    def pieces(self, text: str) -> list[int]:
        """The numbers of a text alone; a mark that somebody typed is plain text."""
        self._backend.encode_special_tokens = True
        numbers: list[int] = self._backend.encode(text).ids
        self._backend.encode_special_tokens = False
        return numbers

    def mark(self, name: str) -> int:
        """The number of a mark. KeyError for words that were not learned with it."""
        number = self._backend.token_to_id(name)
        if number is None:
            raise KeyError(name)
        return int(number)

    def __call__(
        self, texts: Sequence[str], context: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """(B, T) token numbers and mask, T the longest text of the batch, at most `context`.

        Raises ValueError for an empty text, which has no meaning to embed."""
        encoded = self.encode(texts, context)
        return encoded.tokens, encoded.mask

    def encode(self, texts: Sequence[str], context: int) -> Encoded:
        """The same, and of which word each token is a piece.

        >>> t = Tokenizer.train(["a stone"], size=258)
        >>> t.encode(["a stone"], context=9).words.tolist()
        [[0, 0, 1, 1, 1, 1, 1, 1]]
        """
        rows = [(e.ids[:context], [-1 if w is None else w for w in e.word_ids[:context]])
                for e in self._backend.encode_batch(list(texts))]  # fmt: skip
        for text, (_, words_of) in zip(texts, rows, strict=True):
            if all(word < 0 for word in words_of):  # marks alone say nothing
                raise ValueError(f"a text has no words: found {text!r}")
        longest = max((len(r) for r, _ in rows), default=0)
        tokens = np.zeros((len(rows), longest), np.int64)
        words = np.full((len(rows), longest), -1, np.int64)
        mask = np.zeros((len(rows), longest), bool)
        for i, (row, word) in enumerate(rows):
            tokens[i, : len(row)], words[i, : len(row)], mask[i, : len(row)] = row, word, True
        return Encoded(tokens, mask, words)

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of these numbers."""
        return str(self._backend.decode(list(tokens)))

    def __len__(self) -> int:
        return int(self._backend.get_vocab_size())

    def save(self, path: Path) -> None:
        """One JSON file."""
        path.write_text(self._backend.to_str(), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        """The inverse of `save`."""
        return cls(Backend.from_str(path.read_text(encoding="utf-8")))

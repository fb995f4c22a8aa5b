"""Words out of reports, three ways; the choice moves a score by a factor of two, so it is signed.

`report` is ours and the default: lower case, measurements whole ("3.5", "12/03", "1,200"), hyphens
inside words kept, punctuation dropped, as captioning's PTB tokenizer leaves them on ordinary
reports, without its Java and its brackets ("-lrb-"). `13a` is mteval-v13a's, sacreBLEU's default.
`rouge` is that of Google's rouge_score, without stemming: runs of a–z and 0–9."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

__all__ = ["TOKENIZERS", "rouge", "words", "words_13a"]

_WORD = re.compile(
    r"""
      \d+(?:\.\d+)(?=[^\W\d_])  # 3.5 before cm: the unit is a word of its own; next -12, .5, 1,200
    | (?:(?<!\S)[-+])?(?:(?<!\w)\.)?\d+(?:[.,:/]\d+)*(?:-[^\W_]+)*(?![^\W_])
    | [^\W_]+(?:[-/'’][^\W_]+)*  # words, with hyphens and strokes inside: right-sided, w/o
    | [^\w\s]  # one sign
    | _+
    """,
    re.VERBOSE,
)
_DROPPED = frozenset(".,;:?!-–—'\"`()[]{}‘’“”…_")


@lru_cache(4096)
def words(text: str) -> tuple[str, ...]:
    """The default.

    >>> words("A 3.5 cm nodule (previously 12-mm), right-sided; no effusion.")
    ('a', '3.5', 'cm', 'nodule', 'previously', '12-mm', 'right-sided', 'no', 'effusion')
    """
    return tuple(w for w in _WORD.findall(text.lower()) if w not in _DROPPED and w.strip("_"))


_SIGNS = re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])")
_STOP_AFTER = re.compile(r"([^0-9])([\.,])")
_STOP_BEFORE = re.compile(r"([\.,])([^0-9])")
_DASH = re.compile(r"([0-9])(-)")


@lru_cache(4096)
def words_13a(text: str) -> tuple[str, ...]:
    """mteval-v13a: case kept, signs apart, points and commas apart from all but digits.

    >>> words_13a("A 3.5 cm nodule, 12-mm.")
    ('A', '3.5', 'cm', 'nodule', ',', '12', '-', 'mm', '.')
    """
    line = text.replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, sign in (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")):
        line = line.replace(entity, sign)
    line = _SIGNS.sub(r" \1 ", f" {line} ")
    line = _STOP_AFTER.sub(r"\1 \2 ", line)
    line = _STOP_BEFORE.sub(r" \1 \2", line)
    return tuple(_DASH.sub(r"\1 \2 ", line).split())


_NOT_ROUGE = re.compile(r"[^a-z0-9]+")


@lru_cache(4096)
def rouge(text: str) -> tuple[str, ...]:
    """rouge_score's: whatever is not a–z or 0–9 parts words, so "3.5" is two and "é" is none.

    >>> rouge("A 3.5 cm nodule")
    ('a', '3', '5', 'cm', 'nodule')
    """
    return tuple(_NOT_ROUGE.sub(" ", text.lower()).split())


TOKENIZERS: Mapping[str, Callable[[str], tuple[str, ...]]] = MappingProxyType(
    {"report": words, "13a": words_13a, "rouge": rouge}
)

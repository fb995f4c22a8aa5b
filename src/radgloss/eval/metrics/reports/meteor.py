"""METEOR 1.5 (Denkowski and Lavie 2014) by its own jar, where Java and pycocoevalcap are present.

The jar aligns each pair and prints 23 counts; the score of any set of pairs follows from their sums
(section 2 of the paper, the English weights), so that METEOR has intervals like the rest. Without
Java or the jar the answer is "not available": the METEOR of other libraries is another measure (of
2007; 0.68 where this one says 0.42) and does not take its place."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from radgloss.eval.metrics.reports.sums import Family, Floats, Member, NotAvailable
from radgloss.eval.metrics.reports.tokens import TOKENIZERS

__all__ = ["jar", "meteor"]

COUNTS, LONGEST, PATIENCE = 23, 2000, 600
ALPHA, BETA, GAMMA, DELTA = 0.85, 0.2, 0.6, 0.75
WEIGHTS = np.array([1.0, 0.6, 0.8, 0.6])  # exact, stem, synonym, paraphrase


def meteor(tokenizer: str = "report") -> Family:
    """The score of the corpus, from its summed counts."""
    cut = TOKENIZERS[tokenizer]

    def count(references: Sequence[str], predictions: Sequence[str]) -> Floats:
        return _counts([cut(t) for t in references], [cut(t) for t in predictions])

    return Family(
        "METEOR",
        f"METEOR|1.5 jar|lang:en|norm|tok:{tokenizer}|mean:corpus",
        (Member("METEOR", score),),
        count,
    )


def jar() -> Path:
    """Where METEOR's jar lies, or `NotAvailable` with what is missing."""
    if shutil.which("java") is None:
        raise NotAvailable("needs Java, which is not installed")
    spec = find_spec("pycocoevalcap")
    if spec is None or not spec.submodule_search_locations:
        raise NotAvailable("needs METEOR's jar: pip install 'radgloss[meteor]'")
    return Path(next(iter(spec.submodule_search_locations))) / "meteor" / "meteor-1.5.jar"


def _counts(references: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]]) -> Floats:
    """(n, 23), as the jar prints them. A prediction without words has none but the lengths."""
    where = jar()
    if max(map(len, (*references, *predictions)), default=0) > LONGEST:
        raise NotAvailable(f"a report of over {LONGEST} words, which its aligner does not end on")
    asked = [n for n, (a, b) in enumerate(zip(references, predictions, strict=True)) if a and b]
    lines = [f"SCORE ||| {_line(references[n])} ||| {_line(predictions[n])}" for n in asked]
    found = np.zeros((len(predictions), COUNTS))
    found[:, 1] = [len(t) for t in references]
    if not lines:
        return found
    command = ["java", "-Xmx2G", "-jar", where.name, "-", "-", "-stdio", "-l", "en", "-norm"]
    try:
        done = subprocess.run(
            command, cwd=where.parent, input="\n".join(lines) + "\n", capture_output=True,
            encoding="utf-8", timeout=PATIENCE, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as problem:
        raise NotAvailable(f"its jar ended with {type(problem).__name__}") from problem
    rows = [line.split() for line in done.stdout.splitlines()]
    if [len(row) for row in rows] != [COUNTS] * len(asked):
        raise NotAvailable(f"its jar answered {len(rows)} of {len(asked)} pairs")
    found[asked] = np.array(rows, float)
    return found


def _line(words: Sequence[str]) -> str:
    return " ".join(words).replace("|||", " ")


def score(sums: Floats) -> Floats:
    """(…, 23) → (…): F-mean of content and function words, less the penalty of its chunks."""
    length, target, function, target_function = (sums[..., i] for i in range(4))
    stages = sums[..., 4:20].reshape(*sums.shape[:-1], 4, 4)  # content, reference, function, ref
    content, content_r, functional, functional_r = (stages[..., i] @ WEIGHTS for i in range(4))
    chunks, words, words_r = sums[..., 20], sums[..., 21], sums[..., 22]
    with np.errstate(divide="ignore", invalid="ignore"):
        p = _weighed(content, functional) / _weighed(length - function, function)
        r = _weighed(content_r, functional_r) / _weighed(target - target_function, target_function)
        mean = p * r / (ALPHA * p + (1 - ALPHA) * r)
        matched = stages.sum(-2)
        whole = (matched[..., 0] + matched[..., 2] == length) & (chunks == 1)
        whole &= matched[..., 1] + matched[..., 3] == target
        fragments = np.where(whole, 0.0, chunks / ((words + words_r) / 2))
        value = mean * (1 - GAMMA * fragments**BETA)
    return np.nan_to_num(value, nan=0.0)


def _weighed(content: Floats, function: Floats) -> Floats:
    return np.asarray(DELTA * content + (1 - DELTA) * function)

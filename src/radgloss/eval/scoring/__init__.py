"""Anybody's predicted reports, scored: `score(references, predictions)` and nothing else needed.

    sheet = radgloss.score("references.csv", "predictions.csv", train="train.csv")
    print(sheet.rows[0].score, sheet.rows[0].signature)

What comes back is read in docs/metrics.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from radgloss.eval.metrics.reports import (
    bleu,
    checks,
    cider,
    labels,
    meteor,
    mistakes,
    packages,
    rouge,
)
from radgloss.eval.metrics.reports.known import About, Reference
from radgloss.eval.metrics.reports.sums import Family, Floats, NotAvailable
from radgloss.eval.metrics.reports.tokens import TOKENIZERS
from radgloss.eval.scoring.reading import Pairs, load, notes, pair
from radgloss.eval.scoring.sheet import Sheet, measured
from radgloss.text.findings import EXAMS
from radgloss.types import InputRejected

__all__ = ["About", "Reference", "Reports", "Sheet", "families", "score"]

Reports = str | Path | Sequence[str]
CHEST = "xr-chest"


def score(
    references: Reports,
    predictions: Reports,
    *,
    others: Mapping[str, Reports] | None = None,
    train: Reports | None = None,
    column: str = "",
    exam: str = "",
    tokenizer: str = "report",
    bert: str = "",
    learned: bool = False,
    rounds: int = 10_000,
    seed: int = 0,
    told: Callable[[str], None] = lambda what: None,
) -> Sheet:
    """Score predicted reports against written ones.

    references, predictions: a file (.csv, .tsv, .jsonl, else one report a line) or the texts.
        Columns `exam`, `prior` (yes or no) and `sex` (F or M) beside the references are used; in
        Python a `Reference` carries them.
    others: further systems by name, each tested against this one. train: reports out of which the
    baselines are taken. column: which one of a table holds the text. exam: a name of EXAMS, which
    settles what a bare word means. bert: "FOLDER:LAYER" for BERTScore. learned: also ask the
    packages of RadGraph, CheXbert, RaTEScore and GREEN. rounds: resamples for intervals and tests.

    Raises InputRejected for what cannot be scored; a measure that cannot run has a reason instead
    of a value.

    >>> sheet = score(["No effusion.", "Left effusion."], ["No effusion.", "Right effusion."])
    >>> [(r.score.measure, r.score.value) for r in sheet.rows if "side" in r.score.measure]
    [('errors: side', 0.5)]
    """
    if exam and exam not in EXAMS:
        raise InputRejected("score-option", "the examination", repr(exam), ", ".join(EXAMS),
                            "Name one of these, or none.")  # fmt: skip
    asked = families(exam, tokenizer, bert, learned)
    true = load(references, "reference", column)
    pairs = pair(true, load(predictions, "prediction", column))
    given = {name: pair(true, load(said, "prediction", column)).predictions
             for name, said in (others or {}).items()}  # fmt: skip
    pool = load(train, "reference", column).texts if train is not None else ()
    sheet = measured(pairs, asked, given, _worded(pool), rounds, seed, _notes(pairs, pool), told)
    wrong = (mistakes.mistakes(a, b, exam) for a, b in zip(pairs.references, pairs.predictions,
                                                           strict=True))  # fmt: skip
    return replace(sheet, mistakes=tuple(wrong))


def families(
    exam: str = "", tokenizer: str = "report", bert: str = "", learned: bool = False
) -> tuple[Family, ...]:
    """Every measure of reports, in the order of the table."""
    if tokenizer not in TOKENIZERS:
        raise InputRejected("score-option", "the tokenizer", repr(tokenizer), ", ".join(TOKENIZERS),
                            "Name one of these.")  # fmt: skip
    return (
        mistakes.six_classes(exam), checks.unit(exam), checks.sex(exam),
        mistakes.fact_f1(exam),
        labels.chexpert() if exam in ("", CHEST) else _not_here(labels.chexpert(), "is of chest "
                                                                "films only"),
        bleu.coco(tokenizer), bleu.sacrebleu(), rouge.coco(tokenizer), rouge.google(),
        cider.cider_d(tokenizer), meteor.meteor(tokenizer), _bertscore(bert),
        *(packages.learned(which) if learned else
          _not_here(packages.learned(which), "was not asked for (--learned)")
          for which in packages.LEARNED),
    )  # fmt: skip


def _bertscore(given: str) -> Family:
    if not given:
        return packages.no_bertscore()
    folder, _, layer = given.rpartition(":")
    if not folder or not layer.isdecimal():
        raise InputRejected("score-option", "BERTScore's weights", repr(Path(given).name),
                            "FOLDER:LAYER", "For example biobert:9.")  # fmt: skip
    return packages.bertscore(folder, int(layer))


def _not_here(family: Family, reason: str) -> Family:
    def count(references: Sequence[str], predictions: Sequence[str]) -> Floats:
        raise NotAvailable(reason)

    return Family(family.name, family.signature, family.members, count)


def _worded(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(t for t in texts if t.strip())


def _notes(pairs: Pairs, pool: Sequence[str]) -> tuple[str, ...]:
    flattered = () if pool else ("Baselines are taken out of the references themselves, which "
                                 "flatters them: give training reports (--train).",)  # fmt: skip
    return (*notes(pairs), *flattered)

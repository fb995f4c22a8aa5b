"""What a trained generator's reports are worth, in the figures of the table of ideas."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from radgloss.data.feeds import Written
from radgloss.data.manifest import Entry
from radgloss.data.pairs import Pairs
from radgloss.systems.image_to_text.finish import Seen, Split, reports_of
from radgloss.systems.image_to_text.scoring import table
from radgloss.text.tokenizer import Tokenizer
from radgloss.train.run import Run

__all__ = ["figures"]


def figures(
    run: Run,
    model: Any,
    tokenizer: Tokenizer,
    train: tuple[Pairs, Sequence[Entry]],
    test: tuple[Pairs, Sequence[Entry]],
    work: Path,
) -> dict[str, Any]:
    """`fact_f1` and `finding_f1` (of what is there) of the reports of every test study; `constant`
    and `nearest_picture`, fact F1 of the most usual training report of the examination and of that
    of the most similar picture; `distinct`, the share of reports that differ."""
    assert isinstance(run.feed, Written)
    model.eval()
    seen = [Seen.of(model, Split(*split), work) for split in (train, test)]
    texts = reports_of(model, tokenizer, seen[1], run.feed.sections)
    told = table(texts, seen[1].known, seen[0].known, run.seed)
    own = told["model"]
    return {
        "fact_f1": own["fact_f1"],
        "finding_f1": own["asserted_f1"],
        "constant": told["constant"]["fact_f1"],
        "nearest_picture": told["nearest picture"]["fact_f1"],
        "distinct": round(own["distinct"] / own["n"], 3),
        "beside": told,
    }

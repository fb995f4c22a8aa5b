"""Writing reports beside transformers: tokens a second, fewer bits, guesses, a study from disk.

    .venv-bench/bin/python benchmarks/reporting.py [--model CHECKPOINT --data MANIFEST]

GPT-2 small with cross-attention, the same random weights in both hands, transformers' `generate` at
its defaults, interleaved rounds, medians, with the floor that memory sets. Guessing is measured on
a *trained* reporter (CHECKPOINT) and the test studies of MANIFEST, since random weights do not
repeat themselves; transformers writes there with the same weights too, with and without its own
prompt lookup. Writes benchmarks/results/reporting-DATE.md."""

# ruff: noqa: E501
from __future__ import annotations

import argparse
import logging
import sys
import time
import warnings
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).parent))

import reporting_parts as parts
import torch
import transformers

from radgloss import __version__, dicom, wiring
from radgloss.data.batch import places
from radgloss.engine import precision as precisions
from radgloss.engine.generating import NGrams, greedy, own_words, prefilled, speculated
from radgloss.engine.generating.writing import start
from radgloss.engine.looker import Looker
from radgloss.engine.writer import Writer, _tokens, plan_of
from radgloss.nn.turned import ready
from radgloss.text.beginnings import Asked, beginning

WANTED = {"fp32, batch 1": 1.5, "guesses": 2.5, "from disk": 3.0}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--model", help="a trained reporter")
    options.add_argument("--data", type=Path, help="a manifest: its test studies are written about")
    options.add_argument("--studies", type=int, default=8, help="of each examination")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--tokens", type=int, default=128)
    options.add_argument("--depth", type=int, default=12, help="of the GPT-2")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--only", action="append", help="this section; repeatable")
    options.add_argument("--output", type=Path)
    given = options.parse_args()
    logging.disable(logging.INFO)
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(given.threads)
    day = datetime.now(UTC).date().isoformat()
    lines = [f"# Writing reports, {day}", "",
             f"{precisions.processor()}, {given.threads} threads; {given.rounds} interleaved rounds, medians; transformers {transformers.__version__}.", ""]  # fmt: skip
    for section in (decoding, guessing, from_disk):
        if given.only and section.__name__ not in given.only:
            continue
        print(f"… {section.__name__}", file=sys.stderr, flush=True)
        lines += [*section(given), ""]
    text = "\n".join(lines)
    out = given.output or Path(__file__).parent / "results" / f"reporting-{day}.md"
    out.write_text(text)
    print(text)


# ------------------------------------------------------------------ random weights


def decoding(given: argparse.Namespace) -> list[str]:
    """Tokens a second at batch 1 and 8, beside transformers and beside what memory allows."""
    theirs, ours = parts.gpt2_crossing(given.depth)
    moved = parts.bandwidth()
    numbers = parts.read_each_token(ours.model)
    models = {p: ready(ours.model, p) for p in precisions.can() if p != "fp32"}
    models = {"fp32": ready(ours.model), **models}  # last in place: the others are copies
    lines = [
        f"## GPT-2 small with cross-attention ({given.depth} blocks), {given.tokens} tokens, random weights", "",
        f"A token reads {numbers / 1e6:.0f} million numbers; memory was read at {moved / 1e9:.1f} GB/s.", "",
        "| batch | | tokens/s | times transformers | wanted | ms a step | floor of memory, ms | texts that differ from transformers' | of these at two logits within 1e-4 | tokens that agree |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for batch in (1, 8):
        pictures = torch.randn(batch, 3, 224, 224, generator=torch.Generator().manual_seed(1))
        arms = {"transformers": parts.theirs_writes(theirs, pictures, given.tokens)}
        arms |= {
            f"radgloss {p}": parts.ours_writes(m, pictures, given.tokens) for p, m in models.items()
        }
        texts = {name: arm() for name, arm in arms.items()}
        middle = parts.median(parts.interleaved(arms, given.rounds))
        for name, seconds in middle.items():
            precision = name.split()[-1] if name.startswith("radgloss") else "fp32"
            floor = 1000 * numbers * {"fp32": 4, "bf16": 2, "int8": 1}[precision] / moved
            differ, near, same = parts.differing(
                ours.model, pictures, texts["transformers"], texts[name]
            )
            wanted = (
                WANTED["fp32, batch 1"]
                if (precision, batch) == ("fp32", 1) and "rad" in name
                else ""
            )
            lines.append(
                f"| {batch} | {name} | {batch * given.tokens / seconds:.1f} | {middle['transformers'] / seconds:.2f} | {wanted} | "
                f"{1000 * seconds / given.tokens:.1f} | {floor:.1f} | {differ} of {batch} | {near} of {differ} | {same} of {batch * given.tokens} |"
            )  # fmt: skip
    return lines


# ------------------------------------------------------------------ a trained reporter


def _reporter(given: argparse.Namespace) -> Any:
    return wiring.load(given.model)


def guessing(given: argparse.Namespace) -> list[str]:
    """Steps that are spared by guessing what reports always say, on held-out studies."""
    title = "## Guesses, on a trained reporter"
    if not given.model or not given.data:
        return [title, "", "Not measured: give --model and --data."]
    model = _reporter(given)
    looker: Looker = model.aligner
    known, net = looker.checkpoint, looker.checkpoint.model
    writer = Writer(looker, __version__)
    theirs = parts.as_gpt2(net)
    guess = NGrams(_tokens(known.support.texts, known.tokenizer))
    jobs = []
    with torch.inference_mode():
        for entry in parts.studies_of(given.data, "test", given.studies):
            looks = looker.look(dicom.read(entry.study)).looks
            one = torch.zeros(len(looks), dtype=torch.int64)
            memory, _ = net.remember(looks, one, places(len(looks)))
            jobs += [
                (memory, beginning(Asked(s, entry.exam), known.tokenizer)) for s in writer.sections
            ]
    plans = [plan_of(net, known.tokenizer, [prompt]) for _, prompt in jobs]
    found: dict[str, list[Any]] = {}

    def ours(name: str, kind: Any) -> Any:
        def arm() -> None:
            with torch.inference_mode():
                found[name] = [
                    kind(net.begin(m), [p], plan) for (m, p), plan in zip(jobs, plans, strict=True)
                ]

        return arm

    def other(name: str, lookup: int) -> Any:
        def arm() -> None:
            found[name] = [
                parts.their_report(theirs, m, p, plan, lookup)
                for (m, p), plan in zip(jobs, plans, strict=True)
            ]

        return arm

    arms = {
        "transformers": other("transformers", 0),
        "transformers, prompt lookup": other("transformers, prompt lookup", 10),
        "radgloss": ours("radgloss", lambda c, p, plan: greedy(net, c, p, plan)),
        "radgloss, its own words": ours(
            "radgloss, its own words", lambda c, p, plan: speculated(net, c, p, plan, own_words)
        ),
        "radgloss, earlier reports": ours(
            "radgloss, earlier reports", lambda c, p, plan: speculated(net, c, p, plan, guess)
        ),
    }
    middle = parts.median(parts.interleaved(arms, given.rounds))
    plain = [list(w[0].tokens) for w in found["radgloss"]]
    tokens = sum(parts.length(w) for w in found["radgloss"])
    lines = [
        title, "",
        f"{known.name}: {len(jobs)} sections of {len(jobs) // len(writer.sections)} test studies, {tokens} tokens, one section at a time; {WANTED['guesses']} times without guesses is wanted.", "",
        "| | tokens/s | times radgloss without | times transformers | guesses accepted | tokens a step | texts that differ |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, seconds in middle.items():
        texts = found[name]
        if name.startswith("radgloss,"):
            guessed, right = sum(t.guessed for t in texts), sum(t.accepted for t in texts)
            share = f"{right} of {guessed} ({100 * right / max(guessed, 1):.0f} %)"
            step = f"{tokens / sum(t.steps for t in texts):.2f}"
            own = [list(t.texts[0].tokens) for t in texts]
        else:
            share, step = "", "1" if "lookup" not in name else ""
            own = [list(t[0].tokens) if name == "radgloss" else t for t in texts]
        differ = sum(a != b for a, b in zip(own, plain, strict=True))
        lines.append(
            f"| {name} | {tokens / seconds:.0f} | {middle['radgloss'] / seconds:.2f} | {middle['transformers'] / seconds:.2f} | {share} | {step} | {differ} of {len(jobs)} |"
        )
    return lines


def from_disk(given: argparse.Namespace) -> list[str]:
    """A CT from its folder to a draft, and where the time goes."""
    title = "## From disk to draft"
    if not given.model or not given.data:
        return [title, "", "Not measured: give --model and --data."]
    looker: Looker = _reporter(given).aligner
    known, net = looker.checkpoint, looker.checkpoint.model
    writer = Writer(looker, __version__)
    lines = [
        title, "", f"Seconds; {WANTED['from disk']:.0f} are wanted for a CT.", "",
        "| study | pictures | read | encode | prefill | decode | other tries | sum |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for entry in parts.studies_of(given.data, "test", 1):
        dicom.read(entry.study)  # a warm child and a warm disk, as in a service
        marks = [time.perf_counter()]
        study = dicom.read(entry.study)
        marks.append(time.perf_counter())
        looks = looker.look(study).looks
        exam = looker.exam(study) or entry.exam
        marks.append(time.perf_counter())
        asked = [Asked(s, exam) for s in writer.sections]
        with torch.inference_mode():
            cache = writer._begun(study)
            prompts = [beginning(a, known.tokenizer) for a in asked]
            prefilled(net, start(cache, [0] * len(asked)), prompts)
            marks.append(time.perf_counter())
            writer._written(cache, [(0, a) for a in asked], writer._quickly)
            marks.append(time.perf_counter())
            writer._tried(cache, asked)
        marks.append(time.perf_counter())
        spent = [b - a for a, b in pairwise(marks)]
        shown = " | ".join(f"{s:.2f}" for s in (*spent, sum(spent)))
        lines.append(f"| {entry.exam} | {len(looks)} | {shown} |")
    return lines


if __name__ == "__main__":
    main()

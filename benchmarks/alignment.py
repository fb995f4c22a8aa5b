"""Embedding in fewer bits beside transformers, open_clip and onnxruntime; training; words; memory.

    .venv-bench/bin/python benchmarks/alignment.py [--data MANIFEST]    (benchmarks/requirements.txt)

One ViT-B/16 with the same random weights in everybody's hands, at their defaults, in interleaved
rounds; the median is quoted. What a precision does to *trained* weights is asked of the shipped
starter on the studies of MANIFEST (`radgloss phantom` makes one), since random weights forgive
more. Writes benchmarks/results/alignment-DATE.md."""

# ruff: noqa: E501
from __future__ import annotations

import argparse
import logging
import statistics
import sys
import tempfile
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).parent))

import alignment_parts as parts
import torch
import training
from alignment_memory import step_memory

from radgloss import wiring
from radgloss.data.pairs import Sampling
from radgloss.engine import precision as precisions
from radgloss.engine.aligner import Aligner
from radgloss.models.alignment import clip
from radgloss.text.tokenizer import Tokenizer
from radgloss.train.run import Run
from radgloss.trust.agreement import LEAST_EACH, LIMITS, centred_cosine

WANTED = {"radgloss bf16": 1.7, "radgloss int8": 2.3}  # times the best fp32 default


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--data", type=Path, help="a manifest with labels: quality on it")
    options.add_argument("--rounds", type=int, default=parts.ROUNDS)
    options.add_argument("--batch", type=int, default=8)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--large", type=int, default=4096, help="the batch computed in chunks")
    options.add_argument("--only", action="append", help="this section; repeatable")
    options.add_argument("--output", type=Path)
    given = options.parse_args()
    logging.disable(logging.INFO)
    warnings.simplefilter("ignore")
    torch.set_num_threads(given.threads)
    day = datetime.now(UTC).date().isoformat()
    lines = [f"# Alignment: embedding, training, words, memory, {day}", "",
             f"{precisions.processor()}; {given.rounds} interleaved rounds, medians.", ""]  # fmt: skip
    rows: list[Row] = []
    tables: list[str] = []
    for section in (embedding, quality, trained, words, memory):
        if given.only and section.__name__ not in given.only:
            continue
        print(f"… {section.__name__}", file=sys.stderr, flush=True)
        found, table = section(given)
        rows += found
        tables += [*table, ""]
    text = "\n".join([*lines, *summary(rows), "", *tables])
    out = given.output or Path(__file__).parent / "results" / f"alignment-{day}.md"
    out.write_text(text)
    print(text)


class Row(NamedTuple):
    """One figure: what was wanted of it (empty: nothing), what was found, whether it is that."""

    what: str
    wanted: str
    found: str
    reached: bool | None = None


Section = tuple[list[Row], list[str]]
VERDICTS = {True: "reached", False: "**not reached**", None: ""}


def summary(rows: list[Row]) -> list[str]:
    """Every figure of the run in one table."""
    body = [f"| {r.what} | {r.wanted} | {r.found} | {VERDICTS[r.reached]} |" for r in rows]
    return ["| | wanted | found | |", "|---|---|---|---|", *body]


# ------------------------------------------------------------------ the image tower


def embedding(given: argparse.Namespace) -> Section:
    """Milliseconds a picture, cosine to fp32, and the share of the roof that is reached."""
    model = parts.vit_base()
    pictures = torch.randn(given.batch, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    arms, missing = parts.arms(model, pictures)
    roof = parts.roofline(given.rounds)
    with torch.inference_mode():
        vectors = {name: torch.nn.functional.normalize(arm(), dim=-1).numpy()
                   for name, arm in arms.items()}  # fmt: skip
    taken = parts.interleaved(arms, given.rounds)
    each = {n: [1000 * t / given.batch for t in times] for n, times in taken.items()}
    middle = {n: statistics.median(times) for n, times in each.items()}
    theirs = {n: t for n, t in middle.items() if not n.startswith("radgloss")}
    best = min(theirs or middle, key=lambda n: (theirs or middle)[n])
    lines = [
        f"## ViT-B/16, 224 px, batch {given.batch}, {given.threads} threads, random weights", "",
        "| | ms a picture (min–max) | times the best fp32 default | wanted | cosine to fp32 (least) "
        "| centred cosine (least) | time at the GEMM roof |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    exact = vectors["radgloss fp32"]
    rows = []
    for name, ms in middle.items():
        plain = float((vectors[name] * exact).sum(1).min())
        centred = float(centred_cosine(exact, vectors[name]).min())
        low, high = min(each[name]), max(each[name])
        floor = 1000 * _floor(roof, _precision(name))
        lines.append(
            f"| {name} | {ms:.0f} ({low:.0f}–{high:.0f}) | {middle[best] / ms:.2f} | "
            f"{WANTED.get(name, '')} | {plain:.6f} | {centred:.5f} | {floor:.0f} ms, "
            f"{100 * floor / ms:.0f}% of it reached |"
        )
        times, wanted = middle[best] / ms, WANTED.get(name)
        rows.append(
            Row(
                f"ViT-B/16, {name}, times the best fp32 default ({best})",
                f"≥ {wanted}" if wanted else "",
                f"{times:.2f} ({ms:.0f} ms a picture, cosine {plain:.6f}, centred {centred:.5f}, "
                f"{100 * floor / ms:.0f}% of the roof)",
                times >= wanted if wanted else None,
            )
        )
    rates = ", ".join(f"{k} {v / 1e9:.0f} GFLOP/s" for k, v in roof.items() if k != "memory")
    linear, attention = parts.flops()
    lines += [
        "", f"Best fp32 default: {best}. Roof, measured in the same minutes: {rates}; a copy moves "
        f"{roof['memory'] / 1e9:.1f} GB/s. A picture is {linear / 1e9:.1f} GFLOP of linear layers "
        f"and {attention / 1e9:.1f} of attention, which int8 computes in bf16.",
    ]  # fmt: skip
    lines += [f"Not here: {m}." for m in missing]
    rows.append(
        Row("The roof of this machine", "", f"{rates}; memory {roof['memory'] / 1e9:.1f} GB/s")
    )
    return rows, lines


def _precision(name: str) -> str:
    return name.split()[1] if name.startswith("radgloss") else "fp32"


def _floor(roof: dict[str, float], precision: str) -> float:
    """Seconds of one picture if everything ran at the rate of one large product."""
    linear, attention = parts.flops()
    small = "bf16" if precision == "int8" else precision
    return linear / roof[precision] + attention / roof[small]


def quality(given: argparse.Namespace) -> Section:
    """The gate of `--precision auto`, on the shipped starter's trained weights."""
    lines = ["## Trained weights: the shipped starter", ""]
    if given.data is None:
        return [], [*lines, "Not measured in this run: --data names studies with known truth."]
    measured, refused = wiring.measure_precision("starter", given.data)
    lines += ["| precision | centred cosine | top-10 overlap | largest change of an AUROC (95 %) | of | "
              "labels counted | rarer labels, largest | studies | gate |",
              "|---|---|---|---|---|---|---|---|---|",
              f"| wanted | ≥ {LIMITS['cosine']} | ≥ {LIMITS['overlap']} | ≤ {LIMITS['auroc']} | | "
              f"≥ 1, {LEAST_EACH} studies with it and without | | | |"]  # fmt: skip
    rows = []
    for name, a in measured.agreements.items():
        fault = "; ".join(a.faults()) or "passes"
        lines.append(f"| {name} | {a.cosine:.5f} | {a.overlap:.4f} | {a.auroc:.5f} ({a.low:+.4f} to "
                     f"{a.high:+.4f}) | {a.label} | {a.labels} | {a.rare:.4f} | {a.studies} | "
                     f"{fault} |")  # fmt: skip
        rows.append(
            Row(
                f"Trained starter in {name}: centred cosine, top-10 overlap, AUROC change",
                f"≥ {LIMITS['cosine']}, ≥ {LIMITS['overlap']}, ≤ {LIMITS['auroc']}",
                f"{a.cosine:.4f}, {a.overlap:.3f}, {a.auroc:.4f} ({a.labels} labels, {a.studies} studies)",
                not a.faults(),
            )
        )
    known = wiring.load("starter").checkpoint
    shape = (16, known.preprocess.channels, known.preprocess.size, known.preprocess.size)
    times = precisions.timed(known.model, torch.zeros(shape), precisions.can())
    chosen = precisions.choose(measured, lambda names: {n: times[n] for n in names})
    told = ", ".join(f"{n} {1000 * t / 16:.2f}" for n, t in times.items())
    rows.append(Row("`--precision auto` takes one that passes", "yes", chosen,
                    not measured.faults(chosen)))  # fmt: skip
    return rows, [*lines, "", f"Milliseconds a picture of the starter: {told}. `auto` takes {chosen}.",
                  *(f"Left out: {p}" for p in refused)]  # fmt: skip


# ------------------------------------------------------------------ training


def trained(given: argparse.Namespace) -> Section:
    """Pictures a second of the training loop beside open_clip's (as benchmarks/training.py)."""
    peer = parts.peer()
    run = Run("bench", "clip", clip.VARIANTS["starter"], vocabulary=300, steps=16, batch=32,
              sampling=Sampling(augment=None), keep_every=1000)  # fmt: skip
    tokenizer = Tokenizer.train(training.WORDS, 300)
    rates: dict[str, list[float]] = {"radgloss": [], "open_clip": []}
    with tempfile.TemporaryDirectory() as folder:
        pairs = training.make_pairs(Path(folder), run.model.image.size)
        for _ in range(1 + min(3, given.rounds)):
            rates["radgloss"].append(training.ours(run, pairs, tokenizer))
            if peer:
                rates["open_clip"].append(training.theirs(run, pairs, tokenizer, peer))
    ours = statistics.median(rates["radgloss"][1:])
    lines = ["## Training, CLIP `starter` (128 px), batch 32, fp32", ""]
    if not peer:
        return [], [*lines, f"radgloss {ours:.1f} pictures/s. Not here: open_clip."]
    theirs = statistics.median(rates["open_clip"][1:])
    row = Row("Training pictures a second, times open_clip's own loop", "≥ 1",
              f"{ours / theirs:.2f} ({ours:.1f} beside {theirs:.1f})", ours >= theirs)  # fmt: skip
    return [row], [*lines, f"radgloss {ours:.1f} pictures/s, open_clip's own loop {theirs:.1f}: "
            f"{ours / theirs:.2f} times (wanted: at least 1)."]  # fmt: skip


# ------------------------------------------------------------------ words


def words(given: argparse.Namespace) -> Section:
    """The starter's label texts, encoded once and padded as little as they may be."""
    aligner = Aligner.load(wiring.find_checkpoint("starter"))
    texts = sorted(
        {t for b in aligner.checkpoint.prompts.values() for t in (*b.present, *b.absent)}
    )
    context = aligner.checkpoint.model.config.text.context
    tokens, mask = aligner.checkpoint.tokenizer(texts, context)

    def short() -> object:
        aligner.texts._kept.clear()
        return aligner.texts(texts)

    def padded() -> object:
        whole = torch.zeros(len(texts), context, dtype=torch.int64)
        real = torch.zeros(len(texts), context, dtype=torch.bool)
        whole[:, : tokens.shape[1]] = torch.from_numpy(tokens)
        real[:, : tokens.shape[1]] = torch.from_numpy(mask)
        encode = aligner.checkpoint.model.encode_text
        cut = [slice(i, i + 32) for i in range(0, len(texts), 32)]
        return [encode(whole[c], real[c]) for c in cut]

    arms = {"short": short, "padded": padded, "kept": lambda: aligner.texts(texts)}
    short()
    aligner.texts.computed = 0
    short()
    computed = aligner.texts.computed
    taken = {n: statistics.median(t) for n, t in parts.interleaved(arms, given.rounds).items()}
    real = int(mask.sum())
    rows = [
        Row("Words: tokens computed, of those when padded to the context", "",
            f"{100 * computed / (len(texts) * context):.0f}%, {taken['padded'] / taken['short']:.1f} "
            "times as fast"),
        Row("Words encoded a second time", "0 tokens", f"0 tokens, {1000 * taken['kept']:.1f} ms",
            True),
    ]  # fmt: skip
    return rows, [
        f"## Words: the starter's {len(texts)} label texts, context {context}", "",
        "| | tokens through the tower | ms |", "|---|---|---|",
        f"| padded to the context | {len(texts) * context} | {1000 * taken['padded']:.1f} |",
        f"| padded to their batch's longest, sorted by length | {computed} | "
        f"{1000 * taken['short']:.1f} |",
        f"| a second time | 0 | {1000 * taken['kept']:.1f} |", "",
        f"{real} tokens are real: {100 * real / computed:.0f}% of what is computed, against "
        f"{100 * real / (len(texts) * context):.0f}% when padded to the context.",
    ]  # fmt: skip


# ------------------------------------------------------------------ memory


def memory(given: argparse.Namespace) -> Section:
    """Peak resident memory of training steps, each batch in a process of its own."""
    lines = ["## Exact training steps (gradient cache), `train.loop` from packed pairs, 64 px", "",
             "| batch | peak MiB | before the steps (model, libraries) | the steps' own | of it pages of "
             "the pictures' file | the rest, times that of 64 | its pictures as bytes, as floats |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    rows = []
    for system in ("clip", "siglip"):
        small = 0.0
        for size, chunk in ((64, 0), (given.large, 64)):
            found = step_memory(size, chunk, system)
            rest = found["peak"] - found["before"] - found["mapped"]
            small = small or rest
            how = f"in chunks of {chunk}" if chunk else "at once"
            lines.append(
                f"| {system}, {size:,} {how} | {found['peak']:.0f} | {found['before']:.0f} | "
                f"{found['peak'] - found['before']:.0f} | {found['mapped']:.0f} | {rest:.0f}, "
                f"{rest / small:.2f} | {found['bytes']:.0f}, {4 * found['bytes']:.0f} |"
            )
        rows.append(Row(f"Gradient cache, {system}, {given.large:,} in the memory of 64", "≤ 1.1 times",
                        f"{rest / small:.2f} times ({rest:.0f} beside {small:.0f} MiB; pictures as "
                        f"bytes alone: {found['bytes']:.0f})", rest <= 1.1 * small))  # fmt: skip
    return rows, [*lines, "", "Pages of the file of packed pictures count as resident, and the system takes "
                  "them back when it needs them; no step holds a picture of another chunk."]  # fmt: skip


if __name__ == "__main__":
    main()

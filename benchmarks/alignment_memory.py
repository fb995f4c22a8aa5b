"""Memory of training steps, for benchmarks/alignment.py: each batch in a fresh process.

    python benchmarks/alignment_memory.py FOLDER BATCH CHUNK SYSTEM    (as that script calls it)

The steps are those of `radgloss train`: `train.loop`, AdamW, pictures from packed pairs on the disk.
A step of four pictures in two chunks comes first, so that what torch loads with its first step is
counted as there before. Then several, as the heap of a process that trains has settled only then;
the peak is the kernel's (VmHWM), which no sample between two moments can miss."""

# ruff: noqa: E501
from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).parent))

SIDE, STEPS = 64, {"at once": 3, "in chunks": 2}
MIB = 1 << 20


def step_memory(size: int, chunk: int, system: str) -> dict[str, float]:
    """MiB: the peak, what was resident before the steps, pages of the pictures' file at the end, and
    the pictures of a batch as bytes."""
    import training

    with tempfile.TemporaryDirectory() as folder:
        training.make_pairs(Path(folder), SIDE, size)
        done = subprocess.run(
            [sys.executable, __file__, folder, str(size), str(chunk), system],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr[-500:])
    return json.loads(done.stdout.splitlines()[-1])


def measured(folder: Path, size: int, chunk: int, system: str) -> dict[str, float]:
    """In this process, which has done nothing else."""
    import torch
    import training

    from radgloss.data.pairs import Pairs, Sampling
    from radgloss.models.alignment import clip, siglip
    from radgloss.nn import transformer, vit
    from radgloss.text.tokenizer import Tokenizer
    from radgloss.train import loop
    from radgloss.train.run import Run

    torch.set_num_threads(2)
    torch.manual_seed(0)
    module = {"clip": clip, "siglip": siglip}[system]
    image = vit.Config(size=SIDE, stem=vit.PatchStem(8), width=192, depth=2, heads=4)
    config = module.Config(image, transformer.VARIANTS["small"])
    steps = STEPS["in chunks" if chunk else "at once"]
    run = Run("memory", system, config, steps=steps, batch=size, chunk=chunk, keep_every=1000)
    objective = module.Objective(module.build(config))
    pairs, tokenizer = Pairs(folder), Tokenizer.train(training.WORDS, 300)
    words = {"seed": 0, "tokenizer": tokenizer, "context": 96, "sampling": Sampling()}
    first = replace(run, steps=1, batch=4, chunk=2)
    loop.train(first, objective, partial(pairs.batch, size=4, **words), folder / "first")
    batches = partial(pairs.batch, size=size, **words)
    forget_the_peak()
    before = resident("VmRSS")
    loop.train(run, objective, batches, folder / "out")
    return {
        "before": before, "peak": resident("VmHWM"), "mapped": mapped("pictures.npy"),
        "bytes": size * 3 * SIDE * SIDE / MIB,
    }  # fmt: skip


def forget_the_peak() -> None:
    """Of what came before, libraries and a fork's parent included."""
    Path("/proc/self/clear_refs").write_text("5")


def resident(what: str) -> float:
    """A figure of this process, MiB."""
    found = re.search(rf"{what}:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found, what
    return int(found[1]) / 1024


def mapped(name: str) -> float:
    """Resident pages of a mapped file, MiB."""
    blocks = re.split(r"\n(?=[0-9a-f]+-[0-9a-f]+ )", Path("/proc/self/smaps").read_text())
    ours = (b for b in blocks if b.split("\n", 1)[0].endswith(name))
    return sum(int(re.search(r"Rss:\s+(\d+)", b)[1]) for b in ours) / 1024


if __name__ == "__main__":
    where, many, each, which = sys.argv[1:]
    print(json.dumps(measured(Path(where), int(many), int(each), which)))

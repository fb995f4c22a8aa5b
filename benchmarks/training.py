"""Images a second: our loop beside open_clip's own `train_one_epoch`, on the same model and data.

    .venv-bench/bin/python benchmarks/training.py        (see benchmarks/requirements.txt)

Both train one and the same architecture from the same weights in fp32 on the same uint8 pictures
and captions; each brings its own data path, loss, optimizer step and log. Interleaved rounds, the
median is quoted. Writes benchmarks/results/training-DATE.md."""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import re
import statistics
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

try:
    import torch
except ImportError:  # pragma: no cover
    sys.exit("benchmarks/training.py needs torch; see benchmarks/requirements.txt")

import numpy as np

from radgloss.data.pairs import Pairs, Sampling
from radgloss.models.alignment import clip
from radgloss.preprocess import Preprocess
from radgloss.text.tokenizer import Tokenizer
from radgloss.train import loop
from radgloss.train.run import Run

WORDS = ["There is a left pleural effusion.", "No pneumothorax.", "A 12 mm right lung nodule.",
         "The lungs are clear.", "No evidence of pleural effusion."]  # fmt: skip
PICTURES = 512


def open_clip_parts():
    """open_clip's loop and loss; torchvision's CPU build lacks operators, so they are named."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None:
        return None
    source = Path(spec.submodule_search_locations[0]) / "_meta_registrations.py"
    library = torch.library.Library("torchvision", "DEF")
    for name in re.findall(
        r'register_(?:fake|meta)\("(?:torchvision::)?(\w+)"', source.read_text()
    ):
        library.define(f"{name}(Tensor x) -> Tensor")
    try:
        import open_clip
        from open_clip_train.train import train_one_epoch
    except ImportError:
        return None
    return library, open_clip.ClipLoss, train_one_epoch, open_clip.__version__


class Adapter(torch.nn.Module):
    """Our two towers with the face that open_clip's loop expects."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.logit_scale = model.log_scale

    def forward(self, images, texts):
        tokens, mask = texts[..., 0], texts[..., 1].bool()
        return {
            "image_features": self.model.encode_image(images),
            "text_features": self.model.encode_text(tokens, mask),
            "logit_scale": self.model.scale,
        }


class Rows(torch.utils.data.Dataset):
    """The same pictures and captions, one at a time, as an open_clip data set gives them."""

    def __init__(self, pairs, tokenizer, context):
        self.pairs, self.tokenizer, self.context = pairs, tokenizer, context

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, k):
        tokens, mask = self.tokenizer([" ".join(self.pairs.sentences[k])], self.context)
        both = np.zeros((24, 2), np.int64)
        both[: tokens.shape[1], 0], both[: tokens.shape[1], 1] = tokens[0, :24], mask[0, :24]
        image = torch.from_numpy(np.array(self.pairs.pictures[k])).float().div(255)
        return image.sub(0.35).div(0.3), torch.from_numpy(both)


def make_pairs(folder: Path, size: int, many: int = PICTURES) -> Pairs:
    rng = np.random.default_rng(0)
    np.save(folder / "pictures.npy", rng.integers(0, 256, (many, 3, size, size), np.uint8))
    about = {"schema": 2, "preprocess": Preprocess(size=size).to_dict(), "manifest": [], "bad": [],
             "sentences": [[WORDS[i % 5]] for i in range(many)],
             "studies": list(range(many)), "boxed": [False] * many}  # fmt: skip
    (folder / "pairs.json").write_text(json.dumps(about))
    return Pairs(folder)


def model_of(run: Run):
    torch.manual_seed(0)
    return clip.build(replace(run.model, text=replace(run.model.text, vocabulary=run.vocabulary)))


def ours(run: Run, pairs: Pairs, tokenizer: Tokenizer) -> float:
    objective = clip.Objective(model_of(run))
    with tempfile.TemporaryDirectory() as out:
        began = perf_counter()
        batches = partial(pairs.batch, size=run.batch, seed=0, tokenizer=tokenizer, context=96,
                          sampling=run.sampling)  # fmt: skip
        loop.train(run, objective, batches, Path(out))
        return run.steps * run.batch / (perf_counter() - began)


def theirs(run: Run, pairs: Pairs, tokenizer: Tokenizer, parts) -> float:
    _, loss_class, train_one_epoch, _ = parts
    model = Adapter(model_of(run))
    loader = torch.utils.data.DataLoader(
        Rows(pairs, tokenizer, 96), run.batch, shuffle=True, drop_last=True
    )
    loader.num_batches, loader.num_samples = len(loader), len(pairs)
    data = {"train": SimpleNamespace(dataloader=loader, set_epoch=lambda epoch: None)}
    args = argparse.Namespace(
        device="cpu", precision="fp32", accum_freq=1, distill=False, skip_scheduler=True,
        horovod=False, grad_clip_norm=run.clip, rank=0, world_size=1, local_rank=0, log_local=False,
        log_every_n_steps=1, batch_size=run.batch, wandb=False,
    )  # fmt: skip
    optimizer = torch.optim.AdamW(model.parameters(), lr=run.rate)
    epochs = run.steps // loader.num_batches
    began = perf_counter()
    for epoch in range(epochs):
        train_one_epoch(model, data, loss_class(), epoch, optimizer, None, None, None, args)
    return epochs * loader.num_batches * run.batch / (perf_counter() - began)


def main() -> None:
    logging.disable(logging.INFO)
    torch.set_num_threads(2)
    parts = open_clip_parts()
    run = Run("bench", "clip", clip.VARIANTS["starter"], vocabulary=300, steps=16, batch=32,
              sampling=Sampling(augment=None), keep_every=1000)  # fmt: skip
    tokenizer = Tokenizer.train(WORDS, 300)
    rates: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        pairs = make_pairs(Path(folder), run.model.image.size)
        arms = {"radgloss": lambda: ours(run, pairs, tokenizer)}
        if parts:
            arms[f"open_clip {parts[3]}"] = lambda: theirs(run, pairs, tokenizer, parts)
        arms["radgloss, augmented"] = lambda: ours(
            replace(run, sampling=Sampling()), pairs, tokenizer
        )
        arms["radgloss, augmented, bf16"] = lambda: ours(
            replace(run, sampling=Sampling(), precision="bf16"), pairs, tokenizer
        )
        for _ in range(4):
            for name, arm in arms.items():
                rates.setdefault(name, []).append(arm())
    report(rates, run, bool(parts))


def report(rates: dict[str, list[float]], run: Run, have_peer: bool) -> None:
    day = datetime.now(UTC).date().isoformat()
    peer = next((n for n in rates if n.startswith("open_clip")), None)
    base = statistics.median(rates[peer][1:]) if peer else None
    lines = [f"# Training, {day}", "",
             f"CLIP `starter` ({run.model.image.size} px), batch {run.batch}, 2 threads, fp32 "
             "unless said; medians of 3 interleaved rounds after a warm-up.", "",
             "| loop | images/s (min–max) | against open_clip |", "|---|---|---|"]  # fmt: skip
    for name, values in rates.items():
        kept = values[1:]
        middle = statistics.median(kept)
        ratio = f"{middle / base:.2f}" if base else "–"
        lines.append(f"| {name} | {middle:.1f} ({min(kept):.1f}–{max(kept):.1f}) | {ratio} |")
    if not have_peer:
        lines += ["", "open_clip is not installed here; see benchmarks/requirements.txt."]
    text = "\n".join(lines) + "\n"
    out = Path(__file__).parent / "results" / f"training-{day}.md"
    out.parent.mkdir(exist_ok=True)
    out.write_text(text)
    print(text)


if __name__ == "__main__":
    main()

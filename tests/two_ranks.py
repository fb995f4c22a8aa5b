"""One half of a training on two gloo ranks; `both` starts the two processes and waits for them.

python two_ranks.py FOLDER    # with RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT set
"""

import os
import socket
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from radgloss.checkpoint import ARCHITECTURES
from radgloss.data.batch import Batch
from radgloss.train import cache, loop, ranks
from radgloss.train.run import Run
from radgloss.types import InputRejected

LOSSES = [
    ("clip", "debug", 0),
    ("clip", "debug", 2),
    ("siglip", "debug", 0),
    ("siglip", "debug", 2),
    ("clip", "debug-residual", 0),
    ("dual", "debug-siglip", 2),
    ("gloria", "debug", 0),
    ("cxr-clip", "debug", 0),
]  # chunks of how many images; 0: all at once
RUN = Run(
    "two", "clip", ARCHITECTURES["clip"].VARIANTS["debug"], steps=4, batch=6, keep_every=2,
    warmup=0, rate=1e-2,
)  # fmt: skip


def objective(architecture="clip", variant="debug"):
    """In double precision, so that what differs is not rounding."""
    torch.manual_seed(3)
    module = ARCHITECTURES[architecture]
    return module.Objective(module.build(module.VARIANTS[variant])).double()


def batch(k):
    """Six images; nine texts, three of them a second text of their image."""
    rng = np.random.default_rng(k)
    tokens = rng.integers(2, 256, (9, 8))
    mask = np.arange(8) < rng.integers(3, 9, 9)[:, None]
    owner = np.array([0, 1, 2, 3, 4, 5, 0, 0, 3])
    words = (torch.from_numpy(a) for a in (tokens * mask, mask, owner))
    images = torch.from_numpy(rng.normal(size=(6, 3, 32, 32)))
    return Batch(images, *words, torch.zeros(6, 0, dtype=torch.int8))


def asking(name):
    """The batch of two ranks, with what this loss also reads."""
    b = batch(0)
    words = torch.arange(8).div(2, rounding_mode="floor").expand(9, 8)
    b = replace(b, words=words.masked_fill(~b.mask, -1))
    if name == "dual":
        answers = torch.tensor([[1], [-1], [0], [1], [0], [-1]], dtype=torch.int8)
        return replace(b, owner=torch.tensor([0, 1, 2, 3, 4, 5, 0, -1, -1]), answers=answers)
    if name == "cxr-clip":  # three studies, two views and two texts of each
        return replace(b, tokens=b.tokens[:6], mask=b.mask[:6], words=b.words[:6])
    if name == "expert":
        return replace(b, owner=torch.tensor([0, 1, 2, 3, 4, -2, -2, -2, -2]), images=b.images[:5])
    return b


def gradients(whole, chunk, me, name=""):
    loss, _ = cache.backward(whole, asking(name), chunk, me, nullcontext)
    me.average(whole.parameters())
    return {"loss": loss, **{n: p.grad for n, p in whole.named_parameters()}}


def trained(out, resume=False, die_at=None, **change):
    def batches(k):
        if k == die_at:
            raise KeyboardInterrupt
        return batch(k)

    return loop.train(replace(RUN, **change), objective(), batches, out, resume).state_dict()


def turn(folder):
    """Made by the first; who comes later finds it made."""
    assert os.environ["RANK"] == "0"
    (folder / "turn").touch()
    return [folder / "turn"]


def half(folder):
    with ranks.joined() as me:
        here = folder / f"rank{me.number}"
        here.mkdir()
        for name, variant, chunk in LOSSES:
            whole = objective(name, variant)
            got = gradients(whole, chunk, me, name) | dict(whole.named_buffers())
            save_file(got, here / f"{name}-{variant}-{chunk}.safetensors")
        assert me.once(lambda: {"rank": me.number}) == {"rank": 0}
        assert me.in_turn(lambda: sorted(folder.glob("turn*")) or turn(folder))
        save_file(trained(folder / "whole"), here / "whole.safetensors")
        try:
            trained(folder / "broken", die_at=3, chunk=2)
        except KeyboardInterrupt:
            save_file(trained(folder / "broken", resume=True, chunk=2), here / "again.safetensors")


def both(folder):
    """Start two ranks on this file; raises with what they said if either fails."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    group = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    started = [
        subprocess.Popen(
            [sys.executable, __file__, str(folder)],
            env={**os.environ, **group, "RANK": str(n), "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in (0, 1)
    ]
    try:
        said = [p.communicate(timeout=240)[1] for p in started]
    finally:
        for p in started:
            p.kill()
    assert [p.returncode for p in started] == [0, 0], "\n".join(said)


def ended(folder):
    """Both ranks meet the same problem; what each of them does about it is written down."""
    rank = os.environ["RANK"]
    try:
        with ranks.joined():
            half(folder)
            raise InputRejected("system", "nothing", "a problem", "none", "Be told once.")
    except InputRejected:
        (folder / f"rank{rank}" / "said").touch()
    except SystemExit:
        (folder / f"rank{rank}" / "silent").touch()


if __name__ == "__main__":
    ended(Path(sys.argv[1]))

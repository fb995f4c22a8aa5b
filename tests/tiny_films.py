"""Tiny chest films with a manifest, bright at the base where there is fluid; two processes on it.

python tiny_films.py KILL WORDS…    # with torch's variables set: `radgloss WORDS…`, but rank 1
                                    # kills itself when micro-batch KILL is asked for
"""

import json
import os
import signal
import socket
import subprocess
import sys

import numpy as np

from radgloss.dicom.write import write_images
from radgloss.types import Image, Study

SPLITS = ["train"] * 8 + ["val"] * 4 + ["test"] * 4
AFFINE = np.array([[0, 0, 1.0, 0], [1, 0, 0, 0], [0, -1.0, 0, 0], [0, 0, 0, 1]])


def films(folder):
    """Sixteen studies of one film of 40 pixels; half of each split has an effusion."""
    rows = []
    for k, split in enumerate(SPLITS):
        ill = k % 2 == 0
        pixels = np.random.default_rng(k).integers(0, 100, (1, 40, 40)).astype(np.float32)
        pixels[:, 25:] += 300.0 * ill
        one = Image(f"2.25.{k + 100}", pixels, AFFINE, "DX", body_part="CHEST", synthetic=True)
        write_images(Study(f"2.25.{k + 1}", (one,), synthetic=True), folder / f"s{k}")
        said = "There is a pleural effusion." if ill else "No pleural effusion."
        labels = {"pleural effusion": {"present": ill}}
        rows.append({"study": f"s{k}", "patient": f"p{k}", "split": split, "exam": "xr-chest",
                     "report": {"findings": said}, "labels": labels})  # fmt: skip
    manifest = folder / "manifest.jsonl"
    manifest.write_text("\n".join(map(json.dumps, rows)))
    return manifest


def pair(*words, environment=None):
    """Two ranks on the same command, without a launcher that ends one for the other's sake:
    [(exit status, stdout, stderr), …]."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    group = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port,
             "OMP_NUM_THREADS": "1"}  # fmt: skip
    started = [
        subprocess.Popen(
            [sys.executable, *map(str, words)],
            env={**os.environ, **group, **(environment or {}), "RANK": str(n)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for n in (0, 1)
    ]  # fmt: skip
    try:
        said = [p.communicate(timeout=240) for p in started]
    finally:
        for p in started:
            p.kill()
    return [(p.returncode, *out) for p, out in zip(started, said, strict=True)]


def main():
    from radgloss.cli import main
    from radgloss.data.pairs import Pairs

    whole, kill = Pairs.batch, int(sys.argv[1])

    def batch(self, step, *rest):
        if step == kill and os.environ["RANK"] == "1":
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(self, step, *rest)

    Pairs.batch = batch
    sys.argv = ["radgloss", *sys.argv[2:]]
    main()


if __name__ == "__main__":
    main()

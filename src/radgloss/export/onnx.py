"""Both towers as ONNX, checked by running them.

`image.onnx` takes what the bridge prepares, whole grey values, and normalises them itself, so that
nobody can normalise them wrongly; `text.onnx` takes token numbers and their mask. The batch size
stays free in both, the length of texts too: what was traced with two is run with one, three and
five, and must agree with the model.
Shapes: B batch · C channels · S side · T tokens · D width."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from radgloss import disk
from radgloss.errors import InputRejected
from radgloss.export.towers import Exported, Towers, aside

__all__ = ["AGREES", "export"]

AGREES = 1e-4  # largest difference of a number of a unit vector
TRACED, RUN = 2, (1, 3, 5)  # batch sizes
OPSET = 18
TEXTS = ("No abnormality.", "A 12 mm lesion on the left.", "Normal.", "There is an effusion.",
         "No lesion on the right, none on the left.")  # fmt: skip


class ImageTower(nn.Module):
    """Grey values to unit vectors."""

    mean: torch.Tensor
    spread: torch.Tensor

    def __init__(self, towers: Towers) -> None:
        super().__init__()
        self.model = towers.model
        for name, values in (("mean", towers.mean), ("spread", towers.spread)):
            self.register_buffer(name, torch.tensor(values).reshape(-1, 1, 1))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:  # (B, C, S, S) uint8 -> (B, D)
        scaled = pixels.to(torch.float32) / 255.0
        found: torch.Tensor = self.model.encode_image((scaled - self.mean) / self.spread)
        return found


class TextTower(nn.Module):
    """Token numbers to unit vectors."""

    def __init__(self, towers: Towers) -> None:
        super().__init__()
        self.model = towers.model

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:  # (B, T) -> (B, D)
        found: torch.Tensor = self.model.encode_text(tokens, mask)
        return found


def export(towers: Towers, folder: Path) -> Exported:
    """`image.onnx`, `text.onnx`, `tokenizer.json` and `export.json` in a new folder.

    Raises InputRejected('extra') without the libraries, ('output') where something is there,
    ('export-disagrees') where what was written does not answer as the model does."""
    _needs_onnx()
    part = aside(folder)
    image, text = ImageTower(towers).eval(), TextTower(towers).eval()
    with torch.inference_mode(False), torch.no_grad(), _quiet():
        batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=towers.context)
        _trace(image, (_pixels(towers, TRACED),), ("pixels",), "vectors", ({0: batch},),
               part / "image.onnx")  # fmt: skip
        words = _words(towers, TRACED)
        free = {0: batch, 1: length}
        _trace(text, words, ("tokens", "mask"), "vectors", (free, free), part / "text.onnx")
        largest = max(
            max(_apart(image, part / "image.onnx", {"pixels": _pixels(towers, n)}) for n in RUN),
            max(_apart(text, part / "text.onnx", dict(zip(("tokens", "mask"), _words(towers, n),
                                                          strict=True))) for n in RUN),
        )  # fmt: skip
    if not largest <= AGREES:
        shutil.rmtree(part)
        raise InputRejected(
            "export-disagrees", towers.name, f"vectors off by {largest:.2g}", f"at most {AGREES}",
            "Report it with the versions of torch, onnx and onnxruntime; nothing was kept.",
        )  # fmt: skip
    towers.save_words(part / "tokenizer.json")
    _describe(towers, largest, part / "export.json")
    files = tuple(sorted(p.name for p in part.iterdir()))
    disk.replace_folder(part, folder)
    return Exported(folder, files, largest)


def _needs_onnx() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as problem:
        raise InputRejected(
            "extra", "export to ONNX", f"no {problem.name}", "onnx, onnxruntime and onnxscript",
            "pip install 'radgloss[onnx]'",
        ) from problem  # fmt: skip


def _pixels(towers: Towers, n: int) -> torch.Tensor:
    """Different grey values for each size, so that no answer can have been kept from the trace."""
    side, channels = towers.preprocess.size, towers.preprocess.channels
    rng = np.random.default_rng(n)
    return torch.from_numpy(rng.integers(0, 256, (n, channels, side, side), dtype=np.uint8))


def _words(towers: Towers, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    tokens, mask = towers.words(TEXTS[-n:], towers.context)
    return torch.from_numpy(tokens), torch.from_numpy(mask)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter tells its own story on stdout and in warnings; a user did not ask for it."""
    level = logging.getLogger("torch.onnx").level
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        try:
            yield
        finally:
            logging.getLogger("torch.onnx").setLevel(level)


def _trace(
    module: nn.Module, example: tuple[torch.Tensor, ...], inputs: tuple[str, ...], output: str,
    free: tuple[dict[int, Any], ...], path: Path,
) -> None:  # fmt: skip
    torch.onnx.export(
        module, example, str(path), input_names=list(inputs), output_names=[output],
        dynamic_shapes=free, dynamo=True, opset_version=OPSET, external_data=False, verbose=False,
    )  # fmt: skip


def _apart(module: nn.Module, path: Path, given: dict[str, torch.Tensor]) -> float:
    """The largest difference between the model and what was written."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    (written,) = session.run(None, {k: v.numpy() for k, v in given.items()})
    wanted = module(*given.values()).numpy()
    if written.shape != wanted.shape or not np.isfinite(written).all():
        return float("inf")
    return float(np.abs(written - wanted).max())


def _describe(towers: Towers, largest: float, path: Path) -> None:
    config = towers.model.config
    bias = getattr(towers.model, "bias", None)
    about = {
        "format": "radgloss onnx export", "schema": 1, "model": towers.name, "space": towers.space,
        "image": {"input": "pixels: uint8 (batch, channels, side, side), 255 is white",
                  "preprocess": towers.preprocess.to_dict(),
                  "normalised_inside": {"mean": towers.mean, "spread": towers.spread}},
        "text": {"input": "tokens: int64 and mask: bool (batch, length)",
                 "context": towers.context},
        "width": int(config.width),
        "scale": float(towers.model.scale.detach()),
        "bias": None if bias is None else float(bias.detach()),
        "checked": {"batch_sizes": RUN, "largest_difference": largest, "allowed": AGREES},
        "not_included": "calibration, thresholds and outlier scores: vectors only, nothing decides",
    }  # fmt: skip
    path.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", "utf-8")

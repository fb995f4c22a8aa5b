"""One folder = one model: weights, settings, words, trust, card; its content hash is its name.

    weights.safetensors   the parameters           tokenizer.json      the words
    config.json           architecture, bridge     trust.*             how far to believe it
    golden.safetensors    an input and what must come out of it, verified on every load
    prompts.json          how its training texts state and deny each finding
    reports.jsonl         earlier reports with their vectors (vectors in reports.safetensors)
    card.json             what it was trained on, the command, the scores
    files.json            SHA-256 of every other file; its own hash names the checkpoint

Safetensors and JSON only: loading can run no code. Nothing is believed before its hash is right."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file as load_arrays
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import load_file, save_file

from radgloss import disk
from radgloss.models import alignment, image_to_text, representation
from radgloss.preprocess import Preprocess
from radgloss.text.prompts import Bank
from radgloss.text.tokenizer import Tokenizer
from radgloss.trust import Trust, stored
from radgloss.types import InputRejected

__all__ = ["SCHEMA", "Checkpoint", "Support", "architecture", "load", "rounded", "save", "weights"]

SCHEMA = 2
TOLERANCE = 1e-3  # golden vectors: other processors round otherwise; a wrong weight is far beyond
GOLDEN_TEXTS = ("No abnormality.", "A 12 mm lesion on the left.")
GOLDEN_TOKENS = (6, 40, 41, 42)  # of what a model writes; any will do
FORMAT = "radgloss checkpoint"


@dataclass(frozen=True, eq=False)
class Support:
    """Earlier reports that a draft may point to. vectors: (n, D) unit, in the model's space."""

    texts: tuple[str, ...]
    exams: tuple[str, ...]
    vectors: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A loaded model with all that it needs to be used as it was trained."""

    name: str
    architecture: str
    model: Any  # a module with encode_image and describe, encode_text, encode_images and step, …
    preprocess: Preprocess
    tokenizer: Tokenizer
    trust: Trust
    support: Support
    card: Mapping[str, Any]
    prompts: Mapping[str, Bank] = field(default_factory=dict)

    @property
    def space(self) -> str:
        """The name of its embedding space: no other checkpoint shares it."""
        return f"{self.architecture}:{self.name}"


ARCHITECTURES = {
    **alignment.ARCHITECTURES, **representation.ARCHITECTURES, **image_to_text.ARCHITECTURES
}  # fmt: skip
NOTHING = Support((), (), np.zeros((0, 1), np.float32))


def architecture(name: str) -> ModuleType:
    """The module of an architecture; InputRejected('checkpoint') where there is none."""
    if name not in ARCHITECTURES:
        raise _rejected(
            name, "an unknown architecture", ", ".join(ARCHITECTURES), "Update radgloss."
        )
    return ARCHITECTURES[name]


# ------------------------------------------------------------------ save


def save(
    folder: Path,
    architecture_name: str,
    model: Any,
    preprocess: Preprocess,
    tokenizer: Tokenizer,
    card: Mapping[str, Any],
    trust: Trust | None = None,
    support: Support = NOTHING,
    storage: str = "fp32",
    prompts: Mapping[str, Bank] | None = None,
) -> str:
    """Write aside, then rename; returns the checkpoint's name.

    storage "fp16": the model must hold rounded weights already (see `rounded`)."""
    aside = folder.with_name(folder.name + ".part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    model = model.eval().cpu()
    save_file(_stored(model, storage), aside / "weights.safetensors")
    _write(aside / "config.json", {
        "format": FORMAT, "schema": SCHEMA, "architecture": architecture_name,
        "model": _plain(model.config), "preprocess": preprocess.to_dict(),
    })  # fmt: skip
    tokenizer.save(aside / "tokenizer.json")
    _save_trust(aside, trust or Trust({}, {}, {}))
    _write(aside / "prompts.json", {k: asdict(b) for k, b in (prompts or {}).items()})
    save_arrays(_golden(model, tokenizer, preprocess), aside / "golden.safetensors")
    rows = [{"text": t, "exam": e} for t, e in zip(support.texts, support.exams, strict=True)]
    (aside / "reports.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    save_arrays({"vectors": support.vectors.astype(np.float16)}, aside / "reports.safetensors")
    _write(aside / "card.json", dict(card))
    digests = {p.name: _sha256(p) for p in sorted(aside.iterdir())}
    _write(aside / "files.json", digests)
    name = _sha256(aside / "files.json")[:12]
    disk.replace_folder(aside, folder)
    return name


def rounded(model: Any) -> Any:
    """The same model with every parameter rounded to half precision, in place, still fp32."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half().float())
    return model


def _stored(model: Any, storage: str) -> dict[str, torch.Tensor]:
    """Parameters in the storage's precision; buffers as they are."""
    halved = {n for n, _ in model.named_parameters()} if storage == "fp16" else set()
    state = model.state_dict().items()
    return {k: (v.half() if k in halved else v).contiguous() for k, v in state}


def _write(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _plain(value: Any) -> Any:
    """A config as plain values; a variant that is a type is written with its name."""
    if not is_dataclass(value):
        return value
    held = {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return {"type": type(value).__name__, **held}


def _config(cls: Any, value: Any) -> Any:
    """The inverse of `_plain`: unknown keys and unknown types are errors."""
    if not isinstance(value, dict):
        return tuple(_config(None, v) for v in value) if isinstance(value, list) else value
    kinds = {k.__name__: k for k in (get_args(cls) or (cls,))}
    kind = kinds[value["type"]]
    hints = get_type_hints(kind)
    given = {k: v for k, v in value.items() if k != "type"}
    return kind(**{k: _config(hints.get(k), v) for k, v in given.items()})


def _save_trust(folder: Path, trust: Trust) -> None:
    about, arrays = stored.plain(trust)
    _write(folder / "trust.json", about)
    save_arrays(arrays, folder / "trust.safetensors")


# ------------------------------------------------------------------ load


def load(folder: Path) -> Checkpoint:
    """Check every hash, build, and verify the golden vectors.

    Raises InputRejected('checkpoint') for a folder that is missing, foreign, newer, corrupt, holds
    numbers that are not finite, or no longer gives its golden vectors."""
    what = f"checkpoint {folder.name}"
    digests = _checked_files(folder, what)
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        if config.get("format") != FORMAT:
            raise _rejected(what, "another program's folder", FORMAT, "Give a radgloss checkpoint.")
        if config["schema"] != SCHEMA:
            do = "Update radgloss." if config["schema"] > SCHEMA else "Train it again."
            raise _rejected(what, f"schema {config['schema']}", f"schema {SCHEMA}", do)
        module = architecture(config["architecture"])
        model = module.build(_config(module.Config, config["model"]))
        preprocess = Preprocess.from_dict(config["preprocess"])
        weights = load_file(folder / "weights.safetensors")
        if bad := [k for k, v in weights.items() if not torch.isfinite(v).all()]:
            raise _rejected(what, f"NaN in {bad[0]}", "finite weights", "Fetch or train it again.")
        model.load_state_dict(weights)  # copies into fp32, whatever they were stored as
        checkpoint = Checkpoint(
            name=hashlib.sha256(digests).hexdigest()[:12],
            architecture=config["architecture"],
            model=model.eval(),
            preprocess=preprocess,
            tokenizer=Tokenizer.load(folder / "tokenizer.json"),
            trust=_load_trust(folder),
            support=_load_support(folder),
            card=json.loads((folder / "card.json").read_text("utf-8")),
            prompts=_load_prompts(folder),
        )
    except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as problem:
        if isinstance(problem, InputRejected):
            raise
        raise _rejected(what, f"unusable content ({type(problem).__name__})", FORMAT,
                        "Fetch or train it again.") from problem  # fmt: skip
    _verify_golden(folder, what, checkpoint)
    return checkpoint


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """The tensors of a checkpoint of any architecture, after every file was found to have its hash.

    Raises InputRejected('checkpoint')."""
    _checked_files(folder, f"checkpoint {folder.name}")
    return load_file(folder / "weights.safetensors")


def _rejected(what: str, found: str, wanted: str, do: str) -> InputRejected:
    return InputRejected("checkpoint", what, found, wanted, do)


def _checked_files(folder: Path, what: str) -> bytes:
    """The bytes of files.json, after every file was found to have its hash."""
    listing = folder / "files.json"
    if not listing.is_file():
        raise _rejected(what, "no files.json", "a checkpoint folder", "Check the path.")
    raw = listing.read_bytes()
    try:
        digests: dict[str, str] = json.loads(raw)
        for name, digest in digests.items():
            path = folder / Path(name).name
            if not path.is_file():
                raise _rejected(what, f"no {name}", "every listed file", "Fetch it again.")
            if _sha256(path) != digest:
                raise _rejected(
                    what, f"another {name} than was saved", digest[:12], "Fetch it again."
                )
    except (AttributeError, UnicodeDecodeError, json.JSONDecodeError) as problem:
        raise _rejected(
            what, "an unreadable files.json", "a checkpoint", "Fetch it again."
        ) from problem
    return raw


def _load_trust(folder: Path) -> Trust:
    about = json.loads((folder / "trust.json").read_text("utf-8"))
    return stored.restored(about, load_arrays(folder / "trust.safetensors"))


def _load_prompts(folder: Path) -> dict[str, Bank]:
    banks = json.loads((folder / "prompts.json").read_text("utf-8"))
    return {label: Bank(**{k: tuple(v) for k, v in b.items()}) for label, b in banks.items()}


def _load_support(folder: Path) -> Support:
    rows = [json.loads(line) for line in (folder / "reports.jsonl").read_text("utf-8").splitlines()]
    vectors = load_arrays(folder / "reports.safetensors")["vectors"].astype(np.float32)
    return Support(tuple(r["text"] for r in rows), tuple(r["exam"] for r in rows), vectors)


# ------------------------------------------------------------------ golden vectors


def _golden_input(preprocess: Preprocess, depth: int = 0) -> torch.Tensor:
    """A picture of plain arithmetic: a tilted ramp with a bright square. depth: so many frames of
    it, each a little brighter, where the model takes volumes."""
    s = preprocess.size
    y, x = torch.meshgrid(torch.linspace(-1, 1, s), torch.linspace(-1, 1, s), indexing="ij")
    picture = (x + 0.5 * y).repeat(1, preprocess.channels, 1, 1)
    picture[..., s // 4 : s // 2, s // 8 : s // 4] = 2.0
    if depth:
        return picture[:, :, None] + torch.linspace(-1, 1, depth)[:, None, None]
    return picture


def _golden(model: Any, tokenizer: Tokenizer, preprocess: Preprocess) -> dict[str, Any]:
    golden = {}
    with torch.no_grad():
        if hasattr(model, "encode_image"):
            seen = _golden_input(preprocess, getattr(model, "depth", 0))
            golden["image"] = model.encode_image(seen).numpy()
        if hasattr(model, "encode_text"):
            tokens, mask = map(torch.from_numpy, tokenizer(GOLDEN_TEXTS, model.config.text.context))
            golden["text"] = model.encode_text(tokens, mask).numpy()
        if hasattr(model, "step"):
            seen = model.encode_images(_golden_input(preprocess))
            golden["next"] = model.step(torch.tensor([GOLDEN_TOKENS]), *seen)[0].numpy()
    return golden


def _verify_golden(folder: Path, what: str, c: Checkpoint) -> None:
    kept = load_arrays(folder / "golden.safetensors")
    for key, now in _golden(c.model, c.tokenizer, c.preprocess).items():
        far = float(np.abs(now - kept[key]).max()) if now.shape == kept[key].shape else np.inf
        if not far <= TOLERANCE:
            raise _rejected(
                what, f"golden {key} vectors off by {far:.2g}", f"at most {TOLERANCE}",
                "The weights and this version of the code do not belong together.",
            )  # fmt: skip

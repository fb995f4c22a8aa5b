"""Which layout somebody's folder has, and what our modules must be to hold its weights.

Widths, depths and lengths are read off the weights themselves; the folder's config is asked only
for what weights do not show (heads, activation, epsilon, pooling), and a setting that nothing here
understands is refused: a model that is almost the right one answers, and answers wrongly."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import Any

import torch

from radgloss.errors import InputRejected
from radgloss.models.alignment import dual
from radgloss.nn.layers import Layers
from radgloss.nn.plain_vit import PlainVitConfig
from radgloss.nn.published_text import BertTextConfig, CausalTextConfig, PaddedTextConfig
from radgloss.published import names
from radgloss.published.words import token_settings

__all__ = ["Layout", "understand"]

State = Mapping[str, torch.Tensor]
OPENAI = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
ACTIVATION = {
    "quick_gelu": "quick_gelu", "gelu": "gelu", "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_new": "gelu_tanh",
}  # fmt: skip
TIMM_HEADS = {
    "vit_tiny": 3, "vit_small": 6, "vit_base": 12, "vit_large": 16, "vit_huge": 16,
    "vit_so400m": 16, "vit_giantopt": 16,
}  # fmt: skip
TIMM_TANH = (
    "vit_base_patch32_siglip", "vit_large_patch16_siglip_512", "vit_so400m_patch16_siglip",
    "vit_giantopt_patch16_siglip",
)  # fmt: skip
POOLERS = {
    None: "first", "cls_last_hidden_state_pooler": "first", "mean_pooler": "mean",
    "cls_pooler": "pooler",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Layout:
    """family: what it is called here. config, state: our module and what fills it. manner: of its
    words. mean, spread: of pixels in [0, 1], by channel."""

    family: str
    config: dual.Config
    state: dict[str, torch.Tensor]
    manner: str
    mean: tuple[float, ...]
    spread: tuple[float, ...]


def understand(folder: Path, state: State, what: str) -> Layout:
    """The layout of a folder whose weights are `state`.

    Raises InputRejected('weights-layout') for one that is not known or not understood whole."""
    try:
        if any(k.startswith("visual.") for k in state):
            found = _open_clip(folder, state, what)
        else:
            found = _transformers(folder, state, what)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, RuntimeError) as problem:
        raise _rejected(
            what, f"a config and weights that do not agree ({type(problem).__name__}: {problem})"
        ) from problem
    return found


def _rejected(what: str, found: str, wanted: str = "") -> InputRejected:
    return InputRejected(
        "weights-layout", what, found,
        wanted or "CLIP, SigLIP or SigLIP 2 of transformers, or CLIP, SigLIP or BiomedCLIP of "
        "open_clip",
        "Choose another model, or export it into one of these layouts.",
    )  # fmt: skip


def _json(folder: Path, name: str, what: str) -> dict[str, Any]:
    path = folder / name
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError as problem:
        raise _rejected(what, f"an unreadable {name}", "JSON") from problem
    return found if isinstance(found, dict) else {}


# ------------------------------------------------------------------ transformers


def _transformers(folder: Path, state: State, what: str) -> Layout:
    config = _json(folder, "config.json", what)
    kind = str(config.get("model_type", "none"))
    if kind not in ("clip", "siglip", "siglip2"):
        raise _rejected(what, f"a model of type {kind!r}")
    picture = dict(config.get("vision_config") or {})
    text = dict(config.get("text_config") or {})
    family = "clip" if kind == "clip" else "siglip"
    state = _patches(state, int(picture.get("patch_size", 16)), int(picture.get("num_channels", 3)))
    table = names.TRANSFORMERS_CLIP if family == "clip" else names.TRANSFORMERS_SIGLIP
    ours = _translated(state, table, what)
    default = ("quick_gelu", 1e-5) if family == "clip" else ("gelu_pytorch_tanh", 1e-6)
    towers = {
        side: _layers(
            ours, "image" if side == "vision" else "text",
            heads=int(given.get("num_attention_heads", heads)),
            activation=ACTIVATION[given.get("hidden_act", default[0])],
            epsilon=float(given.get("layer_norm_eps", default[1])),
        )
        for side, given, heads in (
            ("vision", picture, 12),
            ("text", text, 8 if family == "clip" else 12),
        )
    }  # fmt: skip
    if family == "siglip" and not picture.get("vision_use_head", True):
        raise _rejected(what, "a SigLIP without its pooling head")
    image = _image(ours, towers["vision"], "clip" if family == "clip" else "siglip")
    mean, spread = OPENAI if family == "clip" else HALF
    grey = _json(folder, "preprocessor_config.json", what)
    words = _text(ours, towers["text"], padded=family == "siglip")
    manner = _transformers_manner(folder, kind, words.vocabulary)
    return Layout(
        kind, _dual(image, words, family), ours, manner,
        tuple(grey.get("image_mean", mean)), tuple(grey.get("image_std", spread)),
    )  # fmt: skip


def _patches(state: State, patch: int, channels: int) -> State:
    """SigLIP 2 for any shape of picture keeps its stem as a matrix over (row, column, channel) of a
    patch; on its own square grid that is the convolution of all others."""
    name = "vision_model.embeddings.patch_embedding.weight"
    if name in state and state[name].ndim == 2:
        flat = state[name].reshape(-1, patch, patch, channels).permute(0, 3, 1, 2)
        return {**state, name: flat.contiguous()}
    return state


def _transformers_manner(folder: Path, kind: str, vocabulary: int) -> str:
    """SigLIP's own tokenizer strips punctuation; the one of Gemma, in SigLIP 2, does not. Released
    SigLIP 2 of fixed size call themselves "siglip", so the tokenizer is what tells them apart."""
    if kind == "clip":
        return "clip"
    tokenizer = str(token_settings(folder).get("tokenizer_class", ""))
    if tokenizer.startswith("Siglip") and not tokenizer.startswith("Siglip2"):
        return "siglip"
    gemma = tokenizer.startswith(("Gemma", "Siglip2")) or vocabulary >= 200_000
    return "siglip2" if gemma or kind == "siglip2" else "siglip"


# ------------------------------------------------------------------ open_clip


def _open_clip(folder: Path, state: State, what: str) -> Layout:
    config = _json(folder, "open_clip_config.json", what)
    if not config:
        raise _rejected(what, "weights of open_clip without their config", "open_clip_config.json")
    model, grey = config["model_cfg"], config.get("preprocess_cfg", {})
    picture, text = dict(model["vision_cfg"]), dict(model["text_cfg"])
    _understood(model, {"embed_dim", "vision_cfg", "text_cfg", "quick_gelu", "custom_text",
                        "init_logit_bias", "init_logit_scale"}, what)  # fmt: skip
    quick = "quick_gelu" if model.get("quick_gelu") else "gelu"
    image_table, layers = _open_clip_image(picture, quick, what)
    text_table, manner = _open_clip_text(text, what)
    ours = _translated(state, image_table + text_table, what)
    family = "siglip" if "image.pool.probe" in ours else "vit" if "timm" in layers else "clip"
    image = _image(ours, _layers(ours, "image", **_picture_layers(ours, layers)), family)
    if manner == "bert":
        words: Any = _bert(folder, ours, text, what)
    else:
        kwargs = text.get("norm_kwargs", {})
        tanh = text.get("act_kwargs", {}).get("approximate") == "tanh"
        tower = _layers(ours, "text", heads=int(text.get("heads", 8)),
                        activation="gelu_tanh" if tanh else quick,
                        epsilon=float(kwargs.get("eps", 1e-5)))  # fmt: skip
        words = _text(ours, tower, padded=manner != "clip")
    loss = "siglip" if "bias" in ours else "clip"
    mean, spread = (tuple(grey.get(k, d)) for k, d in zip(("mean", "std"), OPENAI, strict=True))
    name = {"bert": "biomedclip", "clip": "clip"}.get(manner, "siglip")
    return Layout(name, _dual(image, words, loss), ours, manner, mean, spread)


def _understood(given: Mapping[str, Any], known: set[str], what: str) -> None:
    if strange := sorted(k for k, v in given.items() if k not in known and v not in (None, False)):
        raise _rejected(what, f"a setting that is not understood: {strange[0]}")


def _open_clip_image(
    picture: Mapping[str, Any], quick: str, what: str
) -> tuple[names.Table, dict[str, Any]]:
    """The table of its names, and heads, activation and epsilon of its layers."""
    if timm := picture.get("timm_model_name"):
        _understood(picture, {"timm_model_name", "timm_model_pretrained", "timm_pool", "timm_proj",
                              "image_size"}, what)  # fmt: skip
        family = re.match(r"vit_[a-z0-9]+", timm)
        heads = TIMM_HEADS.get(family.group() if family else "")
        siglip = picture.get("timm_pool") == "map"
        asked = (picture.get("timm_pool") or "token", picture.get("timm_proj") or "none")
        if heads is None or asked not in (("token", "linear"), ("map", "none")) or "_gap_" in timm:
            raise _rejected(what, f"the image tower {timm}, pool and projection {asked}")
        tanh = siglip and timm.startswith(TIMM_TANH)
        return names.TIMM_VIT, {
            "timm": timm, "heads": heads, "activation": "gelu_tanh" if tanh else "gelu",
            "epsilon": 1e-6,
        }  # fmt: skip
    _understood(picture, {"image_size", "layers", "width", "patch_size", "head_width", "mlp_ratio",
                          "norm_kwargs", "patch_dropout"}, what)  # fmt: skip
    if not isinstance(picture.get("layers"), int):
        raise _rejected(what, "an image tower that is no vision transformer")
    return names.OPEN_CLIP_VIT, {
        "head_width": int(picture.get("head_width", 64)), "activation": quick,
        "epsilon": float(picture.get("norm_kwargs", {}).get("eps", 1e-5)),
    }  # fmt: skip


def _picture_layers(ours: State, given: Mapping[str, Any]) -> dict[str, Any]:
    heads = given.get("heads") or len(ours["image.stem.weight"]) // given["head_width"]
    return {"heads": heads, "activation": given["activation"], "epsilon": given["epsilon"]}


def _open_clip_text(text: Mapping[str, Any], what: str) -> tuple[names.Table, str]:
    """The table of its names, and the manner of its words."""
    if text.get("hf_model_name"):
        _understood(text, {"hf_model_name", "hf_tokenizer_name", "hf_proj_type", "hf_pooler_type",
                           "hf_model_pretrained", "proj", "pooler_type", "context_length",
                           "proj_type", "tokenizer_kwargs"}, what)  # fmt: skip
        return names.OPEN_CLIP_BERT, "bert"
    _understood(text, {"context_length", "vocab_size", "width", "heads", "layers", "mlp_ratio",
                       "hf_tokenizer_name", "tokenizer_kwargs", "no_causal_mask", "proj_bias",
                       "pool_type", "norm_kwargs", "act_kwargs"}, what)  # fmt: skip
    pool, both_ways = text.get("pool_type", "argmax"), bool(text.get("no_causal_mask"))
    if (pool, both_ways) == ("argmax", False):
        return names.OPEN_CLIP_TEXT, "clip"
    if (pool, both_ways) != ("last", True):
        raise _rejected(what, f"a text tower that speaks at {pool!r}")
    clean = text.get("tokenizer_kwargs", {}).get("clean", "whitespace")
    manner = {"canonicalize": "siglip", "lower": "siglip2", "whitespace": "siglip-as-written"}
    return names.OPEN_CLIP_SIGLIP_TEXT, manner[clean]


def _bert(folder: Path, ours: State, text: Mapping[str, Any], what: str) -> BertTextConfig:
    """Heads and epsilon are those of its own config where the folder has it; every published BERT
    has heads of 64 numbers and an epsilon of 1e-12."""
    known = _json(folder, "config.json", what)
    known = known if known.get("model_type") == "bert" else {}
    width = ours["text.embed.weight"].shape[1]
    pool = POOLERS.get(text.get("hf_pooler_type", text.get("pooler_type")))
    if pool is None:
        raise _rejected(what, "a BERT whose pooling is not known")
    layers = _layers(
        ours, "text", heads=int(known.get("num_attention_heads", max(1, width // 64))),
        activation=ACTIVATION[known.get("hidden_act", "gelu")],
        epsilon=float(known.get("layer_norm_eps", 1e-12)),
    )  # fmt: skip
    two = "text.project.2.weight" in ours
    last = ours["text.project.2.weight" if two else "text.project.weight"]
    return BertTextConfig(
        vocabulary=len(ours["text.embed.weight"]), context=int(text.get("context_length", 256)),
        layers=layers, out=len(last), positions=len(ours["text.position"]), pool=pool,
        hidden=len(ours["text.project.0.weight"]) if two else 0,
    )  # fmt: skip


# ------------------------------------------------------------------ what weights show


def _translated(state: State, table: names.Table, what: str) -> dict[str, torch.Tensor]:
    ours, strange = names.translated(state, table)
    if strange:
        raise _rejected(what, f"weights that its layout does not have: {strange[0]}")
    return ours


def _layers(ours: State, side: str, heads: int, activation: str, epsilon: float) -> Layers:
    first = ours[f"{side}.layers.0.mlp.0.weight"]  # (hidden, width)
    depth = 1 + max(int(k.split(".")[2]) for k in ours if k.startswith(f"{side}.layers."))
    return Layers(first.shape[1], depth, heads, first.shape[0], activation, epsilon)


def _image(ours: State, layers: Layers, family: str) -> PlainVitConfig:
    stem = ours["image.stem.weight"]  # (width, channels, patch, patch)
    grid = isqrt(len(ours["image.position"]) - (family != "siglip"))
    project = ours.get("image.project.weight")
    return PlainVitConfig(
        size=grid * stem.shape[-1], patch=stem.shape[-1], layers=layers, family=family,
        channels=stem.shape[1], out=0 if project is None else len(project),
    )  # fmt: skip


def _text(ours: State, layers: Layers, padded: bool) -> CausalTextConfig | PaddedTextConfig:
    project = ours["text.project.weight"]
    kind = PaddedTextConfig if padded else CausalTextConfig
    return kind(
        vocabulary=len(ours["text.embed.weight"]), context=len(ours["text.position"]),
        layers=layers, out=len(project), bias="text.project.bias" in ours,
    )  # fmt: skip


def _dual(image: PlainVitConfig, text: Any, family: str) -> dual.Config:
    return dual.Config(image, text, "sigmoid" if family == "siglip" else "softmax")

"""Somebody's captioner or language model from a local folder: VisionEncoderDecoder, BLIP, GPT-2.

Sizes are read off the weights, as in `layouts`; the config is asked for heads, activation and
epsilon, and refused where it wants something that nothing here does. Names are kept as in the
released files. Of the words only the table is read; texts begin and end with the numbers that the
config names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import Any

import torch

from radgloss.errors import InputRejected
from radgloss.models.image_to_text import foreign
from radgloss.nn.bert_decoder import BertDecoderConfig
from radgloss.nn.gpt2 import Gpt2Config
from radgloss.nn.layers import Layers
from radgloss.nn.plain_vit import PlainVitConfig
from radgloss.published import weights
from radgloss.published.find import find
from radgloss.published.layouts import ACTIVATION, HALF, OPENAI
from radgloss.published.names import Table, translated

__all__ = ["KINDS", "PublishedWriter", "load_writer"]

State = Mapping[str, torch.Tensor]
KINDS = ("gpt2", "vision-encoder-decoder", "blip")
MEANS = {"blip": OPENAI, "vision-encoder-decoder": HALF, "gpt2": HALF}


@dataclass(frozen=True, eq=False)
class PublishedWriter:
    """model: `models.image_to_text.foreign.Foreign`. first: numbers that a text begins with. end:
    the number that ends it. mean, spread: of pixels in [0, 1], by channel."""

    name: str
    family: str
    space: str
    model: Any
    first: tuple[int, ...]
    end: int
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    folder: Path


def load_writer(name: str | Path) -> PublishedWriter:
    """Find, read, understand and fill; nothing is fetched.

    Raises InputRejected('weights-missing', 'pickle', 'weights-damaged', 'weights-layout')."""
    found = find(name)
    files = weights.weight_files(found.folder, found.name)
    state = weights.read(files, found.name)
    try:
        given = json.loads((found.folder / "config.json").read_text("utf-8"))
        kind = str(given.get("model_type", "none"))
        if kind not in KINDS:
            raise _rejected(found.name, f"a model of type {kind!r}")
        config, ours = {"gpt2": _gpt2, "vision-encoder-decoder": _vision, "blip": _blip}[kind](
            given, state, found.name
        )
        model = foreign.build(config)
        model.load_state_dict(ours)
        first, end = _marks(kind, given)
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, RuntimeError) as problem:
        if isinstance(problem, InputRejected):
            raise
        raise _rejected(
            found.name, f"a config and weights that do not agree ({type(problem).__name__})"
        ) from problem
    mean, spread = _pixels(found.folder, kind)
    content = weights.digest([found.folder / "config.json", *files])
    return PublishedWriter(
        found.name, kind, f"{kind}:{content}", model.eval(), first, end, mean, spread, found.folder
    )


def _rejected(what: str, found: str) -> InputRejected:
    return InputRejected(
        "weights-layout", what, found, f"{', '.join(KINDS)} of transformers",
        "Choose another model, or export it into one of these layouts.",
    )  # fmt: skip


def _pixels(folder: Path, kind: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    path = folder / "preprocessor_config.json"
    given = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    mean, spread = MEANS[kind]
    return tuple(given.get("image_mean", mean)), tuple(given.get("image_std", spread))


def _marks(kind: str, given: Mapping[str, Any]) -> tuple[tuple[int, ...], int]:
    """What a text begins with, and what ends it."""
    if kind == "blip":
        text = given["text_config"]
        return (int(text["bos_token_id"]),), int(text["sep_token_id"])
    text = given["decoder"] if kind == "vision-encoder-decoder" else given
    start = given.get("decoder_start_token_id", text.get("bos_token_id"))
    end = given.get("eos_token_id", text.get("eos_token_id"))
    return (int(start),), int(end)


# ------------------------------------------------------------------ GPT-2

_H = r"(?:decoder\.)?(?:transformer\.)?h\.(\d+)"
GPT2: Table = (
    (r"(?:decoder\.)?(?:transformer\.)?wte\.weight", "decoder.embed.weight"),
    (r"(?:decoder\.)?(?:transformer\.)?wpe\.weight", "decoder.position"),
    (r"(?:decoder\.)?(?:transformer\.)?ln_f\.(\w+)", r"decoder.norm.\1"),
    (rf"{_H}\.ln_1\.(\w+)", r"decoder.blocks.\1.norm1.\2"),
    (rf"{_H}\.attn\.c_attn\.weight", r"decoder.blocks.\1.qkv.weight.turned"),
    (rf"{_H}\.attn\.c_attn\.bias", r"decoder.blocks.\1.qkv.bias"),
    (rf"{_H}\.attn\.c_proj\.weight", r"decoder.blocks.\1.out.weight.turned"),
    (rf"{_H}\.attn\.c_proj\.bias", r"decoder.blocks.\1.out.bias"),
    (rf"{_H}\.ln_cross_attn\.(\w+)", r"decoder.blocks.\1.norm2.\2"),
    (rf"{_H}\.crossattention\.q_attn\.weight", r"decoder.blocks.\1.ask.weight.turned"),
    (rf"{_H}\.crossattention\.q_attn\.bias", r"decoder.blocks.\1.ask.bias"),
    (rf"{_H}\.crossattention\.c_attn\.weight", r"decoder.blocks.\1.key_value.weight.turned"),
    (rf"{_H}\.crossattention\.c_attn\.bias", r"decoder.blocks.\1.key_value.bias"),
    (rf"{_H}\.crossattention\.c_proj\.weight", r"decoder.blocks.\1.told.weight.turned"),
    (rf"{_H}\.crossattention\.c_proj\.bias", r"decoder.blocks.\1.told.bias"),
    (rf"{_H}\.ln_2\.(\w+)", r"decoder.blocks.\1.norm3.\2"),
    (rf"{_H}\.mlp\.c_fc\.weight", r"decoder.blocks.\1.mlp.0.weight.turned"),
    (rf"{_H}\.mlp\.c_fc\.bias", r"decoder.blocks.\1.mlp.0.bias"),
    (rf"{_H}\.mlp\.c_proj\.weight", r"decoder.blocks.\1.mlp.2.weight.turned"),
    (rf"{_H}\.mlp\.c_proj\.bias", r"decoder.blocks.\1.mlp.2.bias"),
)


def _gpt2(
    given: Mapping[str, Any], state: State, what: str
) -> tuple[foreign.Config, dict[str, torch.Tensor]]:
    ours = _ours(_without_masks(_tied(state, what)), GPT2, what)
    return foreign.Config(_gpt2_config(given, ours, what)), ours


def _gpt2_config(given: Mapping[str, Any], ours: State, what: str) -> Gpt2Config:
    if given.get("scale_attn_by_inverse_layer_idx") or not given.get("scale_attn_weights", True):
        raise _rejected(what, "a GPT-2 whose attention is scaled otherwise")
    vocabulary, width = ours["decoder.embed.weight"].shape
    return Gpt2Config(
        vocabulary, len(ours["decoder.position"]), width, _depth(ours, "decoder.blocks"),
        int(given["n_head"]), len(ours["decoder.blocks.0.mlp.0.bias"]),
        ACTIVATION[given.get("activation_function", "gelu_new")],
        float(given.get("layer_norm_epsilon", 1e-5)), "decoder.blocks.0.ask.weight" in ours,
    )  # fmt: skip


def _tied(state: State, what: str) -> dict[str, torch.Tensor]:
    """Without the output layer, which is the embedding; another one is refused."""
    found = dict(state)
    for head in [n for n in state if n.endswith("lm_head.weight")]:
        embedding = next(v for n, v in state.items() if n.endswith("wte.weight"))
        if not torch.equal(found.pop(head), embedding):
            raise _rejected(what, "an output layer that is not the embedding")
    return found


def _without_masks(state: State) -> dict[str, torch.Tensor]:
    """Old files keep the triangle of causal attention beside the weights."""
    return {n: v for n, v in state.items() if not n.endswith((".attn.bias", ".masked_bias"))}


# ------------------------------------------------------------------ VisionEncoderDecoder

_L = r"encoder\.encoder\.layer\.(\d+)"
VIT: Table = (
    (r"encoder\.embeddings\.cls_token", "image.class_token"),
    (r"encoder\.embeddings\.position_embeddings", "image.position"),
    (r"encoder\.embeddings\.patch_embeddings\.projection\.(\w+)", r"image.stem.\1"),
    (rf"{_L}\.layernorm_before\.(\w+)", r"image.layers.\1.norm1.\2"),
    (rf"{_L}\.layernorm_after\.(\w+)", r"image.layers.\1.norm2.\2"),
    (rf"{_L}\.attention\.attention\.qkv\.(\w+)", r"image.layers.\1.attention.qkv.\2"),
    (rf"{_L}\.attention\.output\.dense\.(\w+)", r"image.layers.\1.attention.out.\2"),
    (rf"{_L}\.intermediate\.dense\.(\w+)", r"image.layers.\1.mlp.0.\2"),
    (rf"{_L}\.output\.dense\.(\w+)", r"image.layers.\1.mlp.2.\2"),
    (r"encoder\.layernorm\.(\w+)", r"image.norm.\1"),
    (r"enc_to_dec_proj\.(\w+)", r"bridge.\1"),
)


def _vision(
    given: Mapping[str, Any], state: State, what: str
) -> tuple[foreign.Config, dict[str, torch.Tensor]]:
    kinds = given["encoder"].get("model_type"), given["decoder"].get("model_type")
    if kinds != ("vit", "gpt2"):
        raise _rejected(what, f"an encoder and a decoder of types {kinds}")
    ours = _ours(_without_masks(_tied(_three(state), what)), (*GPT2, *VIT), what)
    text = _gpt2_config(given["decoder"], ours, what)
    return foreign.Config(text, _tower(given["encoder"], ours, 1e-12)), ours


def _three(state: State) -> dict[str, torch.Tensor]:
    """Query, key and value of every layer of the tower as one; its pooler means nothing here."""
    found = {n: v for n, v in state.items() if not n.startswith("encoder.pooler.")}
    for name in [n for n in found if ".attention.attention.query." in n]:
        parts = [found.pop(name.replace(".query.", f".{p}.")) for p in ("query", "key", "value")]
        found[name.replace(".query.", ".qkv.")] = torch.cat(parts)
    return found


def _tower(given: Mapping[str, Any], ours: State, epsilon: float) -> PlainVitConfig:
    stem = ours["image.stem.weight"]  # (width, channels, patch, patch)
    hidden, width = ours["image.layers.0.mlp.0.weight"].shape
    layers = Layers(
        width, _depth(ours, "image.layers"), int(given["num_attention_heads"]), hidden,
        ACTIVATION[given.get("hidden_act", "gelu")], float(given.get("layer_norm_eps", epsilon)),
    )  # fmt: skip
    grid = isqrt(len(ours["image.position"]) - 1)
    patch = stem.shape[-1]
    return PlainVitConfig(grid * patch, patch, layers, "vit", stem.shape[1], out=0)


# ------------------------------------------------------------------ BLIP

_V, _B = r"vision_model\.encoder\.layers\.(\d+)", r"text_decoder\.bert\.encoder\.layer\.(\d+)"
_E, _P = r"text_decoder\.bert\.embeddings", r"text_decoder\.cls\.predictions"
BLIP: Table = (
    (r"vision_model\.embeddings\.class_embedding", "image.class_token"),
    (r"vision_model\.embeddings\.position_embedding", "image.position"),
    (r"vision_model\.embeddings\.patch_embedding\.(\w+)", r"image.stem.\1"),
    (r"vision_model\.post_layernorm\.(\w+)", r"image.norm.\1"),
    (rf"{_V}\.layer_norm([12])\.(\w+)", r"image.layers.\1.norm\2.\3"),
    (rf"{_V}\.self_attn\.qkv\.(\w+)", r"image.layers.\1.attention.qkv.\2"),
    (rf"{_V}\.self_attn\.projection\.(\w+)", r"image.layers.\1.attention.out.\2"),
    (rf"{_V}\.mlp\.fc1\.(\w+)", r"image.layers.\1.mlp.0.\2"),
    (rf"{_V}\.mlp\.fc2\.(\w+)", r"image.layers.\1.mlp.2.\2"),
    (rf"{_E}\.word_embeddings\.weight", "decoder.embed.weight"),
    (rf"{_E}\.position_embeddings\.weight", "decoder.position"),
    (rf"{_E}\.LayerNorm\.(\w+)", r"decoder.first_norm.\1"),
    (rf"{_B}\.attention\.self\.qkv\.(\w+)", r"decoder.blocks.\1.qkv.\2"),
    (rf"{_B}\.attention\.output\.dense\.(\w+)", r"decoder.blocks.\1.out.\2"),
    (rf"{_B}\.attention\.output\.LayerNorm\.(\w+)", r"decoder.blocks.\1.norm1.\2"),
    (rf"{_B}\.crossattention\.ask\.(\w+)", r"decoder.blocks.\1.ask.\2"),
    (rf"{_B}\.crossattention\.key_value\.(\w+)", r"decoder.blocks.\1.key_value.\2"),
    (rf"{_B}\.crossattention\.output\.dense\.(\w+)", r"decoder.blocks.\1.told.\2"),
    (rf"{_B}\.crossattention\.output\.LayerNorm\.(\w+)", r"decoder.blocks.\1.norm2.\2"),
    (rf"{_B}\.intermediate\.dense\.(\w+)", r"decoder.blocks.\1.mlp.0.\2"),
    (rf"{_B}\.output\.dense\.(\w+)", r"decoder.blocks.\1.mlp.2.\2"),
    (rf"{_B}\.output\.LayerNorm\.(\w+)", r"decoder.blocks.\1.norm3.\2"),
    (rf"{_P}\.transform\.dense\.(\w+)", r"decoder.head.\1"),
    (rf"{_P}\.transform\.LayerNorm\.(\w+)", r"decoder.norm.\1"),
    (rf"{_P}\.bias", "decoder.bias"),
)


def _blip(
    given: Mapping[str, Any], state: State, what: str
) -> tuple[foreign.Config, dict[str, torch.Tensor]]:
    found = _key_value(state)
    embedding = found["text_decoder.bert.embeddings.word_embeddings.weight"]
    head = found.pop("text_decoder.cls.predictions.decoder.weight", embedding)
    found.pop("text_decoder.cls.predictions.decoder.bias", None)  # the same as predictions.bias
    if not torch.equal(head, embedding):
        raise _rejected(what, "an output layer that is not the embedding")
    ours = _ours(found, BLIP, what)
    text = given["text_config"]
    vocabulary, width = ours["decoder.embed.weight"].shape
    config = BertDecoderConfig(
        vocabulary, len(ours["decoder.position"]), width, _depth(ours, "decoder.blocks"),
        int(text["num_attention_heads"]), len(ours["decoder.blocks.0.mlp.0.bias"]),
        ours["decoder.blocks.0.key_value.weight"].shape[1],
        ACTIVATION[text.get("hidden_act", "gelu")], float(text.get("layer_norm_eps", 1e-12)),
    )  # fmt: skip
    return foreign.Config(config, _tower(given["vision_config"], ours, 1e-5)), ours


def _key_value(state: State) -> dict[str, torch.Tensor]:
    """Key and value of every look at the picture as one, its query apart."""
    found = dict(state)
    for name in [n for n in state if ".crossattention.self.query." in n]:
        parts = [found.pop(name.replace(".query.", f".{p}.")) for p in ("key", "value")]
        found[name.replace(".self.query.", ".key_value.")] = torch.cat(parts)
        found[name.replace(".self.query.", ".ask.")] = found.pop(name)
    return found


# ------------------------------------------------------------------ what weights show


def _ours(state: State, table: Table, what: str) -> dict[str, torch.Tensor]:
    ours, strange = translated(state, table)
    if strange:
        raise _rejected(what, f"weights that its layout does not have: {strange[0]}")
    return ours


def _depth(ours: State, part: str) -> int:
    return 1 + max(
        int(n.removeprefix(f"{part}.").split(".")[0]) for n in ours if n.startswith(part)
    )

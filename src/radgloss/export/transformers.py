"""A folder that transformers reads as a CLIP: config, safetensors, words and grey values.

For models in CLIP's own layout only. Others have no class in transformers that would answer as they
do, and a folder that loads and answers otherwise would be worse than none.
Shapes: D width."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from radgloss import disk
from radgloss.errors import InputRejected
from radgloss.export.towers import Exported, aside
from radgloss.nn.layers import Layers
from radgloss.nn.published_text import CausalTextConfig
from radgloss.published import Published

__all__ = ["export"]

_LAYER = r"(image|text)\.layers\.(\d+)"
_AT = r"\1.encoder.layers.\2"
NAMES = (
    (rf"{_LAYER}\.norm([12])\.(\w+)", rf"{_AT}.layer_norm\3.\4"),
    (rf"{_LAYER}\.attention\.out\.(\w+)", rf"{_AT}.self_attn.out_proj.\3"),
    (rf"{_LAYER}\.attention\.qkv\.(\w+)", rf"{_AT}.self_attn.qkv.\3"),
    (rf"{_LAYER}\.mlp\.0\.(\w+)", rf"{_AT}.mlp.fc1.\3"),
    (rf"{_LAYER}\.mlp\.2\.(\w+)", rf"{_AT}.mlp.fc2.\3"),
    (r"image\.class_token", "image.embeddings.class_embedding"),
    (r"image\.stem\.weight", "image.embeddings.patch_embedding.weight"),
    (r"(image|text)\.position", r"\1.embeddings.position_embedding.weight"),
    (r"image\.first_norm\.(\w+)", r"image.pre_layrnorm.\1"),  # spelt so by its authors
    (r"image\.norm\.(\w+)", r"image.post_layernorm.\1"),
    (r"text\.embed\.weight", "text.embeddings.token_embedding.weight"),
    (r"text\.norm\.(\w+)", r"text.final_layer_norm.\1"),
    (r"image\.project\.weight", "visual_projection.weight"),
    (r"text\.project\.weight", "text_projection.weight"),
    (r"log_scale", "logit_scale"),
)
ACTIVATION = {"quick_gelu": "quick_gelu", "gelu": "gelu", "gelu_tanh": "gelu_pytorch_tanh"}


def export(known: Any, folder: Path) -> Exported:
    """`config.json`, `model.safetensors`, `tokenizer.json`, `preprocessor_config.json` and their
    like in a new folder.

    Raises InputRejected('export-layout') for a model that is not in CLIP's layout, ('output') where
    something is there already."""
    config = getattr(known.model, "config", None)
    image, text = getattr(config, "image", None), getattr(config, "text", None)
    if (
        not isinstance(known, Published)
        or not isinstance(text, CausalTextConfig)
        or getattr(image, "family", "") != "clip"
        or text.bias
    ):
        raise InputRejected(
            "export-layout", known.name, "a model that is not in CLIP's layout",
            "published CLIP weights", "Use --format onnx.",
        )  # fmt: skip
    part = aside(folder)
    state = theirs(known.model.state_dict())
    save_file(state, part / "model.safetensors", metadata={"format": "pt"})
    _write(part / "config.json", _config(known))
    _write(part / "preprocessor_config.json", _pixels(known))
    known.words.save(part / "tokenizer.json")
    _write(part / "tokenizer_config.json", {
        "tokenizer_class": "CLIPTokenizer", "model_max_length": text.context,
        **known.words.spelt, "unk_token": known.words.spelt["eos_token"],
    })  # fmt: skip
    files = tuple(sorted(p.name for p in part.iterdir()))
    disk.replace_folder(part, folder)
    return Exported(folder, files, None)


def theirs(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Our tensors under the names of transformers' CLIP."""
    found: dict[str, torch.Tensor] = {}
    for name, value in state.items():
        named = _named(name)
        if ".qkv." in named:
            for letter, part in zip("qkv", value.chunk(3), strict=True):
                found[named.replace(".qkv.", f".{letter}_proj.")] = part.clone()
        else:
            found[named] = value.contiguous()
    return found


def _named(name: str) -> str:
    for pattern, replacement in NAMES:
        if match := re.fullmatch(pattern, name):
            side = match.expand(replacement)
            return re.sub(r"^(image|text)\.", lambda m: f"{_MODEL[m[1]]}.", side)
    raise AssertionError(f"no name for {name}")


_MODEL = {"image": "vision_model", "text": "text_model"}


def _layers(layers: Layers) -> dict[str, Any]:
    return {
        "hidden_size": layers.width, "intermediate_size": layers.hidden,
        "num_hidden_layers": layers.depth, "num_attention_heads": layers.heads,
        "hidden_act": ACTIVATION[layers.activation], "layer_norm_eps": layers.epsilon,
    }  # fmt: skip


def _config(known: Published) -> dict[str, Any]:
    image, text = known.model.config.image, known.model.config.text
    marks = {f"{role}_id": known.words.number(role) for role in known.words.spelt}
    return {
        "model_type": "clip", "architectures": ["CLIPModel"], "projection_dim": text.out,
        "logit_scale_init_value": float(known.model.log_scale.detach()),
        "vision_config": {
            "model_type": "clip_vision_model", **_layers(image.layers), "image_size": image.size,
            "patch_size": image.patch, "num_channels": image.channels, "projection_dim": image.out,
        },
        "text_config": {
            "model_type": "clip_text_model", **_layers(text.layers), **marks,
            "vocab_size": text.vocabulary, "max_position_embeddings": text.context,
            "projection_dim": text.out,
        },
    }  # fmt: skip


def _pixels(known: Published) -> dict[str, Any]:
    side = known.preprocess.size
    return {
        "image_processor_type": "CLIPImageProcessor", "do_resize": True, "do_center_crop": True,
        "do_rescale": True, "do_normalize": True, "do_convert_rgb": True, "resample": 3,
        "size": {"shortest_edge": side}, "crop_size": {"height": side, "width": side},
        "image_mean": list(known.mean), "image_std": list(known.spread),
    }  # fmt: skip


def _write(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", "utf-8")

"""Published names of weights into ours.

A layout is a table of (pattern, replacement) pairs, plus three acts: put query, key and value
together, turn matrices that were stored the other way round, take apart what one tensor holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import torch

__all__ = [
    "OPEN_CLIP_BERT", "OPEN_CLIP_SIGLIP_TEXT", "OPEN_CLIP_TEXT", "OPEN_CLIP_VIT", "TIMM_VIT",
    "TRANSFORMERS_CLIP", "TRANSFORMERS_SIGLIP", "together", "translated",
]  # fmt: skip

State = Mapping[str, torch.Tensor]
Table = tuple[tuple[str, str], ...]


def _transformers_layers(side: str, ours: str) -> Table:
    at, to = rf"{side}\.encoder\.layers\.(\d+)", rf"{ours}.layers.\1"
    return (
        (rf"{at}\.layer_norm([12])\.(\w+)", rf"{to}.norm\2.\3"),
        (rf"{at}\.self_attn\.qkv\.(\w+)", rf"{to}.attention.qkv.\2"),
        (rf"{at}\.self_attn\.out_proj\.(\w+)", rf"{to}.attention.out.\2"),
        (rf"{at}\.mlp\.fc1\.(\w+)", rf"{to}.mlp.0.\2"),
        (rf"{at}\.mlp\.fc2\.(\w+)", rf"{to}.mlp.2.\2"),
    )


_TRANSFORMERS: Table = (
    *_transformers_layers("vision_model", "image"),
    *_transformers_layers("text_model", "text"),
    (r"vision_model\.embeddings\.patch_embedding\.(\w+)", r"image.stem.\1"),
    (r"vision_model\.embeddings\.position_embedding\.weight", "image.position"),
    (r"vision_model\.post_layernorm\.(\w+)", r"image.norm.\1"),
    (r"text_model\.embeddings\.token_embedding\.weight", "text.embed.weight"),
    (r"text_model\.embeddings\.position_embedding\.weight", "text.position"),
    (r"text_model\.final_layer_norm\.(\w+)", r"text.norm.\1"),
    (r"logit_scale", "log_scale"),
)

TRANSFORMERS_CLIP: Table = (
    *_TRANSFORMERS,
    (r"vision_model\.embeddings\.class_embedding", "image.class_token"),
    (r"vision_model\.pre_layrnorm\.(\w+)", r"image.first_norm.\1"),  # spelt so by its authors
    (r"visual_projection\.weight", "image.project.weight"),
    (r"text_projection\.weight", "text.project.weight"),
)

TRANSFORMERS_SIGLIP: Table = (
    *_TRANSFORMERS,
    (r"vision_model\.head\.probe", "image.pool.probe"),
    (r"vision_model\.head\.attention\.in_proj_(\w+)", r"image.pool.query_key_value.\1"),
    (r"vision_model\.head\.attention\.out_proj\.(\w+)", r"image.pool.out.\1"),
    (r"vision_model\.head\.layernorm\.(\w+)", r"image.pool.norm.\1"),
    (r"vision_model\.head\.mlp\.fc1\.(\w+)", r"image.pool.mlp.0.\1"),
    (r"vision_model\.head\.mlp\.fc2\.(\w+)", r"image.pool.mlp.2.\1"),
    (r"text_model\.head\.(\w+)", r"text.project.\1"),
    (r"logit_bias", "bias"),
)


def _open_clip_layers(prefix: str, ours: str) -> Table:
    at, to = rf"{prefix}transformer\.resblocks\.(\d+)", rf"{ours}.layers.\1"
    return (
        (rf"{at}\.ln_([12])\.(\w+)", rf"{to}.norm\2.\3"),
        (rf"{at}\.attn\.in_proj_(\w+)", rf"{to}.attention.qkv.\2"),
        (rf"{at}\.attn\.out_proj\.(\w+)", rf"{to}.attention.out.\2"),
        (rf"{at}\.mlp\.c_fc\.(\w+)", rf"{to}.mlp.0.\2"),
        (rf"{at}\.mlp\.c_proj\.(\w+)", rf"{to}.mlp.2.\2"),
    )


_SCALES: Table = ((r"logit_scale", "log_scale"), (r"logit_bias", "bias"))

OPEN_CLIP_VIT: Table = (
    *_SCALES,
    *_open_clip_layers(r"visual\.", "image"),
    (r"visual\.conv1\.weight", "image.stem.weight"),
    (r"visual\.class_embedding", "image.class_token"),
    (r"visual\.positional_embedding", "image.position"),
    (r"visual\.ln_pre\.(\w+)", r"image.first_norm.\1"),
    (r"visual\.ln_post\.(\w+)", r"image.norm.\1"),
    (r"visual\.proj", "image.project.weight.turned"),
)

# The text tower stands at the root, or under "text." where the model was built as custom.
OPEN_CLIP_TEXT: Table = (
    *_open_clip_layers(r"(?:text\.)?", "text"),
    (r"(?:text\.)?token_embedding\.weight", "text.embed.weight"),
    (r"(?:text\.)?positional_embedding", "text.position"),
    (r"(?:text\.)?ln_final\.(\w+)", r"text.norm.\1"),
    (r"(?:text\.)?text_projection", "text.project.weight.turned"),
)

OPEN_CLIP_SIGLIP_TEXT: Table = (
    *OPEN_CLIP_TEXT,
    (r"text\.text_projection\.(\w+)", r"text.project.\1"),
)

_BERT = r"text\.transformer\.encoder\.layer\.(\d+)"
OPEN_CLIP_BERT: Table = (
    (r"text\.transformer\.embeddings\.word_embeddings\.weight", "text.embed.weight"),
    (r"text\.transformer\.embeddings\.position_embeddings\.weight", "text.position"),
    (r"text\.transformer\.embeddings\.token_type_embeddings\.weight", "text.types"),
    (r"text\.transformer\.embeddings\.LayerNorm\.(\w+)", r"text.first_norm.\1"),
    (rf"{_BERT}\.attention\.self\.qkv\.(\w+)", r"text.layers.\1.attention.qkv.\2"),
    (rf"{_BERT}\.attention\.output\.dense\.(\w+)", r"text.layers.\1.attention.out.\2"),
    (rf"{_BERT}\.attention\.output\.LayerNorm\.(\w+)", r"text.layers.\1.norm1.\2"),
    (rf"{_BERT}\.intermediate\.dense\.(\w+)", r"text.layers.\1.mlp.0.\2"),
    (rf"{_BERT}\.output\.dense\.(\w+)", r"text.layers.\1.mlp.2.\2"),
    (rf"{_BERT}\.output\.LayerNorm\.(\w+)", r"text.layers.\1.norm2.\2"),
    (r"text\.transformer\.pooler\.dense\.(\w+)", r"text.pooler.\1"),
    (r"text\.proj\.weight", "text.project.weight"),
    (r"text\.proj\.([02])\.weight", r"text.project.\1.weight"),
)

_TIMM = r"visual\.trunk\.blocks\.(\d+)"
TIMM_VIT: Table = (
    *_SCALES,
    (r"visual\.trunk\.patch_embed\.proj\.(\w+)", r"image.stem.\1"),
    (r"visual\.trunk\.cls_token", "image.class_token"),
    (r"visual\.trunk\.pos_embed", "image.position"),
    (rf"{_TIMM}\.norm([12])\.(\w+)", r"image.layers.\1.norm\2.\3"),
    (rf"{_TIMM}\.attn\.qkv\.(\w+)", r"image.layers.\1.attention.qkv.\2"),
    (rf"{_TIMM}\.attn\.proj\.(\w+)", r"image.layers.\1.attention.out.\2"),
    (rf"{_TIMM}\.mlp\.fc1\.(\w+)", r"image.layers.\1.mlp.0.\2"),
    (rf"{_TIMM}\.mlp\.fc2\.(\w+)", r"image.layers.\1.mlp.2.\2"),
    (r"visual\.trunk\.norm\.(\w+)", r"image.norm.\1"),
    (r"visual\.trunk\.attn_pool\.latent", "image.pool.probe"),
    (r"visual\.trunk\.attn_pool\.q\.(\w+)", r"image.pool.query.\1"),
    (r"visual\.trunk\.attn_pool\.kv\.(\w+)", r"image.pool.key_value.\1"),
    (r"visual\.trunk\.attn_pool\.proj\.(\w+)", r"image.pool.out.\1"),
    (r"visual\.trunk\.attn_pool\.norm\.(\w+)", r"image.pool.norm.\1"),
    (r"visual\.trunk\.attn_pool\.mlp\.fc1\.(\w+)", r"image.pool.mlp.0.\1"),
    (r"visual\.trunk\.attn_pool\.mlp\.fc2\.(\w+)", r"image.pool.mlp.2.\1"),
    (r"visual\.head\.proj\.weight", "image.project.weight"),
)

# Numbers that are kept beside weights and mean nothing to us.
LEFT_OUT = re.compile(r".*position_ids|(text\.)?attn_mask|.*\.cls\..*")
THREE = (("q_proj", "k_proj", "v_proj"), ("query", "key", "value"))


def together(state: State) -> dict[str, torch.Tensor]:
    """The same tensors, with query, key and value of a layer as one `qkv`."""
    found = dict(state)
    for q, k, v in THREE:
        for name in [n for n in state if re.search(rf"(self_attn|attention\.self)\.{q}\.", n)]:
            three = [found.pop(name.replace(f".{q}.", f".{w}.")) for w in (q, k, v)]
            found[name.replace(f".{q}.", ".qkv.")] = torch.cat(three)
    return found


def translated(state: State, table: Table) -> tuple[dict[str, torch.Tensor], list[str]]:
    """Our names, and the published names that no line of the table knows."""
    known: dict[str, torch.Tensor] = {}
    strange: list[str] = []
    for name, value in together(state).items():
        ours = _ours(name, table)
        if ours:
            known |= _shaped(ours, value)
        elif not LEFT_OUT.fullmatch(name):
            strange.append(name)
    if "text.types" in known:  # a single text is all of the first type
        known["text.position"] = known["text.position"] + known.pop("text.types")[0]
    return known, strange


def _ours(name: str, table: Iterable[tuple[str, str]]) -> str:
    for pattern, replacement in table:
        if match := re.fullmatch(pattern, name):
            return match.expand(replacement)
    return ""


def _shaped(name: str, value: torch.Tensor) -> dict[str, torch.Tensor]:
    """One published tensor as the one or two that we hold."""
    if name.endswith(".turned"):
        return {name.removesuffix(".turned"): value.T.contiguous()}
    if name.startswith("image.pool.query_key_value."):
        kind, width = name.rsplit(".", 1)[1], len(value) // 3
        return {f"image.pool.query.{kind}": value[:width],
                f"image.pool.key_value.{kind}": value[width:]}  # fmt: skip
    if name == "image.class_token":
        return {name: value.reshape(-1)}
    if name == "image.position":
        return {name: value.reshape(-1, value.shape[-1])}
    if name in ("log_scale", "bias"):
        return {name: value.reshape(())}
    return {name: value}

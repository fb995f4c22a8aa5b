"""Parts of benchmarks/alignment.py: one ViT-B/16 in everybody's hands, and what the machine can do.

Shapes: B pictures · D width of the space."""

# ruff: noqa: E501
from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from time import perf_counter

import torch
from training import open_clip_parts

from radgloss.nn.layers import Layers
from radgloss.nn.plain_vit import PlainVit, PlainVitConfig
from radgloss.nn.reduced import reduced

ROUNDS = 7
peer = cache(open_clip_parts)  # once: it names operators, which may be done once only
Arm = Callable[[], torch.Tensor]
WHOLE, LAYERS = (
    {  # ours: open_clip's, transformers'
        "stem.weight": ("conv1.weight", "embeddings.patch_embedding.weight"),
        "position": ("positional_embedding", "embeddings.position_embedding.weight"),
        "class_token": ("class_embedding", "embeddings.class_embedding"),
        "first_norm.weight": ("ln_pre.weight", "pre_layrnorm.weight"),
        "first_norm.bias": ("ln_pre.bias", "pre_layrnorm.bias"),
        "norm.weight": ("ln_post.weight", "post_layernorm.weight"),
        "norm.bias": ("ln_post.bias", "post_layernorm.bias"),
    },
    {
        "norm1": ("ln_1", "layer_norm1"),
        "attention.out": ("attn.out_proj", "self_attn.out_proj"),
        "norm2": ("ln_2", "layer_norm2"),
        "mlp.0": ("mlp.c_fc", "mlp.fc1"),
        "mlp.2": ("mlp.c_proj", "mlp.fc2"),
    },
)


def vit_base() -> PlainVit:
    """CLIP's ViT-B/16, with random weights."""
    torch.manual_seed(0)
    layers = Layers(width=768, depth=12, heads=12, hidden=3072)
    return PlainVit(PlainVitConfig(size=224, patch=16, layers=layers)).eval()


def flops(tokens: int = 197, width: int = 768, depth: int = 12) -> tuple[float, float]:
    """Of one picture: in linear layers (and the stem), and in attention."""
    linear = depth * 2 * tokens * 12 * width**2 + 2 * (tokens - 1) * width * 768
    return float(linear), float(depth * 4 * tokens**2 * width)


# ------------------------------------------------------------------ everybody's arms


def arms(model: PlainVit, pictures: torch.Tensor) -> tuple[dict[str, Arm], list[str]]:
    """By name, what embeds these pictures with these weights; and which peers are missing."""
    found: dict[str, Arm] = {"radgloss fp32": lambda: model(pictures)}
    for name in ("bf16", "int8"):
        found[f"radgloss {name}"] = _ours(reduced(model, name), pictures)
    missing = []
    peer()  # before transformers, which looks for torchvision's operators too
    for theirs in (transformers, open_clip, onnxruntime):
        try:
            name, arm = theirs(model, pictures)
            found[name] = arm
        except ImportError as problem:
            missing.append(f"{theirs.__name__} ({problem})")
    return found, missing


def _ours(twin: torch.nn.Module, pictures: torch.Tensor) -> Arm:
    return lambda: twin(pictures).float()


def transformers(model: PlainVit, pictures: torch.Tensor) -> tuple[str, Arm]:
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection, __version__

    config = CLIPVisionConfig(
        hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
        image_size=224, patch_size=16, hidden_act="gelu", projection_dim=512,
    )  # fmt: skip
    theirs = CLIPVisionModelWithProjection(config).eval()
    known = dict(model.state_dict())
    state = {f"vision_model.{n}": known[k] for k, (_, n) in WHOLE.items()}
    for i in range(12):
        ours, to = f"layers.{i}.", f"vision_model.encoder.layers.{i}."
        for k, (_, n) in LAYERS.items():
            state |= {f"{to}{n}.{p}": known[f"{ours}{k}.{p}"] for p in ("weight", "bias")}
        for p in ("weight", "bias"):
            parts = known[f"{ours}attention.qkv.{p}"].chunk(3)
            state |= {f"{to}self_attn.{n}_proj.{p}": v for n, v in zip("qkv", parts, strict=True)}
    state["visual_projection.weight"] = known["project.weight"]
    _fill(theirs, state)
    return f"transformers {__version__}", lambda: theirs(pixel_values=pictures).image_embeds


def open_clip(model: PlainVit, pictures: torch.Tensor) -> tuple[str, Arm]:
    if peer() is None:
        raise ImportError("open_clip_torch and torchvision are not here")
    from open_clip import __version__
    from open_clip.transformer import VisionTransformer

    theirs = VisionTransformer(
        image_size=224, patch_size=16, width=768, layers=12, heads=12, mlp_ratio=4.0, output_dim=512
    ).eval()
    known = dict(model.state_dict())
    state = {n: known[k] for k, (n, _) in WHOLE.items()}
    for i in range(12):
        ours, to = f"layers.{i}.", f"transformer.resblocks.{i}."
        for k, (n, _) in LAYERS.items():
            state |= {f"{to}{n}.{p}": known[f"{ours}{k}.{p}"] for p in ("weight", "bias")}
        for p in ("weight", "bias"):
            state[f"{to}attn.in_proj_{p}"] = known[f"{ours}attention.qkv.{p}"]
    state["proj"] = known["project.weight"].T
    _fill(theirs, state)
    return f"open_clip {__version__}", lambda: theirs(pictures)


def _fill(theirs: torch.nn.Module, state: dict[str, torch.Tensor]) -> None:
    missing, unknown = theirs.load_state_dict(state, strict=False)
    wrong = [*unknown, *(m for m in missing if "position_ids" not in m)]
    if wrong:
        raise SystemExit(f"the same weights do not fill it: {wrong[:3]}")


def onnxruntime(model: PlainVit, pictures: torch.Tensor) -> tuple[str, Arm]:
    import onnxruntime as ort
    import onnxscript  # noqa: F401

    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "image.onnx"
    with torch.no_grad():
        torch.onnx.export(model, (pictures[:2],), path, dynamo=True, opset_version=18,
                          dynamic_shapes=({0: torch.export.Dim("batch")},), verbose=False)  # fmt: skip
    options = ort.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    folder.cleanup()
    feed = {session.get_inputs()[0].name: pictures.contiguous().numpy()}
    return f"onnxruntime {ort.__version__}", lambda: torch.from_numpy(session.run(None, feed)[0])


# ------------------------------------------------------------------ time


def interleaved(arms: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each arm, round by round in turn, after one that warms up."""
    taken: dict[str, list[float]] = {name: [] for name in arms}
    with torch.inference_mode():
        for arm in arms.values():
            arm()
        for _ in range(rounds):
            for name, arm in arms.items():
                began = perf_counter()
                arm()
                taken[name].append(perf_counter() - began)
    return taken


def roofline(rounds: int) -> dict[str, float]:
    """Rates of this machine: FLOP/s of a matrix product in three precisions at the tower's own
    shape (1,576 × 768 × 3,072), and bytes/s of a copy, read and written."""
    x, w = torch.randn(1576, 768), torch.randn(3072, 768)
    xh, wh = x.bfloat16(), w.bfloat16()
    bytes_, packed = x.mul(30).clamp(-127, 127).to(torch.int8).view(torch.uint8), None
    packed = torch.ops.onednn.qlinear_prepack(w.mul(30).clamp(-127, 127).to(torch.int8), None)
    one, zero = torch.ones(3072), torch.zeros(3072, dtype=torch.long)
    big = torch.zeros(64 << 20)
    other = torch.empty_like(big)
    products = {
        "fp32": lambda: torch.nn.functional.linear(x, w),
        "bf16": lambda: torch.nn.functional.linear(xh, wh),
        "int8": lambda: torch.ops.onednn.qlinear_pointwise(
            bytes_, 1.0, 128, packed, one, zero, None, 1.0, 0, torch.float32, "none", [], ""
        ),
        "memory": lambda: other.copy_(big),
    }
    taken = {k: statistics.median(v) for k, v in interleaved(products, 3 * rounds).items()}
    work = 2 * 1576 * 768 * 3072
    return {k: (8 * big.numel() if k == "memory" else work) / t for k, t in taken.items()}

"""Layers that multiply in fewer bits, exchanged for a finished model's own. Inference only.

`HALF` holds weights and inputs in bfloat16 and adds up in fp32 (arXiv 1905.12322). `INT8` is
weights by output row and inputs by token, both symmetric in 8 bits, added up exactly in int32
(LLM.int8(), arXiv 2208.07339, section 2.1): h = sₓ · s_w · (W₈ x₈) + b.

Unusual here: the input's scale is its own token's, never the batch's, so that a picture's vector
does not depend on who else is in the batch. The stream between layers, norms, heads and everything
that comes once stay in fp32. x₈ is stored as x₈ + 128 unsigned, which is what VNNI multiplies;
signed bytes on both sides would take oneDNN's reference loop, thousands of times slower.
Shapes: N rows · I in · O out."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import nn

from radgloss.nn import attention

__all__ = ["HALF", "INT8", "HalfConv2d", "HalfConv3d", "HalfLinear", "Int8Linear", "reduced"]

HALF, INT8 = "bf16", "int8"
LARGEST = 127  # of a signed byte, without -128, so that it is symmetric
MIDDLE = 128  # unsigned zero


class HalfLinear(nn.Module):
    """h = W x + b in bfloat16, whatever type x has."""

    def __init__(self, layer: nn.Linear):
        super().__init__()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        self.register_buffer("weight", layer.weight.detach().bfloat16())
        bias = None if layer.bias is None else layer.bias.detach().bfloat16()
        self.register_buffer("bias", bias)

    def forward(self, x):  # (…, I) -> (…, O) bfloat16
        return F.linear(x.bfloat16(), self.weight, self.bias)


class _HalfConv(nn.Module):
    """A convolution in bfloat16."""

    def __init__(self, layer: nn.Conv2d | nn.Conv3d):
        super().__init__()
        self.stride, self.padding = layer.stride, layer.padding
        self.dilation, self.groups = layer.dilation, layer.groups
        self.register_buffer("weight", layer.weight.detach().bfloat16())
        bias = None if layer.bias is None else layer.bias.detach().bfloat16()
        self.register_buffer("bias", bias)

    def forward(self, x):
        return self.convolve(
            x.bfloat16(), self.weight, self.bias, self.stride, self.padding, self.dilation,
            self.groups,
        )  # fmt: skip


class HalfConv2d(_HalfConv):
    """(B, C, R, C) → bfloat16."""

    convolve = staticmethod(F.conv2d)


class HalfConv3d(_HalfConv):
    """(B, C, F, R, C) → bfloat16."""

    convolve = staticmethod(F.conv3d)


class Int8Linear(nn.Module):
    """h = sₓ · s_w · (W₈ x₈) + b, fp32 in and out."""

    def __init__(self, layer: nn.Linear):
        super().__init__()
        w = layer.weight.detach().float()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        scale = (w.abs().amax(1) / LARGEST).clamp_min(1e-12)  # (O,)
        eighth = torch.round(w / scale[:, None]).to(torch.int8)
        self.register_buffer("packed", torch.ops.onednn.qlinear_prepack(eighth, None))
        self.register_buffer("scale", scale)
        self.register_buffer("zero", torch.zeros(len(w), dtype=torch.int64))
        bias = torch.zeros(len(w)) if layer.bias is None else layer.bias.detach().float()
        self.register_buffer("bias", bias)

    def forward(self, x):  # (…, I) -> (…, O) fp32
        rows = x.reshape(-1, self.in_features)  # (N, I)
        # in x's own type: a maximum is exact in any
        scale = rows.abs().amax(1, keepdim=True).float().div_(LARGEST).clamp_min_(1e-12)  # (N, 1)
        signed = torch.mul(rows, scale.reciprocal()).round_().to(torch.int8)
        # + 128 by its top bit: a cast to unsigned bytes is eight times slower than one to signed
        unsigned = signed.view(torch.uint8).bitwise_xor_(MIDDLE)
        product = torch.ops.onednn.qlinear_pointwise(
            unsigned, 1.0, MIDDLE, self.packed, self.scale, self.zero, None, 1.0, 0,
            torch.float32, "none", [], "",
        )  # fmt: skip
        return torch.addcmul(self.bias, product, scale).reshape(*x.shape[:-1], self.out_features)


class FullLinear(nn.Linear):
    """The same layer, which takes what a half-precision one before it gives."""

    def forward(self, x):
        return super().forward(x.to(self.weight.dtype))


LINEAR = {HALF: HalfLinear, INT8: Int8Linear}
CONVOLUTIONS = {nn.Conv2d: HalfConv2d, nn.Conv3d: HalfConv3d}


def reduced(model: nn.Module, precision: str, half: bool = True) -> nn.Module:
    """A copy of a finished model, its repeated layers in `HALF` or `INT8`. What is not exchanged is
    shared with `model`, which keeps its own.

    Linear layers are exchanged where they repeat, that is inside a module list; heads come once and
    stay. half: whether convolutions and attention, which have no 8-bit form here, become `HALF`."""
    kept = {id(t): t for t in (*model.parameters(), *model.buffers())}
    twin = copy.deepcopy(model, kept)
    for name, layer in list(twin.named_modules()):
        if type(layer) is nn.Linear:
            _put(twin, name, LINEAR[precision](layer) if _repeats(twin, name) else _full(layer))
        elif half and type(layer) in CONVOLUTIONS:
            _put(twin, name, CONVOLUTIONS[type(layer)](layer))
        elif half and isinstance(layer, attention.SelfAttention):
            layer.attend = attention.halved
    return twin.eval()


def _full(layer: nn.Linear) -> FullLinear:
    full = FullLinear(layer.in_features, layer.out_features, layer.bias is not None, "meta")
    full.weight, full.bias = layer.weight, layer.bias
    return full


def _repeats(model: nn.Module, name: str) -> bool:
    """Whether a layer lies inside a module list, as the blocks of a transformer do."""
    parts = name.split(".")
    above = (model.get_submodule(".".join(parts[:n])) for n in range(1, len(parts)))
    return any(isinstance(m, nn.ModuleList) for m in above)


def _put(model: nn.Module, name: str, layer: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(model.get_submodule(parent), last, layer)

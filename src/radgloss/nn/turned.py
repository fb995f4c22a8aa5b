"""A finished decoder laid out for writing: one token reads every weight once, so how weights lie in
memory is what counts.

Unusual here: nothing is computed otherwise. A product of one row with a matrix that lies input by
input runs at the speed of memory (18.7 of 19.5 GB/s on one core of an EPYC), with one that lies
output by output, as `nn.Linear` has it, at two thirds of that; from eight rows on it makes no
difference. In fewer bits the last product, with the embedding, is reduced too: it is a quarter of
GPT-2.
Shapes: V vocabulary · D width."""

from __future__ import annotations

import torch
from torch import nn

from radgloss.nn.reduced import LINEAR, reduced

__all__ = ["ready", "turned"]


@torch.no_grad()
def turned(model: nn.Module) -> nn.Module:
    """The same model, in place: every weight of a linear layer, and of an embedding that is also
    the last layer, lies input by input. Shapes and values stay."""
    tied = [m.embed for m in model.modules() if hasattr(m, "speak") and hasattr(m, "embed")]
    layers = [m for m in model.modules() if type(m) is nn.Linear]
    for layer in [*layers, *tied]:
        layer.weight.data = layer.weight.data.t().contiguous().t()
    return model


def ready(model: nn.Module, precision: str = "fp32") -> nn.Module:
    """A model that writes, for use: turned, or a copy in fewer bits ("bf16", "int8")."""
    if precision == "fp32":
        return turned(model)
    twin = reduced(model, precision)
    for part in twin.modules():
        if hasattr(part, "speak") and hasattr(part, "embed"):
            last = nn.Linear(part.embed.embedding_dim, part.embed.num_embeddings, bias=False)
            last.weight = part.embed.weight
            part.speak = LINEAR[precision](last)
    return twin

"""Where a transformer looked: attention followed through its layers (arXiv 2005.00928, section 3).

A token holds itself and what it attended to, half and half, layer after layer. The picture's vector
is the mean of its tokens, so what a patch gave to that mean is the mean of its column. It tells
where information could flow from, not what the answer hangs on: for that a place is hidden and the
model asked again (`engine.evidence`).
Shapes: B pictures · H heads · P patches (G²) · T tokens · W width."""

import torch
from einops import rearrange
from torch import nn

from radgloss.nn.attention import SelfAttention

__all__ = ["attended", "looked_at", "rollout"]


def attended(attention: SelfAttention, x, mask=None):  # (B, T, W) -> (B, H, T, T), rows sum to 1
    """The weights that `attention` gives to x, written out."""
    q, k, _ = rearrange(
        attention.qkv(x), "b t (three h d) -> three b h t d", three=3, h=attention.heads
    )
    scores = q @ k.mT / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask[:, None, None, :], -torch.inf)
    return scores.softmax(-1)


def rollout(layers):  # [(B, H, T, T), …], first layer first -> (B, T, T), rows sum to 1
    """Ã = (mean over heads + I) / 2, multiplied from the last layer to the first (eq. 1)."""
    flow = None
    for weights in layers:
        mean = weights.mean(1)
        step = (mean + torch.eye(mean.shape[-1], device=mean.device, dtype=mean.dtype)) / 2
        flow = step if flow is None else step @ flow
    return flow


def looked_at(tower: nn.Module, images):  # (B, C, S, S) -> (B, G, G), summing to 1
    """What each patch gave to the mean token of a `vit.ViT`."""
    x = rearrange(tower.stem(images), "b w g h -> b (g h) w") + tower.position
    layers = []
    for block in tower.blocks:
        layers.append(attended(block.attention, block.norm1(x)))
        x = block(x)
    if not layers:
        raise ValueError("a tower without attention looks nowhere in particular")
    return rearrange(rollout(layers).mean(1), "b (g h) -> b g h", g=tower.grid)

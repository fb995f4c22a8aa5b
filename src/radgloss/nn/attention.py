"""Multi-head self-attention (arXiv 1706.03762, section 3.2).

Shapes: B batch · T tokens · D width · H heads."""

import torch.nn.functional as F
from einops import rearrange
from torch import nn

__all__ = ["SelfAttention"]


class SelfAttention(nn.Module):
    """Every token looks at every token that `mask` allows."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} is not a multiple of heads {heads}")
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x, mask=None):  # (B, T, D), mask (B, T) bool, True = a real token
        q, k, v = rearrange(self.qkv(x), "b t (three h d) -> three b h t d", three=3, h=self.heads)
        allowed = None if mask is None else mask[:, None, None, :]  # (B, 1, 1, T)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
        return self.out(rearrange(y, "b h t d -> b t (h d)"))

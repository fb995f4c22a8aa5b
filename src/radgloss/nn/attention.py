"""Multi-head self-attention (arXiv 1706.03762, section 3.2).

Shapes: B batch · T tokens · D width · H heads."""

import torch.nn.functional as F
from einops import rearrange
from torch import nn

__all__ = ["SelfAttention"]


class SelfAttention(nn.Module):
    """Every token looks at every token that `mask` allows.

    A mask says which tokens are real, (B, T), or which token may look at which, (B or 1, T, T)."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} is not a multiple of heads {heads}")
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x, mask=None):  # (B, T, D), mask bool, True = may be looked at
        q, k, v = rearrange(self.qkv(x), "b t (three h d) -> three b h t d", three=3, h=self.heads)
        allowed = mask
        if mask is not None:
            allowed = mask[:, None, None, :] if mask.ndim == 2 else mask[:, None]  # over heads
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
        return self.out(rearrange(y, "b h t d -> b t (h d)"))

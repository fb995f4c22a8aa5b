"""Multi-head self-attention (arXiv 1706.03762, section 3.2).

Shapes: B batch · T tokens · D width · H heads · E width of a head (D / H)."""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn

__all__ = ["SelfAttention", "halved"]

MANY = 1024  # tokens above which the table of all pairs is no longer written out


def halved(q, k, v, attn_mask=None):  # (B, H, T, E) each -> (B, H, T, E) bfloat16
    """`scaled_dot_product_attention` by two products in bfloat16, for inference on a processor,
    where torch's fused kernel is no faster in bfloat16 than in fp32: half its time at 197 tokens.
    """
    q, k, v = q.bfloat16(), k.bfloat16(), v.bfloat16()
    if q.shape[-2] > MANY:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=attn_mask)
    scores = torch.matmul(q * q.shape[-1] ** -0.5, k.mT)  # (B, H, T, T)
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -torch.inf)
    return torch.matmul(scores.softmax(-1), v)


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
        self.attend = F.scaled_dot_product_attention  # or `halved` (see `nn.reduced`)

    def forward(self, x, mask=None):  # (B, T, D), mask bool, True = may be looked at
        q, k, v = rearrange(self.qkv(x), "b t (three h d) -> three b h t d", three=3, h=self.heads)
        allowed = mask
        if mask is not None:
            allowed = mask[:, None, None, :] if mask.ndim == 2 else mask[:, None]  # over heads
        y = self.attend(q, k, v, attn_mask=allowed)
        return self.out(rearrange(y, "b h t d -> b t (h d)"))

"""What is said of all pairs of a batch, without their table: a stripe of images at a time.

z = scale · x·y (+ bias) of every image and text is needed twice, for the loss and for its gradient,
and is computed twice rather than kept, so memory grows with the batch and not with its square
(arXiv 2303.15343, section 3.3, in one process; arXiv 2410.17243 for the softmax). Both are exact:
a row's normaliser is known when its stripe is done, a column's is added up over the stripes.

Unusual here: always in at least fp32, whatever autocast is on, since what is compared is never
compared in half precision; and written out rather than given to torch's `checkpoint`, which loads
a compiler (80 MiB) with its first call.
Shapes: B images · M texts · b images of a stripe · D shared width."""

import torch
import torch.nn.functional as F
from torch.autograd.function import once_differentiable

__all__ = ["STRIPE", "softmax", "strangers"]

STRIPE = 256  # images compared at once


def softmax(x, y, owner, scale, stripe):  # (B, D), (M, D), (M,) -> loss, share found
    """`contrast.contrast` of scale · x yᵀ: both cross-entropies, and how many texts find their
    image. Every image needs a text."""
    with torch.autocast(x.device.type, enabled=False):
        return _Softmax.apply(x, y, owner, scale, stripe)


def strangers(x, y, scale, bias, stripe):  # (B, D), (M, D) -> sum over B · M pairs
    """Σ softplus(z): what the sigmoid loss says if every pair were one of strangers."""
    with torch.autocast(x.device.type, enabled=False):
        return _Strangers.apply(x, y, scale, bias, stripe)


class _Softmax(torch.autograd.Function):
    """∂loss/∂z = (softmax of the row − own/n) / 2B + (softmax of the column − own) / 2M."""

    @staticmethod
    def forward(ctx, x, y, owner, scale, stripe):
        over_row = x.new_empty(len(x))  # log of each row's normaliser
        over_column = x.new_full((len(y),), -torch.inf)
        best = x.new_full((len(y),), -torch.inf)
        nearest = torch.zeros_like(owner)
        own = x.new_empty(len(y))  # z of each text and its image
        for start, rows in _stripes(x, stripe):
            z = scale * rows @ y.T  # (b, M)
            over_row[start : start + len(rows)] = z.logsumexp(1)
            over_column = torch.logaddexp(over_column, z.logsumexp(0))
            top, place = z.max(0)
            nearest = torch.where(top > best, place + start, nearest)
            best = torch.maximum(best, top)
            texts = _texts_of(owner, start, len(rows))
            own[texts] = z[owner[texts] - start, texts]
        many = torch.bincount(owner, minlength=len(x)).to(x.dtype)  # texts of each image
        ctx.save_for_backward(x, y, owner, scale, over_row, over_column, many)
        ctx.stripe = stripe
        found = (nearest == owner).float().mean()
        ctx.mark_non_differentiable(found)
        to_text = over_row.mean() - (own / many[owner]).sum() / len(x)
        return (to_text + over_column.mean() - own.mean()) / 2, found

    @staticmethod
    @once_differentiable
    def backward(ctx, grad, _):
        x, y, owner, scale, over_row, over_column, many = ctx.saved_tensors

        def slope(start, rows, z):  # (b, M), overwritten
            texts = _texts_of(owner, start, len(rows))
            g = (z - over_row[start : start + len(rows), None]).exp_().div_(len(x))
            g += z.sub_(over_column).exp_().div_(len(y))
            images = owner[texts]
            g[images - start, texts] -= 1 / (many[images] * len(x)) + 1 / len(y)
            return g.mul_(grad / 2)

        to_x, to_y, to_scale, _ = _gradients(x, y, scale, 0.0, ctx.stripe, slope)
        return to_x, to_y, None, to_scale, None


class _Strangers(torch.autograd.Function):
    """∂/∂z softplus(z) = σ(z)."""

    @staticmethod
    def forward(ctx, x, y, scale, bias, stripe):
        ctx.save_for_backward(x, y, scale, bias)
        ctx.stripe = stripe
        total = x.new_zeros(())
        for _, rows in _stripes(x, stripe):
            total += F.softplus(scale * rows @ y.T + bias).sum()
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        x, y, scale, bias = ctx.saved_tensors

        def slope(start, rows, z):
            return z.sigmoid_().mul_(grad)

        return *_gradients(x, y, scale, bias, ctx.stripe, slope), None


def _gradients(x, y, scale, bias, stripe, slope):
    """From ∂loss/∂z of every stripe: that of x, y, scale and bias."""
    to_x, to_y = torch.empty_like(x), torch.zeros_like(y)
    to_scale, to_bias = x.new_zeros(()), x.new_zeros(())
    for start, rows in _stripes(x, stripe):
        g = slope(start, rows, scale * rows @ y.T + bias)  # (b, M)
        part = g @ y  # (b, D)
        to_x[start : start + len(rows)] = scale * part
        to_y.addmm_(g.T, scale * rows)
        to_scale += (rows * part).sum()
        to_bias += g.sum()
    return to_x, to_y, to_scale, to_bias


def _stripes(x, stripe):
    return ((start, x[start : start + stripe]) for start in range(0, len(x), stripe))


def _texts_of(owner, start, images):  # -> places of the texts of a stripe's images
    return ((owner >= start) & (owner < start + images)).nonzero().squeeze(1)

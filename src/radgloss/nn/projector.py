"""The head that a contrastive pretext throws away afterwards (arXiv 2002.05709, section 4.2)."""

from torch import nn

__all__ = ["projector"]


def projector(width: int, hidden: int, out: int) -> nn.Sequential:
    """(B, width) → (B, out): two layers with a bend between them."""
    return nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, out))

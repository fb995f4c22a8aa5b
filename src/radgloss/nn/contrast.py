"""The losses that compare a batch with itself, as pure functions of tensors.

CLIP's symmetric InfoNCE (arXiv 2103.00020, figure 3) with several positives an image, SigLIP's
pairwise sigmoid (arXiv 2303.15343), SimCLR's NT-Xent (arXiv 2002.05709) and MedCLIP's soft targets
(arXiv 2210.10163). None of them asks where its vectors were computed: `train.ranks` and
`train.cache` hand them those of the whole batch, so there is no second, nearly equal loss for
several ranks or for chunks.
Shapes: B images · M texts · D shared width."""

import torch
import torch.nn.functional as F

from radgloss.nn import stripes

__all__ = ["compared", "contrast", "directions", "found", "nt_xent", "sigmoid", "soft"]


def directions(logits, owner):  # (B, M), (M,) -> image looks for text, text looks for image
    """Both cross-entropies over the batch; an image shares its target among its own texts.

    Every image needs a text, and `owner` an image for every text (0 to B − 1)."""
    own = torch.arange(len(logits), device=logits.device)[:, None] == owner[None]  # (B, M)
    to_text = -(logits.log_softmax(1) * own).sum(1) / own.sum(1)  # (B,)
    return to_text.mean(), F.cross_entropy(logits.T, owner)


def found(logits, owner):  # (B, M), (M,) -> share of texts that find their image
    """Top-1 of the batch."""
    return (logits.argmax(0) == owner).float().mean()


def contrast(logits, owner):  # (B, M), (M,) -> loss, share of texts that find their image
    """The mean of both directions. With one text an image this is the published loss.

    >>> loss, _ = contrast(torch.zeros(4, 4), torch.arange(4))
    >>> round(float(loss.exp()), 5)  # nothing is known: ln B
    4.0
    """
    to_text, to_image = directions(logits, owner)
    return (to_text + to_image) / 2, found(logits, owner)


def compared(x, y, owner, scale):  # (B, D), (M, D), (M,) -> loss, share of texts found
    """`contrast` of scale · x yᵀ, in fp32 at least. Of more images than a stripe the (B, M) table
    is never kept."""
    if len(x) > stripes.STRIPE:
        return stripes.softmax(x, y, owner, scale, stripes.STRIPE)
    with torch.autocast(x.device.type, enabled=False):
        return contrast(scale * x @ y.T, owner)


def sigmoid(x, y, owner, scale, bias, stripe=0):  # (B, D), (M, D), (M,) -> loss
    """−Σ log σ(±z) / B with z = scale · x·y + bias, + where the text is the image's own
    (equation 1). As −log σ(z) = softplus(z) − z, it is the softplus of all pairs less the z of the
    own ones: neither a (B, M) table of labels is made nor one of z. Texts of nobody (owner below 0)
    are strangers to every image. stripe: images compared at once, else `stripes.STRIPE`."""
    stripe = stripe or stripes.STRIPE
    if len(x) > stripe:
        every = stripes.strangers(x, y, scale, bias, stripe)
    else:
        with torch.autocast(x.device.type, enabled=False):
            every = F.softplus(scale * x @ y.T + bias).sum()
    mine = owner >= 0
    own = scale * (x[owner[mine]] * y[mine]).sum(1) + bias  # z of the own pairs
    return (every - own.sum()) / len(x)


def nt_xent(x, y, temperature):  # (B, D), (B, D) unit -> loss
    """Mean over all 2 B views of −log of the share that the other view takes among 2 B − 1."""
    views = torch.cat([x, y])
    logits = (views @ views.T / temperature).fill_diagonal_(-torch.inf)
    other = torch.arange(len(views), device=views.device).roll(len(x))
    return F.cross_entropy(logits, other)


def soft(logits, alike):  # (B, M), (B, M) -> loss
    """Both directions against the softmax of how alike images and texts are (equations 4 to 6),
    less the entropy of that target, which is constant: a perfect model has loss 0."""
    to_text = F.kl_div(logits.log_softmax(1), alike.softmax(1), reduction="batchmean")
    to_image = F.kl_div(logits.T.log_softmax(1), alike.T.softmax(1), reduction="batchmean")
    return (to_text + to_image) / 2

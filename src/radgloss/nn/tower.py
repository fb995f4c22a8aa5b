"""The image tower that a config asks for: its type says which network it is.

Shapes: B batch · C channels · S side · W width of the tower."""

from torch import nn

from radgloss.nn import resnet, vit

__all__ = ["Picture", "headless", "picture"]

Picture = vit.Config | resnet.ResNetConfig


def picture(config: Picture, out: int) -> nn.Module:
    """`tokens`, `head` and `forward` are the same acts in all of them."""
    if isinstance(config, resnet.ResNetConfig):
        return resnet.ResNet(config, out)
    return vit.ViT(config, out)


def headless(config: Picture) -> nn.Module:
    """A tower whose `forward` gives its mean token, (B, C, S, S) → (B, W): for pretexts that bring
    their own head. Its weights keep their names, so that any model with such a tower takes them."""
    tower = picture(config, 1)
    tower.centre, tower.project = nn.Identity(), nn.Identity()
    return tower

"""The run that the small recipes start from: 64 pixels, minutes on two cores.

Two arms of a comparison differ in what their recipes say and in nothing else."""

from radgloss.data.pairs import Sampling
from radgloss.models.alignment import clip
from radgloss.preprocess import Preprocess
from radgloss.train.run import Run

__all__ = ["SMALL"]

SMALL = Run(
    name="small",
    architecture="clip",
    model=clip.VARIANTS["debug"],
    preprocess=Preprocess(size=64, max_frames=32),
    vocabulary=1024,
    steps=800,
    batch=64,
    sampling=Sampling(per_study=4),
    rate=1e-3,
    warmup=80,
    keep_every=200,
)

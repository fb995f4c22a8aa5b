"""Sentences about what no radiological examination shows.

Candidates for NegLabel (`trust.detectors`): a picture that is nearer to these than to what a model
knows is not one of its own. Everyday things and other kinds of medical picture, in our own words;
`trust.detectors.strange_words` keeps those that lie farthest from the known ones."""

from __future__ import annotations

__all__ = ["STRANGE"]

THINGS = (
    "a dog", "a cat", "a bird", "a horse", "a fish", "a flower", "a tree", "a mountain", "the sea",
    "a river", "a cloud", "a street", "a house", "a bridge", "a car", "a train", "an aeroplane",
    "a ship", "a bicycle", "a chair", "a table", "a lamp", "a cup", "a bottle", "bread", "fruit",
    "a cake", "a book", "a newspaper", "a map", "a clock", "a telephone", "a keyboard", "a guitar",
    "a ball", "a shoe", "a hat", "a coat", "a face", "a crowd", "a football match",
)  # fmt: skip
PICTURES = (
    "a stained microscope slide", "a blood smear", "a photograph of skin", "a retina",
    "an endoscopic view", "an operating field", "an electrocardiogram", "a drawing", "a cartoon",
    "a diagram", "a bar chart", "a page of text", "handwriting", "a bar code", "a screenshot",
    "a blank page", "random noise", "a checkerboard", "a test pattern", "a gradient",
)  # fmt: skip
STRANGE = tuple(f"A photograph of {t}." for t in THINGS) + tuple(
    f"{p[0].upper()}{p[1:]}." for p in PICTURES
)

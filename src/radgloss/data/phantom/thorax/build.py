"""One patient, one view, one film: every part drawn in its turn and added up."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom.patient import stream
from radgloss.data.phantom.shapes import F32, field
from radgloss.data.phantom.thorax import airways as tubes
from radgloss.data.phantom.thorax import bones, soft
from radgloss.data.phantom.thorax.anatomy import Body, Frame, build_body, frame
from radgloss.data.phantom.thorax.forms import SIDES, Interval, free, length, ordered
from radgloss.data.phantom.thorax.nouns import Film, Patient, Shadow
from radgloss.data.phantom.thorax.view import VIEWS, View, aim
from radgloss.data.phantom.tissues import ATTENUATION as MU

SIZE = 512


def posed(patient: Patient, view_name: str, size: int = SIZE) -> tuple[Frame, View]:
    setup = VIEWS[view_name]
    how = stream(patient.seed, patient.exam, "acquisition", 10 + list(VIEWS).index(view_name))
    turn, shallow, clip = float(how.normal(0, 1.2)), 0.0, 0.0
    if not setup.erect:
        turn, shallow = float(how.normal(0, 6)), float(how.uniform(10, 32))
        clip = float(how.uniform(18, 46)) if how.random() < 0.3 else 0.0
    if view_name == "lateral":
        turn = 0.0
    base = frame(patient, setup.erect, turn, shallow)
    s = base.s
    width = 2 * base.outer * 1.06 if setup.ray == 1 else 2 * 150 * s + 3 * base.plump
    tall = 405 * s
    pixel = round(max(width, tall) / size, 4)
    middle = (-30 + 6) * s + float(how.normal(0, 5)) + clip
    beside = float(how.normal(0, 3)) + (0 if setup.ray == 1 else 6 * s)
    return base, aim(view_name, size, pixel, middle, beside, (base.outer, base.deep))


def healthy(patient, view_name, size=SIZE):
    base, view = posed(patient, view_name, size)
    body = build_body(base, patient.lesions)
    whole, fat = soft.trunk(base, view)
    out = MU["soft"] * whole - (MU["soft"] - MU["fat"]) * fat
    grain = field(base.rng(4), view.shape, (view.pixel, view.pixel), 6.0) * np.float32(0.03)
    grain += field(base.rng(5), view.shape, (view.pixel, view.pixel), 38.0) * np.float32(0.05)
    middle = ordered([body.organ(view, n) for n in body.parts])
    aer = view.blank()
    for side in SIDES:
        blocks = ordered([*middle, body.domes[side].along(view)])
        aer += free(body.cavities[side].along(view), blocks)
    density = np.float32(MU["lung"]) * (1 + grain - np.clip(view.z / 900, -0.1, 0.1))
    out = out - aer * (np.float32(MU["soft"]) - density)
    inside = np.clip(aer / 30, 0, 1)
    trees = [tubes.branches(body, tubes.trees(body, side)) for side in SIDES]
    v = tubes.drawn(view, trees) + tubes.hila(body, view)
    out = out + v * inside * np.float32(1.05 * (MU["soft"] - MU["lung"]))
    out = out - tubes.airways(body, view) * np.float32(0.8 * MU["soft"])
    out = out + bones.spine(base, view) + bones.ribs(base, view) + bones.sternum(base, view) + bones.girdle(base, view)
    out = out - soft.belly_gas(body, view) * np.float32(MU["soft"])
    return Film(np.maximum(out, 0).astype(np.float32), (), view.pixel * view.magnification, view, {}, {})

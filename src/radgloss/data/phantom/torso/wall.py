"""The body wall: skin, fat, muscle with its fat planes, ribs, the muscles of back and pelvis."""

from __future__ import annotations

import numpy as np

from radgloss.data.phantom.shapes import F32, Box, Paint, coverage
from radgloss.data.phantom.torso.body import Outline
from radgloss.data.phantom.torso.forms import noise, path, tube
from radgloss.data.phantom.torso.scene import SPINE_Y, Mask, Scene

__all__ = ["paint_table", "paint_wall"]

# muscles that stand free: sites (x, y, z) on the left side, radii along them, squeeze x, y, z
_BELLIES: tuple[tuple[str, tuple[tuple[float, float, float], ...], tuple[float, ...],
                      tuple[float, float, float]], ...] = (
    ("psoas", ((22, 32, 40), (32, 34, -20), (44, 31, -70), (59, 14, -130), (71, -14, -180),
               (76, -26, -212), (88, -6, -250)), (6, 14, 19, 19, 16, 15, 10), (1, 1, 1)),
    ("quadratus", ((50, 54, 30), (60, 56, -15), (72, 54, -48)), (8, 13, 13), (0.8, 1.3, 1)),
    ("iliacus", ((108, 14, -62), (94, 14, -100), (82, 0, -150), (74, -22, -195)),
     (8, 15, 16, 11), (1.2, 1, 1)),
    ("gluteus maximus", ((54, 86, -108), (74, 80, -150), (84, 74, -195), (94, 64, -238),
                         (104, 48, -290)), (14, 34, 43, 42, 30), (1, 1, 1)),
    ("gluteus medius", ((116, 32, -62), (126, 22, -100), (132, 20, -140), (136, 18, -190)),
     (9, 21, 26, 15), (1.1, 0.75, 1)),
    ("gluteus minimus", ((108, 8, -120), (114, 6, -160), (126, 4, -195)), (8, 16, 11), (1, 1, 1)),
    ("obturator internus", ((60, 12, -180), (57, 10, -212), (56, 22, -240)), (9, 13, 11),
     (1.7, 0.8, 1)),
    ("piriformis", ((26, 74, -160), (68, 74, -186), (122, 40, -204)), (9, 12, 6), (1, 1, 1)),
    ("rectus femoris", ((104, -40, -168), (104, -50, -215), (98, -56, -290)), (8, 16, 21),
     (1, 1, 1)),
    ("tensor", ((130, -34, -130), (138, -26, -200), (140, -22, -290)), (8, 15, 17), (1.2, 0.8, 1)),
    ("vastus", ((122, -8, -245), (122, -12, -300)), (22, 31), (1, 1, 1)),
    ("pectineus", ((30, -52, -228), (60, -40, -255), (74, -30, -290)), (10, 18, 22), (1, 1, 1)),
    ("obturator externus", ((38, -16, -240), (70, 4, -244), (108, 18, -226)), (11, 15, 9),
     (1, 1, 1)),
    ("adductors", ((34, -14, -262), (48, -2, -300)), (18, 31), (1, 1, 1)),
    ("hamstrings", ((66, 46, -262), (74, 44, -300)), (10, 25), (1, 1, 1)),
    ("sacral erector", ((26, 84, -100), (24, 93, -140), (16, 102, -180)), (17, 12, 4), (1, 1, 1)),
)  # fmt: skip


def paint_wall(scene: Scene, outline: Outline, rng: np.random.Generator) -> None:
    """Everything between the skin and the cavity, ribs included; the cavity is filled with fat."""
    g = scene.grid
    seeds = [int(k) for k in rng.integers(2**32, size=4)]
    lobules = noise(g, g.whole, seeds[0], 9.0)
    for box in g.slabs():
        skin, fat_grain = outline.skin[box], lobules[box] * np.float32(-0.045)
        scene.paint(Paint(box, skin), "skin", 2.4)
        scene.paint(Paint(box, skin + np.float32(2.2)), "subcutaneous fat", 2.4, grain=fat_grain)
        _muscle_ring(scene, outline, box, lobules[box])
        scene.paint(Paint(box, scene.wall[box]), "visceral fat", 2.4, grain=fat_grain)
    scene.label("body wall")[:] = (outline.skin < 0) & (scene.wall > 0)
    _bellies(scene, outline, seeds[1])
    _ribs(scene, outline, np.random.default_rng(seeds[2]))


def _muscle_ring(scene: Scene, outline: Outline, box: Box, lobules: F32) -> None:
    """The abdominal wall: rectus, three flat muscles with fat between them, the back's erectors."""
    g, s = scene.grid, scene.s
    under, inner = outline.under[box], outline.inner[box]
    deep = np.maximum(under, np.float32(-1.0) - inner)  # fat lies behind it
    cover = coverage(deep, 2.4) * outline.lean[box]
    z, y, x = (a[span] / np.float32(s) for a, span in zip((g.z, g.y, g.x), box, strict=True))
    # depth within the muscle: 0 under the fat, 1 at its inside
    depth = under / np.minimum(under - inner, np.float32(-4))
    ahead = (y < 10).astype(np.float32)[None, :, None]
    ax = np.abs(x)[None, None, :]
    low = np.clip((60 - z) / 30, 0, 1)[:, None, None]
    front = ahead * (_ridge(ax, 0, 5) + low * _ridge(ax, 66, 5))  # white and semilunar lines
    side = np.clip((ax - 74) / 12, 0, 1) * low
    planes = _ridge(depth, 0.36, 0.11) + _ridge(depth, 0.68, 0.11)
    back = (y > SPINE_Y + 16)[None, :, None] & (ax < 74)
    streaks = np.clip(lobules - np.float32(1.15), 0, 1) * np.float32(0.8 + 0.02 * outline.plump)
    cleft = _ridge(ax, 58, 4.2) + _ridge(ax, 0, 4)  # round the erectors
    septa = _ridge(depth, 0.2, 0.055)  # the lumbar fascia
    weight = side * planes
    weight *= np.float32(0.6)
    weight += np.float32(0.75) * front
    weight += back * (streaks + np.float32(0.7) * cleft + np.float32(0.4) * septa)
    np.clip(weight, 0, 0.9, out=weight)
    scene.blend(
        box, cover.astype(np.float32), "muscle", ("fat", weight), lobules * np.float32(0.03)
    )


def _ridge(values: F32, at: float, half: float) -> F32:
    """1 at a value, falling to 0 at `half` on either side."""
    out = np.abs(values - np.float32(at))
    out *= np.float32(-1 / half)
    out += 1
    return np.maximum(out, 0)


def _bellies(scene: Scene, outline: Outline, seed: int) -> None:
    """The muscles of loin, pelvis and thigh, each with fat around it."""
    g = scene.grid
    for side in (-1, 1):
        for number, (name, sites, radii, squeeze) in enumerate(_BELLIES):
            places = [(side * x, y, z) for x, y, z in sites]
            n = 8 * len(sites)
            line = scene.line(np.array(places) * scene.s, n)
            r = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(radii)), radii)
            belly = tube(g, path(line, r * scene.s), 3.0, squeeze)
            if belly.distance.size == 0:
                continue
            streak = noise(g, belly.box, seed + 40 * side + number, 7.0)
            ragged = belly.distance + streak * np.float32(0.8)
            inner = outline.under[belly.box] + np.float32(1.0)
            mix = ("fat", np.clip(streak - np.float32(1.4), 0, 0.7))
            shape = Paint(belly.box, np.maximum(ragged, inner))
            scene.paint(shape, "muscle", mix=mix)
            if name in ("psoas", "iliacus", "obturator internus"):
                scene.claim(shape, 1.0)
    for side in (-1, 1):
        crus = np.array([(side * 17, SPINE_Y - 26, 105), (side * 15, SPINE_Y - 21, 12)]) * scene.s
        scene.vessel(crus, (6.0, 3.0), "muscle")


def _ribs(scene: Scene, outline: Outline, rng: np.random.Generator) -> None:
    """Ribs slope down from back to front within the wall; a slice cuts each of them obliquely."""
    g, s = scene.grid, scene.s
    first = int(np.searchsorted(g.z, -70 * s))
    shift = rng.normal(0, 4, 2)
    if first == len(g.z):
        return
    frames = slice(first, len(g.z))
    thickness = outline.under[frames] - scene.wall[frames]  # negative: the wall's own depth
    mid = -outline.under[frames] + np.maximum(thickness, -26 * s) * np.float32(0.62)
    where = np.nonzero(np.abs(mid) < 7)
    z = g.warped[2][frames][where]
    x, y = g.x[where[2]], g.y[where[1]]
    theta = np.arctan2((y - 6) / outline.deep, x / outline.wide)
    arc = np.abs(np.pi / 2 - theta)  # 0 behind, pi in front
    arc = np.where(arc > np.pi, 2 * np.pi - arc, arc)
    pitch = 25.0 * s
    drop = 62 * s * np.clip(arc - 0.35, 0, None) ** 1.15
    offset = (z + drop + np.where(x > 0, shift[0], shift[1])) / pitch
    offset = (offset - np.floor(offset) - 0.5) * pitch
    margin = (-58 + 95 * np.clip(arc / np.pi, 0, 1) ** 2.2) * s  # the costal arch
    distance = (np.hypot(mid[where] / 4.2, offset / 6.6) - 1) * 4.4
    distance = np.maximum(distance, (margin - z) * 0.5)
    distance = np.maximum(distance, (0.42 - arc) * 80)  # joins the spine's own parts
    cover = np.clip(0.5 - distance / 2.4, 0, 1).astype(np.float32)
    edge = np.clip(1.15 + distance / 2.6, 0, 1).astype(np.float32)
    gristle = np.clip((arc - 2.05) / 0.12, 0, 1).astype(np.float32)
    for k, look in enumerate(scene.looks):
        rib = look["cancellous bone"] + edge * np.float32(
            0.45 * (look["cortical bone"] - look["cancellous bone"])
        )
        worth = rib + gristle * (np.float32(look["cartilage"]) - rib)
        part = scene.signal[k][frames]
        old = part[where]
        part[where] = old + cover * (worth - old)


def paint_table(scene: Scene, air: Mask) -> None:
    """The top of the scanner's table under the back (CT only), where the picture holds air."""
    g = scene.grid
    plump = max(scene.patient.bmi - 17, 0)
    bottom = 118 * scene.s + 0.45 * plump + 4
    y = g.y[:, None] - (bottom - (g.x[None, :] / 34) ** 2 * 0.35)
    for depth in (0.0, 15.0):
        line = np.clip(1.2 - np.abs(y - depth) / 1.6, 0, 1) * (np.abs(g.x)[None, :] < 205)
        for k, look in enumerate(scene.looks):
            part = scene.signal[k]
            lift = np.float32(look["table"] - look["air"])
            part += (line.astype(np.float32) * lift)[None] * air

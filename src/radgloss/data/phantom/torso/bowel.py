"""Stomach, duodenum, colon and small bowel, with gas where it rises, and the mesentery between.

The hollow organs come after the solid ones and give way to them. The small bowel is one long tube
that winds through the free part of the cavity, as the real one does; when it is obstructed, the
part before the transition is wide and the part behind it collapsed."""

from __future__ import annotations

import numpy as np

from radgloss.data.phantom.shapes import F32, Paint, polyline, tree
from radgloss.data.phantom.torso.forms import Points, join, path, tube, tube_along
from radgloss.data.phantom.torso.scene import Scene

__all__ = ["COLON", "paint_colon", "paint_duodenum", "paint_small_bowel", "paint_stomach"]

STOMACH = ((30, 4, 104), (58, 0, 92), (64, -34, 58), (46, -56, 28), (8, -50, 14), (-20, -36, 18))
DUODENUM = (
    (-28, -24, 22),
    (-50, -10, 12),
    (-52, 2, -18),
    (-30, 6, -34),
    (0, -12, -36),
    (26, -8, -22),
)
COLON: tuple[tuple[float, float, float], ...] = (
    (-80, 4, -122),  # caecum
    (-88, 14, -82),
    (-92, 28, -40),
    (-88, 20, -8),  # hepatic flexure
    (-62, -40, -14),
    (-10, -62, -36),  # transverse, in front
    (48, -50, -8),
    (86, -4, 44),  # splenic flexure
    (98, 30, 26),
    (99, 34, -20),  # descending
    (96, 26, -72),
    (82, 2, -112),
    (52, -14, -130),  # sigmoid
    (10, -4, -128),
    (-14, 24, -150),
    (6, 56, -164),
    (0, 66, -196),  # rectum
    (0, 46, -232),
    (0, 44, -254),
)
CALIBRE = (27, 26, 24, 22, 19, 19, 18, 18, 14, 13, 12, 12, 12, 12, 12, 14, 17, 12, 7)
SIGMOID = (0.62, 0.84)  # along the colon
CAECUM = 0.0


def _gas(scene: Scene, inner: Paint, level: float | F32) -> None:
    """Gas rises to the front of a lumen, down to a level (y before the warp)."""
    y = scene.points(inner.box)[1]
    gas = np.maximum(inner.distance + np.float32(0.5), y - np.float32(level))
    scene.paint(Paint(inner.box, gas), "gas", 1.6)


def paint_stomach(scene: Scene, rng: np.random.Generator) -> None:
    """A bag under the left dome: gas in front, fluid and food behind, folds in its wall."""
    g, s = scene.grid, scene.s
    line = scene.line(scene.at(*STOMACH), 32)
    full = float(rng.uniform(0.75, 1.12))
    calibre = np.interp(np.linspace(0, 1, 32), (0, 0.25, 0.55, 0.85, 1), (16, 27, 25, 15, 9))
    bag = scene.inside(tube(g, path(line, calibre * full * s), 8.0), 3.0)
    bag = scene.free(bag, 1.0, 5.0)
    folds = scene.noise(rng, bag.box, 8.0) * np.float32(1.5)
    scene.paint(bag, "bowel wall", organ="stomach")
    inner = Paint(bag.box, bag.distance + np.float32(4.0) + folds)
    oral = "oral contrast" in scene.patient.incidentals
    food = np.clip(0.2 + 0.14 * folds, 0, 0.6)
    scene.paint(inner, "oral contrast" if oral else "bowel fluid", mix=("stool", food))
    front = float(scene.at((0, -46, 0))[0, 1])
    _gas(scene, inner, front + rng.uniform(-10, 12))
    scene.claim(bag, 1.5)
    gullet = np.vstack([scene.at((14, 16, 170), (16, 12, 128), (28, 6, 108))])
    scene.vessel(gullet, np.array([6.5, 6.5, 7.5]) * s, "bowel wall")


def paint_duodenum(scene: Scene, rng: np.random.Generator) -> None:
    """The C round the head of the pancreas, and its way back over the aorta."""
    s = scene.s
    line = scene.line(scene.at(*DUODENUM), 40)
    calibre = 10.5 * s * (1 + 0.1 * np.sin(np.linspace(0, 9, 40) + rng.uniform(0, 6)))
    loop = scene.free(scene.inside(tube(scene.grid, path(line, calibre), 6.0)), 0.6)
    scene.paint(loop, "bowel wall", organ="bowel")
    inner = Paint(loop.box, loop.distance + np.float32(2.4))
    scene.paint(inner, "bowel fluid")
    if rng.random() < 0.5:
        _gas(scene, inner, float(scene.at((0, -18, 0))[0, 1]))
    scene.claim(loop, 1.0)


def paint_colon(scene: Scene, rng: np.random.Generator) -> None:
    """From the caecum to the anus: haustra, stool with bubbles, gas in front; the appendix."""
    g, s = scene.grid, scene.s
    n = 150
    jitter = rng.normal(0, 3.5, (len(COLON), 3)) * np.linspace(1, 0.2, len(COLON))[:, None]
    sites = scene.at(*COLON) + jitter
    line = scene.line(sites, n)
    u = np.linspace(0, 1, n)
    calibre = np.interp(u, np.linspace(0, 1, len(CALIBRE)), CALIBRE) * s
    calibre = calibre * rng.uniform(0.88, 1.05)
    haustra = 1 + 0.15 * np.abs(np.sin(u * 62 + rng.uniform(0, 6))) ** 2 * (u < 0.62) - 0.05
    colon, along = tube_along(g, path(line, calibre * haustra), 6.0)
    limit = scene.wall[colon.box] + np.float32(2.0)
    colon = scene.free(Paint(colon.box, np.maximum(colon.distance, limit)), 1.2)
    clumps = scene.noise(rng, colon.box, 7.0)
    scene.paint(colon, "bowel wall", organ="bowel")
    inner = Paint(colon.box, colon.distance + np.float32(2.3))
    bubbles = np.clip((clumps - np.float32(1.05)) * np.float32(0.9), 0, 0.8)
    scene.paint(inner, "stool", mix=("gas", bubbles), grain=clumps * np.float32(0.25))
    # each stretch has its own gas: much in the transverse colon, little where it is collapsed
    rise = rng.normal(0, 3, 3)
    reach = np.interp(along, (0, 0.1, 0.2, 0.35, 0.45, 0.62, 0.8, 1), (2, 0, 0, 9, 0, -8, -2, -9))
    centre = np.interp(along, u, polyline(sites, n)[:, 1]).astype(np.float32)
    _gas(scene, inner, centre - 9 * s + reach.astype(np.float32) + np.float32(rise[0]))
    scene.claim(colon, 1.5)
    scene.places["colon"] = line
    scene.places["caecum"] = line[:1] + np.array([[10.0, 4.0, -4.0]]) * s
    scene.shapes["colon"] = colon
    if not scene.has("appendicitis"):
        root = scene.places["caecum"][0]
        tip = root + np.array([(0, 0, 0), (16, 6, -12), (26, -4, -22)]) * s
        worm = scene.free(tube(g, path(polyline(tip, 14), 2.7)), 0.0)
        scene.paint(worm, "bowel wall", organ="bowel")


def _winding(scene: Scene, rng: np.random.Generator, pitch: float) -> Points:
    """Places that a tube visits in turn: row after row through the belly, jittered."""
    sites = []
    flip = 1
    for level, z in enumerate(np.arange(-16, -205, -pitch)):
        half = float(np.interp(z, (-200, -160, -110, -60, -16), (30, 42, 62, 74, 62)))
        front = float(np.interp(z, (-200, -150, -90, -16), (-28, -40, -52, -48)))
        back = float(np.interp(z, (-200, -150, -90, -16), (16, 14, -4, -10)))
        rows = max(round((back - front) / (pitch - 2)) + 1, 2)
        for j, y in enumerate(np.linspace(front, back, rows)[:: 1 if level % 2 else -1]):
            across = np.arange(-half, half + 1, pitch)
            for x in across[::flip]:
                bow = rng.normal(0, 4.5, 3)
                sites.append((x + bow[0] + 4, y + bow[1], z + bow[2] * 1.3 + (j % 2) * 6))
            flip = -flip
    return scene.at(*sites)


def paint_small_bowel(scene: Scene, rng: np.random.Generator) -> None:
    """Mesenteric vessels in their fat first, then the loops in whatever room is left."""
    g, s = scene.grid, scene.s
    seeds = [int(k) for k in rng.integers(2**31, size=4)]
    _mesentery(scene, np.random.default_rng(seeds[0]))
    own = np.random.default_rng(seeds[1])
    blocked = scene.find("bowel obstruction")
    pitch = 27.0 if blocked is None else max(blocked.size_mm / scene.s + 2, 30.0)
    sites = _winding(scene, own, pitch)
    n = 4 * len(sites)
    line = scene.line(sites, n)
    u = np.linspace(0, 1, n)
    waves = np.sin(u * 70 + own.uniform(0, 6)) + np.sin(u * 31 + own.uniform(0, 6))
    usual = (10.6 + 1.3 * waves) * s
    if blocked is not None:
        half = blocked.size_mm / 2
        usual = np.where(u < 0.55, half + 0.8 * waves * s, 6.5 * s + 0 * waves)
    segments = path(line, usual)
    loops, along = tube_along(g, segments, 5.0)
    loops = scene.free(scene.inside(loops, 2.5, 4.0), 1.2)
    scene.paint(loops, "bowel wall", organ="bowel")
    folds = scene.noise(np.random.default_rng(seeds[2]), loops.box, 6.0)
    thick = 2.0 if blocked is None else 1.8
    inner = Paint(loops.box, loops.distance + np.float32(thick) + np.float32(0.5) * folds)
    oral = "oral contrast" in scene.patient.incidentals
    share = np.clip(np.sin(along * np.float32(19.0)) * 3, 0, 1) * np.float32(0.9 if oral else 0.0)
    scene.paint(inner, "bowel fluid", mix=("oral contrast", share), grain=folds * np.float32(0.1))
    height = np.interp(along, u, polyline(sites, n)[:, 1])
    airy = np.sin(along * np.float32(47.0) + np.float32(own.uniform(0, 6)))
    need = 0.72 if blocked is None else -0.1
    fall = np.where(airy > need, -2.0 if blocked is None else 0.0, -60.0)
    if blocked is not None and "air-fluid levels" not in blocked.features:
        fall = np.full_like(fall, -60.0)
    _gas(scene, inner, (height + fall).astype(np.float32))
    scene.shapes["small bowel"] = loops
    scene.shapes["small bowel wide"] = Paint(
        loops.box, np.where(along < 0.55, loops.distance, np.float32(50))
    )
    scene.claim(loops, 0.5)


def _mesentery(scene: Scene, rng: np.random.Generator) -> None:
    """Small vessels that fan out from the mesenteric root."""
    g, s = scene.grid, scene.s
    root = scene.places["mesentery"]
    arteries = []
    for _ in range(12):
        start = root[int(rng.integers(8, len(root)))]
        way = (rng.uniform(-1, 1), rng.uniform(-0.55, 0.25), rng.uniform(-1.0, 0.3))
        arteries.append(tree(rng, start, way, 2.0, 34 * s, 3))
    scene.paint(tube(g, join(scene.branches(arteries)), 2.0), "vein", 2.4, keep=0.85)

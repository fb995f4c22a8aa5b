"""Bones of the torso: vertebrae with discs and canal, sacrum, pelvis, and the hips' ends."""

from __future__ import annotations

import numpy as np

from radgloss.data.phantom.shapes import F32, Paint, smooth_max
from radgloss.data.phantom.torso.forms import ball, noise, path, tube
from radgloss.data.phantom.torso.scene import SPINE_Y, Scene

__all__ = ["paint_bones"]

PITCH = 35.0  # mm, one vertebra and its disc
# y of the middle of the vertebral bodies by z: the lumbar lordosis
LORDOSIS = ((-105, 38), (-70, 33), (-20, 30), (35, 33), (105, 38), (200, 42))
# the sacrum: z, y of its middle, half width, half thickness
SACRUM = (
    (-104, 40, 50, 19),
    (-125, 52, 54, 20),
    (-150, 68, 47, 16),
    (-175, 80, 37, 12),
    (-198, 85, 24, 8),
    (-214, 82, 13, 5.5),
    (-234, 72, 6, 4),
)
# the wing of the ilium by z: its front end (x, y), its back end (x, y), half thickness there
ILIUM = (
    (-44, (124, 12), (112, 34), 2.4, 2.4),
    (-58, (127, -10), (84, 62), 3.6, 3.8),
    (-75, (127, -26), (62, 80), 4.0, 5.2),
    (-95, (121, -40), (50, 88), 4.2, 6.5),
    (-120, (112, -44), (46, 84), 4.6, 7.5),
    (-148, (104, -34), (52, 66), 5.8, 8.0),
    (-172, (98, -26), (64, 44), 8.0, 9.0),
    (-190, (92, -18), (74, 30), 10.0, 10.5),
)
HIP = (90.0, 4.0, -206.0)  # the left femoral head


def paint_bones(scene: Scene, rng: np.random.Generator) -> None:
    """Spine first, then the pelvis, then the femora; labels "spine" and "pelvis bones"."""
    seeds = [int(k) for k in rng.integers(2**31, size=8)]
    _vertebrae(scene, seeds[0])
    _sacrum(scene, seeds[1])
    for side in (-1, 1):
        _hip_bone(scene, side, seeds[2] + side)
        _femur(scene, side, seeds[3] + side)
    symphysis = ball(
        scene.grid, scene.true(scene.at((0, -60, -229)))[0], np.array([3, 7, 17]) * scene.s
    )
    scene.paint(symphysis, "cartilage")


def _vertebrae(scene: Scene, seed: int) -> None:
    """Bodies with cortex and spongy bone, pedicles, laminae, processes; discs between them."""
    g, s = scene.grid, scene.s
    box = scene.box((-58 * s, -10 * s, -112 * s), (58 * s, SPINE_Y * s + 88 * s, 260))
    x, y, z = (p / np.float32(s) for p in scene.points(box))
    if x.size == 0:
        return
    curve = np.array(LORDOSIS)
    y = y - np.interp(z, curve[:, 0], curve[:, 1]).astype(np.float32)
    up = (z / np.float32(PITCH)) % 1  # 0..1 along one vertebra and its disc
    ax = np.abs(x)
    age = scene.patient.age
    waist = np.float32(1.0) + np.float32(0.09) * np.cos(up * np.float32(2 * np.pi / 0.74))
    grow = waist * np.interp(z, (-105, 0, 140), (1.06, 1.0, 0.86)).astype(np.float32)
    a, b = 24.5, 17.5
    round_ = (np.sqrt((x / (a * grow)) ** 2 + (y / (b * grow)) ** 2) - 1) * np.float32(b)
    dent = np.sqrt((x / 13) ** 2 + ((y - 23) / 9) ** 2)  # flat back of the body
    round_ = smooth_max(round_, (1 - dent) * np.float32(9), 4)
    low = np.float32(-105) - z  # the sacrum begins
    body = np.maximum(np.maximum(round_, (up - np.float32(0.74)) * PITCH), -up * PITCH)
    body, disc = np.maximum(body, low), np.maximum(round_ + 1.5, low)
    to_mm = np.float32(s)
    scene.paint(Paint(box, disc * to_mm), "disc")
    edge = np.clip(np.float32(0.42) + body / np.float32(3.2), 0, 0.55)
    grain = noise(g, box, seed, 5.5) * np.float32(0.17) - np.float32(
        0.006 * max(age - 35, 0)
    )  # bone loses density with age
    scene.paint(
        Paint(box, body * to_mm), "cancellous bone", 2.0, "spine",
        mix=("cortical bone", edge), grain=grain,
    )  # fmt: skip
    ring = np.sqrt((x / 16.5) ** 2 + ((y - 27) / 14.5) ** 2) - 1
    arch = np.maximum(np.abs(ring * 14 + 2) - np.float32(3.6), 14 - y)
    lamina = np.maximum(arch, (np.abs(up - 0.4) - 0.36) * PITCH)
    pedicle = np.maximum(np.abs(ax - 15.5) - 4.4, np.abs(y - 18) - 9)
    pedicle = np.maximum(pedicle, (np.abs(up - 0.5) - 0.2) * PITCH)
    half = (((up + 0.12) % 1) - 0.5) * PITCH
    facet = np.sqrt(((ax - 19) / 7) ** 2 + ((y - 33) / 8) ** 2 + (half / 15) ** 2)
    joint = np.exp(-((((ax - 18.5) + 0.5 * (y - 33)) / 1.0) ** 2))  # the facets' gap
    spinous = np.maximum(ax - (2.2 + 0.05 * (y - 40)), np.abs(y - 45) - 11.5)
    spinous = np.maximum(spinous, (np.abs(up - 0.36) - 0.3) * PITCH)
    wings = np.maximum(np.abs(y - (20 + 0.2 * ax)) - 3.2, ax - 40)
    wings = np.maximum(np.maximum(wings, 15 - ax), (np.abs(up - 0.5) - 0.13) * PITCH)
    spread = (facet - 1) * np.float32(6) + joint * np.float32(2.2)
    arches = lamina
    for part in (pedicle, spread, spinous, wings):
        arches = np.minimum(arches, part)
    arches = np.maximum(arches, low)
    rim = np.clip(np.float32(0.95) + arches / np.float32(3), 0, 1)
    scene.paint(
        Paint(box, arches * to_mm), "cancellous bone", 2.0, "spine", mix=("cortical bone", rim)
    )
    scene.claim(Paint(box, body * to_mm), 1.5)
    canal = np.maximum((ring + np.float32(0.33)) * np.float32(11), 14.5 - y)
    inner = np.sqrt((x / 7.5) ** 2 + ((y - 25) / 6.0) ** 2) - 1
    scene.paint(Paint(box, canal * to_mm), "fat")
    scene.paint(Paint(box, inner * np.float32(6.5 * s)), "spinal fluid")
    cord = np.sqrt((x / 5.0) ** 2 + ((y - 25) / 4.0) ** 2) - 1
    scene.paint(Paint(box, cord * np.float32(4.5 * s)), "cord")


def _sacrum(scene: Scene, seed: int) -> None:
    """Five fused vertebrae that curve backwards, with wings, canal and foramina, and the coccyx."""
    s = scene.s
    box = scene.box((-60 * s, 10 * s, -240 * s), (60 * s, 125 * s, -98 * s))
    x, y, z = (p / np.float32(s) for p in scene.points(box))
    if x.size == 0:
        return
    table = np.array(SACRUM)[::-1]
    yc, half, thick = (np.interp(z, table[:, 0], table[:, i]).astype(np.float32) for i in (1, 2, 3))
    ax = np.abs(x)
    v = y - yc - 7 * (ax / np.maximum(half, 1)) ** 2  # hollow in front
    taper = thick * (1 - 0.3 * np.clip(ax / np.maximum(half, 1), 0, 1.4) ** 2)
    shape = smooth_max(ax - half, np.abs(v) - taper, 8)
    shape = smooth_max(shape, (z + np.float32(104)) * 0.9, 4)
    crest = np.maximum(ax - 3, np.abs(y - yc - thick - 3) - 6)
    shape = np.minimum(shape, np.maximum(crest, np.abs(z + 150) - 40))
    for level in (-122, -145, -166, -185):
        out = 25 + 0.11 * (level + 122)
        hole = np.sqrt(((ax - out) / 5) ** 2 + ((z - level) / 5.5) ** 2) - 1
        shape = np.maximum(shape, -hole * np.float32(4))
    rim = np.clip(0.85 + shape / np.float32(2.6), 0, 0.9)
    grain = noise(scene.grid, box, seed, 5.5) * np.float32(0.2) - np.float32(0.12)
    scene.paint(
        Paint(box, shape * np.float32(s)), "cancellous bone", 2.0, "spine",
        mix=("cortical bone", rim), grain=grain,
    )  # fmt: skip
    scene.claim(Paint(box, shape * np.float32(s)), 1.5)
    canal = np.sqrt((x / 10) ** 2 + ((y - yc - thick * 0.55) / 4.5) ** 2) - 1
    canal = np.maximum(canal * 4.5, -190 - z)
    scene.paint(Paint(box, canal * np.float32(s)), "fat")


def _hip_bone(scene: Scene, side: int, seed: int) -> None:
    """The wing, the socket, the ischium and the pubis of one side."""
    g, s = scene.grid, scene.s
    box = scene.box(
        tuple(np.minimum(side * 38 * s, side * 140 * s) if i == 0 else v
              for i, v in enumerate((0, -80 * s, -204 * s))),
        tuple(np.maximum(side * 38 * s, side * 140 * s) if i == 0 else v
              for i, v in enumerate((0, 105 * s, -40 * s))),
    )  # fmt: skip
    x, y, z = (p / np.float32(s) for p in scene.points(box))
    if x.size:
        x = x * np.float32(side)
        wing = _wing(x, y, z)
        scene.bone(Paint(box, wing * np.float32(s)), seed, 2.6, "pelvis bones", 0.9)
    hip = np.array(HIP)
    socket = scene.true(np.array([[side * hip[0], hip[1], hip[2]]]) * s)[0]
    shell = ball(g, socket, 33.0 * s)
    if shell.distance.size:
        px = (g.x[shell.box[2]][None, None, :] - socket[0]) * np.float32(side)
        pz = g.z[shell.box[0]][:, None, None] - socket[2]
        cup = np.abs(shell.distance + np.float32(4.0 * s)) - np.float32(4.2 * s)
        opening = (px * 0.8 - pz * 0.45) - np.float32(3 * s)
        cup = smooth_max(cup, opening.astype(np.float32), 4)
        scene.bone(Paint(shell.box, cup), seed + 3, 2.4, "pelvis bones")
    for sites, radii in (
        (((74, 34, -190), (66, 40, -222), (58, 34, -262)), (12, 10, 12)),  # ischium
        (((82, -22, -196), (46, -46, -212), (10, -60, -224)), (10, 7.5, 8)),  # upper ramus
        (((9, -60, -222), (9, -58, -240)), (7.5, 7)),  # body of the pubis
        (((11, -56, -242), (30, -30, -258), (52, 22, -268)), (6, 5, 7)),  # lower ramus
    ):
        places = [(side * x0, y0, z0) for x0, y0, z0 in sites]
        line = scene.line(np.array(places) * s, 16)
        r = np.interp(np.linspace(0, 1, 16), np.linspace(0, 1, len(radii)), radii) * s
        scene.bone(tube(g, path(line, r)), seed + 5, 2.6, "pelvis bones")


def _wing(x: F32, y: F32, z: F32) -> F32:
    """Distance to the iliac wing: a plate between two edges that wander with height."""
    heights = np.array([row[0] for row in ILIUM])[::-1]

    def at(values: list[float]) -> F32:
        return np.interp(z, heights, values[::-1]).astype(np.float32)

    fx, fy = at([r[1][0] for r in ILIUM]), at([r[1][1] for r in ILIUM])
    bx, by = at([r[2][0] for r in ILIUM]), at([r[2][1] for r in ILIUM])
    rf, rb = at([r[3] for r in ILIUM]), at([r[4] for r in ILIUM])
    dx, dy = bx - fx, by - fy
    length2 = dx * dx + dy * dy
    t = np.clip(((x - fx) * dx + (y - fy) * dy) / length2, 0, 1)
    bow = np.float32(13) * np.sin(np.float32(np.pi) * t) * np.clip((z + 185) / 70, 0, 1)
    length = np.sqrt(length2)
    # bowed outwards: the hollow faces the belly
    cx, cy = fx + t * dx + bow * dy / length, fy + t * dy - bow * dx / length
    thin = 1 - np.float32(0.45) * np.sin(np.float32(np.pi) * np.clip(t * 1.2, 0, 1))
    plate = np.hypot(x - cx, y - cy) - (rf + t * (rb - rf)) * thin
    # the crest ends where the table does
    plate = np.maximum(plate, (z + np.float32(44)) * np.float32(0.8))
    return np.maximum(plate, (-192 - z) * np.float32(0.8))


def _femur(scene: Scene, side: int, seed: int) -> None:
    """Head, neck, great trochanter and the beginning of the shaft."""
    g, s = scene.grid, scene.s
    hip = np.array(HIP)
    head = ball(g, scene.true(np.array([[side * hip[0], hip[1], hip[2]]]) * s)[0], 23.5 * s)
    gap = Paint(head.box, head.distance - np.float32(2.2))
    scene.paint(gap, "cartilage", 2.0)
    scene.bone(head, seed, 2.0, "pelvis bones", 0.75)
    for sites, radii in (
        (((92, 6, -208), (126, 14, -226)), (15, 15)),
        (((126, 14, -222), (122, 8, -260), (119, 4, -310)), (17, 16, 14)),
        (((132, 22, -204), (130, 18, -232)), (11, 14)),
    ):
        places = [(side * x0, y0, z0) for x0, y0, z0 in sites]
        line = scene.line(np.array(places) * s, 10)
        r = np.interp(np.linspace(0, 1, 10), np.linspace(0, 1, len(radii)), radii) * s
        scene.bone(tube(g, path(line, r)), seed + 7, 2.6, "pelvis bones", 0.95)

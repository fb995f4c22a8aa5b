"""The abdominal radiograph, supine and erect: the torso projected from front to back.

The torso is painted once more in linear attenuation on a lattice that is fine across the film and
coarse along the ray, and summed along the ray (parallel beam). What voxels would blunt is drawn on
the film in closed form: stones as ellipsoids, dilated loops as tubes with their folds, tubes and
lines, and gas under the diaphragm. Standing up, gas rises and fluid sinks: the stomach's gas is
laid at its top above a level, obstructed loops show one level each, free gas lies under the right
dome; supine it lies where the torso has it, a veil before liver and bowel that darkens both.
Shapes: R rows · C columns · Z Y X voxels; positions are LPS millimetres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from radgloss.data.phantom import ct, physics
from radgloss.data.phantom.patients import Lesion, Patient, stream
from radgloss.data.phantom.shapes import F32, polyline
from radgloss.data.phantom.torso import Anatomy, GridSpec, build, ct_grid

__all__ = ["SIZE", "VIEWS", "PlainFilm", "PlainShadow", "plain", "radiograph"]

VIEWS = ("AP", "AP erect")
SIZE = 512
PIXEL = 0.86  # mm at the detector
FINE, DEEP = 2.2, 4.0  # mm of the lattice across the film, and along the ray
WATER = 0.0200  # 1/mm at about 65 keV, the beam behind an abdomen (NIST XCOM)
LIGHT = {"small": 4.0, "moderate": 10.0, "large": 22.0}  # mm of free gas under the dome
OPAQUE = 0.15  # of gallstones (Bortoff et al., RadioGraphics 2000;20:751: 15 to 20 %)
STAGED = {"AP": ("bowel obstruction",), "AP erect": ("bowel obstruction", "free air")}
# drawn here by view, not painted in the torso
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PlainShadow:
    """A lesion as the film has it: its silhouette, and how much it changes the line integral.

    mask: (R, C) bool, empty where this view does not show it. change: (R, C), dimensionless."""

    lesion: Lesion
    mask: Mask
    change: F32


@dataclass(frozen=True, eq=False)
class PlainFilm:
    """Line integrals before scatter, detector and noise.

    attenuation: (R, C) float32; rows from head to feet, columns to the patient's left.
    pixel: mm. x: (C,), z: (R,) mm. facts: measures, mm."""

    attenuation: F32
    shadows: tuple[PlainShadow, ...]
    pixel: float
    x: F32
    z: F32
    view: str
    facts: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class _Plate:
    """Film coordinates and what the painters of lesions need of the body."""

    patient: Patient
    anatomy: Anatomy
    x: F32  # (1, C)
    z: F32  # (R, 1)
    erect: bool

    @property
    def blank(self) -> F32:
        return np.zeros((SIZE, SIZE), np.float32)

    def rng(self, key: int) -> np.random.Generator:
        return stream(self.patient.seed, self.patient.exam, "lesion", key)

    def centre(self, mask: Mask) -> npt.NDArray[np.float64]:
        """(3,) x, y, z of the middle of a mask of the torso's lattice."""
        g = self.anatomy.grid
        z, y, x = (
            i.mean() * s + o for i, s, o in zip(mask.nonzero(), g.spacing, g.origin, strict=True)
        )
        return np.array([x, y, z])


def plain(patient: Patient, view: str) -> PlainFilm:
    """The abdominal film of that patient, "AP" (supine) or "AP erect"; the same every time."""
    assert view in VIEWS, f"{view!r} is no view of the abdomen"
    rest = tuple(le for le in patient.lesions if le.what not in STAGED[view])
    grid = _grid(patient)
    anatomy = build(replace(patient, lesions=rest), (_look(), _gas()), grid)
    erect = view == "AP erect"
    top = grid.origin[0] + grid.spacing[0] * (grid.shape[0] - 1)
    z = (top - PIXEL * (np.arange(SIZE) + (0 if erect else 24))).astype(np.float32)[:, None]
    x = ((np.arange(SIZE) - (SIZE - 1) / 2) * PIXEL).astype(np.float32)[None]
    plate = _Plate(patient, anatomy, x, z, erect)
    volume, gas = anatomy.signal
    lucent = _risen(anatomy, gas) if erect else gas
    flat = (volume - np.float32(WATER) * lucent).sum(axis=1) * np.float32(grid.spacing[1])
    out = _onto(plate, flat) + _trabeculae(plate, flat)
    shadows = [_shadow(plate, lesion) for lesion in patient.lesions]
    drawn = [s.change for s in shadows if erect or s.lesion.what != "free air"]
    out = out + np.sum(drawn, axis=0, dtype=np.float32)
    facts = {**anatomy.facts, "top": float(top)}
    return PlainFilm(
        np.maximum(out, 0).astype(np.float32), tuple(shadows), PIXEL, x[0], z[:, 0], view, facts
    )


def radiograph(film: PlainFilm, rng: np.random.Generator, dose: float = 1.0) -> F32:
    """Line integrals → a processed 12-bit film: (R, C) whole numbers, bright is dense.

    Beer–Lambert, scatter behind a grid, quantum noise, the logarithm, enhanced edges, broad shades
    evened out, and a display curve set on the trunk as an abdominal protocol sets it."""
    primary = np.exp(-film.attenuation)
    capped = np.minimum(primary, np.float32(0.08))
    small = ndimage.uniform_filter(capped, 8)[4::8, 4::8]
    broad = ndimage.gaussian_filter(small, 30.0 / (8 * film.pixel), mode="nearest")
    exposure = primary + np.float32(0.3) * ndimage.zoom(broad, 8, order=1, mode="nearest")
    photons = np.float32(6e5 * dose)
    noise = rng.standard_normal(exposure.shape, dtype=np.float32)
    noisy = np.clip(exposure + np.sqrt(exposure / photons) * noise, 1e-5, None)
    log = -np.log(ndimage.gaussian_filter(noisy, 0.45))
    fine = ndimage.gaussian_filter(log, 3.0 / film.pixel)
    shade = ndimage.gaussian_filter(log[4::8, 4::8], 34.0 / (8 * film.pixel), mode="nearest")
    shade = ndimage.zoom(shade, 8, order=1, mode="nearest")
    enhanced = log + np.float32(0.8) * (log - fine) - np.float32(0.45) * (shade - shade.mean())
    trunk = enhanced[film.attenuation > 1.5]
    low, high = np.percentile(trunk, (2, 99)) if trunk.size else (0.0, 1.0)
    t = (enhanced - np.float32(low)) / np.float32(max(high - low, 1e-3))
    curve = 1 / (1 + np.exp(-np.float32(4.6) * (t - np.float32(0.56))))
    return np.rint(curve * physics.WHITE).astype(np.float32)


# ------------------------------------------------------------------ the body


def _grid(patient: Patient) -> GridSpec:
    whole = ct_grid(patient)
    shape = [
        int(n * s / f)
        for n, s, f in zip(whole.shape, whole.spacing, (FINE, DEEP, FINE), strict=True)
    ]
    half = (shape[2] - 1) / 2 * FINE
    return GridSpec((shape[0], shape[1], shape[2]), (FINE, DEEP, FINE), (*whole.origin[:2], -half))


def _look() -> dict[str, float]:
    """Material → 1/mm; calcium counts for more than its CT number. Gas is left to `_gas`, and the
    materials of stones to their closed forms."""
    hu = dict(ct.look("unenhanced"))
    for material, like in (("stone", "renal urine"), ("gallstone", "bile"), ("gas", "bowel fluid")):
        hu[material] = hu[like]
    hu["table"] = -1000.0
    return {m: max(WATER * (1 + v / 1000) + 9e-6 * max(v - 120, 0), 0.0) for m, v in hu.items()}


def _gas() -> dict[str, float]:
    """Material → the share of a voxel that is gas in a hollow organ."""
    return {m: float(m == "gas") for m in ct.look("unenhanced")}


def _risen(anatomy: Anatomy, gas: F32) -> F32:
    """Gas of a standing patient: the stomach's gas at its top, above a level; the rest stays."""
    stomach = anatomy.organs.get("stomach")
    if stomach is None or not stomach.any():
        return gas
    inner = ndimage.binary_erosion(stomach)
    held = float(gas[stomach].sum()) + 0.12 * float(inner.sum())  # swallowed air comes on top
    out = np.where(stomach, 0, gas).astype(np.float32)
    room = inner.sum(axis=(1, 2)).astype(float)
    above = np.cumsum(room[::-1])[::-1]  # voxels of the lumen from each frame upwards
    share = np.clip((held - (above - room)) / np.maximum(room, 1), 0, 1)
    return out + inner * share[:, None, None].astype(np.float32)


def _onto(plate: _Plate, flat: F32) -> F32:
    """(Z, X) of the lattice → (R, C) of the film, by cubic splines."""
    g = plate.anatomy.grid
    row = (plate.z - g.origin[0]) / g.spacing[0] + 0 * plate.x
    column = (plate.x - g.origin[2]) / g.spacing[2] + 0 * plate.z
    return ndimage.map_coordinates(flat, [row, column], order=3, mode="nearest").astype(np.float32)


def _trabeculae(plate: _Plate, flat: F32) -> F32:
    """Fine grain of bone and bowel that voxels of two millimetres cannot hold."""
    rng = stream(plate.patient.seed, plate.patient.exam, "body", 900)
    fine = ndimage.gaussian_filter(rng.standard_normal((SIZE, SIZE), dtype=np.float32), (1.0, 0.8))
    coarse = ndimage.gaussian_filter(rng.standard_normal((SIZE, SIZE), dtype=np.float32), 3.0)
    local = _onto(plate, flat - ndimage.gaussian_filter(flat, 9.0))
    dense = np.clip(local, 0, 0.6)
    return fine * np.float32(0.22) * dense + coarse * np.float32(0.06)


# ------------------------------------------------------------------ lesions


def _shadow(plate: _Plate, lesion: Lesion) -> PlainShadow:
    """What one lesion leaves on the film."""
    draw = {
        "kidney stone": _stone,
        "ureteric stone": _stone,
        "gallstones": _gallstones,
        "bowel obstruction": _obstruction,
        "free air": _free_air,
        "nasogastric tube": _feeding_tube,
    }.get(lesion.what)
    change = plate.blank if draw is None else draw(plate, lesion)
    return PlainShadow(lesion, np.abs(change) > 0.012, change)


def _ellipsoid(
    plate: _Plate, at: npt.NDArray[np.float64], radii: tuple[float, float, float]
) -> F32:
    """(R, C) millimetres along the ray through an ellipsoid with radii x, y, z."""
    u = ((plate.x - at[0]) / radii[0]) ** 2 + ((plate.z - at[2]) / radii[2]) ** 2
    return (2 * radii[1] * np.sqrt(np.clip(1 - u, 0, 1))).astype(np.float32)


def _mask_of(plate: _Plate, lesion: Lesion) -> Mask | None:
    for placed in plate.anatomy.placed:
        if placed.lesion.key == lesion.key and placed.mask.any():
            return placed.mask
    return None


def _stone(plate: _Plate, lesion: Lesion) -> F32:
    """A urinary stone where the torso has it; most are calcium, one in ten is uric acid."""
    mask = _mask_of(plate, lesion)
    if mask is None:
        return plate.blank
    rng = plate.rng(lesion.key)
    dense = 0.0012 if rng.random() < 0.1 else float(rng.uniform(0.02, 0.036))
    a = max(lesion.size_mm, 2.0) / 2
    return np.float32(dense) * _ellipsoid(plate, plate.centre(mask), (a, 0.8 * a, 0.8 * a))


def _gallstones(plate: _Plate, lesion: Lesion) -> F32:
    """Shown only where calcified: a ring, or several."""
    mask = _mask_of(plate, lesion)
    rng = plate.rng(lesion.key)
    if mask is None or rng.random() > OPAQUE:
        return plate.blank
    a = max(lesion.size_mm, 3.0) / 2
    number = int(rng.integers(3, 7)) if "multiple" in lesion.features else 1
    out = plate.blank
    for k in range(number):
        at = plate.centre(mask) + (rng.normal(0, 1.3 * a, 3) if k else 0)
        shell = _ellipsoid(plate, at, (a, a, a)) - _ellipsoid(plate, at, (0.8 * a,) * 3)
        out = np.maximum(out, np.float32(0.03) * shell)
    return out


def _tube(plate: _Plate, line: npt.NDArray[np.float64], radius: float) -> tuple[F32, F32]:
    """(R, C) distance to a line (N, 2) of x, z in the film's plane, and the place along it, mm."""
    step = np.r_[0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
    near = np.full((SIZE, SIZE), 1e4, np.float32)
    along = plate.blank
    for (px, pz), s in zip(line, step, strict=True):
        reach = radius + 4
        r = slice(*np.searchsorted(-plate.z[:, 0], [-(pz + reach), -(pz - reach)]))
        c = slice(*np.searchsorted(plate.x[0], [px - reach, px + reach]))
        d = np.hypot(plate.x[:, c] - px, plate.z[r] - pz).astype(np.float32)
        closer = d < near[r, c]
        near[r, c][closer] = d[closer]
        along[r, c][closer] = s
    return near, along


def _chord(near: F32, radius: F32 | float) -> F32:
    return (2 * np.sqrt(np.clip(np.square(radius) - near**2, 0, None))).astype(np.float32)


def _obstruction(plate: _Plate, lesion: Lesion) -> F32:
    """Dilated loops stacked like steps, with folds all across; erect, gas above a level in each."""
    rng = plate.rng(lesion.key)
    radius = max(lesion.size_mm, 28.0) / 2
    levels = 4 if "air-fluid levels" in lesion.features else 2
    out = plate.blank
    for k in range(levels):
        z0 = -8 - k * 2.15 * radius + rng.normal(0, 4)
        half = rng.uniform(48, 78)
        lean = (1 if k % 2 else -1) * rng.uniform(4, 12)
        sites = [
            (-half, z0 - 16 - lean),
            (-0.5 * half, z0 + 4),
            (0.4 * half, z0 + 6),
            (half, z0 - 14 + lean),
        ]
        aside = np.array([rng.normal(0, 9), 0])
        line = polyline(np.array(sites) + aside, 90)
        near, along = _tube(plate, line, radius)
        folds = np.abs(np.sin(along * np.float32(np.pi / 6.5))) ** 14  # 6.5 mm apart
        lumen = _chord(near, np.float32(radius) * (1 - np.float32(0.10) * folds))
        lumen *= 1 - np.float32(0.16) * folds
        if plate.erect:
            level = np.float32(line[:, 1].max() + radius * rng.uniform(-0.5, 0.05))
            lumen *= np.clip((plate.z - level) / np.float32(1.2) + 0.5, 0, 1)
        wall = _chord(near, radius + 2.0) - _chord(near, radius)
        out = np.where(lumen > 0, -np.float32(0.82 * WATER) * lumen, out)
        out = np.where((lumen <= 0) & (out == 0), np.float32(0.0016) * wall, out)
    return out.astype(np.float32)


def _free_air(plate: _Plate, lesion: Lesion) -> F32:
    """Erect: a crescent between the right half of the diaphragm and the liver. Supine: what the
    torso's own gas takes away."""
    if not plate.erect:
        mask = _mask_of(plate, lesion)
        if mask is None:
            return plate.blank
        depth = mask.sum(axis=1).astype(np.float32) * np.float32(DEEP)
        lost = np.float32(WATER) * np.clip(_onto(plate, depth), 0, None)
        return np.where(lost > 0.012, -lost, 0).astype(np.float32)
    liver = plate.anatomy.organs.get("liver")
    if liver is None or not liver.any():
        return plate.blank
    g = plate.anatomy.grid
    columns: Mask = np.asarray(liver.any(axis=1))  # (Z, X)
    has = columns.any(axis=0)
    top = g.origin[0] + g.spacing[0] * (len(columns) - 1 - columns[::-1].argmax(axis=0))
    xs = g.origin[2] + g.spacing[2] * np.arange(columns.shape[1])
    right = has & (xs < 15)
    peak = float(xs[right][top[right].argmax()])
    edge = ndimage.gaussian_filter1d(np.where(right, top, top[right].min()), 3.0)
    dome = np.interp(plate.x[0], xs, edge)[None].astype(np.float32)
    thick = LIGHT.get(lesion.severity or "small", 4.0)
    wide = 20 + 2.2 * thick
    room = np.float32(thick) * np.clip(1 - ((plate.x - peak) / np.float32(wide)) ** 2, 0, None)
    below = dome - 1.0 - plate.z  # the diaphragm itself lies above
    inside = np.clip(below / 0.9, 0, 1) * np.clip((room - below) / 0.9 + 0.5, 0, 1) * (room > 0.4)
    path = np.minimum(np.sqrt(np.clip(below, 0, None) * 2 * 70), 75)
    return (-np.float32(WATER) * path * inside).astype(np.float32)


def _feeding_tube(plate: _Plate, lesion: Lesion) -> F32:
    """A tube with its opaque line, from above to the site of its tip."""
    stomach = plate.anatomy.organs.get("stomach")
    top = float(plate.z.max())
    end = plate.centre(stomach) if stomach is not None and stomach.any() else np.array([50, 0, 80])
    if lesion.site == "oesophagus":
        sites = [(4, top), (8, top - 12), (10, top - 22)]
    elif lesion.site == "stomach":
        sites = [(6, top), (14, top - 45), (end[0] + 14, end[2] + 18), (end[0] - 8, end[2] - 22)]
    else:
        sites = [(-40, top), (-48, top - 15), (-52, top - 26)]
    near, _ = _tube(plate, polyline(np.array(sites, float), 700), 3.0)
    line = np.exp(-((near / np.float32(0.9)) ** 2)) * np.float32(0.16)
    return (line + np.float32(0.004) * _chord(near, 2.4)).astype(np.float32)

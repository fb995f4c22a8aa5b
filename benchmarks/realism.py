"""How like real pictures the phantom's are: texture statistics beside a real-against-real floor.

    python benchmarks/realism.py --data FOLDER [--phantom made|torso] [-o RESULT.md]

FOLDER is searched for `example_ct*.nii.gz` with `example_seg.nii.gz` (abdominal CT and labels of
TotalSegmentator, second edition), `example_mr*.nii.gz`, head MR (`chris_*.nii.gz`, a folder
`mr_dicom_t1`), and folders `AbdomenCT` and `CXR` of 64 × 64 pictures (MedNIST). Whatever is absent
is said to be missing, and the rest is compared. Beside RESULT.md a picture RESULT.png shows the
radial spectra, real in white and phantom in orange."""

import argparse
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy import ndimage

import radgloss
from radgloss.bench import realism
from radgloss.bench.realism import Row
from radgloss.data import phantom
from radgloss.data.phantom import ct, torso
from radgloss.data.phantom.patients import Acquisition, Encounter, Patient

LABELS = {"spleen": 1, "right kidney": 2, "left kidney": 3, "gallbladder": 4, "liver": 5,
          "pancreas": 7, "aorta": 52}  # fmt: skip
COARSE = 3.0  # mm: everything is brought to the voxels of the real scan
THUMB = 64
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Scan:
    """A CT in HU, (F, R, C), frames upwards, with its spacing and organs."""

    hu: Array
    spacing: tuple[float, float, float]
    organs: Mapping[str, Array]


@dataclass
class Result:
    """What was found: rows, figures of real pictures alone, what is missing, curves to draw."""

    rows: list[Row] = field(default_factory=list)
    alone: dict[str, float] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    curves: dict[str, tuple[Array, Array, Array]] = field(default_factory=dict)


# ------------------------------------------------------------------ the phantom's pictures


def made_scan(seed: int) -> Scan:
    """The CT that `phantom.make` gives, first image."""
    one = phantom.make(seed, "ct-abdomen")
    image = one.study.images[0]
    spacing = tuple(float(np.linalg.norm(image.affine[:3, k])) for k in range(3))
    organs = getattr(one, "organs", None) or one.truth.organs[image.uid]
    return Scan(image.pixels, (spacing[0], spacing[1], spacing[2]), dict(organs))


def torso_scan(seed: int) -> Scan:
    """The torso without contrast, healthy, painted and scanned on its own."""
    patient = Patient(seed, "ct-abdomen", "MF"[seed % 2], 50, 170.0, 25.0, (), Encounter(),
                      Acquisition())  # fmt: skip
    grid = torso.ct_grid(patient)
    body = torso.build(patient, (ct.look("unenhanced"),), grid)
    rng = np.random.default_rng(seed)
    hu = ct.scan(body.signal[0], rng, 1.0, body.facts["girth"], grid.spacing)
    return Scan(hu, grid.spacing, body.organs)


SCANS: dict[str, Callable[[int], Scan]] = {"made": made_scan, "torso": torso_scan}


def coarse(scan: Scan) -> Scan:
    """The same scan in cubes of 3 mm, averaged and not only picked."""
    factors = [s / COARSE for s in scan.spacing]
    blur = [0.4 * max(1 / f - 1, 0) for f in factors]
    hu = ndimage.zoom(ndimage.gaussian_filter(scan.hu, blur), factors, order=1)
    organs = {
        n: ndimage.zoom(m.astype(np.uint8), factors, order=0) > 0 for n, m in scan.organs.items()
    }
    return Scan(hu, (COARSE,) * 3, organs)


# ------------------------------------------------------------------ CT


def found(folder: Path, *patterns: str) -> Path | None:
    """The first file or folder below `folder` that one of the patterns names."""
    for pattern in patterns:
        hits = sorted(folder.rglob(pattern))
        if hits:
            return hits[0]
    return None


def real_scan(folder: Path) -> Scan | None:
    scan = found(folder, "example_ct_sm.nii.gz", "example_ct.nii.gz")
    labels = found(folder, "example_seg.nii.gz")
    if scan is None or labels is None:
        return None
    hu = radgloss.read(scan).images[0].pixels
    number = np.asarray(nibabel.load(labels).dataobj).T[:, ::-1, ::-1]  # RAS, as the scan beside it
    if hu.shape != number.shape:
        return None
    return Scan(hu, (COARSE,) * 3, {n: number == k for n, k in LABELS.items()})


def slabs(scan: Scan, n: int = 6) -> list[slice]:
    """A scan cut across its frames, so that one patient has halves to compare."""
    edges = np.linspace(0, len(scan.hu), n + 1).astype(int)
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


def organ_rows(real: Scan, others: Sequence[Scan]) -> list[Row]:
    rows = []
    for name in LABELS:
        here = [
            v
            for s in slabs(real)
            for v in realism.values_by_organ(real.hu[s], {name: real.organs[name][s]}).values()
        ]
        there = [
            v
            for o in others
            if name in o.organs
            for v in realism.values_by_organ(o.hu, {name: o.organs[name]}).values()
        ]
        if here and there:
            rows.append(realism.compare(f"CT number of the {name}", "HU", here, there))
            rows.append(
                realism.compare(
                    f"CT number of the {name}, centred",
                    "HU",
                    [v - np.median(v) for v in here],
                    [v - np.median(v) for v in there],
                )
            )
    return rows


def body_of(scan: Scan) -> Array:
    """The trunk: the largest thing denser than fat's lower end, without its border."""
    inside = ndimage.binary_opening(scan.hu > -300, iterations=1)
    number, n = ndimage.label(inside)
    if n == 0:
        return inside
    sizes = ndimage.sum_labels(inside, number, np.arange(1, n + 1))
    return ndimage.binary_erosion(number == 1 + int(np.argmax(sizes)), iterations=2)


def ct_part(folder: Path, scans: Sequence[Scan], result: Result) -> None:
    real = real_scan(folder)
    if real is None:
        result.missing.append("CT: example_ct*.nii.gz with example_seg.nii.gz of the same shape")
        return
    result.rows += organ_rows(real, scans)
    bags = [
        [realism.gradients(o.hu[s], o.spacing, body_of(o)[s]) for s in slabs(o)]
        for o in (real, *scans)
    ]
    others = [b for one in bags[1:] for b in one]
    result.rows.append(realism.compare("CT edges in the trunk", "HU/mm", bags[0], others))
    flat = [realism.patches(o.hu, ndimage.binary_erosion(o.organs["liver"], iterations=1))
            for o in (real, *scans)]  # fmt: skip
    if len(flat[0]) < 8 or sum(map(len, flat[1:])) < 8:
        result.missing.append("CT noise spectrum: too few even squares of liver")
        return
    every = np.concatenate(flat[1:])
    result.rows.append(
        realism.compare("CT noise in the liver", "HU", [[p.std()] for p in flat[0]],
                        [[p.std()] for p in every])
    )  # fmt: skip
    frequency, mine = realism.radial(realism.nps(every, (COARSE, COARSE)), (COARSE, COARSE), 6)
    _, theirs = realism.radial(realism.nps(flat[0], (COARSE, COARSE)), (COARSE, COARSE), 6)
    result.curves["CT noise, liver (1/mm)"] = (frequency, theirs, mine)
    tilt = [
        [realism.radial(realism.power(p), bins=4)[1] for p in group] for group in (flat[0], every)
    ]
    share = [[[np.nansum(t[2:]) / np.nansum(t)] for t in group] for group in tilt]
    result.rows.append(
        realism.compare("CT noise, share of high frequencies", "1", share[0], share[1])
    )


# ------------------------------------------------------------------ MR


MR_BOXES = {  # of example_mr_sm.nii.gz, read by eye: frame, rows, columns of even tissue
    "liver": (6, slice(50, 58), slice(14, 22)),
    "spleen": (14, slice(61, 68), slice(86, 95)),
    "left kidney": (6, slice(53, 61), slice(76, 84)),
}


def t1_scan(seed: int) -> Scan:
    """The in-phase T1 series of a made patient, in pixels of 3 mm, frames as they are."""
    patient = phantom.draw(seed, "mr-abdomen")
    how = replace(patient.acquisition, sequences=("T1",))
    one = phantom.simulate(replace(patient, acquisition=how, prior_days=0))
    image = one.study.images[0]
    spacing = tuple(float(np.linalg.norm(image.affine[:3, k])) for k in range(3))
    factors = (1.0, spacing[1] / COARSE, spacing[2] / COARSE)
    blur = [0.4 * max(1 / f - 1, 0) for f in factors]
    pixels = ndimage.zoom(ndimage.gaussian_filter(image.pixels, blur), factors, order=1)
    organs = {n: ndimage.zoom(m.astype(np.uint8), factors, order=0) > 0
              for n, m in one.truth.organs[image.uid].items()}  # fmt: skip
    return Scan(pixels, (spacing[0], COARSE, COARSE), organs)


def fat(pixels: Array) -> float:
    """In phase fat is the brightest tissue: the middle of the brightest third of the body."""
    body = pixels[pixels > 0.15 * np.percentile(pixels, 99)]
    return float(np.percentile(body, 100 * 5 / 6))


def mr_part(folder: Path, scans: Sequence[Scan], result: Result) -> None:
    path = found(folder, "example_mr_sm.nii.gz")
    if path is None:
        result.missing.append("abdominal MR: example_mr_sm.nii.gz")
        return
    real = radgloss.read(path).images[0].pixels
    for organ, (frame, rows, columns) in MR_BOXES.items():
        here = real[frame, rows, columns] / fat(real)
        there = [
            v / fat(scan.hu)
            for scan in scans
            if organ in scan.organs
            for v in realism.values_by_organ(scan.hu, {organ: scan.organs[organ]}).values()
        ]
        result.rows.append(realism.compare(f"T1 MR, {organ} to fat", "1", [*here], there))
    slices = [[small(grey(x, p)) for x in p[2:-2]] for p in (real, *(s.hu for s in scans))]
    thumb_part("T1 MR, small", slices[0], [x for one in slices[1:] for x in one], result)
    result.missing.append(
        "MR: the sequence of the real abdominal series is not known; it looks like T1 in phase, "
        "which is what stands beside it; organs of the real series are boxes read by eye"
    )


def grey(picture: Array, of: Array) -> Array:
    """0 to 255, white at the brightest 0.5 % of the series."""
    return np.clip(picture / np.percentile(of, 99.5), 0, 1) * 255


def head_part(folder: Path, result: Result) -> None:
    """Head MR has no phantom beside it: what it is stands alone."""
    for what, pattern in {"chris_t1": "chris_t1.nii.gz", "mr_dicom_t1": "mr_dicom_t1"}.items():
        path = found(folder, pattern)
        if path is None:
            result.missing.append(f"head MR: {pattern}")
            continue
        image = max(radgloss.read(path).images, key=lambda i: i.pixels.size)
        x = image.pixels[:, ::2, ::2] if image.pixels.size > 4e6 else image.pixels
        tissue = x > np.percentile(x, 60)
        bright = x > np.percentile(x[tissue], 60)
        low, high = np.percentile(x[tissue], (25, 75))
        result.alone[f"head MR ({what}), shading within the brighter tissue (upper bound)"] = (
            realism.bias_amplitude(x, bright, 8.0)
        )
        result.alone[f"head MR ({what}), contrast of upper to lower quartile"] = float(
            high / max(low, 1e-6)
        )


# ------------------------------------------------------------------ small pictures


def thumbs(folder: Path, name: str, most: int = 200) -> list[Array]:
    where = found(folder, name)
    files = sorted(where.glob("*.jp*g"))[:most] if where else []
    return [np.asarray(Image.open(f).convert("L"), float) for f in files]


def small(picture: Array) -> Array:
    """A picture of 0 to 255 (R, C), made square and 64 pixels wide."""
    rows, columns = picture.shape
    side = min(rows, columns) if abs(rows - columns) < 0.2 * rows else max(rows, columns)
    square = np.full((side, side), float(picture.min()))
    r, c = min(side, rows), min(side, columns)
    a, b = (rows - r) // 2, (columns - c) // 2
    u, v = (side - r) // 2, (side - c) // 2
    square[u : u + r, v : v + c] = picture[a : a + r, b : b + c]
    shrunk = Image.fromarray(square.astype(np.uint8)).resize((THUMB, THUMB), Image.Resampling.BOX)
    return np.asarray(shrunk, float)


def axial(scan: Scan) -> list[Array]:
    grey = np.clip((scan.hu + 160) / 400, 0, 1) * 255
    return [small(grey[k]) for k in range(4, len(grey) - 4, 6)]


def film(seed: int) -> Array:
    image = phantom.make(seed, "xr-chest").study.images[0]
    values = image.pixels[0]
    low, high = np.percentile(values, (0.5, 99.5))
    grey = np.clip((values - low) / (high - low), 0, 1) * 255
    return small(255 - grey if image.inverted else grey)


def standard(picture: Array) -> Array:
    """Mean 0, deviation 1: the windows of the real pictures are not known."""
    return (picture - picture.mean()) / max(float(picture.std()), 1e-6)


def thumb_part(what: str, real: Sequence[Array], mine: Sequence[Array], result: Result) -> None:
    if not real or not mine:
        result.missing.append(f"{what}: no real pictures")
        return
    measures: dict[str, tuple[str, Callable[[Array], Any]]] = {
        "grey levels": ("deviations", lambda x: x),
        "edges": (
            "deviations/pixel",
            lambda x: realism.gradients(x, (1, 1), np.ones(x.shape, bool)),
        ),
        "slope of the spectrum": ("1", lambda x: [realism.spectral_slope(x)]),
    }
    for name, (unit, measure) in measures.items():
        bags = [[measure(standard(x)) for x in group] for group in (real, mine)]
        result.rows.append(realism.compare(f"{what}, {name}", unit, bags[0], bags[1]))
    curves = [
        np.mean([realism.radial(realism.power(standard(x)))[1] for x in g], axis=0)
        for g in (real, mine)
    ]
    frequency = realism.radial(realism.power(real[0]))[0]
    result.curves[f"{what} (1/pixel)"] = (frequency, curves[0], curves[1])


# ------------------------------------------------------------------ the page and its picture


def panel(what: str, frequency: Array, real: Array, mine: Array) -> Image.Image:
    """One spectrum: decibels against frequency."""
    width, height, left, low = 420, 300, 46, 30
    page = Image.new("RGB", (width, height), (18, 18, 20))
    pen = ImageDraw.Draw(page)
    curves = [10 * np.log10(np.maximum(c, 1e-9)) for c in (real, mine)]
    floor, top = (f(np.nanmin(c) if f is min else np.nanmax(c) for c in curves) for f in (min, max))
    span = max(float(top - floor), 1.0)
    for curve, colour in zip(curves, ("white", "orange"), strict=True):
        points = [
            (left + (width - left - 10) * f / frequency[-1],
             height - low - (height - low - 34) * (v - floor) / span)
            for f, v in zip(frequency, curve, strict=True) if np.isfinite(v)
        ]  # fmt: skip
        pen.line(points, fill=colour, width=2)
    pen.text((left, 8), what, fill="white")
    pen.text((4, 30), f"{top:.0f} dB", fill="grey")
    pen.text((4, height - low - 8), f"{floor:.0f} dB", fill="grey")
    pen.text((width - 60, height - 20), f"{frequency[-1]:.2f}", fill="grey")
    return page


def draw(curves: Mapping[str, tuple[Array, Array, Array]], path: Path) -> None:
    panels = [panel(what, *c) for what, c in curves.items()]
    if not panels:
        return
    whole = Image.new("RGB", (panels[0].width * len(panels), panels[0].height))
    for k, one in enumerate(panels):
        whole.paste(one, (k * one.width, 0))
    whole.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--phantom", choices=sorted(SCANS), default="made")
    parser.add_argument("-n", type=int, default=6, help="simulated patients of each kind")
    parser.add_argument("-o", type=Path)
    options = parser.parse_args()
    if options.data is None:
        print("not run: real series are wanted to compare with (--data FOLDER)")
        return
    result = Result()
    scans = [coarse(SCANS[options.phantom](seed)) for seed in range(options.n)]
    ct_part(options.data, scans, result)
    mr_part(options.data, [t1_scan(seed) for seed in range(options.n)], result)
    head_part(options.data, result)
    slices = [x for scan in scans for x in axial(scan)]
    thumb_part("axial CT, small", thumbs(options.data, "AbdomenCT"), slices, result)
    films = [film(seed) for seed in range(4 * options.n)]
    thumb_part("chest film, small", thumbs(options.data, "CXR"), films, result)
    result.missing.append("ultrasound and abdominal films: no real pictures at hand")
    result.missing.append(
        "CT spectra: voxels of the phantom are averaged to 3 mm with linear interpolation, which "
        "takes some high frequencies; how the real scan was brought to 3 mm is not known"
    )
    if options.phantom == "made":
        result.missing.append(
            "CT numbers by phase: the real scan is unenhanced, made patients are mostly enhanced"
        )
    title = f"Realism of the phantom ({options.phantom}), {time.strftime('%Y-%m-%d')}"
    text = realism.page(title, result.rows, result.alone, result.missing)
    print(text)
    if options.o:
        options.o.write_text(text, encoding="utf-8")
        draw(result.curves, options.o.with_suffix(".png"))


if __name__ == "__main__":
    main()

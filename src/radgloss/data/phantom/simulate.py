"""One seed in, one whole patient out: pictures, report, truth, masks and captions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from radgloss.data.phantom import abdomen, chest, head, physics, words
from radgloss.data.phantom.patient import Lesion, Patient, draw, stream
from radgloss.data.phantom.shapes import F32, Grid
from radgloss.text.vocabulary import exam_findings
from radgloss.types import Finding, Identity, Image, Report, Source, Study, Truth, Window

__all__ = ["VERSION", "Caption", "Phantom", "caption_frames", "captions_of", "make", "simulate"]

VERSION = "1.0"
CT_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
DX_STORAGE = "1.2.840.10008.5.1.4.1.1.1.1"
CT_WINDOWS = (Window(40, 400, "LINEAR", "ABDOMEN"), Window(-600, 1500, "LINEAR", "LUNG"))
HEAD_WINDOWS = (Window(40, 80, "LINEAR", "BRAIN"),)
FRAMES_CAPTIONED = 8  # of a CT, in `Phantom.captions`


@dataclass(frozen=True)
class Caption:
    """Sentences that are true of one frame of one image, for training on pictures and words."""

    image: str
    frame: int
    sentences: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Phantom:
    """A simulated patient with everything that is known.

    severity: the word for each visible finding, in the order of `truth.visible`."""

    patient: Patient
    study: Study
    report: Report
    truth: Truth
    severity: tuple[str, ...]

    @property
    def masks(self) -> Mapping[str, npt.NDArray[np.bool_]]:
        """Finding masks (F, R, C) of the first image, as `kidney stone#0`."""
        return self.truth.masks[self.study.images[0].uid]

    @property
    def organs(self) -> Mapping[str, npt.NDArray[np.bool_]]:
        """Organ masks (F, R, C) of the first image by name; none on a film."""
        return self.truth.organs[self.study.images[0].uid]

    @cached_property
    def captions(self) -> tuple[Caption, ...]:
        """The film's caption, or those of some frames of a CT, lesions over-represented."""
        rng = stream(self.patient.seed, self.patient.exam, "frames")
        image = self.study.images[0]
        frames = caption_frames(self, FRAMES_CAPTIONED, rng)
        return tuple(Caption(image.uid, k, captions_of(self, k)) for k in frames)


def uid(*parts: object) -> str:
    """A UID under 2.25 made from a hash of its parts (PS3.5 B.2), the same every time."""
    digest = bytearray(hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80  # a UUID of version 8, as RFC 9562 asks of custom hashes
    digest[8] = digest[8] & 0x3F | 0x80
    return f"2.25.{int.from_bytes(bytes(digest), 'big')}"


def make(seed: int, exam: str) -> Phantom:
    """The phantom of that seed and exam: `simulate(draw(seed, exam))`."""
    return simulate(draw(seed, exam))


def simulate(patient: Patient) -> Phantom:
    """Pictures, words and truth of a patient; a changed lesion changes only what it must."""
    if patient.exam == "xr-chest":
        return _film(patient)
    if patient.exam == "ct-abdomen":
        return _abdomen(patient)
    return _head(patient)


def _finding(lesion: Lesion) -> Finding:
    size = (float(lesion.size_mm),) if lesion.size_mm else ()
    return Finding(lesion.what, "present", lesion.side, lesion.site, size, 1.0)


def _assemble(
    patient: Patient,
    image: Image,
    placed: list[tuple[Lesion, npt.NDArray[np.bool_], bool]],
    organs: Mapping[str, npt.NDArray[np.bool_]],
    title: str,
) -> Phantom:
    """The nouns around a picture: study, truth (present, visible, reported) and report."""
    present = tuple(_finding(lesion) for lesion, _, _ in placed)
    seen = [(_finding(lesion), lesion.severity) for lesion, _, visible in placed if visible]
    masks, count = {}, dict.fromkeys((lesion.what for lesion, _, _ in placed), 0)
    for lesion, mask, _ in placed:
        masks[f"{lesion.what}#{count[lesion.what]}"] = mask
        count[lesion.what] += 1
    rng = stream(patient.seed, patient.exam, "words")
    text = words.report(rng, patient.exam, patient.phase, seen, patient.incidentals)
    study = Study(
        uid=uid("phantom", VERSION, patient.exam, patient.seed, "study"),
        images=(image,),
        identity=Identity(
            patient_id=patient.name,
            patient_name=f"Phantom^{patient.seed:06d}",
            sex=patient.sex,
            study_id="1",
        ),
        description=title,
        age_years=float(patient.age),
        sex=patient.sex,
        synthetic=True,
    )
    visible = tuple(f for f, _ in seen)
    truth = Truth(present, visible, visible, {image.uid: masks}, {image.uid: organs})
    return Phantom(patient, study, text, truth, tuple(grade for _, grade in seen))


def _volume(patient: Patient, grid: Grid, hu: F32, part: str, windows: tuple[Window, ...]) -> Image:
    series = uid("phantom", VERSION, patient.exam, patient.seed, "series")
    dz, dy, dx = grid.spacing
    affine = np.array(
        [
            [0, 0, round(dx, 4), round(float(grid.x[0]), 4)],
            [0, round(dy, 4), 0, round(float(grid.y[0]), 4)],
            [round(dz, 4), 0, 0, round(float(grid.z[0]), 4)],
            [0, 0, 0, 1],
        ]
    )
    sources = tuple(
        Source(uid("phantom", VERSION, patient.exam, patient.seed, "frame", k), CT_STORAGE, series)
        for k in range(len(hu))
    )
    return Image(
        uid=series,
        pixels=hu,
        affine=affine,
        modality="CT",
        units="HU",
        voi=windows,
        body_part=part,
        description=f"{part.capitalize()} axial 5 mm",
        sources=sources,
        synthetic=True,
    )


def _abdomen(patient: Patient) -> Phantom:
    body = abdomen.build(patient)
    noise = stream(patient.seed, patient.exam, "noise")
    girth = body.facts["girth"]
    hu = physics.computed_tomography(body.hu, noise, patient.dose, girth)
    sigma = physics.noise_level(patient.dose, girth)
    image = _volume(patient, body.grid, hu, "ABDOMEN", CT_WINDOWS)
    placed = [
        (p.lesion, p.mask, p.contrast * np.sqrt(p.mask.sum()) > 5 * sigma) for p in body.placed
    ]
    return _assemble(patient, image, placed, body.organs, f"CT abdomen, {patient.phase}")


def _head(patient: Patient) -> Phantom:
    grid, hu = head.build(patient)
    noise = stream(patient.seed, patient.exam, "noise")
    picture = physics.computed_tomography(hu, noise, patient.dose * 4, 180.0)
    image = _volume(patient, grid, picture, "HEAD", HEAD_WINDOWS)
    return _assemble(patient, image, [], {}, "CT head")


def _film(patient: Patient) -> Phantom:
    film = chest.build(patient)
    noise = stream(patient.seed, patient.exam, "noise")
    values = physics.radiograph(film.attenuation, noise, patient.dose, film.pixel)
    values = physics.marked(values, patient.marker, film.pixel)
    if patient.inverted:
        values = physics.WHITE - values
    p = round(film.pixel, 4)
    # A film has no place in the patient: its millimetres count from its first pixel, to the left
    # along a row and to the feet along a column, as a reader of the file will have them.
    affine = np.array([[0, 0, p, 0], [1, 0, 0, 0], [0, -p, 0, 0], [0, 0, 0, 1.0]])
    name = uid("phantom", VERSION, patient.exam, patient.seed, "film")
    series = uid("phantom", VERSION, patient.exam, patient.seed, "series")
    image = Image(
        uid=name,
        pixels=values[None],
        affine=affine,
        modality="DX",
        view="PA",
        spacing="detector",
        inverted=patient.inverted,
        voi=(Window(2048, 4096, "LINEAR", "NORMAL"),),
        body_part="CHEST",
        description="Chest PA",
        sources=(Source(name, DX_STORAGE, series),),
        synthetic=True,
    )
    placed = [
        (s.lesion, s.mask[None], physics.detectable(film.attenuation, s.change, s.mask, film.pixel))
        for s in film.shadows
    ]
    return _assemble(patient, image, placed, {}, "Chest radiograph, PA")


# ------------------------------------------------------------------ captions

SHOWN_AREA = 60.0  # mm² of an organ in a frame before a caption speaks of it


def _organs_in(phantom: Phantom, frame: int) -> list[str]:
    affine = phantom.study.images[0].affine
    pixel = abs(float(affine[0, 2] * affine[1, 1]))
    here = [name for name, mask in phantom.organs.items() if mask[frame].sum() * pixel > SHOWN_AREA]
    order = ("lungs", "liver", "gallbladder", "spleen", "pancreas", "right kidney", "left kidney")
    return [name for name in order if name in here]


def _organ_shown(organ: str, organs: list[str]) -> bool:
    """Whether a frame shows enough of an organ to deny disease in it."""
    if organ == "kidneys":
        return "right kidney" in organs and "left kidney" in organs
    return organ in organs


def captions_of(phantom: Phantom, frame: int) -> tuple[str, ...]:
    """Sentences that are true of that frame; the same frame always gets the same words.

    A finding is denied only where its organ is shown and the whole organ does not hold it
    just outside the frame's mask (partial volume)."""
    patient = phantom.patient
    rng = stream(patient.seed, patient.exam, "words", 1 + frame)
    shown, near = [], set()
    keys = _keys(phantom)
    for (finding, grade), key in zip(
        zip(phantom.truth.visible, phantom.severity, strict=True), keys, strict=True
    ):
        mask = phantom.masks[key]
        if mask[frame].any():
            shown.append((finding, grade))
        elif mask[max(frame - 1, 0) : frame + 2].any():
            near.add(finding.what)
    hidden = {f.what for f in phantom.truth.present} - {f.what for f in phantom.truth.visible}
    stated = {f.what for f, _ in shown} | near | hidden
    if any(f.what == "splenomegaly" for f in phantom.truth.present):
        stated.add("splenomegaly")
    organs = _organs_in(phantom, frame)
    film = patient.exam == "xr-chest"
    negatives = [
        row.what
        for row in (() if patient.exam == "ct-head" else exam_findings(patient.exam))
        if row.what not in stated and (film or _organ_shown(row.organ, organs))
    ]
    return words.frame_sentences(rng, patient.exam, patient.phase, organs, shown, negatives)


def _keys(phantom: Phantom) -> list[str]:
    """The mask's name of each visible finding, in order."""
    count: dict[str, int] = {}
    names = []
    for finding in phantom.truth.present:
        n = count.get(finding.what, 0)
        count[finding.what] = n + 1
        names.append((finding, f"{finding.what}#{n}"))
    visible = list(phantom.truth.visible)
    out = []
    for finding, name in names:
        if finding in visible:
            out.append(name)
    return out


def caption_frames(phantom: Phantom, n: int, rng: np.random.Generator) -> tuple[int, ...]:
    """n frames in ascending order, half of them through lesions where there are any.

    Fewer where the image has fewer."""
    frames = phantom.study.images[0].pixels.shape[0]
    if frames == 1:
        return (0,)
    weight = np.ones(frames)
    for mask in phantom.masks.values():
        area = mask.any(axis=(1, 2))
        if area.any():
            weight[area] += 1.2 * frames / (area.sum() + 2) / len(phantom.masks)
    chosen = rng.choice(frames, size=min(n, frames), replace=False, p=weight / weight.sum())
    return tuple(sorted(int(k) for k in chosen))

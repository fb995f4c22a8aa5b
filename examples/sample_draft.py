"""Sample drafts on simple shapes, in every format: what a reader and a tester can look at.

Usage: python examples/sample_draft.py OUT
Writes OUT/ct, OUT/radiograph, OUT/abstained (txt, json, html, fhir, sr) and OUT/rejected."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from radgloss.dicom import sr
from radgloss.exchange import files, provenance
from radgloss.types import (
    Draft,
    Evidence,
    Finding,
    Flag,
    Identity,
    Image,
    InputRejected,
    OrganState,
    Origin,
    Prediction,
    Region,
    Sentence,
    Source,
    Study,
    Window,
)
from radgloss.workflow.status import DRAFT

CT_CLASS = "1.2.840.10008.5.1.4.1.1.2"
DX_CLASS = "1.2.840.10008.5.1.4.1.1.1.1"
ORIGIN = Origin("sha256:" + "5e" * 32, "sha256:" + "c4" * 32, "0.1.0", 7, "2026-11-23T09:30:00Z")


def _ellipsoid(shape, center, radii):
    axes = np.ogrid[tuple(slice(0, n) for n in shape)]
    squares = ((a - c) / r for a, c, r in zip(axes, center, radii, strict=True))
    return sum(s**2 for s in squares) <= 1


def ct_study() -> Study:
    """An abdomen of ellipsoids: liver with a cyst, spleen, kidneys with a stone, spine; HU."""
    shape = (40, 220, 300)  # 5 mm × 1.2 mm × 1.2 mm
    noise = np.random.default_rng(3)
    hu = np.full(shape, -1000.0)
    hu[_ellipsoid(shape, (20, 112, 150), (60, 98, 138))] = -95  # fat
    hu[_ellipsoid(shape, (20, 112, 150), (58, 86, 124))] = 35  # wall and bowel
    hu[_ellipsoid(shape, (24, 96, 82), (22, 62, 52))] = 62  # liver, patient's right
    hu[_ellipsoid(shape, (26, 120, 240), (12, 36, 22))] = 52  # spleen
    for column in (92, 212):
        hu[_ellipsoid(shape, (12, 148, column), (12, 24, 16))] = 34
    hu[_ellipsoid(shape, (20, 165, 150), (60, 20, 20))] = 280  # vertebra
    hu[_ellipsoid(shape, (20, 132, 158), (60, 9, 9))] = 45  # aorta
    hu[_ellipsoid(shape, (27, 88, 70), (4, 15, 15))] = 5  # cyst
    hu[_ellipsoid(shape, (11, 150, 206), (1, 3, 3))] = 700  # stone
    hu += noise.normal(0, 9, shape)
    affine = np.array(
        [[0, 0, 1.2, -180], [0, 1.2, 0, -132], [5, 0, 0, 0], [0, 0, 0, 1]], np.float64
    )
    series, study = "2.25.1001.1", "2.25.1001"
    image = Image(
        uid=series,
        pixels=hu.astype(np.float32),
        affine=affine,
        modality="CT",
        body_part="ABDOMEN",
        description="Abdomen 5 mm",
        units="HU",
        voi=(Window(40, 400),),
        sources=tuple(Source(f"{series}.{n + 1}", CT_CLASS, series) for n in range(shape[0])),
        synthetic=True,
    )
    return Study(
        uid=study,
        images=(image,),
        identity=Identity(
            patient_id="PHANTOM-1", patient_name="Phantom^One", study_date="20261123",
            study_time="093000", sex="F", birth_date="19700101", accession_number="A1",
        ),
        description="CT abdomen, portal venous",
        age_years=56,
        sex="F",
        digests={f"{series}.{n + 1}": f"{n:064x}" for n in range(shape[0])},
        left_out=(
            InputRejected("not-dicom", "notes.txt", "plain text", "a DICOM file", "Leave it out."),
        ),
        synthetic=True,
    )  # fmt: skip


def ct_draft() -> Draft:
    """What a drafter could say about `ct_study`."""
    image = "2.25.1001.1"
    cyst = Evidence("region", 0.94, image, 27, Region((23, 73, 55), (31, 103, 85)),
                    centre_mm=(-96.0, -26.4, 135.0), extent_mm=(37.2, 37.2, 45.0))  # fmt: skip
    stone = Evidence("region", 0.71, image, 11, Region((10, 147, 203), (12, 153, 209)))
    spleen = Evidence("region", 0.66, image, 26, Region((14, 84, 218), (38, 156, 262)))
    near = Evidence("report", 0.83, text="Simple cyst in the right lobe of the liver, 34 mm.",
                    uid="2.25.77")  # fmt: skip
    return Draft(
        study="2.25.1001",
        origin=ORIGIN,
        sentences=(
            Sentence("CT of the abdomen, portal venous phase, 5 mm sections.", "technique"),
            Sentence("No earlier examination was available.", "comparison"),
            Sentence(
                "There is a 36 mm cyst in the right lobe of the liver.", "findings", "liver",
                (Finding("liver cyst", "present", "right", "right lobe", (36.0,), 0.96),),
                (cyst, near), 0.96,
            ),
            Sentence(
                "The spleen is not enlarged.", "findings", "spleen",
                (Finding("splenomegaly", "absent", certainty=0.78),), (spleen,), 0.78,
            ),
            Sentence(
                "There is a 7 mm stone in the left kidney.", "findings", "kidneys",
                (Finding("kidney stone", "present", "left", "", (7.0,), 0.61),), (stone,), 0.61,
            ),
            Sentence("No stone is seen in the right kidney.", "findings", "kidneys",
                     (Finding("kidney stone", "absent", "right", certainty=0.91),), (), 0.91),
            Sentence("Simple liver cyst, 36 mm.", "impression", "",
                     (Finding("liver cyst", "present", size_mm=(36.0,)),), (cyst,), 0.96),
            Sentence("Left kidney stone, 7 mm, without sign of obstruction on these images.",
                     "impression", "", (Finding("kidney stone", "present", "left"),),
                     (stone,), 0.61),
        ),
        predictions=(
            Prediction("liver cyst", 0.96, 3.2),
            Prediction("kidney stone", 0.61, 0.45),
            Prediction("splenomegaly", 0.22, -1.27),
            Prediction("pneumothorax", 0.5, 0.0, True, "not visible in this examination"),
        ),
        not_assessed=("pancreas", "gallbladder", "bowel", "bones", "lung bases"),
        flags=(
            Flag("survives", "kidney stone: still called present with the place it points to "
                 "taken out (probability 0.58)", 4),
            Flag("size", "kidney stone: 7 mm in the words, and measured is 6 mm", 4),
        ),
        organs=(
            OrganState("liver", "abnormal"),
            OrganState("spleen", "assessed and normal"),
            OrganState("pancreas", "not assessed", ("pancreatic mass", "acute pancreatitis")),
            OrganState("kidneys", "abnormal", ("hydronephrosis",)),
            OrganState("bowel", "uncertain", ("appendicitis",)),
        ),
        support=(
            near,
            Evidence("report", 0.79, text="Liver: well-defined 28 mm lesion of fluid density in "
                     "segment VII, a simple cyst. Spleen and kidneys normal.", uid="2.25.78"),
        ),
        synthetic=True,
    )  # fmt: skip


def radiograph_study() -> Study:
    """A chest of soft shapes, PA, MONOCHROME1, spacing at the detector only."""
    rows, columns = 620, 540
    r, c = np.mgrid[0:rows, 0:columns].astype(float)
    shade = np.full((rows, columns), 0.55)

    def blob(row, column, tall, wide, power=2.0):
        return np.exp(-((((r - row) / tall) ** 2 + ((c - column) / wide) ** 2) ** power))

    shade += 0.16 * blob(300, 270, 380, 235, 4)
    shade -= 0.42 * blob(285, 165, 205, 92) + 0.40 * blob(280, 382, 200, 86)
    shade += 0.22 * blob(300, 272, 330, 34) + 0.30 * blob(390, 305, 105, 95)
    shade += 0.26 * blob(590, 270, 130, 330, 3) + 0.10 * blob(500, 445, 60, 70)
    for rib in range(9):
        for side, turn in ((165, -1), (382, 1)):
            bend = 95 + rib * 48 + 0.0019 * (c - side) ** 2 + 0.12 * turn * (c - side)
            shade += 0.035 * np.exp(-(((r - bend) / 8) ** 2)) * (np.abs(c - side) < 110)
    shade += np.random.default_rng(5).normal(0, 0.006, shade.shape)
    affine = np.array(
        [[0, 0, 0.6, -162], [1, 0, 0, 0], [0, -0.6, 0, 186], [0, 0, 0, 1]], np.float64
    )
    image = Image(
        uid="2.25.2002.1",
        pixels=(4095 * (1 - np.clip(shade, 0, 1)))[None].astype(np.float32),
        affine=affine,
        modality="DX",
        view="PA",
        spacing="detector",
        inverted=True,
        body_part="CHEST",
        sources=(Source("2.25.2002.1.1", DX_CLASS, "2.25.2002.1"),),
        synthetic=True,
    )
    return Study(
        "2.25.2002", (image,), Identity("PHANTOM-2", patient_name="Phantom^Two"), "",
        61, "M", {"2.25.2002.1.1": "ab" * 32}, synthetic=True,
    )  # fmt: skip


def radiograph_draft() -> Draft:
    """What a drafter could say about `radiograph_study`."""
    basin = Evidence("region", 0.88, "2.25.2002.1", 0, Region((0, 440, 380), (0, 560, 500)))
    effusion = Finding("pleural effusion", "present", "left", certainty=0.88)
    return Draft(
        study="2.25.2002",
        origin=ORIGIN,
        sentences=(
            Sentence("Chest radiograph, PA.", "technique"),
            Sentence("No nodule is seen.", "findings", "lungs",
                     (Finding("lung nodule", "absent", certainty=0.72),), (), 0.72),
            Sentence("There is a small left pleural effusion.", "findings", "pleura",
                     (effusion,), (basin,), 0.88),
            Sentence("No pneumothorax.", "findings", "pleura",
                     (Finding("pneumothorax", "absent", certainty=0.93),), (), 0.93),
            Sentence("Small left pleural effusion.", "impression", "", (effusion,), (basin,), 0.88),
        ),
        predictions=(Prediction("pleural effusion", 0.88, 2.0),),
        not_assessed=("heart size", "bones", "lines and tubes"),
        synthetic=True,
    )  # fmt: skip


def abstained_draft() -> Draft:
    """No draft, and why, for the study of `ct_study`."""
    return Draft(
        study="2.25.1001",
        sentences=(),
        origin=ORIGIN,
        abstained=True,
        why="This CT lies outside what the model has seen: distance 4.1, limit 2.6. "
        "It was taught on the abdomen only.",
        not_assessed=("liver", "spleen", "kidneys"),
        synthetic=True,
    )


def main(out: Path) -> None:
    """Writes every sample in every format."""
    pairs = {
        "ct": (ct_draft(), ct_study()),
        "radiograph": (radiograph_draft(), radiograph_study()),
        "abstained": (abstained_draft(), ct_study()),
    }
    for name, (draft, study) in pairs.items():
        written = files.write_all(draft, study, DRAFT, out / name, files.FILES, sr.write)
        digests = {path.name: files.sha256(path) for path in written.values()}
        provenance.write(draft, study, out / name, outputs=digests)
    refused = InputRejected("no-pixels", "report.dcm", "an SR document", "an image", "Send images.")
    files.write_rejection(refused, out / "rejected", "A report without images")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""NIfTI volumes, slab by slab, so that a gzip bomb never unfolds in memory. Child only.

The stored axes are turned (never resampled) so that a picture looks as a radiologist expects:
axial rows run to posterior and columns to the left; coronal and sagittal rows run to the feet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header

from radgloss.dicom.header import Coded, Header, Pixels, Plane
from radgloss.dicom.limits import Limits
from radgloss.dicom.pixels import RealFrame
from radgloss.dicom.source import Source
from radgloss.types import NO_MODALITY, Identity, InputRejected

__all__ = ["frames", "header"]

_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])  # NIfTI is RAS
# plane of a slab (its axis in LPS): which way rows and columns run when shown, as LPS directions
_SHOWN = {0: ((0, 0, -1), (0, 1, 0)), 1: ((0, 0, -1), (1, 0, 0)), 2: ((0, 1, 0), (1, 0, 0))}


def _nib_header(source: Source) -> Any:  # nibabel is untyped
    start = source.gunzipped().read(544)
    size = int.from_bytes(start[:4], "little"), int.from_bytes(start[:4], "big")
    kind: Any = Nifti2Header if 540 in size else Nifti1Header
    if not {348, 540} & set(size) or len(start) < (540 if 540 in size else 348):
        raise _refused("not-dicom", "a file that is not NIfTI in spite of its name")
    try:
        # of the header alone: with its stream, extensions would be read that we do not have here
        return kind(start[: kind.sizeof_hdr], check=False)
    except (nib.spatialimages.HeaderDataError, nib.filebasedimages.ImageFileError, ValueError):
        raise _refused("damaged", "a NIfTI header that makes no sense") from None


def header(source: Source, limits: Limits) -> Header:
    """Everything but the voxels; four-dimensional files keep their volumes one after another."""
    head = _nib_header(source)
    shape = [int(n) for n in head.get_data_shape()] + [1, 1, 1]
    columns, rows, slices = shape[:3]
    volumes = int(np.prod([max(n, 1) for n in shape[3:]], dtype=object))
    kind = head.get_data_dtype()
    if kind.fields is not None:
        raise _refused("colour", "a NIfTI of colours")
    if kind.kind not in "iuf" or kind.itemsize > 8:
        raise _refused("unsupported", f"NIfTI voxels of type {kind}")
    if min(columns, rows, slices) < 1:
        raise _refused("damaged", "a NIfTI without voxels")
    real = rows * columns * slices * volumes * 4
    if real > limits.pixels_bytes or rows * columns * 8 > limits.frame_bytes:
        raise _refused("too-large", f"{volumes} volumes of {slices}×{rows}×{columns}")
    affine, layout, notes = _laid_out(head, (slices, rows, columns))
    turned = layout[1] == 1
    slope, intercept = head.get_slope_inter()
    if kind.kind == "f":
        bits, stored_kind = kind.itemsize * 8, "float" if kind.itemsize == 4 else "double"
    else:
        bits, stored_kind = kind.itemsize * 8, "int"
    pixels = Pixels(
        rows=columns if turned else rows,
        columns=rows if turned else columns,
        frames=slices * volumes,
        samples=1,
        photometric="MONOCHROME2",
        allocated=bits,
        stored=bits,
        high=bits - 1,
        signed=kind.kind == "i",
        planar=0,
        kind=stored_kind,
        vr="",
        syntax="nifti",
        big_endian=kind.byteorder == ">",
        offset=max(int(head.get_data_offset()), 352),
        length=-1,
        offsets=(),
        lengths=(),
        padding=(),
        modality_lut=None,
    )
    digest = source.digest()
    return Header(
        digest=digest,
        size=source.size,
        sop_instance_uid=f"nifti-{digest[:16]}",
        sop_class_uid="",
        study_uid=f"nifti-{digest[:16]}",
        series_uid=f"nifti-{digest[:16]}",
        frame_of_reference="",
        transfer_syntax="nifti",
        identity=Identity(),
        age="",
        modality="",
        study_description="",
        series_description="",
        series_number=0,
        instance_number=0,
        body_part="",
        laterality="",
        view="",
        image_type=(),
        units="",
        patient_orientation=(),
        imager_spacing=(),
        nominal_spacing=(),
        calibration="",
        magnification=0.0,
        aspect=(),
        presentation_inverse=False,
        synthetic=False,
        windows=(),
        tables=(),
        pixels=pixels,
        planes=(Plane(slope=float(slope or 1.0), intercept=float(intercept or 0.0)),),
        notes=tuple(notes),
        volume=True,
        affine=tuple(float(v) for v in affine.ravel()),
        layout=(slices, layout[1], layout[0], layout[2], layout[3]),
    )


def _laid_out(
    head: Any, shape: tuple[int, int, int]
) -> tuple[np.ndarray, tuple[int, int, int, int], list[str]]:
    """(frame, row, column, 1) → LPS mm, and (frames, turned, rows, columns flipped) as 0 or 1."""
    notes = [NO_MODALITY, "NIfTI: units as stored"]
    if not head["qform_code"] and not head["sform_code"]:
        notes.append("NIfTI without orientation: left and right are not known")
    stored = _TO_LPS @ head.get_best_affine()  # of (i, j, k)
    if not np.isfinite(stored).all() or abs(np.linalg.det(stored[:3, :3])) < 1e-9:
        raise _refused("geometry", "a NIfTI affine that is not invertible")
    affine = stored[:, [2, 1, 0, 3]]  # of (k, j, i) = (frame, row, column)
    axis = int(np.argmax(np.abs(affine[:3, 0])))
    down, right = (np.array(v, float) for v in _SHOWN[axis])
    turned = abs(affine[:3, 1] @ down) < abs(affine[:3, 2] @ down)
    if turned:
        affine, shape = affine[:, [0, 2, 1, 3]], (shape[0], shape[2], shape[1])
    rows = affine[:3, 1] @ down < 0
    columns = affine[:3, 2] @ right < 0
    frames_flipped = affine[axis, 0] < 0
    for column, flipped in enumerate((frames_flipped, rows, columns)):
        if flipped:
            affine = affine.copy()
            affine[:, 3] += affine[:, column] * (shape[column] - 1)
            affine[:, column] *= -1
    return affine, (int(frames_flipped), int(turned), int(rows), int(columns)), notes


def frames(
    source: Source, header: Coded, wanted: Sequence[int], limits: Limits
) -> Iterator[RealFrame]:
    """Slabs in the order of the file; `wanted` must be all of them, ascending."""
    pixels = header.pixels
    _, turned, _, rows, columns = header.layout
    letter = {"float": "f", "double": "f"}.get(pixels.kind, "i" if pixels.signed else "u")
    kind = np.dtype(f"{'>' if pixels.big_endian else '<'}{letter}{pixels.allocated // 8}")
    shape = (pixels.columns, pixels.rows) if turned else (pixels.rows, pixels.columns)
    stream = source.gunzipped()
    stream.read(pixels.offset)
    size = pixels.frame_bytes
    for _ in wanted:
        data = stream.read(size)
        if len(data) < size:
            raise InputRejected(
                "truncated", "file", "too few voxels", "all that its header states", "Get it again."
            )
        slab = np.frombuffer(data, kind).reshape(shape)
        slab = slab.T if turned else slab
        slab = slab[::-1] if rows else slab
        slab = slab[:, ::-1] if columns else slab
        plane = header.planes[0]
        yield RealFrame(slab, plane.slope, plane.intercept, (), None)


def _refused(code: str, found: str) -> InputRejected:
    return InputRejected(code, "file", found, "a NIfTI volume of numbers", "Leave it out.")

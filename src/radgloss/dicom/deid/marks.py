"""What a de-identified object says of itself (PS3.15 E.2, E.3; PS3.3 C.12.1). Child only."""

from __future__ import annotations

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from radgloss import __version__
from radgloss.dicom.deid.options import Option, Options
from radgloss.dicom.deid.table import EDITION

__all__ = ["IMPLEMENTATION", "mark", "meta"]

IMPLEMENTATION = UID("2.25.255017423306846518370871290613347219043")


def mark(data: Dataset, options: Options) -> None:
    """Identity removed, by which method, with which options, and what became of the dates.

    Codes of an earlier de-identification stay, for what it removed is still removed."""
    data.PatientIdentityRemoved = "YES"
    data.DeidentificationMethod = [f"radgloss {__version__}", f"PS3.15 {EDITION} Table E.1-1"]
    earlier = [i for i in data.get("DeidentificationMethodCodeSequence", None) or [] if _is_code(i)]
    said = {str(item.CodeValue) for item in earlier}
    ours = [_code(option) for option in options.coded if option.code not in said]
    data.DeidentificationMethodCodeSequence = Sequence([*earlier, *ours])
    data.LongitudinalTemporalInformationModified = options.dates
    if "pixels" in options:
        data.BurnedInAnnotation = "NO"  # E.3.1


def _is_code(item: Dataset) -> bool:
    return item.get("CodingSchemeDesignator") == "DCM" and bool(item.get("CodeValue"))


def _code(option: Option) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator = option.code, "DCM"
    item.CodeMeaning = option.meaning
    return item


def meta(data: Dataset, syntax: str) -> FileMetaDataset:
    """Fresh meta information: titles, addresses and private parts of the old are gone."""
    fresh = FileMetaDataset()
    fresh.MediaStorageSOPClassUID = UID(data.SOPClassUID)
    fresh.MediaStorageSOPInstanceUID = UID(data.SOPInstanceUID)
    fresh.TransferSyntaxUID = UID(syntax)
    fresh.ImplementationClassUID = IMPLEMENTATION
    fresh.ImplementationVersionName = "RADGLOSS"
    return fresh

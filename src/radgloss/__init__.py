"""radgloss connects radiology images and text.

    study = radgloss.read("study/")        # DICOM folder, file, zip, or NIfTI
    model = radgloss.load("starter")
    draft = model.report(study)            # draft.findings, draft.sentences[0].evidence
    hits = radgloss.Index.open("idx").search(model.embed_text("pleural effusion"), k=5)

For research and education. Not a medical device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Index", "InputRejected", "__version__", "deid", "evaluate", "load", "read",
           "read_all", "score"]  # fmt: skip

if TYPE_CHECKING:
    from radgloss.dicom import read, read_all
    from radgloss.dicom.deid import deid
    from radgloss.eval.scoring import score
    from radgloss.index import Index
    from radgloss.types import InputRejected
    from radgloss.wiring import evaluate, load

_WHERE = {
    "read": "radgloss.dicom",
    "read_all": "radgloss.dicom",
    "deid": "radgloss.dicom.deid",
    "evaluate": "radgloss.wiring",
    "load": "radgloss.wiring",
    "score": "radgloss.eval.scoring",
    "Index": "radgloss.index",
    "InputRejected": "radgloss.types",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import radgloss` costs nothing."""
    if name not in _WHERE:
        raise AttributeError(f"module 'radgloss' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_WHERE[name]), name)

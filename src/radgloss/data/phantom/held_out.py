"""What training never meets, in one table: two diseases of the spleen, and organs in some looks.

The parts of every composition are trained on (hydatid cysts in the liver, granulomas in the lung,
spleens with simple cysts; the pancreas on T2, other organs on T1), so that what is measured is the
composition and not the concept. Training and validation seeds never draw a held-out finding, and
whoever makes training captions asks `is_held_out_cell` first. The guard is a test."""

from __future__ import annotations

__all__ = ["CELLS", "FINDINGS", "is_held_out_cell"]

FINDINGS = ("splenic hydatid cyst", "splenic granuloma")

CELLS: tuple[tuple[str, str, str], ...] = (  # (organ, exam, sequence, phase or view; "" any)
    ("pancreas", "mr-abdomen", "T1"),
    ("spleen", "mr-abdomen", "ADC"),
    ("kidneys", "mr-abdomen", "T1 fat-suppressed"),
    ("liver", "mr-abdomen", "DWI"),
    ("gallbladder", "ct-abdomen", "delayed"),
    ("spleen", "ct-abdomen", "unenhanced"),
    ("pancreas", "ct-abdomen", "arterial"),
    ("aorta", "ct-abdomen", "excretory"),
    ("pancreas", "us-abdomen", ""),
    ("heart", "xr-chest", "lateral"),
)


def is_held_out_cell(organ: str, exam: str, look: str = "") -> bool:
    """Whether no training caption may pair this organ with this look of this exam.

    >>> is_held_out_cell("pancreas", "mr-abdomen", "T1")
    True
    >>> is_held_out_cell("pancreas", "mr-abdomen", "T2")
    False
    """
    return (organ, exam, look) in CELLS or (organ, exam, "") in CELLS

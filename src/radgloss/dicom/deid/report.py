"""The report of a run: what was done by tag, what was not done, and what a person must look at.

It lies beside the new files and travels with them, so it names no input file, no old UID and no
value: counts, tags and new paths only."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from radgloss import __version__, disk
from radgloss.dicom.deid.options import CLEAN
from radgloss.dicom.deid.running import Done, Written
from radgloss.dicom.deid.table import EDITION

__all__ = ["FILES", "SCHEMA", "look_at", "tree", "write"]

SCHEMA = 1
FILES = ("deid-report.json", "deid-report.txt")
NOTICE = (
    "No program can promise that nobody is recognised. Free text may name people whom no header "
    "names; pictures may show faces, text that was not read, or rare anatomy. Somebody must look."
)
_ACTIONS = {
    "X": "removed", "Z": "emptied", "D": "replaced by a dummy", "U": "replaced by another UID",
    "K": "kept", "C": "cleaned",
}  # fmt: skip
_FACES = ("CT", "MR", "PT", "NM")  # modalities whose volumes of a head hold a face
_BURNED = ("US", "XC", "ES", "GM", "SM", "OT", "SC", "XA", "RF", "CR", "DX", "MG", "IVUS", "OP")
_VIDEO = "1.2.840.10008.1.2.4.10"


def look_at(written: Written, pixels_cleaned: bool) -> Iterator[str]:
    """Why a person should look at this file, in fixed sentences."""
    said = written.summary
    if written.masks:
        yield f"pixels masked in {len(written.masks)} places: is anything of the patient hidden?"
    if said.pixels and not pixels_cleaned:
        if said.burned:
            yield "said to hold burned-in annotation, and its pixels were not cleaned"
        elif said.modality in _BURNED:
            yield "a modality whose pictures often hold text, and its pixels were not cleaned"
    if written.looked and written.looked.read < written.looked.frames:
        yield f"text was looked for in {written.looked.read} of {written.looked.frames} frames"
    if pixels_cleaned and said.pixels and (not written.looked or not written.looked.frames):
        yield "no text was looked for in its pixels"
    if said.syntax.startswith(_VIDEO):
        yield "a video: neither pictures nor sound were looked at"
    if said.private_class:
        yield "a private class of object, for which the profile is not defined"
    if said.found:
        yield "kept text named people of the header; look for others in it"
    if said.residue:
        yield "something that the header said of people may still stand in its bytes"
    if said.pixels and said.modality in _FACES:
        yield "if it shows a head, a face may be made of it: visual features were not cleaned"


def tree(done: Done) -> dict[str, Any]:
    """The report as JSON values."""
    cleaned = "pixels" in done.options
    acts: Counter[tuple[int, str, bool]] = Counter()
    for written in done.written:
        for act in written.summary.acts:
            acts[act.tag, act.action, act.beyond] += act.count
    places = [w.summary.place for w in done.written]
    kinds = ("patients", "studies", "series", "instances")
    reasons: dict[str, list[str]] = {}
    for written in done.written:
        for reason in look_at(written, cleaned):
            reasons.setdefault(reason, []).append(written.path)
    return {
        "kind": "radgloss-deid-report",
        "schema": SCHEMA,
        "notice": NOTICE,
        "program": {"name": "radgloss", "version": __version__},
        "profile": {
            "standard": f"DICOM PS3.15 {EDITION}, Table E.1-1",
            "options": [asdict(option) for option in done.options.coded],
            "not_done": [
                "Clean Recognizable Visual Features Option (113102)",
                *(f"{o.meaning} ({o.code})" for o in CLEAN if o.name not in done.options),
            ],
            "dates": done.options.dates,
        },
        "key_fingerprint": done.fingerprint,
        "text_reader": f"tesseract {done.reader.version}" if done.reader else None,
        "counts": {k: len({p[: i + 1] for p in places}) for i, k in enumerate(kinds)}
        | {"left_out": len(done.left_out), "ignored": len(done.ignored)},
        "left_out": dict(sorted(Counter(p.code for p in done.left_out).items())),
        "acts": [
            {
                "tag": f"{tag >> 16:04x},{tag & 0xFFFF:04x}",
                "keyword": _keyword(tag),
                "action": action,
                "named_by_table": not beyond,
                "count": count,
            }
            for (tag, action, beyond), count in sorted(acts.items())
        ],
        "look_at": [{"why": why, "files": paths} for why, paths in sorted(reasons.items())],
        "masks": {w.path: [asdict(b) for b in w.masks] for w in done.written if w.masks},
    }


def _keyword(tag: int) -> str:
    """The dictionary's word; the creator and meaning of a private tag are not repeated."""
    from pydicom.datadict import keyword_for_tag

    return "private" if tag >> 16 & 1 else keyword_for_tag(tag) or "unknown"


def text(said: dict[str, Any]) -> str:
    """The same for people, the acts summed by what was done."""
    counts, profile = said["counts"], said["profile"]
    lines = [
        f"De-identified by radgloss {said['program']['version']}, {profile['standard']}",
        "",
        said["notice"],
        "",
        *(f"  done      {o['meaning']} ({o['code']})" for o in profile["options"]),
        *(f"  not done  {name}" for name in profile["not_done"]),
        "",
        ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in counts.items()),
        f"dates: {profile['dates']}; key {said['key_fingerprint']}; text in pictures read by: "
        f"{said['text_reader'] or 'nobody'}",
        "",
        "What was done",
    ]
    for action, words in _ACTIONS.items():
        of_it = [a for a in said["acts"] if a["action"] == action]
        if of_it:
            total = sum(a["count"] for a in of_it)
            lines.append(f"  {words}: {total} values of {len(of_it)} attributes")
            lines += [f"    ({a['tag']}) {a['keyword']} × {a['count']}" for a in of_it]
    lines += ["", "What to look at"]
    for entry in said["look_at"]:
        lines.append(f"  {entry['why']}: {len(entry['files'])} files")
        lines += [f"    {path}" for path in entry["files"][:20]]
        if len(entry["files"]) > 20:
            lines.append(f"    … and {len(entry['files']) - 20} more, in {FILES[0]}")
    if said["left_out"]:
        lines += ["", "Left out", *(f"  {c}: {n} files" for c, n in said["left_out"].items())]
    return "\n".join(lines) + "\n"


def write(done: Done, folder: Path) -> dict[str, Any]:
    """Both files into the folder, each whole; returns the tree."""
    said = tree(done)
    disk.write(folder / FILES[0], json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    disk.write(folder / FILES[1], text(said))
    return said

"""A draft as one HTML file: pictures on one side, the text on the other, each leading to the other.

Nothing is fetched: style, script and pictures are inside. A strict Content-Security-Policy names
the one style and the one script by their hash, so nothing that came in with a study or a text
can run; Jinja2 escapes every word besides."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from radgloss.exchange.pictures import Picture, pictures
from radgloss.exchange.words import (
    SECTIONS,
    as_sentence,
    check_word,
    confidence_word,
    finding_words,
    flags_of,
    inputs,
    modalities,
    one_line,
    place_words,
    state_words,
    study_title,
    unnamed,
)
from radgloss.types import MACHINE_MARK, Draft, Evidence, Flag, ReportStatus, Sentence, Study

__all__ = ["ROOM_SLOT", "policy", "render"]

ROOM_SLOT = "<!--room-->"
"""Where a page that serves the file may put its way back."""


def render(draft: Draft, study: Study, status: ReportStatus) -> str:
    """The whole page as text; the same draft and study give the same page.

    Neither identity nor free text of the study is read, nor any file's name. Under 3 MB whatever
    the study."""
    shown = pictures(study, draft)
    style, script = _asset("draft.css"), _asset("draft.js")
    return _environment().get_template("draft.html").render(
        mark=MACHINE_MARK,
        policy=policy(style, script),
        style=Markup(style),
        script=Markup(script),
        slot=Markup(ROOM_SLOT),
        title=study_title(study),
        draft=draft,
        study=study,
        inputs=inputs(study),
        left_out=unnamed(study.left_out),
        status=status,
        modalities=modalities(study),
        pictures=[_picture(n, p) for n, p in enumerate(shown)],
        unshown=[i for i in study.images if i.uid not in {p.uid for p in shown}],
        sections=_sections(draft, shown),
        counts=_counts(draft),
        flags=[_flag(f) for f in flags_of(draft, None)],
        flagged=sorted({f.sentence for f in draft.flags} & set(range(len(draft.sentences)))),
        silent=_silent(draft),
        support=[_report(e) for e in draft.support if e.text],
    )  # fmt: skip


def policy(style: str, script: str) -> str:
    """The Content-Security-Policy that lets this style and this script run and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            "img-src data:",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("radgloss.exchange", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["line"] = one_line
    environment.filters["fact"] = finding_words
    environment.filters["sentence"] = as_sentence
    environment.filters["state"] = state_words
    return environment


@cache
def _asset(name: str) -> str:
    return (resources.files("radgloss.exchange") / "templates" / name).read_text("utf-8")


# ------------------------------------------------------------------ what the template shows


def _picture(number: int, picture: Picture) -> dict[str, Any]:
    indices = [f.index for f in picture.frames]
    left, right, top, bottom = picture.letters
    pointed = {_nearest(picture, (b.low + b.high) // 2) for b in picture.boxes}
    return {
        "id": f"p{number}",
        "picture": picture,
        "boxes": picture.boxes,
        "frames": [{"index": f.index, "data": base64.b64encode(f.png).decode()}
                   for f in picture.frames],
        "starts": indices.index(picture.start),
        "ticks": sorted(indices.index(i) for i in pointed),
        "left": left, "right": right, "top": top, "bottom": bottom,
    }  # fmt: skip


def _sections(draft: Draft, shown: tuple[Picture, ...]) -> list[dict[str, Any]]:
    """Headings, in them organs, in them sentences; neighbours of one organ stand together."""
    made = []
    for key, heading in SECTIONS:
        numbered = [
            (n, s)
            for n, s in enumerate(draft.sentences)
            if s.section == key and not _repeats(draft, s)
        ]
        groups = [
            {"organ": organ, "sentences": [_sentence(draft, s, n, shown) for n, s in run]}
            for organ, run in groupby(numbered, key=lambda x: one_line(x[1].organ))
        ]
        if groups:
            made.append({"key": key, "heading": heading, "groups": groups})
    return made


def _repeats(draft: Draft, sentence: Sentence) -> bool:
    """Whether a sentence only says again why there is no draft; the page says it on top."""
    return draft.abstained and bool(draft.why) and draft.why in sentence.text


def _sentence(
    draft: Draft, sentence: Sentence, number: int, shown: tuple[Picture, ...]
) -> dict[str, Any]:
    places = _places(sentence, shown)
    confidence = sentence.confidence
    stated = confidence is not None
    flags = flags_of(draft, number)
    word = confidence_word(confidence) if sentence.findings or stated else ""
    if flags:  # however sure the model is of it
        word = "check"
    return {
        "number": number,
        "text": sentence.text,
        "tone": _tone(sentence),
        "word": word,
        "percent": f"{confidence:.0%}" if confidence is not None else "not stated",
        "places": places,
        "facts": sentence.findings,
        "flags": [_flag(f) for f in flags],
        "reports": [_report(e) for e in sentence.evidence if e.kind == "report" and e.text],
    }


def _silent(draft: Draft) -> list[str]:
    """What was not assessed and does not stand beside its organ already."""
    told = {name for organ in draft.organs for name in organ.silent}
    return [name for name in draft.not_assessed if name not in told]


def _flag(flag: Flag) -> dict[str, str]:
    return {"code": flag.code, "word": check_word(flag.code), "found": flag.found}


def _tone(sentence: Sentence) -> str:
    """What the sentence says on the whole; it sets the colour of its edge."""
    said = {f.status for f in sentence.findings}
    for tone in ("present", "uncertain", "not assessed", "absent"):
        if tone in said:
            return tone.replace(" ", "-")
    return "plain"


def _places(sentence: Sentence, shown: tuple[Picture, ...]) -> list[dict[str, Any]]:
    """Picture, nearest shown frame and score of each region, the strongest first."""
    numbers = {p.uid: n for n, p in enumerate(shown)}
    found = [
        (
            e.score,
            numbers[e.image],
            _nearest(shown[numbers[e.image]], e.frame),
            e.frame,
            place_words(e),
        )
        for e in sentence.evidence
        if e.kind == "region" and e.image in numbers
    ]
    return [
        {"picture": p, "frame": f, "exact": frame, "score": f"{score:.2f}", "millimetres": mm}
        for score, p, f, frame, mm in sorted(found, key=lambda x: -x[0])
    ]


def _nearest(picture: Picture, frame: int) -> int:
    return min((f.index for f in picture.frames), key=lambda i: abs(i - frame))


def _report(evidence: Evidence) -> dict[str, str]:
    return {"text": evidence.text, "score": f"{evidence.score:.2f}"}


def _counts(draft: Draft) -> dict[str, int]:
    """How many sentences deserve which look."""
    flagged = {f.sentence for f in draft.flags}
    words = [
        "check" if n in flagged else confidence_word(s.confidence)
        for n, s in enumerate(draft.sentences)
        if s.findings or n in flagged
    ]
    return {word: words.count(word) for word in ("check", "likely", "supported")}

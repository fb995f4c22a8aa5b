"""The words of the phantom's authors: reports, and what is true of a single frame.

One small grammar: for every finding, how it is stated and how it is denied. An author is a choice
of patterns, of millimetres or centimetres, and of how much is denied. Indications say why someone
was sent and never what will be found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from radgloss.text.vocabulary import exam_findings
from radgloss.types import Finding, Report

__all__ = ["deny", "frame_sentences", "report", "state"]

SEVERITY = {"mild": "mildly", "moderate": "moderately", "marked": "markedly"}

STATE = {
    "liver cyst": (
        "{Size} cyst in {site} of the liver.",
        "There is a {size} hepatic cyst in {site}.",
        "A {size} simple liver cyst is seen in {site}.",
        "Liver cyst in {site} measuring {size}.",
        "The liver contains a well-defined {size} fluid-attenuation cyst in {site}.",
    ),
    "kidney stone": (
        "{Size} stone in the {site} of the {side} kidney.",
        "There is a {size} {side} kidney stone in the {site}.",
        "{Size} {side} renal calculus, {site}.",
        "The {side} kidney shows a {size} calculus in the {site}.",
        "{Side} nephrolithiasis with a {size} stone in the {site}.",
    ),
    "splenomegaly": (
        "The spleen is {severely} enlarged, measuring {size} in length.",
        "Splenomegaly, {size} in length.",
        "{Severe} splenomegaly with a length of {size}.",
        "Enlarged spleen, {size}.",
        "There is {severe} splenomegaly measuring {size}.",
    ),
    "pneumothorax": (
        "{Severe} {side} apical pneumothorax, {size} in depth.",
        "There is a {severe} {side} pneumothorax measuring {size} at the apex.",
        "{Side} pneumothorax with {size} of pleural separation at the apex.",
        "A {severe} {side} apical pneumothorax is seen, {size}.",
    ),
    "pleural effusion": (
        "{Severe} {side} pleural effusion.",
        "There is a {severe} {side} pleural effusion.",
        "A {severe} {side} pleural effusion is seen.",
        "{Severe} amount of pleural fluid on the {side}.",
        "{Side} pleural effusion, {severe}.",
    ),
    "pleural effusion, bilateral": (
        "{Severe} bilateral pleural effusions.",
        "There are {severe} bilateral pleural effusions.",
        "Bilateral pleural effusions, {severe}.",
        "{Severe} pleural effusions on both sides.",
    ),
    "lung nodule": (
        "{Size} nodule in the {side} {site}.",
        "There is a {size} {side} lung nodule in the {site}.",
        "A {size} pulmonary nodule is seen in the {side} {site}.",
        "{Side} {site} nodule measuring {size}.",
        "Round {size} nodule projecting over the {side} {site}.",
    ),
}
DENY = {
    "liver cyst": (
        "No liver cyst.",
        "There is no hepatic cyst.",
        "The liver is homogeneous, without a cyst.",
        "No evidence of a liver cyst.",
        "The liver is normal in size and attenuation.",
    ),
    "kidney stone": (
        "No kidney stone.",
        "There is no renal calculus.",
        "No evidence of nephrolithiasis.",
        "No renal or ureteric calculi.",
        "The kidneys are normal, without calculi.",
    ),
    "splenomegaly": (
        "No splenomegaly.",
        "The spleen is not enlarged.",
        "The spleen is normal in size.",
        "There is no evidence of splenomegaly.",
    ),
    "pneumothorax": (
        "No pneumothorax.",
        "There is no pneumothorax.",
        "There is no evidence of pneumothorax.",
        "No pleural air is seen.",
    ),
    "pleural effusion": (
        "No pleural effusion.",
        "There is no pleural effusion.",
        "The costophrenic angles are sharp.",
        "No evidence of pleural fluid.",
    ),
    "lung nodule": (
        "No lung nodule.",
        "There is no pulmonary nodule.",
        "The lungs are clear, without a nodule.",
        "No evidence of a nodule.",
    ),
}
OTHER_SIDE = {
    "kidney stone": ("No {other} kidney stone.", "The {other} kidney shows no calculus."),
    "pneumothorax": ("No {other} pneumothorax.",),
    "pleural effusion": (
        "No {other} pleural effusion.",
        "The {other} costophrenic angle is sharp.",
    ),
}
INCIDENTAL = {
    "aortic calcification": ("Atherosclerotic calcification of the aorta.", "Calcified aorta."),
    "renal cyst": ("Incidental small simple renal cyst.",),
    "oral contrast": ("Oral contrast is present in the bowel.",),
    "ecg leads": ("Monitoring leads project over the chest.",),
    "scoliosis": ("Mild scoliosis of the thoracic spine.", "There is a slight thoracic scoliosis."),
}
NORMAL = {
    "ct-abdomen": (
        "The gallbladder, pancreas and adrenal glands are unremarkable.",
        "No biliary dilatation.",
        "The abdominal aorta is of normal calibre.",
        "No free fluid.",
        "No bowel obstruction.",
    ),
    "xr-chest": (
        "The cardiomediastinal silhouette is within normal limits.",
        "The heart is normal in size.",
        "The trachea is central.",
        "No acute osseous abnormality.",
        "No focal consolidation.",
    ),
    "ct-head": (
        "No intracranial haemorrhage.",
        "The ventricles are normal in size.",
        "No mass effect.",
    ),
}
INDICATION = {
    "ct-abdomen": (
        "Abdominal pain.", "Abdominal discomfort.", "Follow-up.", "Abnormal laboratory values.",
        "Weight loss.", "Pain in the flank.", "Evaluation of the abdomen.", "Fever.",
    ),
    "xr-chest": (
        "Cough.", "Shortness of breath.", "Chest pain.", "Preoperative assessment.", "Fever.",
        "Follow-up.", "Routine examination.", "Dyspnoea.",
    ),
    "ct-head": ("Headache.", "Dizziness.", "Fall."),
}  # fmt: skip
TECHNIQUE = {
    "portal venous": (
        "CT of the abdomen with intravenous contrast in the portal venous phase.",
        "Contrast-enhanced CT of the abdomen, portal venous phase, 5 mm axial slices.",
    ),
    "unenhanced": (
        "CT of the abdomen without intravenous contrast.",
        "Unenhanced CT of the abdomen, 5 mm axial slices.",
    ),
    "xr-chest": ("PA chest radiograph.", "Single frontal view of the chest, PA, erect."),
    "ct-head": ("CT of the head without contrast.",),
}
NOTHING = {
    "ct-abdomen": (
        "No acute abnormality of the abdomen.",
        "Normal CT of the abdomen.",
        "Unremarkable examination.",
    ),
    "xr-chest": (
        "No acute cardiopulmonary disease.",
        "Normal chest radiograph.",
        "Unremarkable examination.",
    ),
    "ct-head": ("No acute intracranial abnormality.",),
}
LEVEL = {
    "dome": ("at the level of the hepatic dome", "through the lung bases and upper abdomen"),
    "upper": ("at the level of the liver and spleen", "through the upper abdomen"),
    "kidneys": ("at the level of the kidneys", "through the mid abdomen"),
    "lower": ("through the lower abdomen", "below the kidneys"),
}
OTHER = {"right": "left", "left": "right"}


def _pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    return options[int(rng.integers(len(options)))]


def _size(finding: Finding, centimetres: bool) -> str:
    if not finding.size_mm:
        return ""
    mm = finding.size_mm[0]
    return f"{mm / 10:.1f} cm" if centimetres and mm >= 10 else f"{mm:.0f} mm"


def state(
    rng: np.random.Generator, finding: Finding, severity: str = "", centimetres: bool = False
) -> str:
    """One sentence that states a present finding, with its side, site and size.

    >>> cyst = Finding("liver cyst", site="segment VI", size_mm=(12.0,))
    >>> "segment VI" in state(np.random.default_rng(0), cyst)
    True
    """
    key = finding.what + (", bilateral" if finding.side == "bilateral" else "")
    if not severity:
        options = [p for p in STATE[key] if "sever" not in p.lower()] or list(STATE[key])
    else:
        options = list(STATE[key])
    size = _size(finding, centimetres)
    text = _pick(rng, options).format(
        size=size, Size=size, side=finding.side, Side=finding.side.capitalize(),
        site=finding.site, severe=severity, Severe=severity.capitalize(),
        severely=SEVERITY.get(severity, ""),
    )  # fmt: skip
    text = " ".join(text.split())
    return text[0].upper() + text[1:]


def deny(rng: np.random.Generator, what: str) -> str:
    """One sentence that denies a finding."""
    return _pick(rng, DENY[what])


def _deny_other(rng: np.random.Generator, findings: Iterable[Finding]) -> list[str]:
    """Denials for the healthy side of paired organs, some of the time."""
    out = []
    sides: dict[str, set[str]] = {}
    for f in findings:
        sides.setdefault(f.what, set()).add(f.side)
    for what, where in sides.items():
        if what in OTHER_SIDE and len(where) == 1 and "bilateral" not in where:
            other = OTHER[next(iter(where))]
            if rng.random() < 0.5:
                out.append(_pick(rng, OTHER_SIDE[what]).format(other=other))
    return out


def report(
    rng: np.random.Generator,
    exam: str,
    phase: str,
    reported: Sequence[tuple[Finding, str]],
    incidentals: Sequence[str] = (),
) -> Report:
    """A whole report in one author's manner; it states `reported` (finding, severity) exactly.

    Authors: terse ones deny little, verbose ones a lot; some write centimetres; some group the
    findings by organ under a heading."""
    manner = _pick(rng, ("terse", "plain", "plain", "verbose", "headed"))
    centimetres = bool(rng.random() < 0.35)
    parts: list[str] = []
    organs = list(dict.fromkeys(f.organ for f in exam_findings(exam)))
    present = {f.what for f, _ in reported}
    for organ in organs:
        said: list[str] = []
        for row in exam_findings(exam):
            if row.organ != organ:
                continue
            mine = [(f, grade) for f, grade in reported if f.what == row.what]
            said += [state(rng, f, grade, centimetres) for f, grade in mine]
            said += _deny_other(rng, [f for f, _ in mine])
            if row.what not in present and (manner != "terse" or rng.random() < 0.7):
                said.append(deny(rng, row.what))
        if said:
            heading = f"{organ.capitalize()}: " if manner == "headed" else ""
            parts.append(heading + " ".join(said))
    spare = list(NORMAL[exam])
    rng.shuffle(spare)
    few = {"terse": 0, "plain": 2, "headed": 3, "verbose": 4}[manner]
    parts += spare[:few]
    parts += [_pick(rng, INCIDENTAL[name]) for name in incidentals if manner != "terse"]
    conclusion = [state(rng, f, grade, centimetres) for f, grade in reported]
    if len(conclusion) > 1 and manner in ("verbose", "headed"):
        conclusion = [f"{i}. {text}" for i, text in enumerate(conclusion, 1)]
    return Report(
        indication=_pick(rng, INDICATION[exam]),
        comparison=_pick(rng, ("None.", "None available.", "")),
        technique=_pick(rng, TECHNIQUE[phase if exam == "ct-abdomen" else exam]),
        findings=("\n" if manner == "headed" else " ").join(parts),
        impression=" ".join(conclusion) if conclusion else _pick(rng, NOTHING[exam]),
    )


def _opening(rng: np.random.Generator, exam: str, phase: str, organs: Sequence[str]) -> str:
    if exam == "xr-chest":
        return _pick(rng, ("Chest radiograph.", "PA chest radiograph.", "Frontal chest X-ray."))
    if exam == "ct-head":
        return "Axial CT of the head."
    kidneys = any("kidney" in o for o in organs)
    level = (
        "dome" if "lungs" in organs and not kidneys
        else "kidneys" if kidneys
        else "upper" if "spleen" in organs or "lungs" in organs
        else "lower"
    )  # fmt: skip
    how = {"portal venous": "Axial contrast-enhanced CT", "unenhanced": "Axial unenhanced CT"}[
        phase
    ]
    how = _pick(rng, ("Axial CT", how))
    return f"{how} of the abdomen {_pick(rng, LEVEL[level])}."


def _seen(organs: Sequence[str]) -> str:
    names = [f"the {o}" for o in organs if o != "lungs"]
    if not names:
        return ""
    if len(names) == 1:
        return f"{names[0].capitalize()} is seen."
    listed = ", ".join(names[:-1]) + " and " + names[-1] + " are seen."
    return listed[0].upper() + listed[1:]


def frame_sentences(
    rng: np.random.Generator,
    exam: str,
    phase: str,
    organs: Sequence[str],
    shown: Sequence[tuple[Finding, str]],
    negatives: Sequence[str],
) -> tuple[str, ...]:
    """What is true of one frame: the exam and level, its organs, its findings, and its denials.

    organs: what the frame shows. negatives: findings whose organ is here and that are not."""
    centimetres = bool(rng.random() < 0.35)
    said = [_opening(rng, exam, phase, organs)]
    if exam == "ct-abdomen" and (seen := _seen(organs)):
        said.append(seen)
    for finding, grade in shown:
        said.append(state(rng, finding, grade, centimetres))
    said += [deny(rng, what) for what in negatives]
    if not shown and exam == "xr-chest":
        said.append(_pick(rng, NOTHING[exam]))
    return tuple(said)

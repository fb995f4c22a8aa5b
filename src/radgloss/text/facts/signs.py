"""Signs that are read as the finding itself, with the doubt they leave; phrases made by rule."""

from __future__ import annotations

from radgloss.text.facts.terms import words

__all__ = ["HEDGED", "MADE"]

HEDGED: tuple[tuple[str, tuple[str, ...], float, str], ...] = (  # signs read as the finding itself
    ("steatosis", ("liver",), 0.75, "diffusely echogenic liver, increased hepatic echogenicity, "
     "diffusely increased hepatic echogenicity, increased liver echogenicity, echogenic liver, "
     "diffuse hepatic hypoattenuation, liver is diffusely echogenic, liver is echogenic, "
     "increased echogenicity of the liver, diffusely low attenuation of the liver, "
     "diffusely hypoattenuating liver, low attenuation of the liver, hyperechoic liver, "
     "diffusely decreased attenuation of the liver, decreased attenuation of the liver, "
     "diffuse low attenuation of the liver, signal drop on opposed phase, "
     "signal loss on opposed phase"),
    ("effusion", ("pleura",), 0.65, "blunting of the costophrenic angle, blunted costophrenic angle"
     ", costophrenic angle is blunted, costophrenic blunting, costophrenic angle blunting, "
     "blunting of the costophrenic sulcus, blunted costophrenic sulcus, blunting of both "
     "costophrenic angles"),
    ("blunting", (), 0.65, "blunting, obliteration of the costophrenic angle, closure of the "
     "costophrenic angle, effacement of the costophrenic angle, obliteration"),
    ("hydronephrosis", ("kidneys",), 0.65, "fullness of the collecting system, "
     "collecting system fullness, pelvic fullness"),
)  # fmt: skip

_DUCTS = tuple(  # "intra- or extrahepatic duct dilatation"
    f"{first} {joint} extrahepatic {duct} dilatation"
    for first in ("intra", "intrahepatic")
    for joint in ("or", "and")
    for duct in ("biliary", "duct", "ductal", "bile duct", "biliary duct", "biliary ductal")
)
_SPACES = "intraperitoneal, peritoneal, abdominal, intra abdominal, subdiaphragmatic, subphrenic"
_UNDER = "under, below, beneath"
_FREE_GAS = tuple(  # gas and air, with the space before them or after
    form
    for gas in ("gas", "air")
    for form in (
        f"free extraluminal {gas}",
        *(f"{space} {gas}" for space in words(_SPACES) if space != "abdominal"),
        *(f"{space} free {gas}" for space in words(_SPACES)),
        *(f"free {space} {gas}" for space in words(_SPACES)),
        *(
            f"{gas} {under} the {wall}"
            for under in words(_UNDER)
            for wall in ("diaphragm", "diaphragms", "hemidiaphragm", "hemidiaphragms")
        ),
    )
)
_REGIONS = (
    "mediastinal, hilar, axillary, retroperitoneal, para aortic, paraaortic, mesenteric, inguinal, "
    "cervical, abdominal, pelvic, supraclavicular, paratracheal, subcarinal, iliac, portal, "
    "celiac, periportal, intra abdominal, thoracic, mediastinal and hilar, mediastinal or hilar, "
    "hilar and mediastinal, hilar or mediastinal, abdominal or pelvic, abdominal and pelvic, "
    "pelvic or inguinal, mediastinal hilar or axillary"
)
_HOW = words(
    "enlarged, pathological, pathologic, prominent, bulky, abnormal, suspicious, reactive, "
    "pathologically enlarged, significant"
)
_NODES = tuple(
    form
    for region in words(_REGIONS)
    for node in ("lymph node", "lymph nodes", "node", "nodes")
    for form in (*(f"{how} {region} {node}" for how in _HOW), f"{region} {node} enlargement")
) + tuple(f"{how} lymph {node}" for how in _HOW for node in ("node", "nodes"))
MADE: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (  # kind, place, phrases
    ("free air", ("peritoneum",), _FREE_GAS),
    ("dilatation", ("bile ducts",), _DUCTS),
    ("lymphadenopathy", (), _NODES),
)

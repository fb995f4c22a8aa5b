"""Attributes of organs and findings, for asking a model about what it was never named.

A table of facts of anatomy and of what a finding is made of. The side of a paired organ or of a
finding is added to its row. Situs solitus is assumed; an organ that lies on both sides has none."""

from __future__ import annotations

from radgloss.text.findings import finding_type

__all__ = ["ATTRIBUTES", "FINDINGS_WITH", "ORGANS_WITH", "attributes", "prompts", "vector"]

ATTRIBUTES: dict[str, tuple[str, str]] = {  # name → (words that say it, words that deny it)
    "right-sided": ("a right-sided structure", "a structure that is not on the right"),
    "left-sided": ("a left-sided structure", "a structure that is not on the left"),
    "midline": ("a midline structure", "a structure away from the midline"),
    "intraperitoneal": ("an intraperitoneal structure", "a structure outside the peritoneum"),
    "retroperitoneal": ("a retroperitoneal structure", "a structure that is not retroperitoneal"),
    "thoracic": ("a structure of the chest", "a structure outside the chest"),
    "pelvic": ("a structure of the pelvis", "a structure outside the pelvis"),
    "paired": ("one of a pair of organs", "an unpaired organ"),
    "solid": ("a solid structure", "a structure that is not solid"),
    "hollow": ("a hollow organ", "an organ that is not hollow"),
    "contains fluid": ("a structure that contains fluid", "a structure without fluid"),
    "contains gas": ("a structure that contains gas", "a structure without gas"),
    "contains fat": ("a structure that contains fat", "a structure without fat"),
    "calcified": ("a calcified structure", "a structure without calcium"),
    "enhancing": ("a structure that enhances with contrast", "a structure without enhancement"),
    "focal": ("a focal abnormality", "a diffuse abnormality"),
    "vascular": ("a blood vessel", "a structure that is not a vessel"),
    "man-made": ("something man-made", "something natural"),
}


def _rows(text: str) -> dict[str, frozenset[str]]:
    rows = {}
    for line in text.strip().splitlines():
        name, _, names = line.partition(":")
        row = frozenset(word.strip() for word in names.split(",") if word.strip())
        assert row <= set(ATTRIBUTES), (name, row - set(ATTRIBUTES))
        rows[name.strip()] = row
    return rows


ORGANS_WITH = _rows("""
liver: right-sided, intraperitoneal, solid, enhancing
gallbladder: right-sided, intraperitoneal, hollow, contains fluid
bile ducts: right-sided, hollow, contains fluid
spleen: left-sided, intraperitoneal, solid, enhancing
pancreas: midline, retroperitoneal, solid, enhancing
kidneys: retroperitoneal, paired, solid, enhancing
bowel: hollow, contains gas, contains fluid
peritoneum: contains fat
aorta: midline, retroperitoneal, hollow, vascular, enhancing
pelvis: midline, pelvic
lungs: thoracic, paired, contains gas
pleura: thoracic, paired
heart: thoracic, hollow, enhancing
bones: calcified
devices: man-made
""")
FINDINGS_WITH = _rows("""
liver cyst: focal, contains fluid
liver hydatid cyst: focal, contains fluid
liver haemangioma: focal, solid, enhancing
hepatocellular carcinoma: focal, solid, enhancing
focal nodular hyperplasia: focal, solid, enhancing
liver metastases: focal, solid, enhancing
liver abscess: focal, contains fluid, enhancing
liver lesion: focal
hepatic steatosis: contains fat
cirrhosis:
gallstones: focal, calcified
acute cholecystitis: enhancing
biliary dilatation: contains fluid
splenic cyst: focal, contains fluid
splenic hydatid cyst: focal, contains fluid
splenic granuloma: focal, solid, calcified
splenomegaly: solid, enhancing
splenic infarct: focal
pancreatic mass: focal, solid
acute pancreatitis: contains fluid
kidney stone: focal, solid, calcified
ureteric stone: focal, solid, calcified
hydronephrosis: contains fluid
kidney cyst: focal, contains fluid
kidney mass: focal, solid, enhancing
pyelonephritis: solid
appendicitis: focal, enhancing
diverticulitis: focal, enhancing
bowel obstruction: contains fluid, contains gas
free air: contains gas
free fluid: contains fluid
aortic aneurysm: focal, vascular, enhancing
adnexal mass: focal
ovarian cyst: focal, contains fluid
intrauterine pregnancy: focal, contains fluid
enlarged ovary: solid
lung nodule: focal, solid
lung mass: focal, solid
lung granuloma: focal, solid, calcified
consolidation: focal
pneumonia: focal
pulmonary oedema: contains fluid
atelectasis: focal
lung opacity: focal
hyperinflation: contains gas
pleural effusion: contains fluid
pneumothorax: contains gas
cardiomegaly:
rib fracture: focal
endotracheal tube: man-made
central venous catheter: man-made
nasogastric tube: man-made
chest tube: man-made
""")
PLACE = ("right-sided", "left-sided", "midline", "intraperitoneal", "retroperitoneal", "thoracic",
         "pelvic")  # fmt: skip
MIDDLE = frozenset({"kidneys", "lungs", "pleura", "pelvis"})  # a side, where told, replaces midline


def attributes(name: str, side: str = "") -> frozenset[str]:
    """The attributes of an organ or a finding; a finding takes the place of its organ.

    >>> sorted(attributes("kidney stone", "left"))
    ['calcified', 'focal', 'left-sided', 'retroperitoneal', 'solid']
    >>> sorted(attributes("spleen"))
    ['enhancing', 'intraperitoneal', 'left-sided', 'solid']
    """
    if name in ORGANS_WITH:
        own, place = ORGANS_WITH[name], ORGANS_WITH[name]
    else:
        own, place = FINDINGS_WITH[name], ORGANS_WITH[finding_type(name).organ]
    found = set(own) | {a for a in place if a in PLACE}
    if side in ("right", "left"):
        found = found - {"right-sided", "left-sided", "midline"} | {f"{side}-sided"}
    return frozenset(found)


def vector(name: str, side: str = "") -> tuple[int, ...]:
    """The attributes as noughts and ones, in the order of ATTRIBUTES; shape (A,)."""
    found = attributes(name, side)
    return tuple(int(attribute in found) for attribute in ATTRIBUTES)


def prompts(attribute: str) -> tuple[str, str]:
    """A sentence that says the attribute and one that denies it, for zero-shot questions.

    >>> prompts("calcified")
    ('An image of a calcified structure.', 'An image of a structure without calcium.')
    """
    yes, no = ATTRIBUTES[attribute]
    return f"An image of {yes}.", f"An image of {no}."

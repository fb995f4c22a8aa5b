"""The things a report can name: surface forms of every finding, by kind and organ.

The table of `radgloss.text.findings` gives the names; this file adds the words people use for
them, and the observations of neighbouring organs that must be recognised so that they are not
mistaken for ours (a pericardial effusion is no pleural one). Composition is by kind and organ:
"cyst" waits for an organ, "hydronephrosis" brings its own."""

from __future__ import annotations

from functools import cache

from radgloss.text.facts.terms import Place, Term, plural, spellings, words
from radgloss.text.findings import FINDINGS, FindingType, name_of

__all__ = ["DENIES", "SHARED", "compose", "row_of", "thing_terms"]

# kind, (organ, part, site) that it brings or (), surface forms in British singular
_Row = tuple[str, tuple[str, ...], str]

_NEEDS_AN_ORGAN: tuple[_Row, ...] = (
    ("cyst", (), "cyst, cystic lesion, simple cyst, cystic structure, cystic focus"),
    ("hydatid cyst", (), "hydatid cyst, hydatid, hydatid disease, echinococcal cyst, "
     "echinococcal disease, echinococcosis, hydatidosis, hydatid lesion"),
    ("haemangioma", (), "haemangioma, cavernous haemangioma"),
    ("metastases", (), "metastasis, metastatic disease, metastatic lesion, metastatic deposit, "
     "secondary deposit, mets, met"),
    ("abscess", (), "abscess, abscess cavity, pyogenic abscess, abscess formation"),
    ("lesion", (), "lesion, focal lesion, focal abnormality, mass lesion, focus, hypodensity, "
     "space occupying lesion, focal hypodensity"),
    ("mass", (), "mass, tumour, neoplasm, malignancy, carcinoma, adenocarcinoma, solid lesion, "
     "lump"),
    ("nodule", (), "nodule, nodular lesion, nodular density, nodular opacity"),
    ("stone", (), "stone, calculus, lithiasis"),
    ("calcified granuloma", (), "calcified granuloma, granuloma, calcified nodule, "
     "granulomatous calcification, calcified granulomatous disease, old granulomatous disease"),
    ("infarct", (), "infarct, infarction"),
    ("aneurysm", (), "aneurysm, aneurysmal dilatation, ectatic aneurysm"),
    ("torsion", (), "torsion"),
    ("flow", (), "flow, vascular flow, doppler flow, blood flow"),
    ("abnormality", (), "abnormality, pathology, abnormal finding, disease, acute process, process,"
     " acute finding, significant finding"),
    ("thickening", (), "thickening, wall thickening"),
    ("calcification", (), "calcification"),
    ("thrombosis", (), "thrombosis, thrombus"),
    ("enlargement", (), "enlargement"),
    ("dilatation", (), "dilatation, ectasia"),
    ("atrophy", (), "atrophy"),
    ("scarring", (), "scarring, scar"),
    ("polyp", (), "polyp"),
    ("lipoma", (), "lipoma"),
    ("adenoma", (), "adenoma"),
    ("laceration", (), "laceration"),
    ("haematoma", (), "haematoma"),
    ("collection", (), "collection, fluid collection"),
    ("gas", (), "abnormal gas"),
    ("stranding", (), "stranding, fat stranding, inflammatory stranding"),
    ("inflammation", (), "inflammation, inflammatory change, inflammatory process"),
    ("perfusion defect", (), "perfusion defect, wedge shaped perfusion defect, enhancement defect, "
     "wedge shaped hypoenhancement, wedge shaped hypodensity, nonenhancing area"),
    ("congestion", (), "congestion"),
    ("upstream dilatation", (), "upstream dilatation, back pressure change, back pressure effect"),
    ("fluid", (), "fluid"),
    ("thrombosis", (), "thrombosed"),
)  # fmt: skip

_BRINGS_ITS_ORGAN: tuple[_Row, ...] = (
    # liver, gallbladder, ducts
    ("hepatocellular carcinoma", ("liver",), "hepatocellular carcinoma, hcc, hepatoma"),
    ("focal nodular hyperplasia", ("liver",), "focal nodular hyperplasia, fnh"),
    ("haemangioma", ("liver",), "cavernoma"),
    ("steatosis", ("liver",), "steatosis, hepatosteatosis, fatty liver, fatty infiltration, "
     "fatty change, fatty liver disease, fatty hepatic infiltration, hepatic lipid, "
     "steatotic liver, fat deposition"),
    ("cirrhosis", ("liver",), "cirrhosis, cirrhotic liver, cirrhotic morphology, cirrhotic change, "
     "cirrhotic liver morphology, liver cirrhosis, cirrhotic"),
    ("lesion", ("liver",), "focal liver lesion, focal hepatic lesion"),
    ("stones", ("gallbladder",), "gallstone, gall stone, cholelithiasis, gallbladder calculus, "
     "gallbladder stone, biliary calculus, stone in the gallbladder, gallbladder sludge and stone"),
    ("cholecystitis", ("gallbladder",), "cholecystitis, acute cholecystitis"),
    ("thickening", ("gallbladder", "", "wall"), "gallbladder wall thickening"),
    ("pericholecystic fluid", ("gallbladder",), "pericholecystic fluid"),
    ("sludge", ("gallbladder",), "sludge, gallbladder sludge"),
    ("dilatation", ("bile ducts",), "biliary dilatation, ductal dilatation, bile duct dilatation, "
     "intrahepatic biliary dilatation, biliary ductal dilatation, intrahepatic duct dilatation, "
     "biliary duct dilatation, duct dilatation, biliary tree dilatation, biliary obstruction, "
     "intrahepatic or extrahepatic biliary dilatation, biliary ectasia"),
    ("choledocholithiasis", ("bile ducts",), "choledocholithiasis"),
    # spleen, pancreas
    ("enlargement", ("spleen",), "splenomegaly"),
    ("pancreatitis", ("pancreas",), "pancreatitis, acute pancreatitis"),
    ("duct dilatation", ("pancreas",), "pancreatic duct dilatation, pancreatic ductal dilatation"),
    ("necrosis", ("pancreas",), "pancreatic necrosis"),
    # kidneys
    ("stone", ("kidneys",), "nephrolithiasis, renal lithiasis, nephrolith, kidney stone, "
     "renal calculus, renal stone, urolithiasis, urinary tract stone, urinary tract calculus, "
     "urinary stone, urinary calculus"),
    ("ureteric stone", ("kidneys", "", ""), "ureteric stone, ureteric calculus, "
     "ureterolithiasis, vesicoureteric junction calculus"),
    ("hydronephrosis", ("kidneys",), "hydronephrosis, pelvicaliectasis, pelvicalyectasis, "
     "caliectasis, collecting system dilatation, dilatation of the collecting system, "
     "pelvicalyceal dilatation, hydroureteronephrosis, dilated collecting system, "
     "collecting system is dilated, dilatation of the renal collecting system, "
     "dilatation of the pelvicalyceal system, obstructive uropathy, hydronephrotic, "
     "upper tract dilatation"),
    ("hydroureter", ("kidneys",), "hydroureter"),
    ("striated nephrogram", ("kidneys",), "striated nephrogram"),
    ("pyelonephritis", ("kidneys",), "pyelonephritis, acute pyelonephritis"),
    # bowel, peritoneum, vessels
    ("appendicitis", ("bowel",), "appendicitis, acute appendicitis"),
    ("secondary signs of appendicitis", ("bowel",), "secondary signs of appendicitis, "
     "secondary sign of appendicitis, secondary inflammatory signs of appendicitis"),
    ("appendicolith", ("bowel",), "appendicolith, fecalith"),
    ("diverticulitis", ("bowel",), "diverticulitis, acute diverticulitis, inflamed diverticulum"),
    ("diverticulosis", ("bowel",), "diverticulosis, diverticula, diverticulum, "
     "diverticular disease"),
    ("obstruction", ("bowel",), "bowel obstruction, intestinal obstruction, obstruction, sbo, ileus"
     ", obstructive bowel gas pattern, mechanical obstruction"),
    ("obstruction", ("bowel", "", "small bowel"), "small bowel obstruction"),
    ("free air", ("peritoneum",), "free air, pneumoperitoneum, free intraperitoneal air, "
     "free gas, free intraperitoneal gas, intraperitoneal free air, intraperitoneal free gas, "
     "free subdiaphragmatic air, subdiaphragmatic free air, free abdominal air, air under the "
     "diaphragm, free peritoneal gas, free peritoneal air, subdiaphragmatic air, subphrenic air, "
     "gas under the diaphragm, free intra abdominal air, extraluminal gas, extraluminal air"),
    ("free fluid", ("peritoneum",), "free fluid, ascites, free intraperitoneal fluid, "
     "intraperitoneal fluid, intra abdominal fluid, abdominal fluid, "
     "intraperitoneal free fluid, haemoperitoneum, free peritoneal fluid, "
     "peritoneal fluid, free abdominal fluid, ascitic fluid, free intra abdominal fluid"),
    ("free fluid", ("peritoneum", "", "pelvis"), "free pelvic fluid, pelvic free fluid, "
     "pelvic fluid, pelvic ascites"),
    ("free fluid", ("peritoneum", "", "cul-de-sac"), "fluid in the cul de sac, cul de sac fluid, "
     "fluid in the pouch of douglas, fluid in the cul-de-sac"),
    ("aneurysm", ("aorta",), "aortic aneurysm, abdominal aortic aneurysm, aaa, aneurysmal aorta, "
     "infrarenal abdominal aortic aneurysm, infrarenal aortic aneurysm, "
     "aneurysm of the abdominal aorta, aneurysmal dilatation of the abdominal aorta"),
    ("lymphadenopathy", (), "lymphadenopathy, adenopathy, enlarged lymph node, lymph node "
     "enlargement, enlarged node, nodal enlargement"),
    ("hernia", (), "hernia, inguinal hernia"),
    ("hiatus hernia", ("oesophagus",), "hiatal hernia, hiatus hernia"),
    # pelvis
    ("adnexal mass", ("pelvis",), "adnexal mass, extraovarian mass, extra ovarian mass, "
     "tubal ring, adnexal lesion, extraovarian adnexal mass, tuboovarian mass"),
    ("ovarian cyst", ("pelvis",), "ovarian cyst, corpus luteum cyst, haemorrhagic ovarian cyst, "
     "haemorrhagic cyst, cyst of the ovary, corpus luteal cyst"),
    ("gestational sac", ("pelvis",), "gestational sac, intrauterine gestational sac, "
     "intrauterine pregnancy, iup, intrauterine gestation, intrauterine sac"),
    ("ectopic pregnancy", ("pelvis",), "ectopic pregnancy, tubal pregnancy, ectopic gestation, "
     "ectopic"),
    ("endometrioma", ("pelvis",), "endometrioma"),
    ("teratoma", ("pelvis",), "teratoma, mature teratoma, dermoid, dermoid cyst, "
     "mature cystic teratoma"),
    ("torsion", ("pelvis", "ovary"), "ovarian torsion, adnexal torsion"),
    ("tubo-ovarian abscess", ("pelvis",), "tuboovarian abscess, tubo ovarian abscess"),
    ("fibroid", ("pelvis",), "fibroid, leiomyoma, myoma"),
    # lungs and pleura
    ("consolidation", ("lungs",), "consolidation, airspace opacity, air space opacity, "
     "airspace disease, air space disease, airspace consolidation, airspace opacification, "
     "air space opacification, infiltrate, lung consolidation, pulmonary consolidation, "
     "air space consolidation, airspace shadowing, air space shadowing, alveolar consolidation, "
     "pulmonary infiltrate, consolidative opacity, consolidative change, infiltration"),
    ("pneumonia", ("lungs",), "pneumonia, bronchopneumonia, lobar pneumonia, pulmonary infection, "
     "chest infection, infectious process, pneumonic process, infection, aspiration pneumonia, "
     "pneumonic consolidation, infective process"),
    ("oedema", ("lungs",), "oedema, pulmonary oedema, interstitial oedema, alveolar oedema, "
     "interstitial pulmonary oedema, alveolar pulmonary oedema, cardiogenic oedema, "
     "pulmonary interstitial oedema, pulmonary vascular congestion, vascular congestion, "
     "pulmonary venous congestion, pulmonary congestion, fluid overload"),
    ("heart failure", ("heart",), "heart failure, cardiac failure, chf, "
     "congestive heart failure, congestive cardiac failure, cardiac decompensation"),
    ("atelectasis", ("lungs",), "atelectasis, volume loss, lobar collapse, lung collapse, "
     "atelectatic change, subsegmental collapse, loss of volume, collapse, atelectatic band, "
     "dysventilation"),
    ("opacity", ("lungs",), "opacity, lung opacity, pulmonary opacity, opacification, "
     "ground glass opacity, haziness, hazy opacity, shadowing, increased density, "
     "interstitial opacity, interstitial marking, interstitial thickening, "
     "reticular opacity, reticular marking, reticulation, interstitial change, "
     "prominent interstitial marking, increased interstitial marking, "
     "patchy density, "
     "patchy opacity, ggo, interstitial prominence, lung density, interstitial pattern, "
     "reticular pattern"),
    ("hyperinflation", ("lungs",), "hyperinflation, overinflation, hyperexpansion, hyperexpanded "
     "lung, hyperinflated lung, lungs are hyperinflated, lungs are hyperexpanded, hyperinflated, "
     "hyperexpanded, overinflated, flattened diaphragm, flattening of the diaphragm, "
     "flattening of the hemidiaphragm, flattened hemidiaphragm, large lung volume, "
     "increased lung volume, over inflation, over expansion, overexpanded lung, "
     "lung overinflation, air trapping"),
    ("emphysema", ("lungs",), "emphysema, copd, chronic obstructive pulmonary disease, "
     "emphysematous change, bullous disease"),
    ("fibrosis", ("lungs",), "fibrosis, interstitial lung disease, pulmonary fibrosis"),
    ("bronchiectasis", ("lungs",), "bronchiectasis"),
    ("cavity", ("lungs",), "cavitary lesion, cavitation, cavity"),
    ("tuberculosis", ("lungs",), "tuberculosis"),
    ("embolism", ("lungs",), "embolism, pulmonary embolism, pulmonary embolus, embolus, "
     "pulmonary thromboembolism"),
    ("effusion", ("pleura",), "effusion, pleural effusion, pleural fluid, hydrothorax, "
     "haemothorax, layering fluid, pleural collection, parapneumonic effusion"),
    ("pericardial effusion", ("heart",), "pericardial effusion, pericardial fluid"),
    ("joint effusion", ("bones",), "joint effusion"),
    ("pneumothorax", ("pleura",), "pneumothorax, ptx, pleural air, visible pleural line, "
     "tension pneumothorax, hydropneumothorax, pneumothorace"),
    ("thickening", ("pleura",), "pleural thickening, apical pleural thickening, pleural scarring, "
     "pleural plaque, pleural scar, pleural parenchymal scarring, fibrothorax"),
    ("pneumomediastinum", ("mediastinum",), "pneumomediastinum, mediastinal air"),
    ("widening", ("mediastinum",), "mediastinal widening, widened mediastinum, "
     "widening of the mediastinum, mediastinum is widened, wide mediastinum"),
    # heart and bones
    ("enlargement", ("heart",), "increased heart size, cardiomegaly, cardiac enlargement, "
     "enlarged heart, "
     "enlarged cardiac silhouette, enlargement of the cardiac silhouette, "
     "enlargement of the heart, cardiothoracic ratio is increased, increased cardiothoracic ratio, "
     "enlarged cardiac shadow, cardiac silhouette enlargement, ctr is increased"),
    ("fracture", ("bones",), "fracture, cortical break, fractured bone"),
    ("fracture", ("bones", "rib"), "rib fracture, fractured rib"),
    ("degenerative change", ("bones",), "degenerative change, spondylosis, osteoarthritis, "
     "degenerative disease, osteophyte"),
    ("dislocation", ("bones",), "dislocation"),
    ("scoliosis", ("bones",), "scoliosis"),
    # what surrounds an abscess or an infection, not the lungs
    ("oedema", ("soft tissues",), "soft tissue oedema, subcutaneous oedema, mesenteric oedema, "
     "periportal oedema, body wall oedema, bone marrow oedema, wall oedema, peripancreatic oedema, "
     "mural oedema"),
    ("peripancreatic fluid", ("pancreas",), "peripancreatic fluid, "
     "peripancreatic fluid collection"),
    ("stranding", ("pancreas",), "peripancreatic stranding, peripancreatic fat stranding"),
    ("stranding", ("kidneys",), "perinephric stranding, perinephric fat stranding"),
)  # fmt: skip

_DEVICES: tuple[_Row, ...] = (
    ("endotracheal tube", ("devices",), "endotracheal tube, et tube, ett, endotracheal tip, "
     "orotracheal tube, endotracheal tube tip, et tip, ett tip, intubated"),
    ("central venous catheter", ("devices",), "central venous catheter, central line, cvc, cvl, "
     "central venous line, central catheter, jugular catheter, jugular line, ij catheter, ij line, "
     "jugular central venous catheter, internal jugular catheter, subclavian catheter, subclavian "
     "line, ij central venous catheter, internal jugular central venous catheter, picc, picc line, "
     "jugular central line, subclavian central venous catheter, internal jugular line, "
     "internal jugular venous catheter, internal jugular central line, port a cath, mediport, "
     "dialysis catheter, jugular venous catheter, internal jugular central venous line, vascath, "
     "internal jugular cvc, subclavian central line, jugular cvc, ij cvc, ij central line, "
     "subclavian venous catheter"),
    ("nasogastric tube", ("devices",), "nasogastric tube, ng tube, ngt, enteric tube, feeding tube,"
     " orogastric tube, og tube, dobhoff tube, nasogastric catheter, nasoenteric tube, ogt"),
    ("chest tube", ("devices",), "chest tube, pleural drain, thoracostomy tube, chest drain, "
     "intercostal drain, pigtail catheter, pleural catheter, intercostal catheter, pleural tube"),
    ("tracheostomy tube", ("devices",), "tracheostomy, tracheostomy tube"),
    ("pacemaker", ("devices",), "pacemaker, pacer, defibrillator, icd, pacing lead, pacing wire"),
    ("pulmonary artery catheter", ("devices",), "swan ganz catheter, pulmonary artery catheter"),
    ("sternal wires", ("devices",), "sternal wire, sternotomy wire"),
    ("stent", ("devices",), "stent, ureteric stent, biliary stent, double j stent"),
    ("surgical clips", ("devices",), "surgical clip, cholecystectomy clip, clip"),
    ("valve prosthesis", ("devices",), "valve prosthesis, prosthetic valve, mechanical valve"),
    ("line or tube", ("devices",), "support device, monitoring device, lines and tubes, "
     "tubes and lines, support apparatus, hardware, support line, medical device, "
     "support equipment"),
    ("intrauterine device", ("devices",), "intrauterine device, iud"),
)  # fmt: skip

_HEDGED: tuple[tuple[str, tuple[str, ...], float, str], ...] = (  # signs read as the finding itself
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
    ("blunting", (), 0.65, "blunting"),
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
_MISSPELT = {
    "pneumothorax": (
        "pnuemothorax",
        "pneumothroax",
        "pnemothorax",
        "pneumothorx",
        "pneumothorax's",
    ),
    "pneumonia": ("pnuemonia", "pnemonia", "pneumona"),
    "effusion": ("effussion", "efusion", "effusin"),
    "pleural effusion": ("plueral effusion", "pleual effusion", "pleural effussion"),
    "atelectasis": ("atelectesis", "atelectasia", "atalectasis", "atelactasis"),
    "consolidation": ("consolidaton", "consolodation", "consoldation"),
    "hydronephrosis": ("hydronephosis", "hydonephrosis", "hydronephrois"),
    "cardiomegaly": ("cardiomegally", "cardiomegoly", "cardiomeagly"),
    "calculus": ("calculous", "calculas"),
    "oedema": ("odema", "oedma", "edma"),
    "cholelithiasis": ("cholelithasis", "choleltihiasis"),
    "appendicitis": ("apendicitis", "appendicitus"),
    "splenomegaly": ("spleenomegaly", "splenomegally"),
}
_EXTRA_DIAGNOSES = frozenset(
    words(
        "metastases, abscess, hydatid cyst, haemangioma, infarct, pneumonia, heart failure, "
        "tuberculosis, embolism, torsion, ectopic pregnancy, endometrioma, teratoma, "
        "tubo-ovarian abscess, emphysema, fibrosis"
    )
)

# a kind in a part of an organ that has a name of its own
_PARTS = {
    ("cyst", "ovary"): "ovarian cyst",
    ("cyst", "adnexa"): "ovarian cyst",
    ("mass", "adnexa"): "adnexal mass",
    ("lesion", "adnexa"): "adnexal mass",
    ("enlargement", "ovary"): "enlarged ovary",
    ("stone", "ureter"): "ureteric stone",
    ("fracture", "rib"): "rib fracture",
    ("fracture", ""): "fracture",
    ("fracture", "spine"): "spine fracture",
    ("fracture", "clavicle"): "clavicle fracture",
    ("torsion", "ovary"): "ovarian torsion",
    ("torsion", "adnexa"): "ovarian torsion",
    ("flow", "ovary"): "ovarian flow",
    ("embolism", ""): "pulmonary embolism",
    ("stone", "gallbladder"): "gallstones",
    ("mass", "liver"): "liver lesion",
    ("nodule", "liver"): "liver lesion",
    ("mass", "kidneys"): "kidney mass",
    ("tumour", "kidneys"): "kidney mass",
    ("stones", "kidneys"): "kidney stone",
    ("dilatation", "aorta"): "aortic aneurysm",
    ("nodule", "kidneys"): "kidney mass",
    ("lesion", "pancreas"): "pancreatic mass",
    ("pregnancy", "uterus"): "intrauterine pregnancy",
    ("dilatation", "kidneys"): "hydronephrosis",
    ("dilatation", "ureter"): "hydroureter",
    ("upstream dilatation", "kidneys"): "hydronephrosis",
    ("upstream dilatation", "ureter"): "hydronephrosis",
    ("upstream dilatation", "bile ducts"): "biliary dilatation",
    ("upstream dilatation", "pancreas"): "pancreas duct dilatation",
    ("obstruction", "kidneys"): "hydronephrosis",
    ("obstruction", "bile ducts"): "biliary dilatation",
    ("inflammation", "gallbladder"): "acute cholecystitis",
    ("inflammation", "appendix"): "appendicitis",
    ("inflammation", "diverticulosis"): "diverticulitis",
    ("inflammation", "pancreas"): "acute pancreatitis",
    ("congestion", "lungs"): "pulmonary oedema",
    ("congestion", "vessels"): "pulmonary oedema",
    ("congestion", "heart"): "pulmonary oedema",
    ("blunting", "pleura"): "pleural effusion",
    ("fluid", "pleura"): "pleural effusion",
    ("fluid", "lungs"): "pleural effusion",
    ("fluid", "peritoneum"): "free fluid",
    ("fluid", "pelvis"): "free fluid",
    ("fluid", "liver"): "free fluid",
    ("fluid", "spleen"): "free fluid",
    ("fluid", "uterus"): "endometrial fluid",
    ("fluid", "ovary"): "ovarian fluid",
    ("fluid", "adnexa"): "adnexal fluid",
    ("stone", "bile ducts"): "choledocholithiasis",
}
# what the absence of one thing denies beside it; its presence would only suggest that
DENIES = {
    ("dilatation", "bowel"): "obstruction",
    ("dilatation", "appendix"): "appendicitis",
    ("enlargement", "appendix"): "appendicitis",
    ("perfusion defect", "spleen"): "infarct",
    ("perfusion defect", "kidneys"): "pyelonephritis",
    ("striated nephrogram", "kidneys"): "pyelonephritis",
}
# the noun that two adjectives share: "renal or ureteric stone", "pleural or pericardial effusion"
SHARED = {
    "ureteric stone": "stone", "stones": "stone", "pericardial effusion": "effusion",
    "ovarian cyst": "cyst", "adnexal mass": "mass", "duct dilatation": "dilatation",
}  # fmt: skip
_OWN_NAME = frozenset(
    kind
    for rows in (_BRINGS_ITS_ORGAN, _DEVICES)
    for kind, place, _ in rows
    if kind not in {k for k, _, _ in _NEEDS_AN_ORGAN} | {"oedema", "effusion", "thickening"}
)
_ROWS = {row.what: row for row in FINDINGS}


def row_of(what: str) -> FindingType | None:
    """The table's row of that canonical name, or None."""
    return _ROWS.get(what)


@cache
def compose(kind: str, organ: str, part: str = "") -> str:
    """The name of a kind of thing in an organ or its part.

    >>> compose("cyst", "pelvis", "ovary"), compose("hydatid cyst", "spleen"), compose("cyst", "")
    ('ovarian cyst', 'splenic hydatid cyst', 'cyst')
    """
    named = _PARTS.get((kind, part)) or (_PARTS.get((kind, organ)) if organ else None)
    if named:
        return named
    if not organ:
        return kind
    name = name_of(kind, organ)
    if name not in _ROWS and kind in _OWN_NAME:
        return kind
    return name


def _forms(phrase: str) -> list[tuple[str, bool]]:
    """Every spelling of a phrase, singular and plural."""
    forms = []
    for spelt in spellings(phrase):
        forms += [(spelt, False), (plural(spelt), True)]
        for right, wrong in _MISSPELT.items():
            if spelt == right:
                forms += [(w, False) for w in wrong]
    return forms


def _term(kind: str, place: tuple[str, ...], p: float | None, plural_form: bool) -> Term:
    organ = place[0] if place else ""
    row = _ROWS.get(compose(kind, organ, place[1] if len(place) > 1 else ""))
    layer = row.layer if row else "diagnosis" if kind in _EXTRA_DIAGNOSES else "observation"
    if organ == "devices":
        layer = "device"
    organ, part, site = (*place, "", "", "")[:3]
    return Term("thing", kind, Place(organ, part, site), p, False, layer, plural_form, bool(place))


def thing_terms() -> dict[str, Term]:
    """Surface form → thing, every spelling and plural."""
    found: dict[str, Term] = {}
    for kind, place, forms in (*_NEEDS_AN_ORGAN, *_BRINGS_ITS_ORGAN, *_DEVICES):
        for phrase in words(forms):
            for form, many in _forms(phrase):
                found.setdefault(form, _term(kind, place, None, many))
    for kind, place, p, forms in _HEDGED:
        for phrase in words(forms):
            for form, many in _forms(phrase):
                found[form] = _term(kind, place, p, many)
    for kind, organ, made in (
        ("free air", "peritoneum", _FREE_GAS),
        ("dilatation", "bile ducts", _DUCTS),
    ):
        for form in (f for phrase in made for f in spellings(phrase)):
            found.setdefault(form, _term(kind, (organ,), None, False))
    for row in FINDINGS:
        for name in (row.what, *row.synonyms):
            for form, many in _forms(name.lower()):
                found.setdefault(form, _term(row.kind, (row.organ,), None, many))
    return found

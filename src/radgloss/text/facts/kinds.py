"""Kinds of things that wait for an organ: a cyst, a mass, a stone, a narrowing.

A row is (kind, the place that it brings, what people call it), in British spelling and singular;
`things` makes the other spellings. The place is empty here: it comes from the words around."""

from __future__ import annotations

__all__ = ["KINDS", "Row"]

Row = tuple[str, tuple[str, ...], str]
"""Kind, (organ, part, site) that it brings or (), surface forms."""

KINDS: tuple[Row, ...] = (
    ("cyst", (), "cyst, cystic lesion, simple cyst, cystic structure, cystic focus, "
     "cystic space, cystic area"),
    ("hydatid cyst", (), "hydatid cyst, hydatid, hydatid disease, echinococcal cyst, "
     "echinococcal disease, echinococcosis, hydatidosis, hydatid lesion"),
    ("haemangioma", (), "haemangioma, cavernous haemangioma"),
    ("metastases", (), "metastasis, metastatic disease, metastatic lesion, metastatic deposit, "
     "secondary deposit, mets, met"),
    ("abscess", (), "abscess, abscess cavity, pyogenic abscess, abscess formation"),
    ("lesion", (), "lesion, focal lesion, focal abnormality, mass lesion, focus, hypodensity, "
     "space occupying lesion, focal hypodensity, hypodense area, low density area, "
     "hypoechoic area, hyperechoic area, hypodense lesion, soft tissue lesion, mass like lesion"),
    ("mass", (), "mass, tumour, neoplasm, malignancy, carcinoma, adenocarcinoma, solid lesion, "
     "lump, tumour mass, mass formation, malignant tumour, malignant lesion, soft tissue "
     "mass, soft tissue tumour"),
    ("cancer", (), "cancer, sarcoma, leiomyosarcoma, lymphoma"),
    ("nodule", (), "nodule, nodular lesion, nodular density, nodular opacity"),
    ("stone", (), "stone, calculus, lithiasis"),
    ("calcified granuloma", (), "calcified granuloma, granuloma, calcified nodule, "
     "granulomatous calcification, calcified granulomatous disease, old granulomatous disease"),
    ("infarct", (), "infarct, infarction"),
    ("aneurysm", (), "aneurysm, aneurysmal dilatation, ectatic aneurysm"),
    ("torsion", (), "torsion"),
    ("flow", (), "flow, vascular flow, doppler flow, blood flow, vascularity, vascularisation"),
    ("abnormality", (), "abnormality, pathology, abnormal finding, disease, acute process, "
     "acute finding, significant finding, abnormal change, disease process, focal process, "
     "pathological finding"),
    ("thickening", (), "thickening, wall thickening"),
    ("calcification", (), "calcification, calcific focus, calcified focus, calcific density, "
     "focus of calcification, foci of calcification"),
    ("regurgitation", (), "regurgitation"),
    ("thrombosis", (), "thrombosis, thrombus, clot, blood clot, tumour thrombus, "
     "deep vein thrombosis"),
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
    ("infiltration", (), "infiltration"),
    ("obstruction", (), "obstruction"),
    ("haemorrhage", (), "haemorrhage, bleeding, active bleeding"),
    ("extravasation", (), "extravasation, contrast extravasation, contrast leak, contrast leakage"),
    ("leak", (), "leak, leakage"),
    ("rupture", (), "rupture"),
    ("perforation", (), "perforation"),
    ("stenosis", (), "stenosis, stricture, narrowing, luminal narrowing"),
    ("occlusion", (), "occlusion"),
    ("dissection", (), "dissection, intimal flap"),
    ("pseudoaneurysm", (), "pseudoaneurysm, false aneurysm"),
    ("arteriovenous malformation", (), "arteriovenous malformation, avm, vascular malformation"),
    ("fistula", (), "fistula, fistulous tract"),
    ("compression", (), "compression"),
    ("displacement", (), "displacement, deviation, shift"),
    ("invasion", (), "invasion, encasement"),
    ("recurrence", (), "recurrence"),
    ("erosion", (), "erosion"),
    ("ischaemia", (), "ischaemia"),
    ("hypertrophy", (), "hypertrophy"),
    ("vegetation", (), "vegetation"),
    ("contusion", (), "contusion"),
    ("hypoplasia", (), "hypoplasia, aplasia, agenesis"),
    ("adhesion", (), "adhesion"),
    ("herniation", (), "herniation"),
    ("pseudocyst", (), "pseudocyst"),
    ("varices", (), "varices, varix"),
    ("foreign body", (), "foreign body, foreign object"),
)  # fmt: skip

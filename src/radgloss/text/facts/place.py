"""Where: sides, organs, their parts and sites, and what only sounds like a side.

"Right lobe" of the liver is no laterality of a patient, "left in place" no place, "right-angled"
no side, and a left lateral decubitus is a position. Left and right are always the patient's."""

from __future__ import annotations

import re
from functools import lru_cache

from radgloss.text.facts.terms import Place, Term, plural, spellings, words
from radgloss.text.findings import ORGANS, SITES
from radgloss.types import Side

__all__ = ["NOT_SIDES", "SEGMENTS", "merge", "opposite", "place_terms", "remaining_sites", "sites"]

_SIDES: dict[str, Side] = {
    "right": "right", "rt": "right", "right sided": "right", "right side": "right",
    "left": "left", "lt": "left", "left sided": "left", "left side": "left",
    "bilateral": "bilateral", "bilaterally": "bilateral", "both": "bilateral",
    "bilat": "bilateral", "b/l": "bilateral", "both sides": "bilateral", "either": "bilateral",
    "midline": "midline", "either side": "bilateral", "left and right": "bilateral",
    "right and left": "bilateral",
}  # fmt: skip

_ARTERIES = words(
    "coronary, subclavian, carotid, iliac, common iliac, external iliac, internal iliac, femoral, "
    "popliteal, hepatic, mesenteric, superior mesenteric, inferior mesenteric, celiac, "
    "gastroduodenal, brachiocephalic, vertebral, circumflex, left anterior descending, cystic, "
    "intercostal, bronchial, internal thoracic, internal carotid, ovarian, uterine"
)
# organ, part, site, side, surface forms
_PLACES: tuple[tuple[str, str, str, Side, str], ...] = (
    ("liver", "", "", "", "liver parenchyma, hepatic parenchyma, intrahepatic"),
    ("liver", "", "right lobe", "", "right hepatic lobe, right liver lobe, right lobe of the liver,"
     " right lobe of liver, right lobe"),
    ("liver", "", "left lobe", "", "left hepatic lobe, left liver lobe, left lobe of the liver, "
     "left lobe of liver, left lobe, left lateral segment"),
    ("liver", "", "caudate lobe", "", "caudate, caudate lobe"),
    ("bile ducts", "", "", "", "cbd, common duct, biliary tree, bile duct, bile ducts, biliary "
     "system, intrahepatic ducts, intrahepatic bile ducts, extrahepatic bile duct, hepatic duct, "
     "common hepatic duct, biliary ducts, ducts, extrahepatic ducts, "
     "common bile duct"),
    ("gallbladder", "", "", "", "gb, gall bladder, cholecystic"),
    ("pancreas", "", "head", "", "pancreatic head, head of the pancreas, head of pancreas, "
     "uncinate process"),
    ("pancreas", "", "body", "", "pancreatic body, body of the pancreas, body of pancreas"),
    ("pancreas", "", "tail", "", "pancreatic tail, tail of the pancreas, tail of pancreas"),
    ("pancreas", "duct", "", "", "pancreatic duct, main pancreatic duct, wirsung duct"),
    ("spleen", "", "", "", "spleen, splenic, lienal"),
    ("kidneys", "", "", "", "kidney, renal, nephric"),
    ("kidneys", "", "pelvis", "", "renal pelvis"),
    ("kidneys", "collecting system", "", "", "renal collecting system, collecting system, "
     "pelvicalyceal system, pelvicaliceal system"),
    ("kidneys", "ureter", "", "", "ureter, ureters, ureteric, ureteral"),
    ("kidneys", "ureter", "upper ureter", "", "upper ureter, proximal ureter, upper ureteric, "
     "proximal ureteric, proximal ureteral, pelviureteric junction, ureteropelvic junction, upj, "
     "puj"),
    ("kidneys", "ureter", "mid ureter", "", "mid ureter, middle ureter, mid ureteric, "
     "mid ureteral, middle third of the ureter"),
    ("kidneys", "ureter", "distal ureter", "", "distal ureter, lower ureter, distal ureteric, "
     "distal ureteral, vesicoureteric junction, ureterovesical junction, uvj, vuj"),
    ("", "", "upper pole", "", "upper pole, superior pole, upper polar"),
    ("", "", "lower pole", "", "lower pole, inferior pole, lower polar"),
    ("", "", "interpolar region", "", "interpolar region, mid pole, interpolar, midpole, "
     "interpole, interpolar zone"),
    ("", "", "mid portion", "", "mid portion, midportion, middle portion"),
    ("bowel", "", "", "", "bowel, bowel loops, intestine, bowel gas pattern, bowel loop, "
     "large bowel, bowel wall, wall of the bowel, gastrointestinal tract, small and large bowel, "
     "large and small bowel"),
    ("bowel", "", "small bowel", "", "small bowel, small bowel loops, small intestine, "
     "small bowel loop, small intestinal, small intestinal loop, jejunum, ileum, jejunal, ileal"),
    ("bowel", "appendix", "", "", "appendix, vermiform appendix, appendiceal"),
    ("bowel", "", "sigmoid colon", "", "sigmoid, sigmoid colon"),
    ("bowel", "", "rectum", "", "rectum, rectal, rectosigmoid"),
    ("bowel", "", "duodenum", "", "duodenum, duodenal"),
    ("bowel", "", "colon", "", "colon, transverse colon, colonic, caecum, cecum, "
     "ascending colon, descending colon"),
    ("", "", "right lower quadrant", "", "right lower quadrant, rlq, right iliac fossa, rif"),
    ("", "", "right upper quadrant", "", "right upper quadrant, ruq, hepatorenal recess, "
     "morison pouch, morison's pouch, perihepatic, perihepatic space, hepatorenal space"),
    ("", "", "left upper quadrant", "", "left upper quadrant, luq, perisplenic"),
    ("", "", "left lower quadrant", "", "left lower quadrant, llq, left iliac fossa"),
    ("peritoneum", "", "", "", "peritoneum, peritoneal cavity, abdomen, abdominal cavity, "
     "peritoneal space"),
    ("", "", "cul-de-sac", "", "cul de sac, pouch of douglas, douglas pouch, rectouterine pouch"),
    ("aorta", "", "ascending aorta", "", "ascending aorta, aortic root"),
    ("aorta", "", "aortic arch", "", "aortic arch, arch of the aorta"),
    ("aorta", "", "descending aorta", "", "descending aorta, thoracic aorta, descending thoracic "
     "aorta, thoracic aortic"),
    ("aorta", "", "", "", "aorta, abdominal aorta, aortic, infrarenal aorta, infrarenal "
     "abdominal aorta, infrarenal"),
    ("pelvis", "", "pelvis", "", "pelvis, lower pelvis, pelvic cavity, pelvic"),
    ("pelvis", "ovary", "ovary", "", "ovary, ovaries, ovarian"),
    ("pelvis", "adnexa", "adnexa", "", "adnexa, adnexal, adnexum, fallopian tube, adnexae, "
     "adnexal region"),
    ("pelvis", "uterus", "uterus", "", "uterus, uterine, endometrial cavity, uterine cavity, "
     "endometrium, myometrium, intrauterine"),
    ("lungs", "", "", "", "lung, lungs, pulmonary, lung field, lung fields, lung parenchyma, "
     "hemithorax, pulmonary parenchyma, hemi thorax"),
    ("lungs", "volumes", "", "", "lung volume, lung volumes"),
    ("lungs", "", "upper lobe", "", "upper lobe, upper lobes"),
    ("lungs", "", "middle lobe", "right", "middle lobe, right middle lobe, rml"),
    ("lungs", "", "lower lobe", "", "lower lobe, lower lobes"),
    ("lungs", "", "upper lobe", "right", "rul"),
    ("lungs", "", "lower lobe", "right", "rll"),
    ("lungs", "", "upper lobe", "left", "lul"),
    ("lungs", "", "lower lobe", "left", "lll, retrocardiac, retrocardiac region"),
    ("lungs", "", "upper lobe", "left", "lingula, lingular"),
    ("lungs", "", "upper zone", "", "upper zone, upper zones, upper lung zone, upper lung zones, "
     "upper lung, upper lung field"),
    ("lungs", "", "mid zone", "", "mid zone, mid zones, middle zone, mid lung zone, mid lung, "
     "mid lung zones, midzone"),
    ("lungs", "", "lower zone", "", "lower zone, lower zones, lower lung zone, lower lung zones, "
     "lower lung, lower lung field"),
    ("lungs", "", "base", "", "base, bases, lung base, lung bases, basal, basilar, basally"),
    ("lungs", "", "base", "bilateral", "bibasilar, bibasal, both bases, both lung bases"),
    ("lungs", "", "apex", "", "apex, apices, apical, lung apex, lung apices"),
    ("lungs", "", "perihilar", "", "perihilar, perihilar region, peri hilar, peri hilar region"),
    ("lungs", "", "lobe", "bilateral", "biapical"),
    ("pleura", "", "", "", "pleura, pleural, pleural surface"),
    ("pleura", "space", "", "", "pleural space, pleural cavity, pleural cavities"),
    ("pleura", "angle", "", "", "costophrenic angle, costophrenic angles, costophrenic sulcus, "
     "cp angles, cp angle, costophrenic sinus, costophrenic sinuses, costophrenic sulci, "
     "costophrenic recess, costophrenic recesses, "
     "costodiaphragmatic recess, costodiaphragmatic recesses, lateral costophrenic angle"),
    ("heart", "", "", "", "heart, cardiac, cardiac chamber, heart chamber"),
    ("heart", "", "right ventricle", "", "right ventricle, right ventricular"),
    ("heart", "", "left ventricle", "", "left ventricle, left ventricular"),
    ("heart", "", "right atrium", "", "right atrium, right atrial"),
    ("heart", "", "left atrium", "", "left atrium, left atrial"),
    ("heart", "", "septum", "", "interventricular septum, interatrial septum, atrial septum, "
     "ventricular septum"),
    ("heart", "valve", "aortic valve", "", "aortic valve"),
    ("heart", "valve", "mitral valve", "", "mitral valve, mitral annulus"),
    ("heart", "valve", "tricuspid valve", "", "tricuspid valve"),
    ("heart", "valve", "pulmonary valve", "", "pulmonary valve, pulmonic valve"),
    ("heart", "outflow tract", "outflow tract", "", "outflow tract, lvot, rvot, left ventricular "
     "outflow tract, right ventricular outflow tract"),
    ("heart", "size", "", "", "heart size, cardiac silhouette, cardiac size, cardiac shadow, "
     "cardiac contour, heart shadow, cardiac contours, cardiothoracic ratio, size of the heart, "
     "cardiac profile"),
    ("mediastinum", "size", "", "", "mediastinal contour, mediastinal contours, "
     "mediastinal silhouette, mediastinum, mediastinal"),
    ("cardiomediastinum", "size", "", "", "cardiomediastinal silhouette, cardiomediastinal "
     "contour, cardiomediastinal contours, cardiomediastinum, heart and mediastinum, "
     "cardiomediastinal shadow"),
    ("hila", "", "", "", "hilum, hila, hilar, hilar contours"),
    ("vessels", "", "", "", "pulmonary vasculature, pulmonary vascularity, vasculature, "
     "portal vein, splenic vein, hepatic veins, ivc, inferior vena cava, pulmonary vessels, "
     "renal vein, great vessels, splenic artery, renal artery, superior mesenteric vein, "
     "portal venous system"),
    ("bones", "", "", "", "bones, bone, osseous, bony, skeleton, osseous structures, "
     "bony structures, bony thorax, visualised bones, osseous structure, skeletal"),
    ("bones", "rib", "", "", "rib, ribs"),
    ("bones", "spine", "", "", "spine, vertebra, vertebral body, vertebrae, vertebral, "
     "thoracic spine, lumbar spine, spinal, thoracic vertebra, thoracic vertebrae, "
     "lumbar vertebra, lumbar vertebrae, cervical spine, cervical vertebra"),
    ("bones", "clavicle", "", "", "clavicle"),
    ("bones", "joint", "", "", "joint, hip joint, knee joint, shoulder joint, ankle joint, elbow "
     "joint, joint space, sacroiliac joint, knee, ankle, elbow"),
    ("bones", "", "", "", "femur, tibia, humerus, sternum, scapula, femoral head, femoral neck, "
     "acetabulum, pelvic bone, iliac bone, sacrum, vertebral column, xiphisternum, bone marrow"),
    ("soft tissues", "", "", "", "soft tissues, soft tissue, chest wall, subcutaneous"),
    ("diaphragm", "", "", "", "diaphragm, hemidiaphragm, hemidiaphragms"),
    ("urethra", "", "", "", "urethra, urethral"),
    ("bladder", "", "", "", "bladder, urinary bladder"),
    ("adrenals", "", "", "", "adrenal, adrenals, adrenal gland, adrenal glands"),
    ("stomach", "", "stomach", "", "stomach, gastric body, gastric fundus, gastric"),
    ("oesophagus", "", "oesophagus", "", "oesophagus, oesophageal"),
    ("prostate", "", "", "", "prostate"),
    ("thyroid", "", "", "", "thyroid, thyroid gland"),
    ("thyroid", "", "right lobe", "", "right thyroid lobe, right lobe of the thyroid, "
     "right lobe of the thyroid gland, right lobe of thyroid"),
    ("thyroid", "", "left lobe", "", "left thyroid lobe, left lobe of the thyroid, "
     "left lobe of the thyroid gland, left lobe of thyroid"),
    ("brain", "", "", "", "brain, intracranial, subdural, cerebral, cerebellar, cerebellum, "
     "temporal lobe, frontal lobe, parietal lobe, occipital lobe, epidural, subarachnoid, pituitary"
     ", basal ganglia, cranial"),
    ("breast", "", "", "", "breast, mammary"),
    ("retroperitoneum", "", "", "", "retroperitoneum, retroperitoneal"),
    ("mesentery", "", "", "", "mesentery, mesenteric"),
    ("vessels", "", "pulmonary artery", "", "pulmonary artery, pulmonary arteries, pulmonary "
     "arterial"),
    ("vessels", "", "pulmonary vein", "", "pulmonary vein"),
    *(("vessels", "", f"{a} artery", "", f"{a} artery, {a} arteries") for a in _ARTERIES),
    ("veins", "", "superior vena cava", "", "superior vena cava, svc, lower svc, mid svc, "
     "upper svc, distal svc, proximal svc"),
    ("veins", "", "cavoatrial junction", "", "cavoatrial junction, svc ra junction, "
     "cavo atrial junction, atriocaval junction"),
    ("veins", "", "brachiocephalic vein", "", "brachiocephalic vein, innominate vein"),
    ("airway", "", "right lower lobe bronchus", "", "right lower lobe bronchus"),
    ("airway", "", "right main bronchus", "", "right main bronchus, right mainstem bronchus, "
     "right mainstem, right bronchus intermedius"),
    ("airway", "", "left main bronchus", "", "left main bronchus, left mainstem bronchus"),
    ("airway", "", "trachea", "", "trachea, mid trachea"),
)  # fmt: skip

NOT_SIDES = (
    "left in place, left in situ, what is left, left lateral decubitus, right lateral decubitus, "
    "left anterior oblique, right anterior oblique, left posterior oblique, left lateral view, "
    "right posterior oblique, left lateral, right lateral, right handed, left handed, right angled,"
    " right heart, left heart, left gastric artery, right greater than left, "
    "left greater than right, right more than left, left more than right, larger on the right, "
    "larger on the left, greater on the right, greater on the left, r l, right side down, "
    "left side down, right hepatic vein, left hepatic vein, right portal vein, left portal vein, "
    "left renal vein, right colic flexure, more on the right, more on the left, bowel gas, "
    "overlying bowel gas, compared to the right, compared to the left, than the right, "
    "than the left, compared with the left, compared with the right"
)


def place_terms() -> dict[str, Term]:
    """Surface form → place: sides, organs with their adjectives, parts and sites."""
    found = {word: Term("place", place=Place(side=side)) for word, side in _SIDES.items()}
    for organ, names in ORGANS.items():
        if organ != "devices":
            for word in (organ, *names):
                found.setdefault(word, Term("place", place=Place(organ)))
    many: dict[str, Term] = {}
    for organ, part, site, side, forms in _PLACES:
        for word in words(forms):
            for spelt in spellings(word):
                term = Term("place", place=Place(organ, part, site, side))
                found[spelt] = term
                many.setdefault(plural(spelt), term)
    ordinals = "first, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth, "
    ordinals += "eleventh, twelfth"
    for n, ordinal in enumerate(words(ordinals), 1):
        end = {1: "st", 2: "nd", 3: "rd"}.get(n, "th")
        place = Place("bones", "rib", f"{n}{end} rib")
        for word in (f"{ordinal} rib", f"{n} {end} rib", f"rib {n}"):
            found[word] = Term("place", place=place)
    return many | found


_ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII")
SEGMENTS = re.compile(
    r"seg(?:ment)?s?\.?\s*((?:[1-8]|viii|vii|vi|iv|v|iii|ii|i)[ab]?"
    r"(?:\s*(?:,\s*and|and|,|/|&|[-–])\s*(?:[1-8]|viii|vii|vi|iv|v|iii|ii|i)[ab]?\b)*)\b"
    r"(?!\s*(?:mm|cm))"
)


def sites(matched: str) -> list[Place]:
    """The liver segments of "VI", "II and VII" or "5/6" (one junction), as places.

    >>> [p.site for p in sites("2 and vii")], [p.site for p in sites("5/6")]
    (['segment II', 'segment VII'], ['segment V/VI'])
    """
    found = []
    for group in re.split(r"\s*(?:,\s*and|and|,|&)\s*", matched):
        names = []
        for name in re.split(r"\s*[/–-]\s*", group):
            name = name.strip()
            bare = name if name in ("i", "v") else name.rstrip("ab")
            names.append(_ROMAN[int(bare)] if bare.isdigit() else bare.upper())
        found.append(Place("liver", "", "segment " + "/".join(names)))
    return found


def opposite(side: Side) -> Side:
    """The other side; a side that is neither left nor right has none."""
    return {"left": "right", "right": "left"}.get(side, "")  # type: ignore[return-value]


@lru_cache(4096)  # places are few: the lexicon's, and what they make together
def merge(first: Place, second: Place) -> Place | None:
    """One place from two descriptions of it, or None where they contradict.

    >>> merge(Place(site="lower pole"), Place("kidneys", side="right"))
    Place(organ='kidneys', part='', site='lower pole', side='right')
    """
    organ, part = first.organ or second.organ, first.part or second.part
    site, side = first.site or second.site, first.side or second.side
    theirs = (second.organ or organ, second.part or part, second.site or site, second.side or side)
    return Place(organ, part, site, side) if theirs == (organ, part, site, side) else None


def remaining_sites(organ: str, gone: set[str]) -> list[Place]:
    """The sites of an organ without those that could not be seen."""
    return [Place(organ, "", site) for site in SITES.get(organ, ()) if site not in gone]


def with_side(place: Place, side: Side) -> Place:
    """The same place on a side."""
    return place._replace(side=side)

"""Words that no grammar wrote: shorthand, slips, templates, dictation, captions, case histories.

Every text is our own, of the shape of what was read wrongly in real notes and captions. A fact is
written "name status side|site", with + present, - absent, ? uncertain, H history; empty parts are
left away."""

import pytest

from radgloss.text.facts import read

CT, PELVIC, CHEST = "ct-abdomen", "us-pelvis", "xr-chest"
_SIGNS = {"present": "+", "absent": "-", "uncertain": "?", "not assessed": "N"}

SHORTHAND = (
    (CHEST, "RLL PNA, sm L pl eff, no PTX.",
     {"pneumonia + right|lower lobe", "pleural effusion + left|", "pneumothorax -"}),
    (CHEST, "ETT ok, NGT tip in stomach, RIJ CVC tip in SVC. No eff/PTX.",
     {"endotracheal tube +", "nasogastric tube + |stomach", "pleural effusion -", "pneumothorax -",
      "central venous catheter + right|superior vena cava"}),
    (CHEST, "GGOs b/l, c/w viral pneumonia; r/o PE. LUL nodule, f/u CT.",
     {"lung opacity + bilateral|", "pneumonia + bilateral|", "lung nodule + left|upper lobe"}),
    (CHEST, "Lungs clear b/l. No effusion.", {"lungs abnormality -", "pleural effusion -"}),
    (CT, "s/p chole. L hydronephrosis 2/2 a stone in the ureter, w/o free fluid.",
     {"gallbladder absence H", "hydronephrosis + left|", "ureteric stone + left|",
      "free fluid -"}),
    (CT, "Non-obstructing calculi b/l.", {"kidney stone + bilateral|"}),
    (CT, "HSM.", {"liver enlargement +", "splenomegaly +"}),
    (PELVIC, "ROV cyst. Trace FF in CDS. No IUP.",
     {"ovarian cyst + right|ovary", "free fluid + |cul-de-sac", "intrauterine pregnancy -"}),
    (CHEST, "Patchy opacity RML likely atelectasis vs PNA.",
     {"lung opacity + right|middle lobe", "atelectasis ? right|middle lobe",
      "pneumonia ? right|middle lobe"}),
    (CHEST, "Effusion (-), pneumothorax (-), consolidation (+).",
     {"pleural effusion -", "pneumothorax -", "consolidation +"}),
    (CHEST, "Consolidation c/f infection. Hemothorax L",
     {"consolidation +", "pneumonia ?", "pleural effusion + left|"}),
)  # fmt: skip
SLIPS = (
    (CHEST, "Small pluural effussion.", {"pleural effusion +"}),
    (CHEST, "No consoliddation, pneumothroax or atelctasis.",
     {"consolidation -", "pneumothorax -", "atelectasis -"}),
    (CT, "Splenomegely and cholelithisis.", {"splenomegaly +", "gallstones +"}),
    (CT, "Hydronehprosis of the left kidney.", {"hydronephrosis + left|"}),
    # near misses that are words of their own, or would change what was said
    (CT, "After injection of contrast, standing view.", set()),
    (CT, "Urethral stone.", {"urethra stone +"}),
    (CHEST, "The patient is deceased. Undiluted contrast.", set()),
    (CT, "Desmoid of the wall.", set()),
)  # fmt: skip
TEMPLATES = (
    (CT, "LIVER: NORMAL.\nGALLBLADDER: STONES.\nFREE AIR: NONE",
     {"liver abnormality -", "gallstones +", "free air -"}),
    (CT, "1) Spleen - enlarged\n2) GB - s/p chole\n3) no FF",
     {"splenomegaly +", "gallbladder absence H", "free fluid -"}),
    (CT, "IMPRESSION: (1) cirrhosis, (2) ascites; (3) no HCC",
     {"cirrhosis +", "free fluid +", "hepatocellular carcinoma -"}),
    (CT, "* hepatomegaly\n* b/l renal cysts", {"liver enlargement +", "kidney cyst + bilateral|"}),
    (CHEST, "Pneumothorax: No\nEffusion: Yes, left\nConsolidation: absent",
     {"pneumothorax -", "pleural effusion + left|", "consolidation -"}),
    (CT, "[x] Appendicitis [ ] Diverticulitis", {"appendicitis +"}),
    (CT, "[ ] No free air.", {"free air -"}),
    (CHEST, "LUNGS CLEAR HEART SIZE NORMAL NO EFFUSION NO PNEUMOTHORAX",
     {"lungs abnormality -", "cardiomegaly -", "pleural effusion -", "pneumothorax -"}),
    (CHEST, "There is a right effusion period No pneumothorax period new paragraph The heart is "
     "enlarged period", {"pleural effusion + right|", "pneumothorax -", "cardiomegaly +"}),
    (CHEST, "Unwell for a week. PMH: gout and a stroke. Left basal atelectasis.",
     {"atelectasis + left|base"}),
)  # fmt: skip
PLACES = (
    (CHEST, "Opacities in the left lower, right upper and middle lobes.",
     {"lung opacity + left|lower lobe", "lung opacity + right|upper lobe",
      "lung opacity + right|middle lobe"}),
    (CHEST, "Consolidation in the right upper lobe, and right lower lobe.",
     {"consolidation + right|upper lobe", "consolidation + right|lower lobe"}),
    (CHEST, "Upper left lobe mass.", {"lung mass + left|upper lobe"}),
    (CHEST, "Mid and upper zone shadowing.", {"lung opacity + |mid zone",
                                              "lung opacity + |upper zone"}),
    (CHEST, "Consolidation in the apical segment of the LUL.",
     {"consolidation + left|upper lobe"}),
    (CHEST, "Opacities in both lungs, sparing the apices.", {"lung opacity + bilateral|"}),
    ("", "Nodule in the left lobe of the thyroid.", {"thyroid nodule + |left lobe"}),
    ("", "Collapse of a lumbar vertebra.", {"spine fracture +"}),
    ("", "Oedema of the bowel wall.", {"bowel oedema +"}),
    ("", "Obstruction of the left ureter.", {"hydronephrosis + left|"}),
    ("", "Knee joint effusion.", {"joint effusion +"}),
    ("", "Infiltration of the bladder wall.", {"bladder infiltration +"}),
    ("", "Subcutaneous emphysema on the left.", {"subcutaneous emphysema + left|"}),
    (CT, "No pleural effusion. Haemangioma, 12 mm.",
     {"pleural effusion -", "liver haemangioma +"}),
    (CHEST, "The pleura is normal. No cysts.", {"pleura abnormality -", "lungs cyst -"}),
    ("", "Abdominal ultrasound shows a cyst.", {"cyst +"}),
    ("", "Soft tissue mass in the liver.", {"liver lesion +"}),
    (CHEST, "Pneumothorax on the right side with contusion on the left.",
     {"pneumothorax + right|", "lungs contusion + left|"}),
    (CHEST, "Effusion on the right with something on the left.", {"pleural effusion + right|"}),
    (CT, "Mass in the right kidney and absence of the left kidney.", {"kidney mass + right|"}),
    (CT, "Absence of significant lymph nodes.", {"lymphadenopathy -"}),
    (CHEST, "Subcutaneous free air.", {"subcutaneous emphysema +"}),
    (CHEST, "Metastases from a sarcoma of the uterus.", {"metastases +"}),
    ("", "Distended urethra.", {"urethra dilatation +"}),
    (CHEST, "Elevated left hemidiaphragm.", {"elevation + left|"}),
    (CHEST, "The right diaphragm is raised.", {"elevation + right|"}),
    (CT, "Thickened gastric wall, narrowed duodenum.",
     {"stomach thickening + |stomach", "bowel stenosis + |duodenum"}),
    (CT, "The spleen is ruptured, the appendix not perforated.",
     {"spleen rupture +", "bowel perforation - |appendix"}),
    ("", "Right ventricular dilatation.", {"heart dilatation + |right ventricle"}),
    ("", "The view at the level of the aortic valve shows a dilated coronary artery.",
     {"vessels dilatation + |coronary artery"}),
    ("", "No enlarged mediastinal lymph nodes.", {"lymphadenopathy -"}),
)  # fmt: skip
NOT_SAID = (
    (CT, "Small lesions may be missed on this unenhanced study.", set()),
    (CT, "Motion. Tiny stones could be overlooked, and no ascites is seen.", set()),
    (CT, "Sensitivity for small nodules is reduced.", set()),
    (CHEST, "High-resolution CT shows bilateral opacities.", {"lung opacity + bilateral|"}),
    (CHEST, "Non-contrast CT of the chest demonstrated a nodule.", {"lung nodule +"}),
    (CHEST, "COVID-19 pneumonia in patient 3, day 4.", {"pneumonia +"}),
    (CHEST, "Blood cultures and tumour markers were normal.", set()),
    (CHEST, "Physical examination was unremarkable, and chest X-ray showed an effusion.",
     {"pleural effusion +"}),
    (CHEST, "Her husband had pneumonia last week.", set()),
    (CHEST, "She presented with suspected pneumonia.", set()),
    ("", "CT of a man presenting with a liver cyst.", {"liver cyst +"}),
    ("", "CXR of a patient with pneumonia.", {"pneumonia +"}),
    ("", "The xiphoid process and the thoracic cavity are shown.", set()),
    ("", "Ectopic kidney.", set()),
    ("", "Low-flow oxygen.", set()),
    ("", "A previously healthy man.", set()),
    ("", "CT after anti-TB treatment.", set()),
    ("", "Small infarct of the spleen (not shown).", {"splenic infarct +"}),
    ("", "CT to look for abscess and lymphadenopathy.", set()),
    (CHEST, "The lungs are of normal volume.", set()),
    (CHEST, "No focus of consolidation.", {"consolidation -"}),
    ("", "No evidence of invasion by the tumour.", {"invasion -", "mass +"}),
    ("", "Bilateral ovarian metastases of lung cancer.", {"pelvis metastases + bilateral|ovary"}),
)  # fmt: skip
SURE = (
    (CHEST, "There is an obvious effusion.", {"pleural effusion +"}),
    (CHEST, "Follow-up radiographs show a new effusion.", {"pleural effusion + new"}),
    (CHEST, "A shadow thought to represent pneumonia; subtotal regression of the effusion.",
     {"pneumonia ?", "pleural effusion + decreased"}),
    (CHEST, "Almost complete regression of the right consolidation.",
     {"consolidation + right| decreased"}),
    (CHEST, "No clear consolidation.", {"consolidation ?"}),
    (CT, "Evidence of cirrhosis is not clear.", {"cirrhosis ?"}),
    (CHEST, "Multiple smaller nodules on the left.", {"lung nodule + left|"}),
)  # fmt: skip


def told(text, exam):
    found = set()
    for fact in read(text, exam):
        f = fact.finding
        sign = "H" if fact.layer == "history" else _SIGNS[f.status]
        where = f" {f.side}|{f.site}" if f.side or f.site else ""
        found.add(f"{f.what} {sign}{where}" + (f" {f.change}" if f.change else ""))
    return found


@pytest.mark.parametrize(
    ("exam", "text", "facts"), SHORTHAND + SLIPS + TEMPLATES + PLACES + NOT_SAID + SURE
)
def test_words_that_no_grammar_wrote_are_read(exam, text, facts):
    assert told(text, exam) == facts


def test_a_number_that_counts_nothing_is_no_number():
    (one,) = read("COVID-19 pneumonia.")
    (two,) = read("Case two: a mass in the liver.")
    (many,) = read("2 cysts in the liver.")
    assert [f.finding.number for f in (one, two, many)] == ["", "", "2"]

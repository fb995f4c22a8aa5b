"""Thirty tricky sentences, each with every fact it states (and no other)."""

import pytest

from radgloss.text.facts import read

# what, status, side, site, size in mm, change, certainty
P, A, U, N = "present", "absent", "uncertain", "not assessed"
TRICKY = {
    "No pleural effusion or pneumothorax.": [
        ("pleural effusion", A, "", "", (), "", None),
        ("pneumothorax", A, "", "", (), "", None),
    ],
    "Small left effusion without pneumothorax.": [
        ("pleural effusion", P, "left", "", (), "", None),
        ("pneumothorax", A, "", "", (), "", None),
    ],
    "No change in the 8 mm right upper lobe nodule.": [
        ("lung nodule", P, "right", "upper lobe", (8.0,), "unchanged", None),
    ],
    "Interval resolution of the right pneumothorax.": [
        ("pneumothorax", A, "right", "", (), "resolved", None),
    ],
    "Pneumonia cannot be excluded.": [("pneumonia", U, "", "", (), "", 0.4)],
    "Bibasilar opacities, atelectasis versus early consolidation.": [
        ("lung opacity", P, "bilateral", "base", (), "", None),
        ("atelectasis", U, "bilateral", "base", (), "", 0.4),
        ("consolidation", U, "bilateral", "base", (), "", 0.4),
    ],
    "No new or enlarging nodules.": [  # nothing is said of nodules as such
        ("nodule", A, "", "", (), "new", None),
        ("nodule", A, "", "", (), "increased", None),
    ],
    "Indication: rule out pneumothorax after biopsy.": [("biopsy", P, "", "", (), "", None)],
    "Right kidney normal; left shows a 4 mm nonobstructing lower-pole calculus without "
    "hydronephrosis.": [
        ("kidneys abnormality", A, "right", "", (), "", None),
        ("kidney stone", P, "left", "lower pole", (4.0,), "", None),
        ("hydronephrosis", A, "left", "", (), "", None),
    ],
    "Segment VI mass, 3.2 x 2.4 x 2.0 cm (previously 2.8 x 2.1 cm).": [
        ("liver lesion", P, "", "segment VI", (32.0, 24.0, 20.0), "increased", None),
    ],
    "Status post cholecystectomy, without biliary dilatation.": [
        ("gallbladder absence", P, "", "", (), "", None),
        ("biliary dilatation", A, "", "", (), "", None),
    ],
    "Appendix not visualised; no secondary signs of appendicitis.": [
        ("bowel abnormality", N, "", "appendix", (), "", None),
        ("secondary signs of appendicitis", A, "", "", (), "", None),
        ("appendicitis", U, "", "", (), "", 0.1),
    ],
    "Tip of the endotracheal tube 2 cm above the carina; right jugular catheter ends in the SVC; "
    "no pneumothorax.": [
        ("endotracheal tube", P, "", "", (), "", None),
        ("central venous catheter", P, "right", "superior vena cava", (), "", None),
        ("pneumothorax", A, "", "", (), "", None),
    ],
    "Left lateral decubitus view shows no free air.": [("free air", A, "", "", (), "", None)],
    "Pancreatic tail obscured by bowel gas; visualised pancreas unremarkable.": [
        ("pancreas abnormality", N, "", "tail", (), "", None),
        ("pancreas abnormality", A, "", "head", (), "", None),
        ("pancreas abnormality", A, "", "body", (), "", None),
    ],
    "Negative for embolism to the segmental level.": [
        ("pulmonary embolism", A, "", "central to segmental", (), "", None),
        ("pulmonary embolism", N, "", "subsegmental", (), "", None),
    ],
    "Known hepatic metastases; no new lesions.": [
        ("liver metastases", P, "", "", (), "", None),
        ("liver lesion", A, "", "", (), "new", None),
    ],
    "Heart size at the upper limit of normal.": [("cardiomegaly", A, "", "", (), "", None)],
    "Left hydronephrosis has resolved, but mild right hydronephrosis persists.": [
        ("hydronephrosis", A, "left", "", (), "resolved", None),
        ("hydronephrosis", P, "right", "", (), "unchanged", None),
    ],
    "CT could be obtained if clinically indicated to exclude malignancy.": [],
    "T1-hyperintense 9 mm focus at T12, not a fracture.": [
        ("bones lesion", P, "", "T12", (9.0,), "", None),
        ("fracture", A, "", "", (), "", None),
    ],
    "The cyst in the spleen resembles that in the right hepatic lobe, suggesting hydatid "
    "disease.": [
        ("splenic cyst", P, "", "", (), "", None),
        ("liver cyst", P, "", "right lobe", (), "", None),
        ("splenic hydatid cyst", U, "", "", (), "", 0.4),
        ("liver hydatid cyst", U, "", "right lobe", (), "", 0.4),
    ],
    "Not only is the mass larger, there is now ascites.": [
        ("mass", P, "", "", (), "increased", None),
        ("free fluid", P, "", "", (), "new", None),
    ],
    "Findings were compared with 04/03/2024; the stone previously seen on the left has passed.": [
        ("kidney stone", A, "left", "", (), "resolved", None),
    ],
    "Flow is present in the right ovary, which does not exclude torsion.": [
        ("ovarian flow", P, "right", "ovary", (), "", None),
        ("ovarian torsion", U, "right", "", (), "", 0.4),
    ],
    "There is no evidence to suggest that the effusion has decreased.": [
        ("pleural effusion", P, "", "", (), "", None),
        ("pleural effusion", A, "", "", (), "decreased", None),
    ],
    "Liver lesions measure 12 and 18 mm, respectively in segments II and VII.": [
        ("liver lesion", P, "", "segment II", (12.0,), "", None),
        ("liver lesion", P, "", "segment VII", (18.0,), "", None),
    ],
    "The right lung is clear. On the opposite side there is a tiny pneumothorax.": [
        ("lungs abnormality", A, "right", "", (), "", None),
        ("pneumothorax", P, "left", "", (), "", None),
    ],
    "Nodule less conspicuous, probably because of technique.": [
        ("nodule", P, "", "", (), "", None),
    ],
    "No definite fracture; correlate with point tenderness.": [
        ("fracture", U, "", "", (), "", 0.1),
    ],
}


@pytest.mark.parametrize("sentence", TRICKY)
def test_each_tricky_sentence_states_exactly_these_facts(sentence):
    got = [
        (f.what, f.status, f.side, f.site, f.size_mm, f.change, f.certainty)
        for f in (fact.finding for fact in read(sentence))
    ]
    assert got == TRICKY[sentence]


def only(sentence, what):
    (fact,) = [f for f in read(sentence) if f.finding.what == what]
    return fact


def test_large_tells_how_much_is_there_and_limits_what_is_not():
    for text in ("A large left effusion.", "The effusion is large.", "Sizeable effusion."):
        assert only(text, "pleural effusion").finding.severity == "large"
    denied = only("No large effusion.", "pleural effusion")
    assert (denied.finding.status, denied.finding.severity, denied.limit) == ("absent", "", "large")
    assert only("The effusion is not large.", "pleural effusion").finding.severity == ""


def test_what_the_tricky_sentences_say_beside_their_facts():
    assert only("Small left effusion.", "pleural effusion").finding.severity == "small"
    previous = only("Segment VI mass, 32 mm (previously 28 x 21 mm).", "liver lesion").finding
    assert previous.previous_mm == (28.0, 21.0)
    tube = only("Tip of the endotracheal tube 2 cm above the carina.", "endotracheal tube")
    assert tube.distance_mm == 20.0
    assert tube.layer == "device"
    assert only("Heart size at the upper limit of normal.", "cardiomegaly").finding.severity == (
        "borderline"
    )
    assert only("Nodule less conspicuous.", "nodule").seen == "less conspicuous"
    assert only("Known hepatic metastases.", "liver metastases").limit == "known"
    assert only("Status post cholecystectomy.", "gallbladder absence").layer == "history"

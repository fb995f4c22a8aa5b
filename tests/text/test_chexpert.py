"""CheXpert's labels on sentences written for the purpose, with the answers of its definitions."""

import pytest

from radgloss.text.facts.chexpert import LABELS, labels
from radgloss.types import Report

SAID = {
    "The lungs are clear. The heart is normal in size.": {"No Finding": 1, "Cardiomegaly": 0},
    "No pneumothorax. Right pleural effusion.": {"Pneumothorax": 0, "Pleural Effusion": 1},
    "Possible left lower lobe pneumonia.": {"Pneumonia": -1},
    "Patchy opacity at the right base, atelectasis versus pneumonia.": {
        "Lung Opacity": 1, "Atelectasis": -1, "Pneumonia": -1,
    },
    "Right lower lobe infiltrate.": {"Lung Opacity": 1},
    "Dense consolidation of the left lower lobe.": {"Consolidation": 1},
    "No definite fracture.": {"Fracture": 0, "No Finding": 1},
    "Endotracheal tube in place. No effusion.": {
        "Support Devices": 1, "Pleural Effusion": 0, "No Finding": 1,
    },
    "Congestive heart failure.": {"Edema": 1, "Cardiomegaly": -1},
    "No new nodule.": {"No Finding": 1},
    "Small effusion, no effusion on the right. Effusion cannot be excluded.": {
        "Pleural Effusion": 1,
    },
    "Pneumoperitoneum.": {},
    "INDICATION: rule out pneumonia. FINDINGS: Stable cardiomegaly.": {"Cardiomegaly": 1},
    "1.2 cm nodule in the left upper lobe.": {"Lung Lesion": 1},
    "Apical pleural thickening. Old fracture of the right 7th rib.": {
        "Pleural Other": 1, "Fracture": 1,
    },
}  # fmt: skip


@pytest.mark.parametrize("text", SAID)
def test_every_label_is_the_one_that_the_sentence_deserves(text):
    found = labels(text)
    assert {k: v for k, v in found.items() if v is not None} == SAID[text]
    assert tuple(found) == LABELS


def test_sections_of_a_report_count_and_the_indication_does_not():
    found = labels(Report(indication="Pneumothorax?", findings="Left effusion.", impression=""))
    assert found["Pneumothorax"] is None
    assert found["Pleural Effusion"] == 1

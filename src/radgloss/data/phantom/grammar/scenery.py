"""What stands in a report beside its findings: technique, normal organs, and distractors.

A distractor holds no fact of the study (limits of technique, recommendations, communication,
history, what a template left behind). It is drawn without looking at the findings."""

from __future__ import annotations

from random import Random

from radgloss.data.phantom.grammar.pattern import pick
from radgloss.data.phantom.grammar.ways import MODALITIES

__all__ = ["ABSENT", "AGAINST", "DISTRACTORS", "INCIDENTAL", "NORMAL", "NOTHING",
           "ORGANS_OF_ABSENT", "OTHERS", "technique"]  # fmt: skip

TITLES = {
    "ct-abdomen": ("CT of the abdomen and pelvis", "Computed tomography of the abdomen and pelvis"),
    "mr-abdomen": ("MR of the abdomen", "Magnetic resonance imaging of the abdomen"),
}
FILMS = {
    ("xr-chest", ("PA",)): ("PA chest radiograph.", "Single frontal view of the chest, PA, erect."),
    ("xr-chest", ("PA", "lateral")): ("PA and lateral chest radiographs.",
                                      "Two views of the chest, PA and lateral."),
    ("xr-chest", ("AP",)): ("Portable AP chest radiograph, supine.",
                            "AP supine view of the chest."),
    ("xr-abdomen", ("AP",)): ("AP supine radiograph of the abdomen.",
                              "Single AP view of the abdomen."),
}  # fmt: skip
PLAIN = {
    "ct-abdomen": ("CT of the abdomen and pelvis.",),
    "mr-abdomen": ("MR of the abdomen.",),
    "us-abdomen": ("Ultrasound of the abdomen.", "Transabdominal greyscale and Doppler ultrasound.",
                   "Sonography of the abdomen with a curved transducer."),
    "us-pelvis": ("Ultrasound of the pelvis.", "Transvaginal ultrasound of the pelvis.",
                  "Transabdominal and transvaginal sonography of the pelvis."),
    "xr-chest": ("Chest radiograph.",),
    "xr-abdomen": ("Abdominal radiograph.",),
}  # fmt: skip
SEQUENCES = {
    "T1": "T1-weighted", "T2": "T2-weighted", "T1 fat-suppressed": "fat-suppressed T1-weighted",
    "DWI": "diffusion-weighted", "T1 opposed": "in- and opposed-phase T1-weighted",
}  # fmt: skip

NORMAL = {
    "liver": ("The liver is unremarkable.", "Normal liver.", "~The liver is normal in appearance."),
    "gallbladder": ("The gallbladder is unremarkable.", "Normal gallbladder."),
    "bile ducts": ("The bile ducts are unremarkable.", "~Normal bile ducts."),
    "spleen": ("The spleen is unremarkable.", "Normal spleen.", "~Spleen without abnormality."),
    "pancreas": ("The pancreas is unremarkable.", "Normal pancreas."),
    "kidneys": ("The kidneys are unremarkable.", "Normal kidneys.", "~Both kidneys are normal."),
    "bowel": ("The bowel is unremarkable.", "Normal bowel gas pattern.",
              "~Unremarkable bowel loops."),
    "peritoneum": ("The peritoneum is unremarkable.",),
    "aorta": ("The aorta is unremarkable.", "Normal abdominal aorta."),
    "pelvis": ("The pelvic organs are unremarkable.", "Normal pelvic organs."),
    "lungs": ("The lungs are clear.", "Clear lungs.", "~The lungs are normally aerated."),
    "pleura": ("The pleural spaces are clear.", "~Unremarkable pleura."),
    "heart": ("The cardiac silhouette is unremarkable.",
              "The cardiomediastinal silhouette is within normal limits."),
    "bones": ("No acute osseous abnormality.", "The visualised bones are unremarkable."),
}  # fmt: skip
OTHERS = {  # organs that the phantom keeps healthy, and which the examination shows
    "ct-abdomen": ("The adrenal glands are unremarkable.", "The urinary bladder is unremarkable.",
                   "No enlarged retroperitoneal lymph nodes.", "CE:The portal vein is patent.",
                   "No acute abnormality of the lumbar spine."),
    "mr-abdomen": ("The adrenal glands are unremarkable.", "The portal vein is patent.",
                   "No enlarged lymph nodes."),
    "us-abdomen": ("The portal vein is patent with normal direction of flow.",
                   "The inferior vena cava is of normal calibre."),
    "us-pelvis": ("The urinary bladder is unremarkable.",),
    "xr-chest": ("The trachea is central.", "The mediastinal contours are normal.",
                 "The upper abdomen is unremarkable."),
    "xr-abdomen": ("The visualised lumbar spine is unremarkable.", "The psoas margins are seen."),
}  # fmt: skip
ABSENT = {
    "gallbladder": ("Status post cholecystectomy.", "The gallbladder is surgically absent.",
                    "~Previous cholecystectomy."),
    "spleen": ("Status post splenectomy.", "The spleen is surgically absent."),
    "right kidney": ("Status post right nephrectomy.", "The right kidney is absent."),
    "left kidney": ("Status post left nephrectomy.", "The left kidney is absent."),
    "uterus": ("Status post hysterectomy.", "The uterus is surgically absent."),
}  # fmt: skip
ORGANS_OF_ABSENT = {"gallbladder": "gallbladder", "spleen": "spleen", "right kidney": "kidneys",
                    "left kidney": "kidneys", "uterus": "pelvis"}  # fmt: skip
NOTHING = {
    "CT": ("No acute abnormality.", "Unremarkable examination.", "Normal study.",
           "~No significant abnormality."),
    "MR": ("No significant abnormality.", "Unremarkable examination.", "Normal study."),
    "US": ("No sonographic abnormality.", "Unremarkable ultrasound.", "Normal study."),
    "XR": ("No acute abnormality.", "Unremarkable examination.", "~No radiographic abnormality."),
}  # fmt: skip
INCIDENTAL = {
    "aortic calcification": ("Atherosclerotic calcification of the aorta.", "Calcified aorta."),
    "oral contrast": ("Oral contrast is present in the bowel.",),
    "ecg leads": ("Monitoring leads project over the chest.",),
    "scoliosis": ("Mild scoliosis of the spine.", "There is a slight scoliosis."),
    "phleboliths": ("Phleboliths in the pelvis.", "Pelvic phleboliths."),
}
DISTRACTORS = {
    "CT": ("Evaluation is slightly limited by motion artefact.", "Oral contrast was not given.",
           "Small lesions may be missed on a single-phase examination.",
           "Evaluation of the bowel is limited without oral contrast."),
    "MR": ("Respiratory motion degrades some of the sequences.",
           "The subtle assessment of small structures is limited by motion.",
           "No adverse event occurred during the examination."),
    "US": ("Overlying bowel gas limits the examination.", "The examination was limited by habitus.",
           "Operator-dependent limitations apply."),
    "XR": ("The patient is slightly rotated.", "Shallow inspiration.",
           "Small lesions may not be visible on radiographs.", "Overlying clothing artefact."),
}  # fmt: skip
ANYWHERE = (
    "Clinical correlation is recommended.",
    "Correlate with laboratory values.",
    "Recommend follow-up as clinically indicated.",
    "Findings were communicated to the referring team by telephone.",
    "The case was discussed at the time of dictation.",
    "Further imaging could be obtained if symptoms persist.",
    "The patient has a history of hypertension.",
    "Remote surgical history is noted in the chart.",
    "Dictated with speech recognition; minor errors may remain.",
    "[ ]",
    "Prior operations: [ ].",
    "If symptoms worsen, repeat imaging may be considered.",
)
AGAINST = {  # a sentence of this file → findings and incidental things beside which it is untrue
    "The trachea is central.": ("pneumothorax", "lung mass", "pleural effusion", "atelectasis"),
    "The mediastinal contours are normal.": ("lung mass", "cardiomegaly"),
    "The upper abdomen is unremarkable.": ("free air",),
    "The visualised lumbar spine is unremarkable.": ("scoliosis",),
    "Oral contrast was not given.": ("oral contrast",),
    "Evaluation of the bowel is limited without oral contrast.": ("oral contrast",),
}
DISTRACTORS = {modality: (*own, *ANYWHERE) for modality, own in DISTRACTORS.items()}


def listed(words: list[str], last: str = "and") -> str:
    """Words as a list: "a", "a and b", "a, b and c".

    >>> listed(["arterial", "portal venous", "delayed"])
    'arterial, portal venous and delayed'
    """
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + f" {last} {words[-1]}"


def technique(exam: str, taken: tuple[str, ...], dice: Random) -> str:
    """How the pictures were taken, from the phases, sequences or views, in one sentence.

    >>> technique("mr-abdomen", ("T1", "T2", "DWI", "ADC"), Random(1))
    'MR of the abdomen with T1-weighted, T2-weighted and diffusion-weighted images and an ADC map.'
    """
    kind = MODALITIES[exam]
    if kind == "XR" and (exam, taken) in FILMS:
        return pick(dice, FILMS[exam, taken])
    if not taken or kind in ("XR", "US"):
        return pick(dice, PLAIN[exam])
    title = pick(dice, TITLES[exam])
    return f"{title} {_phases(taken, dice) if kind == 'CT' else _sequences(taken)}."


def _phases(taken: tuple[str, ...], dice: Random) -> str:
    enhanced = [phase for phase in taken if phase != "unenhanced"]
    if not enhanced:
        return pick(dice, ("without intravenous contrast", "without contrast"))
    noun = "phase" if len(enhanced) == 1 else "phases"
    before = "before and after" if "unenhanced" in taken else "after"
    return pick(
        dice,
        (
            f"{before} intravenous contrast, {listed(enhanced)} {noun}",
            f"{before} intravenous contrast in the {listed(enhanced)} {noun}",
        ),
    )


def _sequences(taken: tuple[str, ...]) -> str:
    words = [SEQUENCES.get(name, name) for name in taken if name != "ADC"]
    if not words:
        return "with an ADC map"
    return f"with {listed(words)} images" + (" and an ADC map" if "ADC" in taken else "")

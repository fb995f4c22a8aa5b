"""What tells how a picture was taken, of whom, or what else was done: nothing that it shows.

"High-resolution CT" resolves nothing, "non-contrast" denies nothing, "CT of the abdomen" is a
picture and no place; tumour markers, cultures and relatives are no findings of this study. A
sentence that says what may have been missed says nothing of what is there."""

from __future__ import annotations

from radgloss.text.facts.terms import Term, plural, spellings, words

__all__ = ["technique_terms"]

_PICTURES = (
    "ct, ct scan, mri, mr, mri scan, x ray, xray, radiograph, film, ultrasound, ultrasonography, "
    "sonography, sonogram, ultrasonogram, computed tomography, computed tomography scan, "
    "computerised tomography, tomogram, computed tomogram, radiography, magnetic resonance imaging,"
    " cect, hrct, cxr, mdct, scan, roentgenogram, plain film, plain radiograph, pet ct, cta, mra"
)
_REGIONS = "abdomen, chest, thorax, abdomen and pelvis, chest and abdomen, chest abdomen and pelvis"
_ADJECTIVES = "abdominal, chest, thoracic, abdominopelvic, thoracoabdominal"
_CLINICAL = (
    "laboratory, labs, blood test, blood tests, serology, serum, tumour marker, tumour markers, "
    "inflammatory marker, inflammatory markers, physical examination, physical exam, sputum, "
    "blood culture, blood cultures, sputum culture, urinary antigen, c reactive protein, rt pcr, "
    "white blood cell, white blood cells, white cell count, histopathology, histology, cytology, "
    "autopsy, electrocardiogram, ecg, blood analysis, bloods, auscultation, urinalysis, "
    "on examination, histological examination, past medical history, medical history, "
    "her husband, his wife, her daughter, his daughter, her son, his son, her brother, his brother,"
    " her sister, his sister, her father, his father, her mother, his mother, family history, "
    "family member, family members, whose, tested positive, tested negative, "
    "clinical suspicion of, clinically suspected, clinical concern for, clinical question of, "
    "complaining of, complaints of, c/o, risk of, at risk for, risk factor for, risk factors for"
)
_COMPLAINTS = (  # of the patient, unless a picture was named before: "CT of a man with …"
    "presented for, referred for, admitted for, admitted with, presented with, presenting with"
)
_MISSED = tuple(
    f"{may} {what}"
    for may in ("may", "can", "could", "might", "may easily", "can easily", "could easily")
    for what in (
        "be missed", "be overlooked", "be obscured", "be occult", "be masked", "be inapparent",
        "be hidden", "be invisible", "go undetected", "go unnoticed", "remain undetected",
        "escape detection", "not be detected", "not be seen", "not be visible", "not be apparent",
        "be underestimated", "be undetectable", "not be detectable", "be concealed",
        "be below the resolution", "be inconspicuous", "not be appreciated",
    )
) + tuple(words(
    "are easily missed, is easily missed, below the resolution, beyond the resolution, "
    "are easily overlooked, below the limit of detection, below the threshold of detection"
))  # fmt: skip
_PLANS = (
    "sensitivity for, sensitivity to, insensitive to, insensitive for, not sensitive for, "
    "limits detection of, limits the detection of, limits evaluation for, limited evaluation for, "
    "limits assessment for, detection of, sensitivity in detecting, limited assessment for, "
    "reduces detection of, hampers detection of, assessment for, f/u, w/u, work up, r/o, "
    "to look for, look for, looking for, to search for, in search of, low sensitivity, "
    "reduced sensitivity, limited sensitivity"
)
_NOTHING = (
    "high resolution, low resolution, spatial resolution, image resolution, full resolution, "
    "non contrast, noncontrast, non enhanced, nonenhanced, non productive, non smoking, "
    "non smoker, non specific, non selective, non ionic, non invasive, non fat, radiograph negative"
    ", pcr negative, gram negative, hiv negative, smear negative, culture negative, "
    "covid negative, double negative, post contrast, post operative, postoperative, "
    "time period, period of, follow up period, loss of the normal, loss of normal, loss of, "
    "absence of the normal, absence of normal, 's disease, s disease, too small to characterise, "
    "too small to be characterised, ( not shown ), anti tb, anti tuberculosis, anti tuberculous, "
    " post processing, post gadolinium, post processed, "
    "post treatment, post traumatic, "
    "post surgical, post procedural, post mortem, post partum, post menopausal, post primary, "
    "healthy patient, healthy man, healthy woman, healthy male, healthy female, healthy subject, "
    "healthy individual, healthy volunteer, healthy child, healthy control, healthy controls, "
    "previously healthy, focus of, foci of, low flow, high flow, flow rate, flow sensitive, "
    "colour flow, color flow, oxygen flow, "
    "mosaic flow, thoracic cavity, chest cavity, abdominal cavities, oral cavity, nasal cavity, "
    "body cavity, medullary cavity, amniotic cavity, sinus cavity, xiphoid process, "
    "spinous process, spinous processes, transverse process, transverse processes, "
    "odontoid process, mastoid process, coracoid process, ectopic kidney, ectopic spleen, "
    "ectopic position, ectopic location, ectopic ureter, ectopic thyroid, ectopic tissue, "
    "ectopic beats, ectopic origin, hiv infection, covid 19 infection, covid 19, covid, "
    "sars cov 2, sars cov 2 infection, urinary tract infection, urinary infection, "
    "wound infection, tumour volume, tumour board, tumour lysis, tumour marker level, "
    "stone protocol, stone age, disease free, heart disease, liver disease, lung disease, "
    "kidney disease, renal disease, disease course, disease 2019, coronavirus disease, "
    "apical segment, apical segments, basal segment, basal segments, superior segment, "
    "posterior basal segment, posterobasal segment, basal posterior segment, anterior segment, "
    "apicoposterior segment, laterobasal segment, mediobasal segment, anterobasal segment, "
    "apical and basal segments, apical and posterior segments, anterior and posterior segments, "
    "apical four chamber, apical 4 chamber, apical two chamber, apical five chamber, apical view, "
    "apical window, apical long axis, parasternal, early stage, in the setting of, "
    "breast shadow, breast shadows, nipple shadow, nipple shadows, acoustic shadow, "
    "acoustic shadows, soft tissue component, soft tissue components, soft tissue density, "
    "soft tissue attenuation, soft tissue element, soft tissue elements, soft tissue signal, "
    "fat plane, fat planes, work of breathing, air bubble, image quality, in the right clinical "
    "setting, in the right context, right now, on the left of the image, on the right of the "
    "image, left of the image, right of the image, left panel, right panel, left image, "
    "right image, left column, right column, figure left, figure right"
)


def technique_terms() -> dict[str, Term]:
    """Surface form → term: `imaging`, `clinical`, `missed`, `recommend` or `ignore`."""
    found: dict[str, Term] = {}
    for picture in words(_PICTURES):
        for spelt in (f for one in spellings(picture) for f in (one, plural(one))):
            found[spelt] = found[f"follow up {spelt}"] = Term("imaging")
            for region in words(_REGIONS):
                for form in (f"{spelt} of the {region}", f"{spelt} of {region}",
                             f"{spelt} {region}"):  # fmt: skip
                    found[form] = Term("imaging")
            for region in words(_ADJECTIVES):
                found[f"{region} {spelt}"] = Term("imaging")
                found[f"follow up {region} {spelt}"] = Term("imaging")
    for cat, forms in (("clinical", _CLINICAL), ("recommend", _PLANS), ("ignore", _NOTHING)):
        for form in words(forms):
            for spelt in spellings(form):
                found[spelt] = Term(cat)
    for form in words(_COMPLAINTS):
        found[form] = Term("clinical", "complaint")
    found |= dict.fromkeys(_MISSED, Term("missed"))
    return found

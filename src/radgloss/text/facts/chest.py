"""What lungs, pleura, heart, vessels and bones can have, and the words for it.

The observations of neighbouring organs stand here so that they are not mistaken for ours: a
pericardial effusion is no pleural one, subcutaneous emphysema is none of the lungs."""

from __future__ import annotations

from radgloss.text.facts.kinds import Row

__all__ = ["CHEST"]

CHEST: tuple[Row, ...] = (
    # lungs and pleura
    ("consolidation", ("lungs",), "consolidation, airspace opacity, air space opacity, "
     "airspace disease, air space disease, airspace consolidation, airspace opacification, "
     "air space opacification, infiltrate, lung consolidation, pulmonary consolidation, "
     "air space consolidation, airspace shadowing, air space shadowing, alveolar consolidation, "
     "pulmonary infiltrate, consolidative opacity, consolidative change, "
     "airspace infiltrate, air space infiltrate, consolidative lesion, alveolar infiltrate, "
     "airspace shadow, air space shadow, "
     "parenchymal consolidation, parenchymal infiltrate, parenchymal infiltration"),
    ("pneumonia", ("lungs",), "pneumonia, bronchopneumonia, lobar pneumonia, pulmonary infection, "
     "chest infection, pneumonic process, aspiration pneumonia, "
     "pneumonic consolidation, pneumonic infiltrate, pneumonic change"),
    ("infection", ("lungs",), "infection, infectious process, infective process"),
    ("oedema", ("lungs",), "oedema, pulmonary oedema, interstitial oedema, alveolar oedema, "
     "interstitial pulmonary oedema, alveolar pulmonary oedema, cardiogenic oedema, "
     "pulmonary interstitial oedema, pulmonary vascular congestion, vascular congestion, "
     "pulmonary venous congestion, pulmonary congestion, fluid overload"),
    ("heart failure", ("heart",), "heart failure, cardiac failure, chf, "
     "congestive heart failure, congestive cardiac failure, cardiac decompensation"),
    ("atelectasis", ("lungs",), "atelectasis, volume loss, lobar collapse, lung collapse, "
     "atelectatic change, subsegmental collapse, loss of volume, atelectatic band, "
     "dysventilation"),
    ("collapse", ("lungs",), "collapse"),
    ("opacity", ("lungs",), "opacity, lung opacity, pulmonary opacity, opacification, "
     "ground glass opacity, haziness, hazy opacity, shadowing, increased density, "
     "interstitial opacity, interstitial marking, interstitial thickening, "
     "reticular opacity, reticular marking, reticulation, interstitial change, "
     "prominent interstitial marking, increased interstitial marking, "
     "patchy density, "
     "patchy opacity, ggo, interstitial prominence, lung density, interstitial pattern, "
     "reticular pattern, ground glass attenuation, ground glass change, ground glass lesion, "
     "ground glass density, ground glass appearance, ground glass pattern, ground glass shadow, "
     "ground glass shadowing, ground glass area, ground glass opacification, patchy shadow, "
     "patchy shadowing, hazy shadow, lung shadow, septal thickening, interlobular septal "
     "thickening, thickened interlobular septum, thickened interlobular septa, "
     "thickening of interlobular septa, interlobular thickening, crazy paving, "
     "crazy paving pattern, tree in bud, tree in bud opacity, tree in bud pattern, "
     "reticulonodular opacity, reticulonodular pattern, reticulonodular shadowing, "
     "reticular nodular pattern, interstitial infiltrate, interstitial opacification, "
     "interstitial shadowing, coarsening of lung markings, increased lung marking, "
     "coarse lung marking, prominent lung marking, increased bronchovascular marking, "
     "prominent bronchovascular marking, white out, parenchymal opacity, lung change, "
     "nodular pattern, "
     "micronodular pattern, "
     "parenchymal opacification, alveolar opacity, alveolar opacification, alveolar shadowing"),
    ("hyperinflation", ("lungs",), "hyperinflation, overinflation, hyperexpansion, hyperexpanded "
     "lung, hyperinflated lung, lungs are hyperinflated, lungs are hyperexpanded, hyperinflated, "
     "hyperexpanded, overinflated, flattened diaphragm, flattening of the diaphragm, "
     "flattening of the hemidiaphragm, flattened hemidiaphragm, large lung volume, "
     "increased lung volume, over inflation, over expansion, overexpanded lung, "
     "lung overinflation, air trapping"),
    ("emphysema", ("lungs",), "emphysema, copd, chronic obstructive pulmonary disease, "
     "chronic obstructive lung disease, chronic obstructive airways disease, "
     "emphysematous change, bullous disease"),
    ("fibrosis", ("lungs",), "fibrosis, interstitial lung disease, pulmonary fibrosis, "
     "fibrotic change, honeycombing"),
    ("bronchiectasis", ("lungs",), "bronchiectasis"),
    ("cavity", ("lungs",), "cavitary lesion, cavitation, cavity, cavitating lesion, "
     "cavitary nodule, cavitating nodule"),
    ("bulla", ("lungs",), "bulla, bullae, bleb, emphysematous bulla, emphysematous bullae"),
    ("pneumatocele", ("lungs",), "pneumatocele, pneumatocoele"),
    ("pneumonitis", ("lungs",), "pneumonitis"),
    ("acute respiratory distress syndrome", ("lungs",), "acute respiratory distress syndrome, "
     "ards"),
    ("tuberculosis", ("lungs",), "tuberculosis"),
    ("embolism", ("lungs",), "embolism, pulmonary embolism, pulmonary embolus, embolus, "
     "pulmonary thromboembolism, pe"),
    ("effusion", ("pleura",), "effusion, pleural effusion, pleural fluid, hydrothorax, "
     "haemothorax, layering fluid, pleural collection, parapneumonic effusion"),
    ("pericardial effusion", ("heart",), "pericardial effusion, pericardial fluid"),
    ("joint effusion", ("bones",), "joint effusion"),
    ("empyema", ("pleura",), "empyema"),
    ("pneumothorax", ("pleura",), "pneumothorax, ptx, pleural air, visible pleural line, "
     "tension pneumothorax, hydropneumothorax, pneumothorace"),
    ("thickening", ("pleura",), "pleural thickening, apical pleural thickening, pleural scarring, "
     "pleural plaque, pleural scar, pleural parenchymal scarring, fibrothorax"),
    ("elevation", ("diaphragm",), "elevation of the hemidiaphragm, elevated hemidiaphragm, "
     "raised hemidiaphragm, elevated diaphragm, raised diaphragm, elevation of the diaphragm, "
     "hemidiaphragm elevation, raised dome of the diaphragm, elevation of the dome of the "
     "diaphragm"),
    ("subcutaneous emphysema", ("soft tissues",), "subcutaneous emphysema, surgical emphysema, "
     "subcutaneous air, soft tissue emphysema, subcutaneous gas, subcutaneous free air"),
    ("pneumomediastinum", ("mediastinum",), "pneumomediastinum, mediastinal air"),
    ("widening", ("mediastinum",), "mediastinal widening, widened mediastinum, "
     "widening of the mediastinum, mediastinum is widened, wide mediastinum"),
    # heart and bones
    ("stenosis", ("heart", "valve", "aortic valve"), "aortic stenosis"),
    ("regurgitation", ("heart", "valve", "aortic valve"), "aortic regurgitation"),
    ("stenosis", ("heart", "valve", "mitral valve"), "mitral stenosis"),
    ("regurgitation", ("heart", "valve", "mitral valve"), "mitral regurgitation"),
    ("stenosis", ("heart", "valve", "tricuspid valve"), "tricuspid stenosis"),
    ("regurgitation", ("heart", "valve", "tricuspid valve"), "tricuspid regurgitation"),
    ("stenosis", ("heart", "valve", "pulmonary valve"), "pulmonic stenosis"),
    ("regurgitation", ("heart", "valve", "pulmonary valve"), "pulmonic regurgitation"),
    ("enlargement", ("heart",), "increased heart size, cardiomegaly, cardiac enlargement, "
     "enlarged heart, "
     "enlarged cardiac silhouette, enlargement of the cardiac silhouette, "
     "enlargement of the heart, cardiothoracic ratio is increased, increased cardiothoracic ratio, "
     "enlarged cardiac shadow, cardiac silhouette enlargement, ctr is increased"),
    ("atrial septal defect", ("heart",), "atrial septal defect, asd"),
    ("ventricular septal defect", ("heart",), "ventricular septal defect, vsd"),
    ("fracture", ("bones",), "fracture, cortical break, fractured bone"),
    ("fracture", ("bones", "rib"), "rib fracture, fractured rib"),
    ("degenerative change", ("bones",), "degenerative change, spondylosis, osteoarthritis, "
     "degenerative disease, osteophyte"),
    ("dislocation", ("bones",), "dislocation"),
    ("scoliosis", ("bones",), "scoliosis"),
    ("kyphosis", ("bones",), "kyphosis"),
)  # fmt: skip

"""What somebody put into a patient, and the words for it."""

from __future__ import annotations

from radgloss.text.facts.kinds import Row

__all__ = ["DEVICES"]

DEVICES: tuple[Row, ...] = (
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
     "subclavian venous catheter, ijv catheter, ijv line, internal jugular vein catheter, "
     "jugular vein catheter, internal jugular line cvc, internal jugular line catheter, "
     "internal jugular line line, internal jugular line central line, "
     "internal jugular line central venous catheter"),
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

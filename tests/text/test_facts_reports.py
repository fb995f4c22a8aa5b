"""Whole reports in several styles, one for each examination, with every fact of the table's names.

The texts are our own and served while the rules were made: they hold what works, and measure
nothing about texts that the rules have never met."""

import pytest

from radgloss.text.facts import findings
from radgloss.text.facts.naming import row_of

REPORTS = {
    "ct-abdomen": (
        "CLINICAL DETAILS: ?appendicitis. TECHNIQUE: Portal venous phase, 5 mm slices.\n"
        "FINDINGS: Post cholecystectomy. The liver, spleen and pancreas are normal. There is a "
        "34 mm cystic lesion in segment VI with daughter cysts, consistent with hydatid cyst. "
        "Interval increase in size of the left renal mass, now 34 mm, previously 26 mm. The "
        "appendix is dilated to 11 mm with surrounding fat stranding, consistent with acute "
        "appendicitis. No bowel obstruction, free air or free fluid. Abdominal aortic aneurysm "
        "measuring 5.2 cm, increased from 4.8 cm.",
        {
            ("liver cyst", "present", "", "segment VI", (34.0,), ""),
            ("liver hydatid cyst", "present", "", "segment VI", (34.0,), ""),
            ("kidney mass", "present", "left", "", (34.0,), "increased"),
            ("appendicitis", "present", "", "", (11.0,), ""),
            ("bowel obstruction", "absent", "", "", (), ""),
            ("free air", "absent", "", "", (), ""),
            ("free fluid", "absent", "", "", (), ""),
            ("aortic aneurysm", "present", "", "", (52.0,), "increased"),
        },
    ),
    "mr-abdomen": (
        "Spleen: two T2 hyperintense cysts, 12 and 15 mm, in the upper pole. Hydatid cyst of the "
        "spleen is possible. Liver: 23 mm haemangioma in segment IV, unchanged. Mild splenomegaly. "
        "Bile ducts nondilated. There is a mass in the head of the pancreas. It measures 3.2 cm.",
        {
            ("splenic cyst", "present", "", "upper pole", (12.0,), ""),
            ("splenic cyst", "present", "", "upper pole", (15.0,), ""),
            ("splenic hydatid cyst", "uncertain", "", "", (), ""),
            ("liver haemangioma", "present", "", "segment IV", (23.0,), "unchanged"),
            ("splenomegaly", "present", "", "", (), ""),
            ("biliary dilatation", "absent", "", "", (), ""),
            ("pancreatic mass", "present", "", "head", (32.0,), ""),
        },
    ),
    "us-abdomen": (
        "LIVER: Normal in size with increased echogenicity, consistent with hepatic steatosis. No "
        "focal lesion.\nGALLBLADDER: Multiple gallstones, the largest 12 mm. No wall thickening.\n"
        "BILE DUCTS: CBD measures 4 mm, not dilated.\nSPLEEN: Enlarged, measuring 15.2 cm.\n"
        "KIDNEYS: 5 mm nonobstructing calculus in the lower pole of the right kidney. No "
        "hydronephrosis bilaterally.\nNo ascites.",
        {
            ("hepatic steatosis", "present", "", "", (), ""),
            ("liver lesion", "absent", "", "", (), ""),
            ("gallstones", "present", "", "", (12.0,), ""),
            ("biliary dilatation", "absent", "", "", (), ""),
            ("splenomegaly", "present", "", "", (152.0,), ""),
            ("kidney stone", "present", "right", "lower pole", (5.0,), ""),
            ("hydronephrosis", "absent", "bilateral", "", (), ""),
            ("free fluid", "absent", "", "", (), ""),
        },
    ),
    "us-pelvis": (
        "The right ovary contains a 34 mm simple cyst. The left ovary is enlarged, measuring "
        "62 mm. Intrauterine gestational sac measuring 12 mm. Small amount of free fluid in the "
        "pouch of Douglas. No adnexal mass.",
        {
            ("ovarian cyst", "present", "right", "ovary", (34.0,), ""),
            ("enlarged ovary", "present", "left", "ovary", (62.0,), ""),
            ("intrauterine pregnancy", "present", "", "", (12.0,), ""),
            ("free fluid", "present", "", "cul-de-sac", (), ""),
            ("adnexal mass", "absent", "", "", (), ""),
        },
    ),
    "xr-chest": (
        "Small right and moderate left pleural effusions. Cardiac silhouette is enlarged. ET tube "
        "tip 4 cm above the carina. Right IJ central line tip in the SVC. NG tube tip in the "
        "stomach. No pneumothorax. Fracture of the left 6th rib. 14 mm spiculated nodule in the "
        "left upper lobe, new since prior. Lungs are hyperinflated. Mild pulmonary edema, "
        "improved.",
        {
            ("pleural effusion", "present", "right", "", (), ""),
            ("pleural effusion", "present", "left", "", (), ""),
            ("cardiomegaly", "present", "", "", (), ""),
            ("endotracheal tube", "present", "", "", (), ""),
            ("central venous catheter", "present", "right", "superior vena cava", (), ""),
            ("nasogastric tube", "present", "", "stomach", (), ""),
            ("pneumothorax", "absent", "", "", (), ""),
            ("rib fracture", "present", "left", "6th rib", (), ""),
            ("lung nodule", "present", "left", "upper lobe", (14.0,), "new"),
            ("hyperinflation", "present", "", "", (), ""),
            ("pulmonary oedema", "present", "", "", (), "decreased"),
        },
    ),
    "xr-abdomen": (
        "dilated loops of small bowel up to 42 mm, in keeping with small bowel obstruction. no "
        "free air. 6 mm calculus projected over the left kidney. no radiopaque gallstones.",
        {
            ("bowel obstruction", "present", "", "small bowel", (42.0,), ""),
            ("free air", "absent", "", "", (), ""),
            ("kidney stone", "present", "left", "", (6.0,), ""),
            ("gallstones", "absent", "", "", (), ""),
        },
    ),
}


@pytest.mark.parametrize("exam", REPORTS)
def test_a_whole_report_states_these_findings_of_the_table_and_no_others(exam):
    text, expected = REPORTS[exam]
    got = {
        (f.what, f.status, f.side, f.site, f.size_mm, f.change)
        for f in findings(text, exam)
        if row_of(f.what) is not None
    }
    assert got == expected

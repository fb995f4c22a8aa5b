"""What the organs of abdomen and pelvis can have, and the words for it."""

from __future__ import annotations

from radgloss.text.facts.kinds import Row

__all__ = ["ABDOMEN"]

ABDOMEN: tuple[Row, ...] = (
    # liver, gallbladder, ducts
    ("hepatocellular carcinoma", ("liver",), "hepatocellular carcinoma, hcc, hepatoma"),
    ("focal nodular hyperplasia", ("liver",), "focal nodular hyperplasia, fnh"),
    ("haemangioma", ("liver",), "cavernoma"),
    ("steatosis", ("liver",), "steatosis, hepatosteatosis, fatty liver, fatty infiltration, "
     "fatty change, fatty liver disease, fatty hepatic infiltration, hepatic lipid, "
     "steatotic liver, fat deposition"),
    ("cirrhosis", ("liver",), "cirrhosis, cirrhotic liver, cirrhotic morphology, cirrhotic change, "
     "cirrhotic liver morphology, liver cirrhosis, cirrhotic"),
    ("lesion", ("liver",), "focal liver lesion, focal hepatic lesion"),
    ("stones", ("gallbladder",), "gallstone, gall stone, cholelithiasis, gallbladder calculus, "
     "gallbladder stone, biliary calculus, stone in the gallbladder, gallbladder sludge and stone"),
    ("cholecystitis", ("gallbladder",), "cholecystitis, acute cholecystitis"),
    ("thickening", ("gallbladder", "", "wall"), "gallbladder wall thickening"),
    ("pericholecystic fluid", ("gallbladder",), "pericholecystic fluid"),
    ("sludge", ("gallbladder",), "sludge, gallbladder sludge"),
    ("dilatation", ("bile ducts",), "biliary dilatation, ductal dilatation, bile duct dilatation, "
     "intrahepatic biliary dilatation, biliary ductal dilatation, intrahepatic duct dilatation, "
     "biliary duct dilatation, duct dilatation, biliary tree dilatation, biliary obstruction, "
     "intrahepatic or extrahepatic biliary dilatation, biliary ectasia"),
    ("choledocholithiasis", ("bile ducts",), "choledocholithiasis"),
    # spleen, pancreas
    ("enlargement", ("spleen",), "splenomegaly"),
    ("pancreatitis", ("pancreas",), "pancreatitis, acute pancreatitis"),
    ("duct dilatation", ("pancreas",), "pancreatic duct dilatation, pancreatic ductal dilatation"),
    ("necrosis", ("pancreas",), "pancreatic necrosis"),
    ("enlargement", ("liver",), "hepatomegaly"),
    ("portal venous gas", ("liver",), "portal venous gas, hepatic portal venous gas"),
    ("pneumobilia", ("bile ducts",), "pneumobilia"),
    ("cholangiocarcinoma", ("bile ducts",), "cholangiocarcinoma"),
    # kidneys
    ("stone", ("kidneys",), "nephrolithiasis, renal lithiasis, nephrolith, kidney stone, "
     "renal calculus, renal stone, urolithiasis, urinary tract stone, urinary tract calculus, "
     "urinary stone, urinary calculus"),
    ("ureteric stone", ("kidneys", "", ""), "ureteric stone, ureteric calculus, "
     "ureterolithiasis, vesicoureteric junction calculus"),
    ("hydronephrosis", ("kidneys",), "hydronephrosis, pelvicaliectasis, pelvicalyectasis, "
     "caliectasis, collecting system dilatation, dilatation of the collecting system, "
     "pelvicalyceal dilatation, hydroureteronephrosis, dilated collecting system, "
     "collecting system is dilated, dilatation of the renal collecting system, "
     "dilatation of the pelvicalyceal system, obstructive uropathy, hydronephrotic, "
     "upper tract dilatation"),
    ("hydroureter", ("kidneys",), "hydroureter"),
    ("mass", ("kidneys",), "renal cell carcinoma, rcc"),
    ("angiomyolipoma", ("kidneys",), "angiomyolipoma"),
    ("nephrocalcinosis", ("kidneys",), "nephrocalcinosis"),
    ("striated nephrogram", ("kidneys",), "striated nephrogram"),
    ("pyelonephritis", ("kidneys",), "pyelonephritis, acute pyelonephritis"),
    # bowel, peritoneum, vessels
    ("appendicitis", ("bowel",), "appendicitis, acute appendicitis"),
    ("secondary signs of appendicitis", ("bowel",), "secondary signs of appendicitis, "
     "secondary sign of appendicitis, secondary inflammatory signs of appendicitis"),
    ("appendicolith", ("bowel",), "appendicolith, fecalith"),
    ("diverticulitis", ("bowel",), "diverticulitis, acute diverticulitis, inflamed diverticulum"),
    ("diverticulosis", ("bowel",), "diverticulosis, diverticula, diverticulum, "
     "diverticular disease"),
    ("obstruction", ("bowel",), "bowel obstruction, intestinal obstruction, sbo, ileus"
     ", obstructive bowel gas pattern, mechanical obstruction"),
    ("obstruction", ("bowel", "", "small bowel"), "small bowel obstruction"),
    ("free air", ("peritoneum",), "free air, pneumoperitoneum, free intraperitoneal air, "
     "free gas, free intraperitoneal gas, intraperitoneal free air, intraperitoneal free gas, "
     "free subdiaphragmatic air, subdiaphragmatic free air, free abdominal air, air under the "
     "diaphragm, free peritoneal gas, free peritoneal air, subdiaphragmatic air, subphrenic air, "
     "gas under the diaphragm, free intra abdominal air, extraluminal gas, extraluminal air"),
    ("free fluid", ("peritoneum",), "free fluid, ascites, free intraperitoneal fluid, "
     "intraperitoneal fluid, intra abdominal fluid, abdominal fluid, "
     "intraperitoneal free fluid, haemoperitoneum, free peritoneal fluid, "
     "peritoneal fluid, free abdominal fluid, ascitic fluid, free intra abdominal fluid"),
    ("free fluid", ("peritoneum", "", "pelvis"), "free pelvic fluid, pelvic free fluid, "
     "pelvic fluid, pelvic ascites"),
    ("free fluid", ("peritoneum", "", "cul-de-sac"), "fluid in the cul de sac, cul de sac fluid, "
     "fluid in the pouch of douglas, fluid in the cul-de-sac"),
    ("aneurysm", ("aorta",), "aortic aneurysm, abdominal aortic aneurysm, aaa, aneurysmal aorta, "
     "infrarenal abdominal aortic aneurysm, infrarenal aortic aneurysm, "
     "aneurysm of the abdominal aorta, aneurysmal dilatation of the abdominal aorta"),
    ("volvulus", ("bowel",), "volvulus"),
    ("intussusception", ("bowel",), "intussusception"),
    ("pneumatosis", ("bowel",), "pneumatosis, pneumatosis intestinalis"),
    ("colitis, pancolitis", ("bowel", "", "colon"), "colitis"),
    ("enteritis", ("bowel", "", "small bowel"), "enteritis, ileitis"),
    ("faecal loading", ("bowel", "", "colon"), "faecal loading, faecal impaction, faecaloma, "
     "fecaloma, fecal loading, fecal impaction"),
    ("diverticulum", ("oesophagus",), "oesophageal diverticulum, midoesophageal diverticulum"),
    ("diverticulum", ("bladder",), "bladder diverticulum, vesical diverticulum"),
    ("lymphadenopathy", (), "lymphadenopathy, adenopathy, enlarged lymph node, lymph node "
     "enlargement, enlarged node, nodal enlargement"),
    ("hernia", (), "hernia, inguinal hernia"),
    ("hiatus hernia", ("oesophagus",), "hiatal hernia, hiatus hernia"),
    # pelvis
    ("adnexal mass", ("pelvis",), "adnexal mass, extraovarian mass, extra ovarian mass, "
     "tubal ring, adnexal lesion, extraovarian adnexal mass, tuboovarian mass"),
    ("ovarian cyst", ("pelvis",), "ovarian cyst, corpus luteum cyst, haemorrhagic ovarian cyst, "
     "haemorrhagic cyst, cyst of the ovary, corpus luteal cyst"),
    ("gestational sac", ("pelvis",), "gestational sac, intrauterine gestational sac, "
     "intrauterine pregnancy, iup, intrauterine gestation, intrauterine sac"),
    ("ectopic pregnancy", ("pelvis",), "ectopic pregnancy, tubal pregnancy, ectopic gestation, "
     "ectopic"),
    ("endometrioma", ("pelvis",), "endometrioma"),
    ("teratoma", ("pelvis",), "teratoma, mature teratoma, dermoid, dermoid cyst, "
     "mature cystic teratoma"),
    ("torsion", ("pelvis", "ovary"), "ovarian torsion, adnexal torsion"),
    ("tubo-ovarian abscess", ("pelvis",), "tuboovarian abscess, tubo ovarian abscess"),
    ("hydrosalpinx", ("pelvis",), "hydrosalpinx"),
    ("adenomyosis", ("pelvis",), "adenomyosis"),
    ("fibroid", ("pelvis",), "fibroid, leiomyoma, myoma"),
    # what surrounds an abscess or an infection, not the lungs
    ("oedema", ("soft tissues",), "soft tissue oedema, subcutaneous oedema, mesenteric oedema, "
     "periportal oedema, body wall oedema, bone marrow oedema, wall oedema, peripancreatic oedema, "
     "mural oedema"),
    ("peripancreatic fluid", ("pancreas",), "peripancreatic fluid, "
     "peripancreatic fluid collection"),
    ("stranding", ("pancreas",), "peripancreatic stranding, peripancreatic fat stranding"),
    ("stranding", ("kidneys",), "perinephric stranding, perinephric fat stranding"),
)  # fmt: skip

"""How each finding is stated, doubted and denied by different hands, and what only sounds like it.

Every sentence is our own. A line is read alone; of its facts only those count whose names stand in
the table of findings, so that "gallbladder wall thickening" may be told beside them."""

import pytest

from radgloss.text.facts import findings
from radgloss.text.facts.naming import row_of

CT, US, PELVIC, CHEST, PLAIN = "ct-abdomen", "us-abdomen", "us-pelvis", "xr-chest", "xr-abdomen"

# exam, finding, sentences that say it is there
PRESENT = (
    (CT, "acute cholecystitis", (
        "The gallbladder is inflamed.", "Inflamed gallbladder with surrounding fat stranding.",
        "Features of acute cholecystitis.", "Features in keeping with cholecystitis.",
        "Appearances are those of acute cholecystitis.", "Picture of acute cholecystitis.",
        "Findings are diagnostic of acute cholecystitis.",
    )),
    (CT, "appendicitis", (
        "The appendix is inflamed.", "Inflamed appendix measuring 12 mm.",
        "Appearances in keeping with acute appendicitis.", "Signs of acute appendicitis.",
        "The appearances represent acute appendicitis.", "CT features of appendicitis.",
    )),
    (CT, "diverticulitis", (
        "Inflamed diverticulum of the sigmoid colon.", "Evidence of acute diverticulitis.",
        "Changes of acute diverticulitis in the sigmoid colon.", "Findings of diverticulitis.",
    )),
    (CT, "acute pancreatitis", (
        "The pancreas is inflamed.", "Inflamed pancreas.", "Features of acute pancreatitis.",
        "Swollen, oedematous pancreas in keeping with acute pancreatitis.",
        "Imaging features typical of interstitial pancreatitis.",
    )),
    (CT, "bowel obstruction", (
        "The small bowel is obstructed.", "Obstructed small bowel loops.",
        "Features of small bowel obstruction.", "High-grade small bowel obstruction.",
    )),
    (CT, "biliary dilatation", (
        "The common bile duct is dilated.", "Dilated intrahepatic bile ducts.", "Dilated CBD.",
        "The biliary tree is dilated.",
        "Biliary tree dilatation.", "The common bile duct is distended to 11 mm.",
    )),
    (CT, "hydronephrosis", (
        "The right collecting system is dilated.", 
        "Right-sided hydronephrosis.", "Dilated left pelvicalyceal system.",
        "Dilated right renal pelvis.", "Left pelvicaliectasis.", "Hydronephrotic right kidney.",
        "The left kidney is hydronephrotic.",
        "5 mm stone in the right ureter with upstream dilatation.",
        "Obstructive uropathy on the left.", "Mild left hydroureteronephrosis.",
    )),
    (CT, "ureteric stone", (
        "6 mm calculus at the right vesicoureteric junction.", "Left mid-ureteric stone of 5 mm.",
        "Stone in the distal left ureter.", "Right UVJ stone.",
    )),
    (CT, "kidney stone", (
        "Calculus in the lower pole of the left kidney.", "Right nephrolithiasis.",
        "Calcified stone in the right kidney.", "Left renal calculi.",
    )),
    (CT, "pyelonephritis", (
        "Features of right pyelonephritis.", "Striated nephrogram, in keeping with pyelonephritis.",
        "Appearance in keeping with acute pyelonephritis of the left kidney.",
    )),
    (CT, "splenic infarct", (
        "Infarct in the spleen.", "Wedge-shaped perfusion defect in the spleen, splenic infarct.",
        "The spleen is infarcted.", "Splenic infarction.",
    )),
    (CT, "splenomegaly", (
        "The spleen is enlarged.", "Enlarged spleen, 15 cm.", "Mild splenic enlargement.",
        "The spleen is moderately enlarged.", "Bulky spleen.",
    )),
    (CT, "hepatic steatosis", (
        "The liver is fatty.", "Fatty infiltration of the liver.", "Hepatic steatosis.",
        "Fatty change in the liver.", "Steatotic liver.", "Diffuse fatty liver.",
        "Diffuse steatosis.", "Fatty hepatic infiltration.",
    )),
    (CT, "cirrhosis", (
        "The liver is cirrhotic.", "Cirrhotic liver.", "Nodular liver contour, consistent with "
        "cirrhosis.", "Features of cirrhosis.", "Established cirrhosis.",
    )),
    (CT, "gallstones", (
        "Stones in the gallbladder.", "The gallbladder contains stones.", "Cholelithiasis.",
        "Calculi within the gallbladder.", "Calcified gallstones.", "Layering gallstones.",
        "The gallbladder contains several calculi.", "Multiple stones are seen in the gallbladder.",
    )),
    (CT, "free air", (
        "There is free gas under the diaphragm.", "Pneumoperitoneum.", "Free intra-abdominal gas.",
        "Extraluminal free gas.", "Free intraperitoneal air, consistent with perforation.",
    )),
    (CT, "free fluid", (
        "Small volume of ascites.", "Fluid in the pelvis.", "Free fluid in the abdomen.",
        "A little free fluid in the pouch of Douglas.", "Trace pelvic free fluid.",
        "Intra-abdominal free fluid.", "Fluid is present in the cul-de-sac.",
        "Free-flowing fluid around the liver.",
    )),
    (CT, "aortic aneurysm", (
        "The abdominal aorta is aneurysmal.", "Aneurysmal infrarenal aorta.",
        "Fusiform aneurysm of the abdominal aorta, 4.6 cm.", "AAA measuring 52 mm.",
        "Aneurysmal dilatation of the aorta.", "The aorta is dilated to 41 mm.",
    )),
    (CT, "pancreatic mass", (
        "Mass in the head of the pancreas.", "Pancreatic tumour.", "Pancreatic head lesion.",
        "Hypoattenuating mass of the pancreatic tail.",
    )),
    (CT, "adnexal mass", (
        "Right adnexal mass.", "Complex mass in the left adnexa.", "Left adnexal lesion.",
    )),
    (PELVIC, "enlarged ovary", (
        "The right ovary is enlarged.", "Enlarged left ovary, 65 mm.", "Bulky right ovary.",
        "The left ovary is swollen.",
    )),
    (PELVIC, "ovarian cyst", (
        "Simple cyst in the left ovary.", "Right ovarian cyst, 4 cm.",
        "The right ovary contains a cyst.",
    )),
    (PELVIC, "intrauterine pregnancy", (
        "Gestational sac within the uterus.", "Intrauterine gestation.", "Viable intrauterine "
        "pregnancy.", "An intrauterine sac is seen.",
    )),
    (CHEST, "pneumothorax", (
        "Small right apical pneumothorax.", "A visible visceral pleural line, pneumothorax.",
        "Left PTX.", "Tiny residual pneumothorax on the left.",
    )),
    (CHEST, "pleural effusion", (
        "Fluid in the right pleural space.", "Left basal effusion.", "Fluid at the left base.",
        "Small amount of pleural fluid on the right.", "Bilateral effusions.",
    )),
    (CHEST, "consolidation", (
        "The right lower lobe is consolidated.", "Consolidated left lower lobe.",
        "Air-space shadowing in the right mid zone.", "Consolidative change at the left base.",
        "Airspace opacification of the right upper lobe.",
    )),
    (CHEST, "pneumonia", (
        "Features of pneumonia.", "Findings in keeping with lobar pneumonia.",
        "In keeping with infection.", "Consolidation in keeping with infection.",
        "Appearances are consistent with pneumonia.",
    )),
    (CHEST, "pulmonary oedema", (
        "Interstitial oedema.", "Features of pulmonary oedema.", "Pulmonary venous congestion.",
        "Alveolar oedema, in keeping with fluid overload.",
    )),
    (CHEST, "atelectasis", (
        "Subsegmental atelectasis at the left base.", "Linear atelectasis.", "Collapse of the left "
        "lower lobe.", "Discoid atelectasis in the right mid zone.", "Plate atelectasis.",
        "The left lower lobe is collapsed.", "Bibasal atelectatic changes.",
    )),
    (CHEST, "hyperinflation", (
        "The lungs are hyperinflated.", "Hyperexpanded lungs.", "Hyperinflated lungs.",
        "Over-inflated lungs.", "Hyperinflated lung fields with flattened diaphragms.",
        "Flattened hemidiaphragms.", "The lungs are over-expanded.",
    )),
    (CHEST, "cardiomegaly", (
        "The heart is enlarged.", "Cardiac enlargement.", "Enlarged cardiac silhouette.",
        "The heart is mildly enlarged.", "The cardiac shadow is enlarged.", "Enlarged heart.",
        "Increased heart size.", "Heart size is increased.", "The cardiothoracic ratio is "
        "increased.", "The heart size is enlarged.", 
    )),
    (CHEST, "rib fracture", (
        "Fractured left 7th rib.", "Fracture of the right 5th rib.", "The left 6th rib is "
        "fractured.", "Fractures of the 4th and 5th ribs on the right.",
    )),
    (CHEST, "lung granuloma", (
        "Calcified granuloma in the right upper lobe.", "Old calcified granuloma in the left lung.",
    )),
    (CHEST, "endotracheal tube", (
        "The patient is intubated, tube tip 4 cm above the carina.", "ETT in situ.",
        "The endotracheal tube ends 35 mm above the carina.",
    )),
    (CHEST, "central venous catheter", (
        "Right internal jugular line with its tip in the SVC.", "Left subclavian line in place.",
    )),
    (CHEST, "nasogastric tube", ("NG tube tip below the diaphragm.", "NGT in the stomach.",)),
    (CHEST, "chest tube", ("Right intercostal drain in situ.", "Left-sided chest drain.",)),
)  # fmt: skip

ABSENT = (
    (CT, "acute cholecystitis", (
        "The gallbladder is not inflamed.", "Noninflamed gallbladder.",
        "No gallbladder inflammation.", "No inflammation of the gallbladder.",
        "The gallbladder shows no inflammation.", "No signs of cholecystitis.",
        "The gallbladder is without inflammatory change.", "Gallbladder uninflamed.",
        "No features to suggest cholecystitis.",
        "No inflammatory change around the gallbladder.",
    )),
    (CT, "appendicitis", (
        "The appendix is not inflamed.", "The appendix is normal.", "Normal appendix.",
        "The appendix shows no inflammation.", "No inflammation of the appendix.",
        "Noninflamed appendix.", "The appendix is unremarkable.", "Negative for appendicitis.",
        "The appendix is of normal calibre.", "The appendix is well seen and normal.",
        "No CT features of appendicitis.", "The appendix is not thickened or inflamed.",
        "Appendix normal in calibre without inflammation.",
    )),
    (CT, "diverticulitis", (
        "Diverticulosis w/o diverticulitis.", "No inflamed diverticulum.",
        "Diverticulosis without inflammation.", "The sigmoid diverticula are not inflamed.",
        "Uncomplicated diverticulosis, no diverticulitis.",
        "Sigmoid diverticulosis with no evidence of inflammation.",
        "Diverticula show no inflammation.",
    )),
    (CT, "acute pancreatitis", (
        "The pancreas is not inflamed.", "No pancreatic inflammation.",
        "The pancreas shows no inflammation.", "No peripancreatic inflammation or pancreatitis.",
        "The pancreas is free of inflammation.", "Pancreas without inflammatory change.",
        "No inflammatory changes of the pancreas.",
    )),
    (CT, "bowel obstruction", (
        "The bowel is not obstructed.", "Unobstructed bowel.", "The bowel loops are not dilated.",
        "Nonobstructive bowel gas pattern.", "No obstruction.", "Bowel is of normal calibre.",
        "No dilated bowel loops.", "No dilated loops of bowel.", "No bowel dilatation.",
        "The small bowel is not distended.", "Nondilated bowel loops.",
        "Normal calibre small and large bowel.", "No features of obstruction.",
        "Nonobstructed bowel.", "No sign of mechanical obstruction.",
    )),
    (CT, "biliary dilatation", (
        "The bile ducts are not dilated.", "The bile ducts are of normal calibre.",
        "No duct dilatation.", "No biliary ductal dilatation.", "Nondilated bile ducts.",
        "The biliary tree is not dilated.", "Normal calibre bile ducts.", "CBD not dilated.",
        "The common bile duct is normal in calibre.", "No dilated bile ducts.",
        
        "No intra- or extrahepatic biliary dilatation.", "The ducts are not dilated.",
        "No intrahepatic or extrahepatic duct dilatation.", "Undilated biliary tree.",
        "The CBD is of normal diameter.", "The biliary tree is undilated.",
        "The bile ducts are normal in caliber.",
        "No dilatation of the bile ducts.", "The bile ducts show no dilatation.",
    )),
    (CT, "hydronephrosis", (
        "No hydronephrosis on either side.", "The collecting systems are not dilated.",
        "No collecting system dilatation.", "No pelvicalyceal dilatation.",
        "Neither kidney is hydronephrotic.", "The kidneys are not hydronephrotic.",
         "No hydroureteronephrosis.", "Kidneys not obstructed.",
        "Nondilated collecting systems.", "No obstructive uropathy.",
        "The kidneys show no hydronephrosis.", "No dilatation of either collecting system.",
        "The renal collecting systems are of normal calibre.", "The kidneys are unobstructed.",
        "No dilatation of the renal pelvis.", "The pelvicalyceal systems are undilated.",
    )),
    (CT, "kidney stone", (
        "No renal calculi.", "No renal or ureteric stones.", "No urinary tract calculi.",
        "No radiopaque calculus projected over the kidneys.", "No stone in either kidney.",
        "The kidneys are free of stones.", "No nephrolithiasis.", "No urolithiasis.",
        "The kidneys are stone-free.", "No stones in the kidneys or ureters.",
        "The kidneys contain no stones.",
    )),
    (CT, "ureteric stone", (
        "No ureteric calculus.", "No stone along the course of the ureters.",
        "The ureters are free of stones.", "No stone in either ureter.",
    )),
    (CT, "kidney cyst", ("No renal cysts.", "The kidneys contain no cysts.",)),
    (CT, "kidney mass", (
        "No renal mass.", "No solid mass in either kidney.", "No focal renal mass.",
        "The kidneys show no mass.",
    )),
    (CT, "pyelonephritis", (
        "No perfusion defect, no pyelonephritis.", "No evidence of pyelonephritis.",
        "No renal perfusion defects.", "The kidneys show no perfusion defect.",
        "No striated nephrogram.", "No wedge-shaped perfusion defect of the kidneys.",
    )),
    (CT, "splenic infarct", (
        "No splenic infarct.", "The spleen is without infarct.", "No infarction of the spleen.",
        "The spleen shows no perfusion defect.", "No perfusion defect in the spleen.",
        "No splenic perfusion defect.",
    )),
    (CT, "splenomegaly", (
        "The spleen is not enlarged.", "The spleen is normal in size.", "Normal-sized spleen.",
        "The spleen is of normal size.", "No splenomegaly.", "No splenic enlargement.",
        "Nonenlarged spleen.", "Spleen size is normal.", "No enlargement of the spleen.",
        "The spleen measures 10 cm, normal in size.", "The size of the spleen is normal.",
        "The spleen is normal sized.", "The spleen is within normal limits in size.",
    )),
    (CT, "hepatic steatosis", (
        "No hepatic steatosis.", "The liver is not fatty.", "No fatty infiltration.",
        "The liver is of normal attenuation.", "Normal hepatic echogenicity.",
        "Normal liver attenuation without steatosis.", "The liver has a normal attenuation.",
        "Liver parenchyma of normal echogenicity.", "No fatty change of the liver.",
    )),
    (CT, "cirrhosis", (
        "No cirrhosis.", "The liver is not cirrhotic.", "No cirrhotic change.",
        "No morphological features of cirrhosis.", "No signs of cirrhosis.",
        "The liver has no cirrhotic features.", "Smooth liver contour, no cirrhosis.",
    )),
    (CT, "liver lesion", (
        "No focal liver lesion.", "The liver is free of focal lesions.",
        "The liver shows no focal abnormality.", "No hepatic mass.",
        "Homogeneous liver without focal lesion.", "No space-occupying lesion in the liver.",
        "The liver is devoid of focal lesions.", "Liver: no focal lesion.",
    )),
    (CT, "liver metastases", (
        "No liver metastases.", "No hepatic metastatic disease.", "No metastasis in the liver.",
        "The liver is free of metastases.", "No metastatic deposits in the liver.",
    )),
    (CT, "liver cyst", ("No hepatic cysts.", "No cyst in the liver.",)),
    (CT, "gallstones", (
        "No gallstones.", "No stones in the gallbladder.", "The gallbladder contains no stones.",
        "The gallbladder is free of stones.", "No cholelithiasis.", "Acalculous gallbladder.",
        "No calculi within the gallbladder.", "The gallbladder is stone-free.",
        "The gallbladder is without stones.", "No radiopaque gallstones.",
        "No calcified gallstones.", "Gallbladder w/o calculi.", "The gallbladder has no stones.",
    )),
    (CT, "free air", (
        "No free gas.", "No pneumoperitoneum.", "No free air under the diaphragm.",
        "No free subdiaphragmatic gas.", "No extraluminal gas.", "No free intraperitoneal gas.",
        "No air under the hemidiaphragms.", "No subdiaphragmatic free gas.",
        "No free intra-abdominal gas.", "Nil free gas.", "No intraperitoneal gas.",
    )),
    (CT, "free fluid", (
        "No ascites.", "No free fluid.", "No fluid in the pelvis.", "No intra-abdominal fluid.",
        "The pelvis is free of fluid.", "No fluid in the pouch of Douglas.", "Nil free fluid.",
        "There is no free intraperitoneal fluid or gas.", "No abdominal or pelvic ascites.",
        "No fluid collection or free fluid.", "Without ascites.", "No free peritoneal fluid.",
        "The cul-de-sac is free of fluid.", "No free air or fluid.",
    )),
    (CT, "aortic aneurysm", (
        "The aorta is of normal calibre.", "No aortic aneurysm.", "Normal calibre aorta.",
        "The abdominal aorta is not aneurysmal.", "Nonaneurysmal aorta.", "No AAA.",
        "No aneurysmal dilatation of the aorta.", "The aorta is not dilated.",
        "The abdominal aorta is normal in caliber.", "No aneurysm of the abdominal aorta.",
        "The aorta is nonaneurysmal.", "Aorta of normal diameter.", "Nondilated aorta.",
    )),
    (CT, "pancreatic mass", (
        "No pancreatic mass.", "No mass in the pancreas.", "No focal pancreatic lesion.",
        "The pancreas shows no focal lesion.", "No pancreatic tumour.",
    )),
    (PELVIC, "adnexal mass", (
        "No adnexal mass.", "No mass in either adnexa.", "The adnexa are free of masses.",
        "No suspicious adnexal lesion.", "The adnexa show no mass.", "No extra-ovarian mass.",
        "No adnexal masses on either side.",
    )),
    (PELVIC, "ovarian cyst", (
        "No ovarian cyst.", "No cyst in either ovary.", "The ovaries contain no cysts.",
        "The ovaries are without cysts.",
    )),
    (PELVIC, "enlarged ovary", (
        "The ovaries are not enlarged.", "The ovaries are normal in size.",
        "Both ovaries are of normal size.", "Normal-sized ovaries.", "No ovarian enlargement.",
        "No enlarged ovary.", "Neither ovary is enlarged.",
    )),
    (PELVIC, "intrauterine pregnancy", (
        "No intrauterine pregnancy.", "No gestational sac in the uterus.", "Empty uterus.",
        "The uterus is empty.", "No intrauterine gestational sac is seen.",
        "No IUP identified.", "The endometrial cavity is empty.", "No intrauterine sac.",
    )),
    (CHEST, "pneumothorax", (
        "No pneumothorax on either side.", "Negative for pneumothorax.", "No pleural air.",
        "No evidence for pneumothorax.", "No PTX.", "Pneumothorax is not seen.",
        "No visible pneumothorax.", "There is neither effusion nor pneumothorax.",
        "W/o pneumothorax.", "No definable pneumothorax.",
    )),
    (CHEST, "pleural effusion", (
        "No pleural effusions.", "The costophrenic angles are sharp.", "No pleural fluid.",
        "The costophrenic angles are clear.", "Sharp costophrenic sulci.",
        "The pleural spaces are clear.", "Clear pleural spaces.", "No effusion.",
        "No blunting of the costophrenic angles.", "The costophrenic recesses are free.",
        "The pleural spaces are free of fluid.", "No fluid in the pleural space.",
        "Clear costophrenic angles.", "Costophrenic angles are not blunted.",
        "The costophrenic angles are preserved.", "Pleural spaces free of fluid.",
    )),
    (CHEST, "consolidation", (
        "No consolidation.", "No airspace disease.", "The lungs are free of consolidation.",
        "No confluent airspace opacity.", "No lobar consolidation.", "No focal airspace disease.",
        "No confluent consolidation.", "No airspace shadowing.", "No consolidative opacity.",
        "The lungs are clear of consolidation.", "No parenchymal consolidation.",
        "No focal infiltrate.", "Lungs without infiltrate.",
    )),
    (CHEST, "pneumonia", (
        "No pneumonia.", "No evidence of infection.", "No signs of pneumonia.",
        "No radiographic evidence of pneumonia.", "No features of infection.",
        "No acute infective process.",
    )),
    (CHEST, "pulmonary oedema", (
        "No pulmonary oedema.", "No vascular congestion.", "No interstitial edema.",
        "No overt edema.", "No signs of congestion.", "No pulmonary venous congestion.",
        "The pulmonary vessels are not congested.", "No evidence of fluid overload.",
        "No pulmonary vascular redistribution or oedema.", "No evidence of congestion.",
    )),
    (CHEST, "atelectasis", (
        "No atelectasis.", "No collapse.", "No collapse or consolidation.", "No volume loss.",
        "No lobar collapse.", "Free of atelectasis.",
    )),
    (CHEST, "lung nodule", (
        "No lung nodule.", "No pulmonary nodules.", "No nodule in either lung.",
        "The lungs are free of nodules.", "No suspicious nodule.", "No focal pulmonary nodule.",
    )),
    (CHEST, "lung mass", ("No lung mass.", "No pulmonary mass.",)),
    (CHEST, "hyperinflation", (
        "No hyperinflation.", "The lungs are not hyperinflated.", "The lungs are normally "
        "inflated.", "Normal lung volumes.", "Lung volumes are normal.",
    )),
    (CHEST, "cardiomegaly", (
        "The heart is not enlarged.", "Heart size is normal.", "Normal heart size.",
        "The heart is normal in size.", "No cardiomegaly.", "Normal cardiac silhouette.",
        "The cardiac silhouette is within normal limits.", "The heart is of normal size.",
        "Cardiac silhouette not enlarged.", "Nonenlarged heart.", "Normal-sized heart.",
        "Heart size within normal limits.", "The cardiothoracic ratio is normal.",
        "The cardiothoracic ratio is not increased.", "No cardiac enlargement.",
        "The heart size is not increased.", "The size of the heart is normal.",
        "The heart is within normal limits for size.", "The heart is normal sized.",
        "The cardiac silhouette is of normal size.", "Cardiac size is within the normal range.",
    )),
    (CHEST, "rib fracture", (
        "No rib fracture.", "No displaced rib fracture.", "The ribs are intact.",
        "No fracture of the ribs.", "No acute rib fracture.", "The ribs show no fracture.",
        "Intact ribs.", "No fractured rib.",
    )),
)  # fmt: skip

UNCERTAIN = (
    (CT, "appendicitis", (
        "Possible early appendicitis.", "Appendicitis cannot be excluded.",
        "Suggestive of appendicitis.", "Equivocal for appendicitis.", "?Appendicitis.",
        "Findings raise the possibility of appendicitis.", "Early appendicitis is possible.",
        "Appendicitis is a consideration.", "Appearances are suspicious for appendicitis.",
    )),
    (CHEST, "pneumonia", (
        "Pneumonia is not excluded.", "May represent pneumonia.", "Concerning for pneumonia.",
        "Pneumonia remains in the differential.", "Probable pneumonia.", "Suspected pneumonia.",
        "Infection is possible.", "Could be pneumonia.", "Suspicious for pneumonia.",
        "Pneumonia should be considered.", "The differential includes pneumonia.",
        "Superimposed infection is difficult to exclude.", "Findings suggest pneumonia.",
        "Likely infection.", "Cannot exclude superimposed pneumonia.",
    )),
    (CT, "hydronephrosis", ("Questionable mild left hydronephrosis.", "Suspected hydronephrosis.",
                            "Possible right hydronephrosis.")),
    (CT, "pancreatic mass", ("A small pancreatic mass cannot be excluded.",)),
    (CHEST, "pleural effusion", ("Probable small left effusion.", "Trace effusion not excluded.",
                                 "Blunting of the left costophrenic angle.")),
    (CHEST, "cardiomegaly", ("The heart may be enlarged.", "Borderline cardiomegaly.")),
)  # fmt: skip


# signs that are denied together with what they would mean, on the page of its own organ
SUGGESTED = (
    ("No peripancreatic stranding to suggest pancreatitis.", CT, "acute pancreatitis"),
    ("No dilated bowel loops to suggest obstruction.", CT, "bowel obstruction"),
    ("No wall thickening or fluid to indicate cholecystitis.", CT, "acute cholecystitis"),
    ("No opacity is seen to suggest pneumonia.", CHEST, "pneumonia"),
    ("No opacity suspicious for pneumonia.", CHEST, "pneumonia"),
    ("Nothing to suggest appendicitis.", CT, "appendicitis"),
    ("No lesion with features of hepatocellular carcinoma.", CT, "hepatocellular carcinoma"),
    ("No lesion shows features of hepatocellular carcinoma.", CT, "hepatocellular carcinoma"),
    ("No focal lesion with the appearance of a hepatic haemangioma.", CT, "liver haemangioma"),
)
# in two sentences or about two organs: everything that the lines say of the table's names
WHOLE = {
    "No renal or ureteric stones.": {("kidney stone", "absent"), ("ureteric stone", "absent")},
    "No stones in the kidneys or ureters.": {
        ("kidney stone", "absent"), ("ureteric stone", "absent"),
    },
    "No pleural or pericardial effusion.": {("pleural effusion", "absent")},
    "No cyst in the liver, spleen or left kidney.": {
        ("liver cyst", "absent"), ("splenic cyst", "absent"), ("kidney cyst", "absent"),
    },
    "5 mm stone in the left ureter. No upstream dilatation.": {
        ("ureteric stone", "present"), ("hydronephrosis", "absent"),
    },
    "Stone in the distal bile duct with upstream dilatation.": {("biliary dilatation", "present")},
    "No free air or fluid.": {("free air", "absent"), ("free fluid", "absent")},
    "Diverticulosis w/o diverticulitis.": {("diverticulitis", "absent")},
    "Heart size is not increased, no effusion.": {
        ("cardiomegaly", "absent"), ("pleural effusion", "absent"),
    },
    "Cyst with floating membranes. Features of hydatid disease of the liver.": {
        ("liver hydatid cyst", "present"),
    },
}  # fmt: skip
# words of the rules in sentences that must not set them off: the table's names that they state
SILENT = {
    "The gallbladder is collapsed.": set(),  # no atelectasis
    "Fatty replacement of the pancreas.": set(),  # no fatty liver
    "Fatty mass in the left kidney.": {("kidney mass", "present")},
    "The bladder is empty.": set(),  # no pregnancy denied
    "The gestational sac is empty.": {("intrauterine pregnancy", "present")},
    "The lymph nodes are inflamed.": set(),
    "Inflammation of the sigmoid colon.": set(),
    "The fracture is consolidated.": set(),  # healed, no lung
    "Perfusion defect in the spleen.": set(),  # a sign: denied it denies, stated it suggests
    "Dilated loops of small bowel.": set(),
    "Fluid-filled loops of bowel.": set(),
    "FLAIR: fluid attenuated inversion recovery.": set(),
    "Fluid in the endometrial cavity.": set(),
    "Fluid level in the stomach.": set(),
    "The liver contains gas.": set(),
    "Free wall of the left ventricle.": set(),
    "The stone lies free in the gallbladder.": {("gallstones", "present")},
    "No new inflammation of the gallbladder.": {("acute cholecystitis", "absent")},
    "Nonobstructing stone in the right kidney.": {("kidney stone", "present")},
    "The pulmonary artery is enlarged.": set(),
    "Heart failure has increased.": set(),
    "Fracture of the clavicle.": set(),  # no rib
    "Compression fracture of the lumbar spine.": set(),
    "Ribs were counted.": set(),
    "The bones are intact.": set(),  # not of the ribs alone
    "The lungs are clear.": set(),
    "Low lung volumes.": set(),
    "The liver is large and the abdomen is distended.": set(),
    "The appendix is not seen.": set(),  # an organ that nobody saw is not normal
    "Normal colon, appendix not visualised.": set(),
    "Dilated pancreatic duct.": set(),  # no bile duct
    "Hepatic congestion.": set(),  # no lungs
    "Wound infection? Rib fracture on the left.": {
        ("rib fracture", "present"),
    },
    "No effusion due to heart failure, pneumonia on the left.": {
        ("pleural effusion", "absent"), ("pneumonia", "present"),
    },
    "No pneumothorax, findings suggest pneumonia.": {
        ("pneumothorax", "absent"), ("pneumonia", "uncertain"),
    },
    "No effusion has developed, new pneumonia on the left.": {
        ("pleural effusion", "absent"), ("pneumonia", "present"),
    },
    "No haemangioma; a lesion with features of hepatocellular carcinoma.": {
        ("liver haemangioma", "absent"), ("hepatocellular carcinoma", "present"),
    },
    "No free fluid with appendicitis.": {("free fluid", "absent"), ("appendicitis", "present")},
    "No effusion. Opacity to suggest pneumonia.": {
        ("pleural effusion", "absent"), ("lung opacity", "present"), ("pneumonia", "uncertain"),
    },
}  # fmt: skip


def told(sentence, exam):
    return {(f.what, f.status) for f in findings(sentence, exam) if row_of(f.what) is not None}


def lines(table):
    return [(exam, what, s) for exam, what, sentences in table for s in sentences]


@pytest.mark.parametrize(("exam", "what", "sentence"), lines(PRESENT))
def test_a_statement_in_any_wording_is_present(exam, what, sentence):
    assert {s for w, s in told(sentence, exam) if w == what} == {"present"}


@pytest.mark.parametrize(("exam", "what", "sentence"), lines(ABSENT))
def test_a_denial_in_any_wording_is_absent(exam, what, sentence):
    assert {s for w, s in told(sentence, exam) if w == what} == {"absent"}


@pytest.mark.parametrize(("exam", "what", "sentence"), lines(UNCERTAIN))
def test_a_doubt_in_any_wording_is_uncertain(exam, what, sentence):
    assert {s for w, s in told(sentence, exam) if w == what} == {"uncertain"}


@pytest.mark.parametrize(("sentence", "exam", "what"), SUGGESTED)
def test_a_sign_that_is_denied_takes_its_meaning_with_it(sentence, exam, what):
    assert {s for w, s in told(sentence, exam) if w == what} == {"absent"}


@pytest.mark.parametrize("sentence", WHOLE)
def test_a_line_about_several_things_states_each(sentence):
    assert told(sentence, CT) == WHOLE[sentence]


@pytest.mark.parametrize("sentence", SILENT)
def test_words_of_a_rule_elsewhere_do_not_set_it_off(sentence):
    assert told(sentence, CT) == SILENT[sentence]

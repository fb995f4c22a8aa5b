"""How a label is asked in words: sentences that state it against sentences that deny it.

A model trained on reports has read "Small left pleural effusion." and never "A pleural effusion.",
so a finding is asked as reports say it, with sides and sizes; a label without a line here is asked
with plain sentences. (On 80 phantom films, 300 steps into training, plain sentences gave an AUROC
of .37 for effusion and these .73.)"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["negatives", "positives", "sided"]


@dataclass(frozen=True)
class Bank:
    """present may hold {side}; absent never does."""

    present: tuple[str, ...]
    absent: tuple[str, ...]


BANKS = {
    "pneumothorax": Bank(
        ("There is a small {side} pneumothorax.", "Large {side} apical pneumothorax.",
         "{Side} pneumothorax with pleural separation at the apex."),
        ("No pneumothorax.", "There is no pneumothorax.", "There is no evidence of pneumothorax."),
    ),
    "pleural effusion": Bank(
        ("Small {side} pleural effusion.", "There is a large {side} pleural effusion.",
         "{Side} pleural effusion, moderate.", "Moderate bilateral pleural effusions."),
        ("No pleural effusion.", "There is no pleural effusion.", "No evidence of pleural fluid."),
    ),
    "lung nodule": Bank(
        ("There is a 15 mm {side} lung nodule.", "12 mm nodule in the {side} upper lobe.",
         "{Side} lower lobe nodule measuring 20 mm."),
        ("No lung nodule.", "There is no pulmonary nodule.", "No evidence of a nodule."),
    ),
    "liver cyst": Bank(
        ("There is a 20 mm hepatic cyst in segment VI.", "30 mm cyst in segment IV of the liver.",
         "Liver cyst in segment VII measuring 15 mm."),
        ("No liver cyst.", "There is no hepatic cyst.", "No evidence of a liver cyst."),
    ),
    "kidney stone": Bank(
        ("8 mm {side} renal calculus.", "There is a 6 mm {side} kidney stone in the lower pole.",
         "5 mm stone in the upper pole of the {side} kidney."),
        ("No kidney stone.", "There is no renal calculus.", "No evidence of nephrolithiasis."),
    ),
    "splenomegaly": Bank(
        ("Splenomegaly, 150 mm in length.", "The spleen is moderately enlarged.",
         "There is marked splenomegaly."),
        ("No splenomegaly.", "The spleen is not enlarged.", "The spleen is normal in size."),
    ),
}  # fmt: skip
SIDES = ("right", "left")


def positives(label: str) -> list[str]:
    """Sentences that state the finding, on either side where it has one.

    >>> positives("pleural effusion")[:2]
    ['Small right pleural effusion.', 'There is a large right pleural effusion.']
    >>> positives("hydatid cyst")
    ['Hydatid cyst.', 'There is a hydatid cyst.']
    """
    if label not in BANKS:
        article = "an" if label[:1] in "aeiou" else "a"
        return [f"{label[:1].upper()}{label[1:]}.", f"There is {article} {label}."]
    return list(dict.fromkeys(s for side in SIDES for s in _worded(label, side)))


def negatives(label: str) -> list[str]:
    """Sentences that deny it.

    >>> negatives("hydatid cyst")
    ['No hydatid cyst.', 'There is no hydatid cyst.']
    """
    if label not in BANKS:
        return [f"No {label}.", f"There is no {label}."]
    return list(BANKS[label].absent)


def sided(label: str, side: str) -> list[str]:
    """Sentences that state it on one side; KeyError for a label that has none.

    >>> sided("kidney stone", "left")[0]
    '8 mm left renal calculus.'
    """
    return [s for s in _worded(label, side) if side in s.lower()]


def _worded(label: str, side: str) -> list[str]:
    present = BANKS[label].present
    return [p.format(side=side, Side=side.capitalize()) for p in present]

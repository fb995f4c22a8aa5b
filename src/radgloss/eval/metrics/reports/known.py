"""What is known of a study beside its written report, as far as it judges a predicted one.

Which examination it is settles what a bare word means; whether there was an earlier study settles
whether a comparison can be true; the sex settles which organs the patient has. A `Reference` is a
text to every measure, and carries this along to those that ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from radgloss.types import Finding

__all__ = ["NOTHING", "About", "Reference", "about", "impossible"]


@dataclass(frozen=True)
class About:
    """exam: a name of EXAMS, or "". prior: whether there was an earlier study, None where nobody
    says. sex: "F", "M", or "" where nobody says or it is another."""

    exam: str = ""
    prior: bool | None = None
    sex: str = ""


NOTHING = About()


class Reference(str):
    """A written report with what is known of its study.

    Two that differ in what is known are different, so that nothing is counted for both at once.

    >>> Reference("Clear.") == "Clear.", Reference("Clear.", About(prior=True)) == "Clear."
    (True, False)
    """

    about: About

    def __new__(cls, text: str, about: About = NOTHING) -> Reference:
        self = super().__new__(cls, text)
        self.about = about
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and str.__eq__(self, other) and about(other) == self.about

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return str.__hash__(self)


def about(text: str) -> About:
    """What is known of a text's study."""
    return text.about if isinstance(text, Reference) else NOTHING


def exams(references: Sequence[str], exam: str = "") -> frozenset[str]:
    """The examinations of the references; `exam` stands for those that name none."""
    return frozenset(about(r).exam or exam for r in references)


_OF_WOMEN = frozenset(
    ("adnexal mass", "ovarian cyst", "enlarged ovary", "intrauterine pregnancy", "ovarian torsion",
     "ectopic pregnancy", "endometrioma", "fibroid", "hydrosalpinx", "adenomyosis",
     "tubo-ovarian abscess", "ovarian flow", "endometrial fluid", "ovarian fluid",
     "adnexal fluid", "intrauterine device", "uterus absence", "ovary absence")
)  # fmt: skip
_ORGANS_OF_WOMEN = ("uterus", "ovary", "adnexa")
_ORGANS_OF_MEN = ("prostate",)


def impossible(finding: Finding, organ: str, sex: str) -> bool:
    """Whether a fact, there or denied, speaks of an organ that a patient of that sex has not.

    A rule about most people, not about everybody: it points at sentences to look at.

    >>> impossible(Finding("ovarian cyst", "absent"), "pelvis", "M")
    True
    """
    if sex == "M":
        return finding.what in _OF_WOMEN or (
            organ == "pelvis" and finding.site.endswith(_ORGANS_OF_WOMEN)
        )
    return sex == "F" and organ in _ORGANS_OF_MEN

"""Which finding a label means, whatever it is called: synonyms, spellings, and short names.

"Effusion" names what lies in the pleura, as it would in a report; "mass" names nothing until an
examination is known. Read by the fact reader, so that a label and a report mean the same."""

from __future__ import annotations

from radgloss.text.facts import findings
from radgloss.text.findings import finding_type
from radgloss.types import Finding

__all__ = ["meant"]

LONGEST = 80  # characters: a longer label is no name


def meant(label: str, exam: str = "") -> str:
    """The house's name of the finding that a label names and says nothing more of, or the label.

    exam: a name of EXAMS, which settles what a bare word means.

    >>> meant("Hepatic cyst"), meant("effusion"), meant("mass"), meant("mass", "xr-chest")
    ('liver cyst', 'pleural effusion', 'mass', 'lung mass')
    >>> meant("large left effusion"), meant("no effusion"), meant("wool")
    ('large left effusion', 'no effusion', 'wool')
    """
    bare = " ".join(label.split()).rstrip(".")
    try:
        return finding_type(bare).what
    except KeyError:
        pass
    found = findings(bare, exam) if len(bare) <= LONGEST else ()
    if len(found) != 1:
        return label
    (finding,) = found
    try:
        row = finding_type(finding.what)
    except KeyError:
        return label
    # It must say nothing but the name: a side, a size or a hedge would make another question of it.
    return row.what if finding == Finding(finding.what) else label

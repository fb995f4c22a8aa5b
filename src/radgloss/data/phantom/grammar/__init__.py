"""The words of simulated patients: reports by many authors, captions, attributes, questions.

What is written is data (`phrases/`, `authors.py`, `scenery.py`, `compare.py`, `history.py`); the
engine (`pattern.py`, `slots.py`, `sentences.py`, `report.py`) is small. Every sentence carries the
facts that its words state. Nothing here reads reports, and no reader of reports looks in here."""

from radgloss.data.phantom.grammar.authors import AUTHORS, Author, author_named
from radgloss.data.phantom.grammar.report import write
from radgloss.data.phantom.grammar.told import Stated, Told, Written

__all__ = ["AUTHORS", "Author", "Stated", "Told", "Written", "author_named", "write"]

"""Any `Drafter`, with everything that stands over a draft put around it.

What the drafter wrote is not changed: places and an impression are added where it brought none, and
what the checks find is listed beside the text."""

from __future__ import annotations

from dataclasses import replace

from radgloss.engine.aligner import Aligner
from radgloss.engine.drafting import erase, inputs, places
from radgloss.engine.drafting.asked import asked
from radgloss.engine.drafting.checks import check
from radgloss.engine.drafting.impression import impression
from radgloss.engine.drafting.organs import organ_states, validated
from radgloss.protocols import Drafter
from radgloss.types import Case, Draft

__all__ = ["Finished"]


class Finished:
    """`Drafter` over a drafter, watched by an `Aligner`, which grounds, reads again, and whose
    validated detectors say what may be called normal. A watcher without words (`Looker`) knows the
    examination and can do none of that: its draft has no places, and no organ of it is normal."""

    def __init__(self, drafter: Drafter, aligner: Aligner) -> None:
        self.drafter = drafter
        self.aligner = aligner

    def draft(self, case: Case) -> Draft:
        """The drafter's draft with places, states of organs and flags, or its abstention.

        Raises what `inputs.check` and the drafter raise."""
        inputs.check(case)
        draft = self.drafter.draft(case)
        if draft.abstained:
            return draft
        exam = self.aligner.exam(case.study)
        if exam is None:  # nobody here knows this examination: the words can still be checked
            return replace(draft, flags=check(draft, case, ""))
        draft = self._concluded(draft, case, exam)
        if self._answers():
            draft = places.grounded(draft, case.study, self.aligner)
        detectors = validated(self.aligner.checkpoint.trust.labels.get(exam, {}))
        states = organ_states(exam, draft.findings, draft.predictions, detectors)
        draft = replace(draft, organs=states)
        survivors = (
            tuple(erase.survivors(draft, case.study, self.aligner)) if self._answers() else ()
        )
        return replace(draft, flags=(*check(draft, case, exam), *survivors))

    def _answers(self) -> bool:
        return hasattr(self.aligner.checkpoint.model, "encode_text")

    def _concluded(self, draft: Draft, case: Case, exam: str) -> Draft:
        """With an impression from the findings, where the drafter wrote none."""
        if any(s.section == "impression" for s in draft.sentences):
            return draft
        findings = [s for s in draft.sentences if s.section == "findings"]
        names = asked(f"{case.indication}. {case.history}", exam)
        made = impression(findings, exam, draft.not_assessed, names)
        return replace(draft, sentences=(*draft.sentences, *made))

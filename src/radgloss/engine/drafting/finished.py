"""Any `Drafter`, with everything that stands over a draft put around it.

What the drafter wrote is not changed: answers of detectors, places, a comparison and an impression
are added where it brought none, and what the checks find is listed beside the text."""

from __future__ import annotations

from dataclasses import replace

from radgloss.engine.aligner import Aligner
from radgloss.engine.drafting import deciding, erase, inputs, places
from radgloss.engine.drafting.asked import asked
from radgloss.engine.drafting.checks import check
from radgloss.engine.drafting.comparison import changed
from radgloss.engine.drafting.impression import impression
from radgloss.engine.drafting.organs import decided, organ_states, validated
from radgloss.engine.drafting.reading import canonical
from radgloss.protocols import Drafter
from radgloss.text import templates
from radgloss.types import Case, Draft, Finding, Flag, Sentence

__all__ = ["Finished"]


class Finished:
    """`Drafter` over a drafter, watched by an `Aligner`, which answers, grounds, reads again, and
    whose validated detectors say what may be called normal.

    A watcher that does not know the examination, or that has no words (`Looker`), does none of
    this: the draft has no places then, no organ of it is normal, and only its words are checked."""

    def __init__(self, drafter: Drafter, watcher: Aligner) -> None:
        self.drafter = drafter
        self.watcher = watcher

    def draft(self, case: Case) -> Draft:
        """The drafter's draft with places, states of organs and flags, or its abstention.

        Raises what `inputs.check` and the drafter raise."""
        inputs.check(case)
        draft = self._unled(case)
        if draft.abstained:
            return draft
        exam = self.watcher.exam(case.study) or ""
        if not exam:  # the words can still be checked
            return replace(draft, flags=(*draft.flags, *check(draft, case, "")))
        watches = self._watches(case)
        if watches:
            draft = self._compared(self._answered(draft, case, exam), case, exam)
        draft = _concluded(draft, case, exam)
        if watches:
            draft = places.grounded(draft, case.study, self.watcher)
        detectors = validated(self.watcher.checkpoint.trust.labels.get(exam, {}))
        states = organ_states(exam, draft.findings, draft.predictions, detectors)
        draft = replace(draft, organs=states)
        survivors = tuple(erase.survivors(draft, case.study, self.watcher)) if watches else ()
        return replace(draft, flags=(*draft.flags, *check(draft, case, exam), *survivors))

    def _unled(self, case: Case) -> Draft:
        """What the drafter writes; where being told of the patient changes what it observes, what
        it writes without being told. A history orders and words, and never puts a finding there."""
        draft = self.drafter.draft(case)
        if draft.abstained or not (case.history or case.indication):
            return draft
        plain = self.drafter.draft(replace(case, history="", indication=""))
        led = {f.what for f in _observed(draft) ^ _observed(plain)}
        if plain.abstained or not led:
            return draft
        found = f"indication or history changed what was written of {', '.join(sorted(led))}"
        flag = Flag("history", f"{found}; this text was written without them")
        return replace(plain, flags=(*plain.flags, flag))

    def _watches(self, case: Case) -> bool:
        speaks = hasattr(self.watcher.checkpoint.model, "encode_text")
        return speaks and not self.watcher.why_not(case.study)

    def _answered(self, draft: Draft, case: Case, exam: str) -> Draft:
        """With what the watcher's detectors say, where the drafter has none."""
        if draft.predictions:
            return draft
        said = deciding.ask(self.watcher, case.study, exam, places=False)
        name = self.watcher.checkpoint.name
        return replace(draft, predictions=said, watcher=name if name != draft.origin.checkpoint
                       else "")  # fmt: skip

    def _compared(self, draft: Draft, case: Case, exam: str) -> Draft:
        """With a comparison, where a prior was given and the drafter wrote none: what has changed
        of what both the text and a detector decided."""
        given = case.prior is not None or bool(case.prior_report)
        if not given or any(s.section == "comparison" for s in draft.sentences):
            return draft
        before, head = deciding.before(self.watcher, case, exam)
        answers = decided(draft.predictions)
        own = [
            f for s in draft.sentences if s.section == "findings" for f in s.findings
            if answers.get(canonical(f.what)) is (f.status == "present")
        ]  # fmt: skip
        new = [f for f, old in zip(changed(own, before), own, strict=True) if f != old]
        made = (Sentence(templates.sentence(f), "comparison", "", (f,), (), f.certainty)
                for f in dict.fromkeys(new))  # fmt: skip
        first = [s for s in draft.sentences if s.section == "technique"]
        rest = [s for s in draft.sentences if s.section != "technique"]
        return replace(draft, sentences=(*first, *head, *made, *rest))


def _observed(draft: Draft) -> set[Finding]:
    """What a text says is there or not, and on which side: not how sure, nor in which words."""
    return {Finding(canonical(f.what), f.status, f.side) for f in draft.findings}


def _concluded(draft: Draft, case: Case, exam: str) -> Draft:
    """With an impression from the findings, where the drafter wrote none."""
    if any(s.section == "impression" for s in draft.sentences):
        return draft
    findings = [s for s in draft.sentences if s.section == "findings"]
    names = asked(f"{case.indication}. {case.history}", exam)
    made = impression(findings, exam, draft.not_assessed, names)
    return replace(draft, sentences=(*draft.sentences, *made))

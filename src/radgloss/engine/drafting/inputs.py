"""Whether a case may be drafted at all: a prior must be an earlier study of the same patient.

Files are compared, never shown: no identifier enters a message."""

from __future__ import annotations

from radgloss.types import Case, Identity, InputRejected

__all__ = ["check", "known_same"]

_SAYS = ("patient_id", "issuer", "birth_date", "sex")
_DO = "Give an earlier study of this patient, or none."


def check(case: Case) -> None:
    """InputRejected: ('no-images') for a study without a picture; ('prior-patient') for a prior of
    somebody else, ('prior-study') for one that is this study itself, or a later one."""
    study, prior = case.study, case.prior
    if not study.images:
        raise InputRejected("no-images", f"study {study.uid}", "no image", "one", "Check it.")
    if prior is None:
        return
    if not prior.images:
        raise InputRejected("no-images", f"study {prior.uid}", "no image", "one", "Check it.")
    if contradiction := _other(study.identity, prior.identity):
        raise InputRejected(
            "prior-patient", "the prior", f"another {contradiction} than the study's",
            "a study of the same patient", _DO,
        )  # fmt: skip
    if prior.uid == study.uid:
        raise InputRejected("prior-study", "the prior", "the study itself", "an earlier one", _DO)
    then, now = _moment(prior.identity), _moment(study.identity)
    if then and now and then[: len(now)] > now[: len(then)]:
        raise InputRejected("prior-study", "the prior", "a later study", "an earlier one", _DO)


def known_same(case: Case) -> bool:
    """Whether the files themselves say that study and prior are of one patient."""
    if case.prior is None:
        return True
    mine, theirs = case.study.identity.patient_id, case.prior.identity.patient_id
    return bool(mine.strip()) and mine.strip() == theirs.strip()


def _other(study: Identity, prior: Identity) -> str:
    """The field, in words, in which both say something and contradict each other; "" for none.

    An issuer is compared only as part of the ID: the same person has several, one a hospital."""
    for name in _SAYS:
        mine, theirs = (getattr(i, name).strip().casefold() for i in (study, prior))
        if name == "sex" and not {mine, theirs} <= {"m", "f"}:
            continue
        if mine and theirs and mine != theirs:
            return {"patient_id": "patient ID", "issuer": "issuer of the patient ID",
                    "birth_date": "date of birth"}.get(name, name)  # fmt: skip
    return ""


def _moment(identity: Identity) -> str:
    """Day and time as digits; "" where the day is unknown."""
    day, time = identity.study_date, identity.study_time[:6]
    if len(day) != 8 or not day.isdigit():
        return ""
    return day + (time if time.isdigit() else "")

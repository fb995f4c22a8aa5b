"""A stream of studies alarms when it changes, for the examination that changed."""

from dataclasses import replace

import numpy as np
import pytest

from radgloss.engine.aligner import Aligner
from radgloss.engine.monitor import Monitor
from radgloss.types import InputRejected, Study
from tiny import checkpoint, image


def ct(seed):
    return Study(f"9.{seed}", (image(frames=1, seed=seed),))


def film(seed):
    return Study(f"8.{seed}", (image("DX", 1, seed=seed),))


def monitor(familiar=None, threshold=1e9, alpha=0.05):
    known = checkpoint(threshold=threshold)
    return Monitor(Aligner(replace(known, trust=replace(known.trust, familiar=familiar or {}))),
                   alpha)  # fmt: skip


def distances(studies):
    a = Aligner(checkpoint(threshold=1.0))
    return tuple(sorted(min(a.fits(s).values()) for s in studies))


def test_studies_like_those_of_validation_do_not_alarm():
    known = distances(ct(k) for k in range(60))
    watch = monitor({"ct-abdomen": known})
    assert len(list(watch.look(ct(100 + k) for k in range(60)))) == 60
    (stand,) = watch.stands()
    assert (stand.exam, stand.studies, stand.alarm) == ("ct-abdomen", 60, False)
    assert stand.how == "distances"


def test_stranger_studies_alarm_and_only_their_examination():
    known = tuple(d / 3 for d in distances(ct(k) for k in range(60)))  # nearer, all of them
    watch = monitor({"ct-abdomen": known, "xr-chest": distances(film(k) for k in range(60))})
    list(watch.look([ct(k) for k in range(40)] + [film(100 + k) for k in range(20)]))
    stands = {s.exam: s for s in watch.stands()}
    assert stands["ct-abdomen"].alarm
    assert stands["ct-abdomen"].alarmed_at < 40
    assert not stands["xr-chest"].alarm
    assert "ALARM" in watch.told().splitlines()[0]


def test_a_checkpoint_that_kept_only_thresholds_counts_strangers():
    watch = monitor(threshold=-1.0)
    list(watch.look(ct(k) for k in range(5)))
    (stand,) = watch.stands()
    assert (stand.how, stand.foreign, stand.alarm) == ("strangers", 5, True)
    calm = monitor()
    list(calm.look(ct(k) for k in range(30)))
    assert not calm.stands()[0].alarm


def test_what_is_no_known_examination_is_counted_apart_and_refused_studies_are_passed_on():
    watch = monitor()
    refused = InputRejected("not-dicom", "a.txt", "text", "DICOM", "Leave it out.")
    found = list(watch.look([refused, Study("7", (image("NM", 1),))]))
    assert found[0] is refused
    assert found[1].foreign
    assert watch.stands() == ()
    assert "no examination that the model knows: 1" in watch.told()


def test_the_allowed_false_alarms_are_shared_among_the_examinations():
    one = monitor(alpha=0.1)
    assert [s.alpha for s in one._streams.values()] == pytest.approx([0.05, 0.05])
    assert np.isclose(sum(s.alpha for s in one._streams.values()), one.alpha)

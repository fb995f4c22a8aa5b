"""Trust survives being written, and what was written before there was a choice still reads."""

import json
from dataclasses import replace

import numpy as np
import pytest

from radgloss.trust import Calibration, Outlier, Trust, conformal, detectors, stored
from radgloss.trust.isotonic import Steps

PLATT = Calibration(2.0, 0.1, 0.2, None, 10, 20, 0.9, 0.05)
STEPPED = replace(PLATT, steps=Steps((0.0, 1.0), (0.2, 0.7)))
NEAREST = Outlier(
    np.ones((4, 3), np.float32), np.zeros(3, np.float32), np.ones(3, np.float32), 1, 3.0, 0.05
)


def through_json(trust):
    about, arrays = stored.plain(trust)
    return stored.restored(json.loads(json.dumps(about, allow_nan=False)), arrays)


def test_every_kind_comes_back_and_answers_alike():
    rng = np.random.default_rng(0)
    seen = [rng.normal(size=(2, 3)).astype(np.float32) for _ in range(9)]
    gauss = detectors.fit_mahalanobis(rng.normal(size=(30, 3)).astype(np.float32), seen)
    words = detectors.fit_worded("neglabel", np.eye(3), seen, -np.eye(3))
    sets = conformal.fit([[1.0, -1.0]] * 20 + [[-1.0, 1.0]], [0] * 20 + [1], 0.1, True)
    trust = Trust({"a": {"x": PLATT, "y": STEPPED}}, {}, {"a": NEAREST, "b": gauss, "c": words},
                  "40 studies", {"a": {"x": sets}}, {"a": "nearest: AUROC .9"})  # fmt: skip
    again = through_json(trust)
    assert again.labels == trust.labels
    assert again.sets == trust.sets
    assert again.chosen == trust.chosen
    assert again.sets["a"]["x"].least[1] == -np.inf
    for exam, detector in trust.outliers.items():
        found = again.outliers[exam]
        assert (found.kind, found.threshold) == (detector.kind, detector.threshold)
        assert [found.score(s) for s in seen] == pytest.approx([detector.score(s) for s in seen])


def test_former_trust_is_read_and_written_byte_for_byte():
    former = {
        "labels": {"a": {"x": {"temperature": 2.0, "offset": 0.1, "absent_below": 0.2,
                               "present_above": None, "positives": 10, "negatives": 20,
                               "auroc": 0.9, "ece": 0.05}}},
        "sides": {}, "fitted_on": "40 studies",
        "outliers": {"a": {"k": 1, "threshold": 3.0, "false_alarms": 0.05}},
    }  # fmt: skip
    arrays = {"none": np.zeros(1, np.float32), "a.bank": np.ones((4, 3), np.float16),
              "a.mean": np.zeros(3, np.float32), "a.spread": np.ones(3, np.float32)}  # fmt: skip
    trust = stored.restored(former, arrays)
    assert trust.labels["a"]["x"] == PLATT
    about, written = stored.plain(trust)
    assert about == former
    assert {k: (v.dtype, v.tobytes()) for k, v in written.items()} == {
        k: (v.dtype, v.tobytes()) for k, v in arrays.items()
    }


def test_unknown_kinds_and_keys_are_refused():
    about, arrays = stored.plain(Trust({"a": {"x": PLATT}}, {}, {"a": NEAREST}))
    later = {**about, "outliers": {"a": {**about["outliers"]["a"], "kind": "oracle"}}}
    with pytest.raises(ValueError, match="oracle"):
        stored.restored(later, arrays)
    later = {**about, "labels": {"a": {"x": {**about["labels"]["a"]["x"], "charm": 1}}}}
    with pytest.raises(TypeError):
        stored.restored(later, arrays)


def test_familiar_distances_come_back_and_older_files_have_none():
    about, arrays = stored.plain(Trust({}, {}, {}, familiar={"ct-abdomen": (0.5, 1.25)}))
    assert stored.restored(json.loads(json.dumps(about)), arrays).familiar == {
        "ct-abdomen": (0.5, 1.25)
    }
    about, arrays = stored.plain(Trust({}, {}, {}))
    assert "familiar" not in about
    assert stored.restored(about, arrays).familiar == {}

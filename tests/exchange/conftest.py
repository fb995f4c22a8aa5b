import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import strategies as st

from radgloss.types import (
    Draft,
    Evidence,
    Finding,
    Flag,
    OrganState,
    Origin,
    Prediction,
    Region,
    Sentence,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def samples():
    """The sample drafts and studies of `examples/sample_draft.py`, made once."""
    made = runpy.run_path(str(ROOT / "examples" / "sample_draft.py"))
    return SimpleNamespace(
        main=made["main"],
        ct=(made["ct_draft"](), made["ct_study"]()),
        radiograph=(made["radiograph_draft"](), made["radiograph_study"]()),
        abstained=(made["abstained_draft"](), made["ct_study"]()),
    )


@pytest.fixture(scope="session")
def drafts():
    """A strategy for any draft at all: odd words, odd numbers, evidence that lies nowhere."""
    words = st.text(max_size=12)
    numbers = st.floats(allow_nan=False, allow_infinity=False)
    voxels = st.tuples(*[st.integers(0, 4000)] * 3)
    regions = st.builds(Region, voxels, voxels)
    evidence = st.builds(
        Evidence,
        st.sampled_from(["region", "report"]),
        numbers,
        words,
        st.integers(0, 4000),
        st.none() | regions,
        words,
        words,
        st.lists(numbers, max_size=3).map(tuple),
        st.lists(numbers, max_size=3).map(tuple),
    )
    findings = st.builds(
        Finding,
        words,
        st.sampled_from(["present", "absent", "uncertain", "not assessed"]),
        st.sampled_from(["left", "right", "bilateral", "midline", ""]),
        words,
        st.lists(numbers, max_size=3).map(tuple),
        st.none() | numbers,
    )
    sentences = st.builds(
        Sentence,
        words,
        st.sampled_from(["technique", "comparison", "findings", "impression"]),
        words,
        st.lists(findings, max_size=2).map(tuple),
        st.lists(evidence, max_size=2).map(tuple),
        st.none() | numbers,
    )
    predictions = st.builds(Prediction, words, numbers, numbers, st.booleans(), words)
    return st.builds(
        Draft,
        words,
        st.lists(sentences, max_size=3).map(tuple),
        st.builds(Origin, words, words, words, st.integers(), words),
        st.lists(predictions, max_size=2).map(tuple),
        st.booleans(),
        words,
        st.lists(words, max_size=3).map(tuple),
        st.lists(evidence, max_size=2).map(tuple),
        st.booleans(),
        st.lists(st.builds(Flag, words, words, st.none() | st.integers(-2, 5)), max_size=3).map(
            tuple
        ),
        st.lists(
            st.builds(
                OrganState,
                words,
                st.sampled_from(["abnormal", "assessed and normal", "uncertain", "not assessed"]),
                st.lists(words, max_size=2).map(tuple),
            ),
            max_size=2,
        ).map(tuple),
    )

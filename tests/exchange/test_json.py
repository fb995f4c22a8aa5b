import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radgloss.exchange import json as draft_json
from radgloss.types import MACHINE_MARK, Draft, InputRejected, Origin, Sentence
from radgloss.workflow.status import DRAFT


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_what_is_written_is_what_is_read(drafts, data):
    draft = data.draw(drafts)
    text = draft_json.to_json(draft, DRAFT)
    assert draft_json.from_json(text) == (draft, DRAFT)
    assert draft_json.to_json(*draft_json.from_json(text)) == text


def test_a_machine_text_says_so_to_machines(samples):
    whole = json.loads(draft_json.to_json(samples.ct[0], DRAFT))
    assert whole["schema"] == draft_json.SCHEMA
    assert whole["marking"] == {
        "machine_generated": True,
        "verified": False,
        "use": "research",
        "notice": MACHINE_MARK,
    }


def _changed(samples, change):
    whole = json.loads(draft_json.to_json(samples.ct[0], DRAFT))
    change(whole)
    return json.dumps(whole)


def _set(*path_and_value):
    *path, last, value = path_and_value

    def change(whole):
        for key in path:
            whole = whole[key]
        whole[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (_set("kind", "report"), "kind"),
        (_set("extra", 1), "'extra'"),
        (_set("draft", "extra", 1), "'extra'"),
        (_set("draft", "sentences", 2, "findings", 0, "extra", 1), "sentences[2].findings[0]"),
        (lambda w: w["draft"].pop("why"), "'why'"),
        (_set("draft", "abstained", 1), "draft.abstained"),
        (_set("draft", "sentences", 0, "section", "advice"), "sentences[0].section"),
        (_set("draft", "sentences", 2, "confidence", "high"), "sentences[2].confidence"),
        (_set("draft", "sentences", 2, "confidence", 10**400), "sentences[2].confidence"),
        (_set("draft", "sentences", 2, "evidence", 0, "region", "low", [1, 2]), "region.low"),
        (_set("draft", "origin", "seed", True), "origin.seed"),
        (_set("marking", "verified", True), "marking"),
        (_set("schema", 0), "schema"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(samples, change, place):
    with pytest.raises(InputRejected) as refused:
        draft_json.from_json(_changed(samples, change))
    assert refused.value.code == "draft-json"
    assert place in str(refused.value)


def test_a_draft_of_the_first_schema_is_read_with_nothing_flagged(samples):
    def older(whole):
        whole["schema"] = 1
        for key in ("flags", "organs", "watcher"):
            del whole["draft"][key]
        for s in whole["draft"]["sentences"]:
            for e in s["evidence"]:
                del e["centre_mm"], e["extent_mm"]
        for e in whole["draft"]["support"]:
            del e["centre_mm"], e["extent_mm"]

    draft, _ = draft_json.from_json(_changed(samples, older))
    assert (draft.flags, draft.organs) == ((), ())
    assert [s.text for s in draft.sentences] == [s.text for s in samples.ct[0].sentences]
    with pytest.raises(InputRejected, match="flags"):
        draft_json.from_json(_changed(samples, lambda w: w["draft"].pop("flags")))


def test_a_newer_schema_is_refused(samples):
    with pytest.raises(InputRejected, match="schema 3") as refused:
        draft_json.from_json(_changed(samples, _set("schema", 3)))
    assert refused.value.code == "draft-schema"


@pytest.mark.parametrize("text", ["", "{", "nul", "[" * 100_000, '{"a":' * 100_000, "\x00"])
def test_what_is_not_json_is_refused(text):
    with pytest.raises(InputRejected) as refused:
        draft_json.from_json(text)
    assert refused.value.code == "draft-not-json"


@pytest.mark.parametrize("text", ['{"kind":1,"kind":2}', '{"kind": NaN}', "[]", "7"])
def test_json_of_another_kind_is_refused(text):
    with pytest.raises(InputRejected) as refused:
        draft_json.from_json(text)
    assert refused.value.code == "draft-json"


def test_a_number_without_a_word_in_json_is_not_written(samples):
    broken = Draft("", (Sentence("", "findings", confidence=float("nan")),), Origin("", "", ""))
    with pytest.raises(ValueError, match="JSON"):
        draft_json.to_json(broken, DRAFT)

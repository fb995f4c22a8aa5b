"""Rows of attributes tell findings apart, and say whose name cannot be earned."""

import numpy as np
import pytest

from radgloss.text.attributes import attribute_table
from radgloss.text.findings import FINDINGS
from radgloss.trust.attributes import DAP, ESZSL
from radgloss.types import InputRejected

HELD_OUT = ["splenic hydatid cyst", "splenic granuloma"]


def test_every_finding_has_a_row_of_its_own():
    table = attribute_table()
    assert table.classes == tuple(f.what for f in FINDINGS)
    assert set(np.unique(table.values)) == {0, 1}
    assert len(np.unique(table.values, axis=0)) == len(FINDINGS)


def test_a_held_out_composition_has_no_new_attribute_and_a_new_concept_has():
    table = attribute_table()
    seen = [c for c in table.classes if c not in HELD_OUT]
    assert not set(table.lacking(seen)) & set(HELD_OUT)
    without = [c for c in seen if "hydatid" not in c]
    assert table.lacking(without)["splenic hydatid cyst"] == ("kind: hydatid",)


@pytest.mark.parametrize("model", [ESZSL(), DAP()], ids=["eszsl", "dap"])
def test_held_out_compositions_are_named_among_all_findings(model):
    """Features are the attributes mixed and noisy, as an encoder might give them."""
    table = attribute_table()
    rng = np.random.default_rng(0)
    mixture = rng.normal(size=(len(table.attributes), 96)) / 4
    seen = [k for k, c in enumerate(table.classes) if c not in HELD_OUT]

    def pictures(classes, each):
        y = np.repeat(classes, each)
        return table.values[y] @ mixture + 0.1 * rng.normal(size=(len(y), 96)), y

    X, y = pictures(seen, 8)
    model.fit(X, y, table.values)
    for name in HELD_OUT:
        new, true = pictures([table.classes.index(name)], 30)
        said = model.scores(new, table.values).argmax(axis=1)
        assert np.mean(said == true) > 0.8, name


def test_synonyms_name_their_finding_and_strange_names_are_refused():
    table = attribute_table(["hepatic cyst", "liver cyst", "splenic cyst"])
    assert table.classes == ("liver cyst", "splenic cyst")
    assert table.rows(["splenic cyst"]).tolist() == [table.values[1].tolist()]
    with pytest.raises(InputRejected, match="no-such-finding"):
        attribute_table(["unicorn"])

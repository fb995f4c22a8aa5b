"""A bank set is known by its words, and one that contradicts itself is not used."""

import json

import pytest

from radgloss.text.banks import bank_set, read_banks, with_synonyms, write_banks
from radgloss.text.findings import FINDINGS
from radgloss.text.prompts import Bank, plain
from radgloss.types import InputRejected

EFFUSION = Bank(
    ("Pleural effusion.", "There is an effusion."), ("No effusion.", "The pleura is dry.")
)


def refused(call, *args):
    with pytest.raises(InputRejected) as error:
        call(*args)
    assert error.value.code == "prompt-bank"
    return str(error.value)


def made(bank, name="chest", version="1"):
    return bank_set(name, version, {"pleural effusion": bank})


def test_digest_changes_with_every_word_and_not_with_order():
    first = made(EFFUSION)
    turned = made(Bank(EFFUSION.present[::-1], EFFUSION.absent[::-1]))
    assert first.digest == turned.digest
    others = [
        made(Bank(("Pleural effusion!",), EFFUSION.absent)),
        made(Bank(EFFUSION.present, EFFUSION.absent, right=("Right effusion.",))),
        made(EFFUSION, version="2"),
        made(EFFUSION, name="thorax"),
    ]
    assert len({first.digest, *(o.digest for o in others)}) == 5
    assert str(first).startswith("chest@1 sha256:")


def test_written_and_read_it_is_the_same(tmp_path):
    path = tmp_path / "bank.json"
    write_banks(path, made(EFFUSION))
    assert read_banks(path).digest == made(EFFUSION).digest


def test_our_own_plain_sentences_pass():
    bank_set("plain", "1", {row.what: plain(row.what) for row in FINDINGS})


@pytest.mark.parametrize(
    ("bank", "says"),
    [
        (Bank((), ("No effusion.",)), "no sentence under 'present'"),
        (Bank(("Effusion.",), ()), "no sentence under 'absent'"),
        (Bank(("Effusion.",), ("  effusion ",)), "under 'present' and under 'absent'"),
        (Bank(("Effusion.",), ("No effusion.",), ("Effusion.",), ("effusion",)), "under 'right'"),
        (Bank(("No pleural effusion.",), ("The pleura is dry.",)), "reads as absent"),
        (Bank(("Effusion.",), ("Left pleural effusion.",)), "reads as present"),
        (Bank(("Effusion.", " "), ("No effusion.",)), "empty sentence"),
    ],
)
def test_one_ended_and_contradictory_banks_are_refused(bank, says):
    assert says in refused(made, bank)


def test_nameless_and_empty_sets_are_refused():
    assert "no version" in refused(made, EFFUSION, "chest", " ")
    assert "no label" in refused(bank_set, "chest", "1", {})


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        json.dumps({"name": "x", "version": "1"}),
        json.dumps({"name": "x", "version": "1", "banks": []}),
        json.dumps({"name": "x", "version": "1", "banks": {"a": {"maybe": ["Perhaps."]}}}),
        json.dumps({"name": "x", "version": "1", "banks": {"a": {"present": "Yes."}}}),
    ],
)
def test_files_of_another_form_are_refused(tmp_path, text):
    path = tmp_path / "bank.json"
    path.write_text(text)
    refused(read_banks, path)
    refused(read_banks, tmp_path / "none.json")


def test_labels_that_cannot_be_told_apart_are_refused():
    cyst, other = plain("liver cyst"), plain("hepatic cyst")
    assert "the same finding as 'liver cyst'" in refused(
        bank_set, "x", "1", {"liver cyst": cyst, "Hepatic cyst": other}
    )
    assert "the sentences of 'blob'" in refused(
        bank_set, "x", "1", {"blob": EFFUSION, "other blob": EFFUSION}
    )
    assert "a label that denies" in refused(bank_set, "x", "1", {"no effusion": EFFUSION})
    assert "a label without a name" in refused(bank_set, "x", "1", {" ": EFFUSION})


def test_a_sentence_written_twice_would_weigh_double():
    assert "twice under 'present'" in refused(made, Bank(("Effusion.", "effusion"), ("Dry.",)))


def test_a_key_written_twice_is_not_silently_the_last(tmp_path):
    path = tmp_path / "bank.json"
    one = '{"present": ["Blob."], "absent": ["No blob."]}'
    path.write_text(f'{{"name": "x", "version": "1", "banks": {{"blob": {one}, "blob": {one}}}}}')
    assert "'blob' twice" in refused(read_banks, path)


def test_synonyms_join_the_sentences_and_denials_and_other_labels_do_not():
    names = {"blob": ("blobby mass", "no blob", "lump"), "lump": ()}
    banks = with_synonyms("mine", "1", names)
    assert banks.banks["blob"].present == (
        "Blob.", "There is a blob.", "Blobby mass.", "There is a blobby mass.",
    )  # fmt: skip
    assert banks.banks["lump"] == plain("lump")

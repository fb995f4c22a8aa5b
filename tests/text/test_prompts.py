"""How a label is asked: in the sentences of the training texts where there are enough of them."""

from radgloss.text.prompts import gather, plain

STATED = ("Left chest tube.", "Right chest tube.", "A chest tube on the right.")
CYSTS = ("Liver cyst.", "There is a liver cyst.", "Simple liver cyst.")
NO_CYSTS = ("No liver cyst.", "There is no liver cyst.", "No hepatic cyst.")


def of(exam, *texts):
    return [(exam, t) for t in texts]


def test_what_is_stated_and_denied_is_asked_in_the_words_of_the_texts():
    bank = gather(of("ct-abdomen", *CYSTS, *NO_CYSTS))["liver cyst"]
    assert set(bank.present) == set(CYSTS)
    assert set(bank.absent) == set(NO_CYSTS)


def test_what_nobody_denies_is_asked_against_a_plain_denial():
    bank = gather(of("xr-chest", *STATED))["chest tube"]
    assert set(bank.present) == set(STATED)
    assert bank.absent == plain("chest tube").absent
    assert set(bank.right) == set(STATED[1:])


def test_what_is_hardly_ever_stated_is_left_to_plain_sentences():
    assert "liver cyst" not in gather(of("ct-abdomen", *CYSTS[:2], *NO_CYSTS))


def test_a_bank_does_not_depend_on_the_order_of_the_texts():
    texts = of("ct-abdomen", *CYSTS, *NO_CYSTS)
    assert gather(texts, most=2) == gather(texts[::-1], most=2)

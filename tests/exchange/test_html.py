import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radgloss.exchange import html
from radgloss.types import (
    MACHINE_MARK,
    Draft,
    Evidence,
    Finding,
    Flag,
    Identity,
    Image,
    InputRejected,
    Origin,
    Prediction,
    Region,
    Sentence,
    Study,
)
from radgloss.workflow.status import DRAFT


class _Page(HTMLParser):
    """Tags with their attributes, and the visible words."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.inside = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag in ("style", "script"):
            self.inside.append(tag)

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def _read(draft, study):
    return _Page(html.render(draft, study, DRAFT))


def test_the_page_says_what_it_is(samples):
    for draft, study in (samples.ct, samples.radiograph, samples.abstained):
        text = _read(draft, study).text
        assert "AI draft · unverified · research use only" in text
        assert MACHINE_MARK in text
        assert "SYNTHETIC" in text


def test_every_sentence_silence_and_left_out_file_is_there(samples):
    draft, study = samples.ct
    text = _read(draft, study).text
    for words in (*(s.text for s in draft.sentences), *draft.not_assessed, "refused input 1"):
        assert words in text
    assert "Stated" not in text  # the number is a title, the word is the text
    assert "check" in text
    assert "supported" in text


def test_a_flag_stands_at_its_sentence_and_an_organ_with_its_state(samples):
    draft, study = samples.ct
    whole = replace(draft, flags=(*draft.flags, Flag("prior", "nobody says whose it is")))
    page = html.render(whole, study, DRAFT)
    rows = dict(re.findall(r'<li class="sentence[^>]*id="s(\d+)">(.*?)</li>', page, re.S))
    for flag in draft.flags:
        assert flag.found[1:] in rows[str(flag.sentence)]
        assert sum(flag.found[1:] in row for row in rows.values()) == 1
    assert not any("whose it is" in row for row in rows.values())
    text = " ".join(_read(whole, study).text.split())
    assert "Nobody says whose it is." in text
    assert "1 flagged" in text
    for organ in draft.organs:
        assert f"{organ.organ.capitalize()} {organ.state}" in text
    plain = _read(replace(draft, flags=(), organs=()), study).text
    assert "flagged" not in plain
    assert "assessed and normal" not in plain


def test_a_region_is_told_in_millimetres(samples):
    assert "37 × 37 × 45 mm, centred R 96 · A 26 · S 135" in _read(*samples.ct).text


def test_an_abstention_says_why_once_and_as_a_sentence(samples):
    draft, study = samples.abstained
    why = "the pictures are of a hand"
    said = Sentence(f"No draft was made: {why}.", "impression")
    text = _read(replace(draft, why=why, sentences=(said,)), study).text
    assert text.count("pictures are of a hand") == 1
    assert "The pictures are of a hand." in text


def test_an_abstention_shows_the_reason_and_the_pictures(samples):
    draft, study = samples.abstained
    page = _read(draft, study)
    assert "No draft was made" in page.text
    assert "distance 4.1, limit 2.6" in page.text
    assert [a for t, a in page.tags if t == "image"]


def test_the_policy_names_exactly_the_one_style_and_the_one_script(samples):
    text = html.render(*samples.ct, DRAFT)
    page = _Page(text)
    (policy,) = [a["content"] for t, a in page.tags if a.get("http-equiv")]
    for tag, source in (("style", "style-src"), ("script", "script-src")):
        (body,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.S)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{source} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def test_nothing_is_fetched_and_no_attribute_runs(samples):
    for tag, attributes in _read(*samples.ct).tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes), tag
        for name in ("src", "href", "action", "srcset", "poster", "data"):
            value = attributes.get(name, "#")
            assert value.startswith(("#", "data:image/png;base64,")), (tag, name)


def test_the_same_draft_gives_the_same_page(samples):
    assert html.render(*samples.ct, DRAFT) == html.render(*samples.ct, DRAFT)


ATTACKS = [
    '"><script>x()</script>',
    "'><img src=x onerror=x()>",
    "]]></style><script>",
    "{{ 7*7 }}",
]


def _poisoned(attack):
    """A draft and a study with the attack in every field that holds words."""
    region = Evidence("region", 0.5, "u", 0, Region((0, 0, 0), (0, 1, 1)), attack, attack)
    nearest = Evidence("report", 0.5, text=attack, uid=attack)
    finding = Finding(attack, site=attack, size_mm=(1.0,), certainty=0.5)
    draft = Draft(
        attack,
        tuple(
            Sentence(attack, part, attack, (finding,), (region, nearest), 0.5)
            for part in ("technique", "comparison", "findings", "impression")
        ),
        Origin(attack, attack, attack, 0, attack),
        (Prediction(attack, 0.5, 0.0), Prediction(attack, 0.5, 0.0, True, attack)),
        True,
        attack,
        (attack,),
        (nearest,),
    )
    image = Image(
        "u", np.zeros((3, 4, 4), np.float32), np.eye(4), attack, attack, units=attack,
        body_part=attack, description=attack, notes=(attack,),
    )  # fmt: skip
    refused = InputRejected(attack, attack, attack, attack, attack)
    study = Study(
        attack, (image, replace(image, uid=attack)), Identity(patient_name=attack), attack,
        5.0, attack, {attack: attack}, (refused,),
    )  # fmt: skip
    return draft, study


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_word_that_came_in_becomes_markup(attack):
    page = _read(*_poisoned(attack))
    plain = _read(*_poisoned("plain"))
    assert [t for t, _ in page.tags] == [t for t, _ in plain.tags]
    assert [sorted(a) for _, a in page.tags] == [sorted(a) for _, a in plain.tags]
    assert page.text.count(" ".join(attack.split())) >= 10


def test_identity_never_reaches_the_page(samples):
    text = html.render(*samples.ct, DRAFT)
    assert "PHANTOM-1" not in text
    assert "Phantom^One" not in text


def test_a_study_without_images_still_has_a_page(samples):
    draft, _ = samples.abstained
    text = _read(draft, Study("2.25.1001", ())).text
    assert "no picture" in text


def test_spacing_is_labelled_as_what_it_is(samples):
    draft, study = samples.radiograph
    assert "mm at the detector" in _read(draft, study).text
    unknown = replace(study, images=(replace(study.images[0], spacing="none"),))
    assert "Size unknown" in _read(draft, unknown).text


def test_a_large_noisy_study_stays_under_three_megabytes(samples):
    noise = np.random.default_rng(0).normal(0, 400, (40, 512, 512)).astype(np.float32)
    image = Image("n", noise, np.eye(4), "CT")
    text = html.render(samples.abstained[0], Study("s", (image,)), DRAFT)
    assert len(text.encode()) < 3_000_000


def _contrast(first, second):
    """The contrast ratio of two colours (WCAG 2.2, 1.4.3)."""

    def luminance(colour):
        values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
        return sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_colours_are_readable(samples):
    text = html.render(*samples.ct, DRAFT)
    colours = dict(re.findall(r"--(\w+): (#\w{6})", text.partition("@media print")[0]))
    for ink in ("ink", "soft", "accent", "check", "likely", "supported", "alarm"):
        for ground in ("ground", "panel", "raised"):
            assert _contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)


@settings(deadline=None, max_examples=30)
@given(st.data(), st.integers(1, 3))
def test_any_draft_has_a_page(drafts, data, frames):
    draft = data.draw(drafts)
    names = {e.image for s in draft.sentences for e in s.evidence} or {"u"}
    images = tuple(
        Image(name, np.zeros((frames, 4, 4), np.float32), np.eye(4), "CT") for name in names
    )
    page = _read(draft, Study("s", images))
    assert MACHINE_MARK in page.text
    for _, attributes in page.tags:
        if "data-picture" in attributes:
            assert int(attributes["data-frame"]) in range(frames)

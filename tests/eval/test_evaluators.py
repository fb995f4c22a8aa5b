"""Evaluators over four-line fakes: a perfect one gets everything, a silent one chance."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import hypergeom
from sklearn.metrics import roc_auc_score

from radgloss.eval.evaluators import (
    attributes,
    composition,
    differential,
    drafting,
    grounding,
    labelling,
    retrieval,
    shift,
    shortcut,
    words,
)
from radgloss.eval.score import Examined, Picture
from radgloss.types import (
    Case,
    Draft,
    Embedding,
    Evidence,
    Finding,
    Image,
    Origin,
    Prediction,
    Region,
    Report,
    Sentence,
    Study,
    Truth,
)

N = 24
EFFUSION = "pleural effusion"


def image(uid: str) -> Image:
    return Image(uid, np.zeros((1, 10, 10), np.float32), np.diag([4.0, 4, 4, 1]), "DX")


def case(k: int) -> Examined:
    """Every second study shows an effusion, of a size of its own."""
    ill = k % 2 == 0
    fact = Finding(EFFUSION, "present" if ill else "absent", "left", size_mm=(float(k),))
    mask = np.zeros((1, 10, 10), bool)
    mask[0, 2:5, 2:5] = ill
    truth = Truth((fact,), (fact,) if ill else (), (fact,), {f"i{k}": {f"{EFFUSION}#0": mask}})
    picture = image(f"i{k}")
    picture.pixels[0, 0, 0] = k  # no two pictures are the same
    study = Study(f"s{k}", (picture,))
    report = Report(findings=f"Report {k if ill else 'normal'}.")
    return Examined(f"p{k}", "xr-chest", Case(study), truth, report, {EFFUSION: ill})


CASES = [case(k) for k in range(N)]
ILL = {c.case.study.uid: c.labels[EFFUSION] for c in CASES}


class Knowing:
    """Knows the answers: one axis for each report, one for the effusion."""

    space = "fake"

    def vector(self, hot):
        v = np.zeros(64, np.float32)
        v[hot] = 1
        return Embedding(v / np.linalg.norm(v), self.space)

    def axis(self, k):
        return 2 + k if k % 2 == 0 else 1

    def embed_study(self, study):
        k = int(study.uid[1:])
        return self.vector([self.axis(k), 60 if ILL[study.uid] else 61])

    def embed_text(self, text):
        if text.startswith("Report"):
            number = text.split()[1].strip(".")
            return self.vector(1 if number == "normal" else self.axis(int(number)))
        return self.vector(61 if text.startswith("No ") else 60)

    def label(self, study, labels):
        p = 0.9 if ILL[study.uid] else 0.1
        return tuple(Prediction(x, p, np.log(p / (1 - p))) for x in labels)


class Silent:
    """Says the same of everything, and decides nothing."""

    space = "silent"

    def embed_study(self, study):
        return Embedding(np.ones(4, np.float32) / 2, self.space)

    embed_text = embed_image = embed_study

    def label(self, study, labels):
        return tuple(Prediction(x, 0.5, 0.0, True, "nothing known") for x in labels)


def values(scores):
    return {s.measure: s.value for s in scores}


def test_labels_are_perfect_for_who_knows_and_chance_for_who_does_not():
    known = values(labelling.labelled(labelling.ask(Knowing(), CASES)))
    assert known["mean AUROC"] == 1
    assert (known["decided"], known["right where decided"]) == (1, 1)
    assert known["ECE where decided"] == pytest.approx(0.1)
    silent = values(labelling.labelled(labelling.ask(Silent(), CASES)))
    assert (silent["mean AUROC"], silent["decided"]) == (0.5, 0)


def test_mean_auroc_is_the_mean_of_scikit_learns():
    rng = np.random.default_rng(3)
    asked = [
        labelling.Asked(f"p{k}", name, Prediction(name, 0.5, float(rng.normal())), bool(k % 3 == 0))
        for name in ("a", "b")
        for k in range(30)
    ]
    by_label = [[a for a in asked if a.label == name] for name in ("a", "b")]
    wanted = np.mean([roc_auc_score([a.true for a in g], [a.said.logit for a in g])
                      for g in by_label])  # fmt: skip
    (mean, *_) = labelling.labelled(asked)
    assert mean.value == pytest.approx(wanted)
    assert mean.low < mean.value < mean.high


def test_a_label_with_too_few_of_a_kind_is_not_scored():
    (score,) = labelling.labelled(labelling.ask(Knowing(), CASES[:5]))
    assert np.isnan(score.value)


def test_reports_that_say_the_same_are_one_answer():
    known = values(retrieval.retrieved(Knowing(), CASES))
    assert known["report → study, recall@1"] == pytest.approx(1)
    assert known["study → report, recall@1"] == pytest.approx(1)
    silent = values(retrieval.retrieved(Silent(), CASES))
    same = sum(not c.labels[EFFUSION] for c in CASES) / N  # the share of the one normal report
    assert silent["report → study, recall@1"] == pytest.approx(
        same * same + (1 - same) / N, abs=0.05
    )


def test_identical_pictures_are_one_answer_whatever_their_files_and_reports():
    """Who finds the twin of the wanted study is right; a constant model gains nothing by it."""
    twins = [replace(c, case=Case(replace(c.case.study, images=(image(f"i{k // 2}"),))))
             for k, c in enumerate(CASES)]  # fmt: skip
    for k, case in enumerate(twins):
        case.case.study.images[0].pixels[0, 0, 0] = k // 2
    rows = {c.case.study.uid: k for k, c in enumerate(twins)}

    class Swapping(Knowing):
        def embed_study(self, study):
            return self.vector(rows[study.uid] ^ 1)

        def embed_text(self, text):
            return self.vector(rows[f"s{text.split()[-1].rstrip('.')}"])

    told = [replace(c, report=Report(findings=f"{k}.")) for k, c in enumerate(twins)]
    score = values(retrieval.retrieved(Swapping(), told, lambda c: c.patient))
    assert score["report → study, recall@1"] == 1
    assert score["study → report, recall@1"] == 1
    silent = values(retrieval.retrieved(Silent(), told, lambda c: c.patient))
    assert silent["report → study, recall@1"] == pytest.approx(2 / N)


def test_identical_texts_are_one_answer():
    told = [replace(c, report=Report(findings="Normal.")) for c in CASES]
    score = values(retrieval.retrieved(Silent(), told, lambda c: c.patient))
    assert score["report → study, recall@1"] == 1


def among_studies(same, exams=("xr-chest", "ct-abdomen"), patients=None):
    """Every third study has the same finding, every second is of the first examination."""
    told = [replace(c, exam=exams[k % len(exams)], patient=(patients or str)(k))
            for k, c in enumerate(CASES)]  # fmt: skip
    return told, [same(k) for k in range(len(told))]


def test_chance_to_find_another_study_is_hypergeometric_and_who_sees_nothing_gets_it():
    told, what = among_studies(lambda k: k % 3)
    scores = retrieval.alike(np.ones((N, 4)), told, what, range(N))
    for score in scores:
        assert score.value == pytest.approx(score.chance)
    by_name = {s.measure: s for s in scores}
    of_exam = sum(k % 2 == 0 for k in range(N))
    for k in (1, 5, 10):
        wanted = np.mean([1 - hypergeom.pmf(0, N - 1, m - 1, k) for m in (of_exam, N - of_exam)
                          for _ in range(m)])  # fmt: skip
        assert by_name[f"study → another of its examination, recall@{k}"].chance == (
            pytest.approx(wanted)
        )
        many = Counter((k % 2, k % 3) for k in range(N))
        wanted = np.mean([1 - hypergeom.pmf(0, N // 2 - 1, m - 1, k) for m in many.values()
                          for _ in range(m)])  # fmt: skip
        name = f"study → another of its findings, in its examination, recall@{k}"
        assert by_name[name].chance == pytest.approx(wanted)


def test_who_sees_examinations_finds_them_and_no_findings_and_the_other_way_round():
    told, what = among_studies(lambda k: k % 3)
    exam, finding = np.eye(2)[np.arange(N) % 2], np.eye(3)[np.arange(N) % 3]
    of_exam = "study → another of its examination, recall@1"
    of_what = "study → another of its findings, in its examination, recall@1"
    one = {s.measure: s for s in retrieval.alike(exam, told, what, range(N))}
    assert one[of_exam].value == 1
    assert one[of_what].value == pytest.approx(one[of_what].chance)
    other = {s.measure: s for s in retrieval.alike(finding, told, what, range(N))}
    assert other[of_what].value == 1
    assert other[of_exam].value == pytest.approx(other[of_exam].chance, abs=0.06)


def test_neither_the_patient_nor_identical_pictures_are_another_study():
    """Each study has a twin, and only the twin is like it: of the same patient, or of the same
    pictures, it is not offered; of neither, it is."""
    vectors = np.eye(N)[np.arange(N) // 2 * 2]
    name = "study → another of its findings, in its examination, recall@1"
    for patients, seen, found in (
        (lambda k: f"p{k // 2}", range(N), False),
        (None, [k // 2 for k in range(N)], False),
        (None, range(N), True),
    ):
        told, what = among_studies(lambda k: k // 4, ("xr-chest",), patients)
        score = {s.measure: s for s in retrieval.alike(vectors, told, what, seen)}[name]
        assert score.value == (1 if found else pytest.approx(2 / (N - 2)))
        assert score.n == N


def test_a_study_whose_findings_no_other_has_is_not_asked():
    told, _ = among_studies(lambda k: k, ("xr-chest",))
    scores = {s.measure: s for s in retrieval.alike(np.eye(N), told, range(N), range(N))}
    assert not [m for m in scores if "another of its examination" in m]  # there is no other
    alone = scores["study → another of its findings, in its examination, recall@1"]
    assert (alone.n, alone.chance) == (0, None)
    assert np.isnan(alone.value)


def test_who_ignores_the_no_gets_half():
    assert values(words.denials(Knowing(), CASES))["denial told from statement"] == 1
    assert values(words.denials(Silent(), CASES))["denial told from statement"] == 0.5

    class Deaf(Knowing):
        def embed_text(self, text):
            return super().embed_text(text.removeprefix("No ").capitalize())

    assert values(words.denials(Deaf(), CASES))["denial told from statement"] == 0.5


def test_two_names_of_one_thing_differ_by_what_the_model_makes_of_them():
    names = {EFFUSION: (EFFUSION, "pleural fluid")}
    known = values(words.synonyms(Knowing(), CASES, names))
    assert known["synonym difference"] == pytest.approx(0)
    assert known["spread of one name over studies"] > 0.3


def test_a_denial_turns_the_answer_only_of_who_hears_it():
    assert words.flipped(Knowing(), CASES).value == 1

    class Deaf(Knowing):
        def embed_text(self, text):
            return super().embed_text(text.removeprefix("No ").capitalize())

    assert words.flipped(Deaf(), CASES).value == 0
    assert words.flipped(Silent(), CASES).value == 0.5
    assert np.isnan(words.flipped(Knowing(), CASES[:3]).value)


def test_a_denied_label_gets_the_opposite_answer_only_of_who_hears_it():
    class Hearing:
        def label(self, study, labels):
            odds = [-2.0 if x.startswith("no ") else 2.0 for x in labels]
            return tuple(
                Prediction(x, 1 / (1 + np.exp(-z)), z) for x, z in zip(labels, odds, strict=True)
            )

    class Deaf:
        def label(self, study, labels):
            return tuple(Prediction(x, 0.75, 1.1) for x in labels)

    for model, turned, off in ((Hearing(), 1, 0), (Deaf(), 0, 0.5)):
        found = values(words.opposed(model, CASES))
        assert found["a denied label gets the opposite answer"] == turned
        assert found["probabilities of both, distance from 1"] == pytest.approx(off)


def test_a_name_that_the_model_does_not_know_shows_as_a_difference():
    names = {EFFUSION: (EFFUSION, "pleural fluid", "zzz")}
    assert set(values(words.agreement(Knowing(), CASES, names)).values()) == {0}

    class Narrow(Knowing):
        def embed_text(self, text):
            return self.vector(0) if "zzz" in text.lower() else super().embed_text(text)

    found = values(words.agreement(Narrow(), CASES, names))
    assert found["synonyms, largest AUROC difference"] == pytest.approx(0.5)
    assert found["synonyms, mean AUROC difference"] == pytest.approx(0.25)


class Seeing:
    """Says what the pixels say: the effusion is a bright patch in its place."""

    def label(self, study, labels):
        bright = float(study.images[0].pixels[0, 2:5, 2:5].mean())
        return tuple(Prediction(x, 0.5, bright) for x in labels)


class Counting(Seeing):
    """Looks at grey levels alone: the brightest pixel there is."""

    def label(self, study, labels):
        return tuple(Prediction(x, 0.5, float(study.images[0].pixels.max())) for x in labels)


def painted():
    out = []
    for k, c in enumerate(CASES):
        pixels = np.random.default_rng(k).normal(0, 0.1, (1, 10, 10)).astype(np.float32)
        pixels[0, 2:5, 2:5] += 2.0 * c.labels[EFFUSION]
        shown = Study(f"s{k}", (Image(f"i{k}", pixels, np.diag([4.0, 4, 4, 1]), "DX"),))
        out.append(Examined(c.patient, c.exam, Case(shown), c.truth, c.report, c.labels))
    return out


def test_who_looks_loses_everything_with_the_picture_and_who_counts_grey_does_not():
    seeing = values(shortcut.audited(Seeing(), painted()))
    assert seeing["true pictures, mean AUROC"] == 1
    assert seeing["blank, mean AUROC"] == 0.5
    assert seeing["shuffled, mean AUROC"] < 0.95
    assert seeing["another patient, mean AUROC"] < 0.1  # the next one is of the other kind here
    counting = values(shortcut.audited(Counting(), painted()))
    assert counting["true pictures, mean AUROC"] == 1
    assert counting["shuffled, mean AUROC"] == 1
    assert counting["blank, mean AUROC"] == 0.5
    assert counting["words alone, mean AUROC"] == 0.5


def test_an_audit_needs_a_case_and_repeats_itself():
    with pytest.raises(ValueError, match="no case"):
        shortcut.audited(Seeing(), [])
    assert shortcut.audited(Seeing(), painted(), 3) == shortcut.audited(Seeing(), painted(), 3)


def test_refusing_heads_is_right_and_refusing_everything_is_not():
    heads = [
        Examined(f"h{k}", "ct-head", Case(Study(f"h{k}", (image(f"j{k}"),))), Truth(()), Report())
        for k in range(4)
    ]
    silent = values(shift.alarms(Silent(), CASES, heads, [EFFUSION]))
    assert (silent["refused"], silent["falsely refused"]) == (1, 1)

    class Watching:
        def foreign(self, study):
            return float(study.uid[0] == "h")

    assert shift.ranked(Watching(), CASES, heads).value == 1


ORGANS = {"liver": ("right", "solid"), "spleen": ("left", "solid"), "bladder": ("left", "hollow")}
WORDS = {"right": ("On the right.", "Not right."), "solid": ("Solid.", "Hollow.")}


def pictures():
    return [
        Picture(f"p{k}", image(f"{organ} {look}"), organ, look, f"{look} of the {organ}",
                held_out=(organ, look) == ("spleen", "T1"),
                attributes={a: a in ORGANS[organ] for a in WORDS})
        for k in range(3) for organ in ORGANS for look in ("T1", "T2")
    ]  # fmt: skip


class Looking:
    """Sees look and organ on axes of their own, hears them in captions too."""

    space = "fake"
    axes = (*ORGANS, "T1", "T2", *WORDS)

    def vector(self, hot):
        v = np.array([a in hot for a in self.axes], np.float32)
        return Embedding(v / max(np.linalg.norm(v), 1e-9), self.space)

    def embed_image(self, image):
        organ, look = image.uid.split()
        return self.vector({organ, look, *ORGANS[organ]})

    def embed_text(self, text):
        stated = {a for a, (yes, _) in WORDS.items() if text == yes}
        return self.vector(stated | {a for a in self.axes[:5] if a in text})


def test_composition_is_scored_on_seen_and_unseen_pairs():
    found = values(composition.zero_shot(Looking(), pictures()))
    assert set(found.values()) == {1.0}
    assert "accuracy, unseen pairs" in found
    silent = values(composition.zero_shot(Silent(), pictures()))
    assert silent["accuracy, seen pairs"] == pytest.approx(1 / 6)
    assert silent["accuracy, organ alone"] == pytest.approx(1 / 3)


def test_what_was_never_met_is_not_named_and_is_none_of_these():
    """Who sees nothing familiar in it knows it for a stranger; who names it has met it."""
    met = [p for p in pictures() if p.look == "T1"]
    unmet = [p for p in pictures() if p.look == "T2"]

    class Blind(Looking):
        def embed_image(self, image):
            return self.vector({"paired"} if "T2" in image.uid else set(image.uid.split()))

    assert values(composition.never_met(Looking(), met, unmet))["named"] == 1
    blind = values(composition.never_met(Blind(), met, unmet))
    assert blind["named"] <= blind["… by chance"]
    for how in ("words", "pictures"):
        assert blind[f"none of these, AUROC by {how}"] == 1
    silent = values(composition.never_met(Silent(), met, unmet))
    assert silent["named"] == pytest.approx(silent["… by chance"])
    assert silent["none of these, AUROC by words"] == 0.5


def test_organs_are_named_by_their_attributes():
    found = values(attributes.by_attributes(Looking(), pictures(), WORDS))
    assert found == {"mean AUROC": 1, "organ from attributes": 1}
    silent = values(attributes.by_attributes(Silent(), pictures(), WORDS))
    assert silent["mean AUROC"] == 0.5
    assert silent["organ from attributes"] == pytest.approx(1 / 3)


def draft(number: int, region: Region | None) -> Draft:
    evidence = (Evidence("region", 1.0, f"i{number}", region=region),) if region else ()
    said = Sentence("Effusion.", "findings", findings=(Finding(EFFUSION, side="left"),),
                    evidence=evidence)  # fmt: skip
    return Draft(f"s{number}", (said,), Origin("", "", ""))


def test_grounding_counts_the_middle_of_the_box_and_a_missing_box_as_a_miss():
    right, wrong = Region((0, 2, 2), (0, 4, 4)), Region((0, 8, 8), (0, 9, 9))
    drafts = [draft(k, (right, wrong, None)[k % 3]) for k in range(0, N, 2)]
    found = values(grounding.grounded(CASES[::2], drafts))
    share = np.mean([k % 3 == 0 for k in range(0, N, 2)])
    assert found == {"pointing": pytest.approx(share), "IoU": pytest.approx(share)}


def test_a_false_sentence_has_no_place_to_point_to():
    (pointing, _) = grounding.grounded(CASES[1:2], [draft(1, Region((0, 2, 2), (0, 4, 4)))])
    assert np.isnan(pointing.value)


def test_the_exact_posterior_is_at_no_distance_from_itself():
    asked = [
        Examined(c.patient, c.exam, c.case, c.truth, c.report,
                 diseases={"a": 0.8 if k % 2 else 0.3, "b": 0.2})
        for k, c in enumerate(CASES)
    ]  # fmt: skip

    class Bayes:
        def differential(self, case):
            exact = next(a for a in asked if a.case is case).diseases
            return tuple(Prediction(d, p, 0.0) for d, p in exact.items())

    ill = [("a",) if k % 2 else () for k in range(N)]
    found = values(differential.differential(Bayes(), asked, ill))
    assert found["distance to posterior"] == 0
    said = [p for a in asked for p in a.diseases.values()]
    true = [d in i for a, i in zip(asked, ill, strict=True) for d in a.diseases]
    assert found["AUROC"] == pytest.approx(roc_auc_score(true, said))
    assert found["Brier"] == pytest.approx(np.mean((np.array(said) - np.array(true)) ** 2))


def test_a_tube_is_measured_by_its_tip_and_an_effusion_by_its_size():
    tube = Finding("endotracheal tube", size_mm=(30.0,))
    fluid = Finding(EFFUSION, side="left", site="base", size_mm=(20.0,), number="multiple")
    truth = Truth((tube, fluid), (tube, fluid), (tube, fluid), {})
    examined = Examined("p", "xr-chest", Case(Study("s0", ())), truth, Report(), {})
    said = ("Endotracheal tube tip 4 cm above the carina.", "Right apical effusion, 25 mm.")
    sentences = tuple(Sentence(s, "findings") for s in said)
    found = values(drafting.drafted([examined], [Draft("s0", sentences, Origin("", "", ""))]))
    assert found["tip error, median mm"] == 10
    assert found["size error, median mm"] == 5
    assert found["side errors"] == found["site errors"] == 1

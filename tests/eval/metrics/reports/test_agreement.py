"""BLEU, ROUGE-L, CIDEr-D and METEOR are those of the programs that papers name, run here."""

import contextlib
import io
import shutil
import subprocess
import warnings

import numpy as np
import pytest

from radgloss.eval.metrics.reports import bleu, cider, meteor, rouge
from radgloss.eval.metrics.reports.sums import NotAvailable
from radgloss.eval.metrics.reports.tokens import words, words_13a

SENTENCES = (
    "A 3.5 cm mass is seen in the right upper lobe.", "No pleural effusion or pneumothorax.",
    "Small left pleural effusion, unchanged.", "The heart is mildly enlarged.",
    "8 mm nodule in the left lower lobe (previously 6 mm).", "The lungs are clear.",
    "Gallbladder is unremarkable; no bile-duct dilatation.", "Correlate with laboratory values.",
    "2.0 x 1.5 cm cyst in segment VII of the liver.", "Osseous structures are intact.",
)  # fmt: skip


def reports(n, seed):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(SENTENCES, rng.integers(1, 7))) for _ in range(n)]


REFERENCES = [*reports(40, 0), "No change.", "Normal chest radiograph with no finding at all."]
PREDICTIONS = [*reports(40, 1), "Change.", "Effusion"]


def cut(texts):
    return {n: [" ".join(words(t))] for n, t in enumerate(texts)}


def value(family, references=REFERENCES, predictions=PREDICTIONS):
    sums = family.count(references, predictions).sum(0)
    return [float(m.value(sums)) for m in family.members]


def test_bleu_is_pycocoevalcaps():
    coco = pytest.importorskip("pycocoevalcap.bleu.bleu", reason="pycocoevalcap")
    with contextlib.redirect_stdout(io.StringIO()):
        theirs, _ = coco.Bleu(4).compute_score(cut(REFERENCES), cut(PREDICTIONS))
    assert value(bleu.coco()) == pytest.approx(theirs, abs=1e-6)


def test_rouge_l_is_pycocoevalcaps():
    coco = pytest.importorskip("pycocoevalcap.rouge.rouge", reason="pycocoevalcap")
    theirs, _ = coco.Rouge().compute_score(cut(REFERENCES), cut(PREDICTIONS))
    assert value(rouge.coco()) == pytest.approx([theirs], abs=1e-6)


def test_cider_d_is_pycocoevalcaps():
    coco = pytest.importorskip("pycocoevalcap.cider.cider", reason="pycocoevalcap")
    theirs, each = coco.Cider().compute_score(cut(REFERENCES), cut(PREDICTIONS))
    assert value(cider.cider_d()) == pytest.approx([theirs], abs=1e-6)
    assert cider.cider_d().count(REFERENCES, PREDICTIONS)[:, 0] == pytest.approx(each, abs=1e-6)


def test_rouge_l_f1_is_rouge_scores():
    google = pytest.importorskip("rouge_score.rouge_scorer", reason="rouge_score")
    scorer = google.RougeScorer(["rougeL"])
    theirs = [scorer.score(a, b)["rougeL"].fmeasure
              for a, b in zip(REFERENCES, PREDICTIONS, strict=True)]  # fmt: skip
    assert rouge.google().count(REFERENCES, PREDICTIONS)[:, 0] == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("some", [slice(None), slice(40, 42), slice(41, 42), slice(40, 41)])
def test_sacrebleu_is_sacrebleus(some):
    sacrebleu = pytest.importorskip("sacrebleu", reason="sacrebleu")
    true, said = REFERENCES[some], PREDICTIONS[some]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = sacrebleu.corpus_bleu(said, [true]).score
    assert value(bleu.sacrebleu(), true, said) == pytest.approx([theirs], abs=1e-6)


def test_words_13a_are_sacrebleus():
    theirs = pytest.importorskip("sacrebleu.tokenizers.tokenizer_13a", reason="sacrebleu")
    cut = theirs.Tokenizer13a()
    hard = (*SENTENCES, '3,5 < 4.0.5; &lt;x&gt; a-b 1-2\n(10 %), T11. "No"', "é, ½ µm: 5%", "")
    for text in hard:
        assert " ".join(words_13a(text)) == cut(text)


java = pytest.mark.skipif(shutil.which("java") is None, reason="Java")


@java
def test_words_are_the_ptb_tokenizers_but_for_brackets():
    ptb = pytest.importorskip("pycocoevalcap.tokenizer.ptbtokenizer", reason="pycocoevalcap")
    texts = [*REFERENCES, "12-mm stone, w/o hydronephrosis s/p 1/2 (T11), 1,200 ml; -12 HU .5 cm"]
    theirs = _quietly(
        ptb.PTBTokenizer().tokenize, {n: [{"caption": t}] for n, t in enumerate(texts)}
    )
    for n, text in enumerate(texts):
        kept = [w for w in theirs[n][0].split() if w not in ("-lrb-", "-rrb-")]
        assert list(words(text)) == kept


@java
def test_meteor_from_counts_is_what_the_jar_makes_of_them(monkeypatch):
    pytest.importorskip("pycocoevalcap", reason="pycocoevalcap")
    said = []

    def run(command, cwd, input, **options):
        """One jar for both questions, since it takes seconds to start."""
        lines = input.splitlines()
        with subprocess.Popen(command, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True) as jar:  # fmt: skip
            jar.stdin.write(input)
            jar.stdin.flush()
            rows = [jar.stdout.readline().strip() for _ in lines]
            jar.stdin.write(f"EVAL ||| {' ||| '.join(rows)}\n")
            jar.stdin.close()
            said.extend(float(x) for x in jar.stdout.read().split())
        return subprocess.CompletedProcess(command, 0, "\n".join(rows), "")

    monkeypatch.setattr(meteor.subprocess, "run", run)
    counts = meteor.meteor().count(REFERENCES[-12:], PREDICTIONS[-12:])
    *each, whole = said
    assert meteor.score(counts) == pytest.approx(each, abs=1e-6)
    assert float(meteor.score(counts.sum(0))) == pytest.approx(whole, abs=1e-6)


def test_without_java_meteor_is_not_available(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotAvailable, match="Java"):
        meteor.meteor().count(REFERENCES, PREDICTIONS)


def _quietly(act, *given):
    import os
    import sys

    sys.stderr.flush()
    kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        return act(*given)
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)

"""The rows of the proof: a system, the idea that defines it, and the figure it is judged by.

A row is a recipe beside its arms (`radgloss.systems`), or a way of using one trained space beside
other ways (`ways`).

The figure was chosen before anything was measured, for what the idea promises; the others are
printed beside it. What an arm does without is said by its recipe (`radgloss systems`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from radgloss.systems import ARMS, SYSTEMS
from radgloss.systems.ideas.ways import BESIDE, WAYS
from radgloss.systems.representation.transfer import SHOTS

__all__ = ["MEASURES", "ROWS", "Measure", "Row", "recipes"]


@dataclass(frozen=True)
class Measure:
    """chance: what no knowledge gives; None where it is in the arm's own figures under
    `chance_key`. best: what the truth of the phantom allows."""

    what: str
    chance: float | None
    best: float | None
    chance_key: str = ""
    higher: bool = True


MEASURES = {
    "findings": Measure("mean AUROC of findings, zero-shot, picture by picture", 0.5, 1.0),
    "sides": Measure("mean AUROC of right against left, zero-shot", 0.5, 1.0),
    "own_text": Measure("own text first among those of 64 pictures", 1 / 64, 1.0),
    "probes": Measure("mean AUROC of linear probes of findings", 0.5, 1.0),
    "nearest": Measure(
        "nearest training picture is of the same examination", None, 1.0, "nearest_by_chance"
    ),
    "clusters": Measure("clusters agree with examinations (mutual information)", 0.0, 1.0),
    "organs": Measure(
        "clusters of pictures cut to one organ agree with the organs (mutual information)", None,
        1.0, "organs_by_chance",
    ),
    "unseen": Measure(
        "organs nobody was trained on named among themselves", None, 1.0, "unseen_by_chance"
    ),
    "strangers": Measure('AUROC of "none of these", organs left out', 0.5, 1.0),
    "transfer": Measure("AUROC of new findings, mean over 1 to 16 pictures of each", 0.5, 1.0),
    "outside": Measure("AUROC of a finding where the hospital tells nothing", 0.5, 1.0),
    "pointed": Measure("AUROC of the map between a finding's box and elsewhere", 0.5, 1.0),
    "of_one_kind": Measure("nearest word is of the same kind", None, 1.0, "by_chance"),
    "guessed": Measure("hidden words guessed right", None, None),
    "fact_f1": Measure(
        "fact F1 of whole reports; chance is the most usual report of the examination", None, 1.0,
        "constant",
    ),
    "place": Measure(
        "median place of the right finding for a name never heard", None, 1.0, "place_by_chance",
        higher=False,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One system: where the primer names it, its idea, and the measure it is judged by."""

    system: str
    title: str
    table: Literal["representations", "alignment", "image-to-text"]
    primer: str
    idea: str
    measure: str
    beside: tuple[str, ...] = ()  # further figures to print

    @property
    def without(self) -> tuple[str, ...]:
        """The recipes that lack the idea, or a part of it."""
        return BESIDE[self.system] if self.system in BESIDE else ARMS[self.system]


WRITTEN = ("finding_f1", "nearest_picture", "distinct")
"""Beside fact F1: of what is there alone; of the most similar picture's report; how many reports
differ, as a share."""

ROWS = (
    Row("words", "Word embeddings", "representations", "Fig 5 [23, 24]",
        "words in similar contexts lie close", "of_one_kind"),
    Row("cnn", "Image embeddings, CNN", "representations", "Fig 6 [25, 26]",
        "weights shared over places", "organs"),
    Row("expert", "Shared space with expert categories", "representations", "[27]",
        "synonyms meet because an expert says so", "place"),
    Row("simclr", "Contrastive self-supervision: SimCLR", "representations", "[28]",
        "two views of one picture agree", "probes"),
    Row("moco", "Contrastive self-supervision: MoCo", "representations", "[28]",
        "a queue of keys from a slow copy", "probes"),
    Row("mae", "Masked modelling, pictures", "representations", "glossary",
        "what is hidden is painted back", "probes"),
    Row("masked-words", "Masked modelling, words", "representations", "glossary",
        "a hidden word is guessed from those around it", "guessed"),
    Row("transfer", "Transfer learning and fine-tuning", "representations", "[29, 30]",
        "what was learned elsewhere needs few pictures of what is new", "transfer",
        tuple(f"shots_{k}" for k in SHOTS)),
    Row("supervised", "Task-specific classifier", "representations", "Fig 7A [2–4]",
        "labels of the very task, beside words that were read for none", "findings",
        ("studies_16", "studies_64", "studies_256")),
    Row("hospitals", "Two hospitals", "representations", "[4, 31]",
        "what goes with a finding at one place must not be learned for it", "outside",
        ("inside", "reversed", "hospital")),
    Row("density", "Discriminative and generative", "representations", "Fig 4 [22]",
        'a density can say "neither", and can be sampled', "strangers", ("named", "sampled")),
    Row("attributes", "Attribute zero-shot: ESZSL", "representations", "Figs 8, 9 [33–36]",
        "an unseen class is named by attributes that seen classes taught", "unseen", ("general",)),
    Row("attributes-dap", "Attribute zero-shot: DAP", "representations", "Figs 8, 9 [33–36]",
        "one classifier for each attribute, their answers multiplied", "unseen", ("general",)),
    Row("outlier", "Outlier and shift", "representations", "Fig 7B [31]",
        "what matches none of the known is said to", "strangers",
        ("heads", "caught", "false_alarms", "studies_until")),
    Row("attention", "Self-attention maps", "representations", "Fig 11 [42–44]",
        "attention, followed through the layers, lies on what the picture shows", "pointed",
        ("hit",)),
    Row("clip-small", "CLIP", "alignment", "[39], Fig 10",
        "each picture finds its own text among the others", "findings"),
    Row("clip-spoiled", "Noisy captions", "alignment", "glossary",
        "two captions in five are another picture's, and most is learned all the same",
        "findings"),
    Row("convirt", "ConVIRT", "alignment", "[37]",
        "two weighted directions, one sentence drawn from a report", "findings"),
    Row("gloria", "GLoRIA", "alignment", "[17]",
        "words attend to places; a local loss beside the global one", "findings"),
    Row("gloria-asked", "GLoRIA, when it is asked", "alignment", "[17]",
        "places count in the answer, and not only while it learns", "findings"),
    Row("gloria-maps", "GLoRIA, heat maps", "alignment", "[17]",
        "words attend to where what they name is", "pointed", ("hit",)),
    Row("medclip", "MedCLIP", "alignment", "[18]",
        "unpaired pictures and texts, soft targets from their findings", "findings"),
    Row("cxr-clip", "CXR-CLIP", "alignment", "[19]",
        "several views and texts of a study, prompts from labels", "findings"),
    Row("kad", "KAD", "alignment", "[20]",
        "a text tower taught knowledge, and a decoder asked for diseases", "findings"),
    Row("pmc-clip", "PMC-CLIP", "alignment", "[40]",
        "hidden words are guessed with the picture's help", "findings"),
    Row("biomedclip", "BiomedCLIP", "alignment", "[41]",
        "long texts and the field's own tokenizer", "findings"),
    Row("siglip", "SigLIP", "alignment", "newer",
        "every pair is a question of its own", "findings"),
    Row("merlin", "Merlin", "alignment", "[14]",
        "whole volumes in an inflated network, taught by report and record at once", "findings"),
    Row("captioner-vit", "Encoder-decoder transformer; ViT against CNN", "image-to-text",
        "[42, 44–46], Figs 2, 11B", "a decoder that looks at what a vision transformer saw",
        "fact_f1", WRITTEN),
    Row("visualgpt", "VisualGPT, one study in ten with pictures", "image-to-text", "[12]",
        "gates that open again weigh pictures against words", "fact_f1", WRITTEN),
    Row("visualgpt-plenty", "VisualGPT, all studies with pictures", "image-to-text", "[12]",
        "the same gates where pairs are not scarce", "fact_f1", WRITTEN),
    Row("captioning-gpt", "Captioning with GPT", "image-to-text", "[11]",
        "a captioner that attends writes first, a language model goes on", "fact_f1", WRITTEN),
    Row("cdgpt2", "CDGPT2", "image-to-text", "[47]",
        "pictures and probable tags stand before the words in every layer", "fact_f1", WRITTEN),
    Row("knowledge", "Knowledge matters", "image-to-text", "[49]",
        "a graph of findings and the reports of similar pictures are asked", "fact_f1", WRITTEN),
    Row("ct2rep", "CT2Rep", "image-to-text", "[48]",
        "slices in their order, a relational memory", "fact_f1", WRITTEN),
    Row("ct2rep-long", "CT2RepLong", "image-to-text", "[48]",
        "an earlier volume and its report", "fact_f1", WRITTEN),
    Row("blip-captioner", "BLIP captioner", "image-to-text", "[62]",
        "contrast, matching, captioning in one; noisy captions judged and written anew",
        "fact_f1", WRITTEN),
)  # fmt: skip


def recipes(names: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The recipes and ways of these rows (of all where none is named), each row's idea first."""
    rows = [r for r in ROWS if not names or r.system in names]
    every = [name for row in rows for name in (row.system, *row.without)]
    assert set(every) <= SYSTEMS.keys() | WAYS.keys()
    return tuple(dict.fromkeys(every))

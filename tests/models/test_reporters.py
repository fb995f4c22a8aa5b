"""What defines each architecture that writes, held as a law; what all share is in
`test_image_to_text`."""

from dataclasses import replace

import pytest
import torch

from radgloss.data.batch import NOBODY, Batch
from radgloss.models.image_to_text import (
    blip,
    captioning_gpt,
    cdgpt2,
    ct2rep,
    knowledge,
    visualgpt,
)
from radgloss.models.image_to_text.relational import RelationalMemory

IMPRESSION = 8


def built(module, **change):
    torch.manual_seed(0)
    config = replace(module.VARIANTS["debug"], **change)
    return module.Objective(module.build(config)).eval()


def batch(config, studies=3, each=2, seed=0, **more):
    """Studies of so many pictures, a text for each."""
    draw = torch.Generator().manual_seed(seed)
    many, side = studies * each, config.image.size
    tokens = torch.randint(12, config.text.vocabulary, (studies, 9), generator=draw)
    tokens[:, 0] = IMPRESSION
    return Batch(
        torch.randn(many, config.image.channels, side, side, generator=draw),
        tokens, torch.ones_like(tokens, dtype=torch.bool), torch.arange(studies),
        torch.zeros(many, 0, dtype=torch.int8), study=torch.arange(studies).repeat_interleave(each),
        place=torch.linspace(0, 1, each).repeat(studies),
        hidden=torch.arange(9).expand(studies, -1) > 0, **more,
    )  # fmt: skip


# ------------------------------------------------------------------ VisualGPT


def test_gates_are_complementary_and_either_may_be_shut():
    h = torch.linspace(-5, 5, 101)
    pictures, words = visualgpt.gates(h, 0.2)
    both = (pictures > 0) & (words > 0)
    assert both.sum() == ((h.sigmoid() > 0.2) & (h.sigmoid() < 0.8)).sum()
    torch.testing.assert_close((pictures + words)[both], torch.ones(int(both.sum())))
    assert (pictures[h.sigmoid() <= 0.2] == 0).all()
    assert (words[h.sigmoid() >= 0.8] == 0).all()


def test_a_shut_gate_lets_nothing_through_and_can_open_again():
    """Nothing is learned about pictures through it, and the words it hangs on still move."""
    block = visualgpt.GatedBlock(visualgpt.VARIANTS["debug"].text, 0.2)
    words = torch.full((1, 1, 32), -4.0, requires_grad=True)  # σ = 0.018: shut to pictures
    seen = torch.randn(1, 1, 32, requires_grad=True)
    block.weighed(words, seen).sum().backward()
    assert not seen.grad.any()
    assert words.grad.abs().min() > 0.5


def test_without_gates_what_is_seen_is_added():
    model = built(visualgpt, gates="sum").model
    h, seen = torch.randn(2, 3, 32), torch.randn(2, 3, 32)
    torch.testing.assert_close(model.decoder.blocks[0].weighed(h, seen), h + seen)


def test_a_batch_without_pictures_teaches_words_alone():
    objective = built(visualgpt)
    b = batch(objective.model.config)
    nothing = torch.zeros(0)
    alone = replace(b, images=nothing, study=b.study[:0], place=b.place[:0],
                    owner=torch.full_like(b.owner, NOBODY))  # fmt: skip
    objective(alone)[0].backward()
    model = objective.model
    assert model.decoder.embed.weight.grad.any()
    assert all(p.grad is None for p in model.image.parameters())


# ------------------------------------------------------------------ CDGPT2


def test_keys_that_stand_before_are_one_softmax_with_the_words_own():
    """With the pictures' keys pushed far below, what is left is the language model alone."""
    model = built(cdgpt2, told="pictures").model
    b = batch(model.config)
    memory, mask = model.encode_images(b.images, b.study, b.place)
    alone = model.decoder(b.tokens, None)
    assert not torch.allclose(model.decoder(b.tokens, memory, mask), alone)
    nobody = torch.zeros_like(mask)
    torch.testing.assert_close(model.decoder(b.tokens, memory, nobody), alone)


def test_a_tag_is_told_as_loudly_as_it_is_likely():
    model = built(cdgpt2).model
    told = model.weighted(torch.tensor([[0.0] * 11 + [-30.0]]))
    torch.testing.assert_close(told[0, :11], 0.5 * model.tags[:11])
    assert told[0, 11].abs().max() < 1e-6
    even = built(cdgpt2, weights="one").model
    torch.testing.assert_close(even.weighted(torch.randn(1, 12))[0], even.tags)


@pytest.mark.parametrize(("told", "tokens"), [("both", 32 + 12), ("pictures", 32), ("tags", 12)])
def test_memory_holds_what_is_told(told, tokens):
    model = built(cdgpt2, told=told).model
    b = batch(model.config)
    assert model.encode_images(b.images, b.study, b.place)[0].shape == (3, tokens, 32)


def test_what_is_not_known_of_a_study_teaches_no_tag():
    logits = torch.zeros(2, 3, requires_grad=True)
    facts = torch.tensor([[1, 0, -1], [0, 0, 1]], dtype=torch.int8)
    cdgpt2.tag_loss(logits, facts).backward()
    assert torch.equal(logits.grad.sign(), -facts.float())


# ------------------------------------------------------------------ captioner + language model


def test_behind_the_first_stage_no_picture_is_seen():
    model = built(captioning_gpt, first=4).model
    b = batch(model.config)
    one, two = (model.encode_images(x, b.study, b.place) for x in (b.images, -b.images))
    near = torch.isclose(model(b.tokens, *one), model(b.tokens, *two), atol=1e-7).all(-1)
    assert not near[:, :4].any()
    assert near[:, 4:].all()


def test_the_first_stage_is_the_product_of_both_distributions():
    model = built(captioning_gpt).model
    b = batch(model.config)
    memory, mask = model.encode_images(b.images, b.study, b.place)
    seen = (*model.attentive.keyed(memory), mask)
    start = model.started(memory, mask)
    said = model.unrolled(b.tokens, start, start, *seen)[0]
    captioner = (said @ model.decoder.embed.weight.T).log_softmax(-1)
    product = captioner + model.decoder(b.tokens, None).log_softmax(-1)
    both = model(b.tokens, memory, mask).log_softmax(-1)
    torch.testing.assert_close(both, product.log_softmax(-1), atol=1e-5, rtol=0)


@torch.no_grad()
def test_training_and_writing_expect_the_same_whatever_stands_before_the_mark():
    model = built(captioning_gpt, first=4).model
    b = batch(model.config)
    memory, mask = model.encode_images(b.images, b.study, b.place)
    before = torch.tensor([[3, 20, 21], [4, 22, 23], [3, 24, 25]])
    tokens = torch.cat([before, b.tokens], 1)
    torch.testing.assert_close(model.step(tokens, memory, mask)[0], model(tokens, memory, mask))


def test_every_word_has_a_map_over_its_own_study():
    model = built(captioning_gpt).model
    b = batch(model.config)
    memory, mask = model.encode_images(b.images, b.study, b.place)
    mask[1, 16:] = False
    maps = model.where(b.tokens, memory, mask)
    assert maps.shape == (3, 9, 32)
    torch.testing.assert_close(maps.sum(-1), torch.ones(3, 9))
    assert not maps[1, :, 16:].any()


# ------------------------------------------------------------------ knowledge


def test_a_triple_is_closer_than_the_same_with_another_tail_once_learned():
    torch.manual_seed(0)
    embedded = knowledge.Embedded(knowledge.Graph(), 16)
    optimizer = torch.optim.Adam(embedded.parameters(), 0.05)
    for _ in range(200):
        optimizer.zero_grad()
        embedded.loss().backward()
        optimizer.step()
    triples = torch.tensor(knowledge.Graph().triples)
    wrong = triples.clone()
    wrong[:, 2] = torch.tensor([5, 3, 2, 4, 4, 5])
    assert (embedded.gaps(triples) + 0.5 < embedded.gaps(wrong)).all()


def filled(**change):
    """A store of eight studies of four patients: numbers 0, 0, 1, 1 …; facts say which."""
    model = built(knowledge, **change).model
    vectors = torch.nn.functional.normalize(torch.randn(8, 32), dim=-1)
    facts = torch.zeros(8, 4, dtype=torch.int8)
    facts[torch.arange(8), torch.arange(8) // 2] = 1
    model.store.keep(vectors, facts, torch.arange(8) // 2)
    return model, vectors, facts


def test_no_report_of_the_same_patient_is_retrieved():
    model, vectors, facts = filled()
    near = torch.nn.functional.normalize(vectors + 0.05 * torch.randn(8, 32), dim=-1)
    told, there = model.store.similar(near, torch.arange(8) // 2, 6)
    assert there.all()
    own = (told * facts[:, None]).sum(-1)
    assert not own.any()
    unnamed, _ = model.store.similar(near, torch.full((8,), knowledge.NOBODY), 1)
    assert (unnamed[:, 0] == facts).all()  # without a number, the nearest is one's own


def test_the_very_picture_is_not_retrieved_though_nobody_says_whose_it_is():
    model, vectors, _ = filled()
    found = model.store.similar(vectors, torch.full((8,), knowledge.NOBODY), 7)
    likeness = vectors @ vectors.T - 2 * torch.eye(8)
    expected = model.store.facts[likeness.topk(7).indices]
    assert torch.equal(found[0], expected)


def test_the_oldest_study_makes_room():
    model, _, _ = filled()
    new = torch.nn.functional.normalize(torch.randn(3, 32), dim=-1)
    model.store.keep(new, torch.zeros(3, 4, dtype=torch.int8), torch.tensor([9, 9, 9]))
    assert model.store.patients.tolist() == [9, 9, 9, 1, 2, 2, 3, 3]


def test_a_report_is_told_by_what_it_states_then_by_what_it_denies():
    embedded = built(knowledge).model.embedded
    told, real = embedded.stated(torch.tensor([-1, 0, 1, 0], dtype=torch.int8))
    assert real.tolist() == [True, True, False, False]
    states, denies = embedded.relations[-2], embedded.relations[-1]
    torch.testing.assert_close(told[0], embedded.nodes[2] + states)
    torch.testing.assert_close(told[1], embedded.nodes[0] + denies)


@pytest.mark.parametrize("told", ["both", "general", "specific", "none"])
def test_only_what_is_told_changes_the_memory(told):
    model, _, _ = filled(told=told)
    b = batch(model.config)
    with torch.no_grad():
        before = model.encode_images(b.images, b.study, b.place)[0]
        model.store.facts.neg_()
        after_reports = model.encode_images(b.images, b.study, b.place)[0]
        model.store.facts.neg_()
        model.embedded.nodes[4:] += 1.0  # organs: in the graph, in no report
        after_graph = model.encode_images(b.images, b.study, b.place)[0]
    assert torch.equal(before, after_reports) == (told in ("general", "none"))
    assert torch.equal(before, after_graph) == (told in ("specific", "none"))


def test_training_keeps_the_studies_it_met_and_evaluation_keeps_none():
    objective = built(knowledge)
    facts = torch.ones(3, 4, dtype=torch.int8)
    b = batch(objective.model.config, facts=facts, patients=torch.arange(3))
    objective(b)
    assert int(objective.model.store.next) == 0
    objective.train()(b)
    assert objective.model.store.patients.tolist()[:4] == [0, 1, 2, knowledge.EMPTY]


# ------------------------------------------------------------------ CT2Rep


def test_a_slice_knows_those_before_it_and_none_behind_it():
    model = built(ct2rep).model
    b = batch(model.config, studies=1, each=4)
    other = b.images.clone()
    other[2] += 1.0
    with torch.no_grad():
        one, two = (model.encode_images(x, b.study, b.place)[0] for x in (b.images, other))
    changed = (one - two).abs().amax(-1).reshape(4, 16).amax(1) > 1e-6
    assert changed.tolist() == [False, False, True, True]
    alone = built(ct2rep, slices="alone").model
    with torch.no_grad():
        one, two = (alone.encode_images(x, b.study, b.place)[0] for x in (b.images, other))
    changed = (one - two).abs().amax(-1).reshape(4, 16).amax(1) > 1e-6
    assert changed.tolist() == [False, False, True, False]


def test_slots_keep_what_their_gates_keep():
    memory = RelationalMemory(8, 2, 2)
    with torch.no_grad():
        for layer in (memory.of_word, memory.of_slots):
            layer.weight.zero_()
            layer.bias.zero_()
        memory.of_word.bias[:8], memory.of_word.bias[8:] = 30.0, -30.0  # forget nothing, take none
        slots = torch.randn(3, 2, 8)
        torch.testing.assert_close(memory(slots, torch.randn(3, 8)), slots)


def test_slots_move_the_norms_of_every_block():
    """Without what the slots say it is the plain decoder of the same weights."""
    model = built(ct2rep).model
    b = batch(model.config)
    memory, mask = model.encode_images(b.images, b.study, b.place)
    moved = model.decoder(b.tokens, memory, mask)
    with torch.no_grad():
        for block in model.decoder.blocks:
            for norm in (block.norm1, block.norm2, block.norm3):
                norm.shift.weight.zero_()
    still = model.decoder(b.tokens, memory, mask)
    assert not torch.allclose(moved, still)
    plain = built(ct2rep, writer="plain").model.decoder
    own = {k.replace(".norm.", "."): v for k, v in model.decoder.state_dict().items()
           if not k.startswith("memory.") and ".shift." not in k}  # fmt: skip
    own["norm.weight"], own["norm.bias"] = model.decoder.norm.weight, model.decoder.norm.bias
    plain.load_state_dict({k: v for k, v in own.items() if k in plain.state_dict()})
    torch.testing.assert_close(plain(b.tokens, memory, mask), still, atol=1e-5, rtol=0)


def test_an_earlier_study_is_told_to_its_own_study_alone():
    model = built(ct2rep, prior="both").model
    b = batch(model.config)
    past = batch(model.config, studies=1, each=2, seed=5)
    past = replace(past, study=past.study + 1, owner=torch.tensor([1]))  # of the second study
    with torch.no_grad():
        without = model.encode_images(b.images, b.study, b.place)[0]
        told = model.encode_images(b.images, b.study, b.place, past)[0]
    same = torch.isclose(without, told, atol=1e-6).flatten(1).all(1)
    assert same.tolist() == [True, False, True]


@pytest.mark.parametrize("part", ["pictures", "report"])
def test_of_an_earlier_study_only_that_part_is_read(part):
    model = built(ct2rep, prior=part).model
    b, past = batch(model.config), batch(model.config, seed=5)
    other = replace(past, tokens=past.tokens.flip(1)) if part == "pictures" else replace(
        past, images=-past.images)  # fmt: skip
    with torch.no_grad():
        one, two = (model.encode_images(b.images, b.study, b.place, p)[0] for p in (past, other))
    torch.testing.assert_close(one, two)


# ------------------------------------------------------------------ BLIP


def test_three_modes_are_one_set_of_weights():
    """Contrast alone moves the very parameters that write."""
    objective = built(blip)
    model, b = objective.model, batch(objective.model.config)
    model.text_vectors(b.tokens, b.mask).sum().backward()
    moved = {n for n, p in model.decoder.named_parameters() if p.grad is not None and p.grad.any()}
    looking = {n for n, _ in model.decoder.named_parameters()
               if any(part in n for part in ("norm2", ".ask", ".key_value", ".told"))}  # fmt: skip
    assert moved == {n for n, _ in model.decoder.named_parameters()} - looking


def test_reading_sees_both_ways_and_writing_only_back():
    model = built(blip).model
    b = batch(model.config)
    memory, mask = model.encode_images(b.images, b.study, b.place)
    other = b.tokens.clone()
    other[:, -1] = 13
    assert not torch.allclose(model.read(b.tokens, b.mask), model.read(other, b.mask))
    one, two = model.decoder(b.tokens, memory, mask), model.decoder(other, memory, mask)
    torch.testing.assert_close(one[:, :-1], two[:, :-1])


def test_a_text_is_told_apart_from_the_study_it_is_most_easily_taken_for(monkeypatch):
    objective = built(blip)
    model, b = objective.model, batch(objective.model.config, each=1)
    memory, seen = model.encode_images(b.images)
    asked = []

    def belongs(tokens, mask, memory_of, seen_of):
        asked.append([int((memory == m).all((1, 2)).nonzero()[0, 0]) for m in memory_of])
        return memory_of.sum((1, 2))

    monkeypatch.setattr(model, "belongs", belongs)
    likeness = torch.tensor([[0.9, 0.1, 0.2], [0.8, 0.9, 0.7], [0.1, 0.4, 0.1]])  # (B, R)
    every = torch.ones(3, dtype=torch.bool)
    blip.matched(model, (b.tokens, b.mask), b.owner, every, memory, seen, likeness)
    assert asked == [[0, 1, 2, 1, 2, 1]]


def judged(model, b, monkeypatch, good):
    """CapFilt with a filter that finds these texts good, and everything that is written."""
    memory, seen = model.encode_images(b.images)

    def belongs(tokens, mask, memory_of, seen_of):
        texts = {tuple(t[m].tolist()) for t, m in zip(b.tokens, b.mask, strict=True)}
        own = [tuple(t[m].tolist()) for t, m in zip(tokens, mask, strict=True)]
        known = {tuple(b.tokens[r].tolist()) for r in good}
        return torch.tensor([1.0 if t in known or t not in texts else -1.0 for t in own])

    monkeypatch.setattr(model, "belongs", belongs)
    return blip.bootstrapped(model, b, memory, seen, b.clean)


def test_a_noisy_caption_stays_or_is_written_anew_and_a_clean_one_is_never_touched(monkeypatch):
    model = built(blip).model
    b = batch(model.config, each=1, clean=torch.tensor([1, 0, -1], dtype=torch.int8))
    made, usable, logs = judged(model, b, monkeypatch, good=[1])
    assert usable.all()
    assert torch.equal(made.tokens[:2, :9], b.tokens[:2])
    assert made.tokens[2, 0] == IMPRESSION
    assert not torch.equal(made.tokens[2, :9], b.tokens[2])
    assert made.hidden[2].sum() == made.mask[2].sum() - 1
    assert (float(logs["right_kept"]), float(logs["wrong_kept"])) == (1.0, 0.0)


def test_without_a_captioner_what_the_filter_rejects_is_left_out(monkeypatch):
    model = built(blip, capfilt="filter").model
    b = batch(model.config, each=1, clean=torch.tensor([1, 0, -1], dtype=torch.int8))
    made, usable, _ = judged(model, b, monkeypatch, good=[1])
    assert usable.tolist() == [True, True, False]
    assert torch.equal(made.tokens, b.tokens)


@pytest.mark.parametrize("loss", ["contrasted", "matched", "captioned"])
def test_a_loss_of_weight_nothing_moves_nothing(loss):
    objective = built(blip, **{loss: 0.0})
    total, logs = objective(batch(objective.model.config, each=1))
    total.backward()
    assert loss not in logs
    assert torch.isfinite(total)

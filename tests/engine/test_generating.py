"""Laws of decoding: exact where it claims to be, inside its grammar, alone in its batch."""

import itertools

import pytest
import torch

from radgloss.engine.generating import (
    Choice,
    Literal,
    NGrams,
    Plan,
    Words,
    beam,
    compiled,
    greedy,
    nucleus,
    own_words,
    prefilled,
    speculated,
)
from radgloss.engine.generating.writing import check
from radgloss.nn.decoder import Config, Decoder
from radgloss.text.tokenizer import Tokenizer
from radgloss.types import InputRejected

END = 2
PLAN = Plan(END, 10)


class Talker(torch.nn.Module):
    """A decoder without a picture, peaked enough to have something to say."""

    def __init__(self, vocabulary=12, seed=0, sharp=60.0):
        super().__init__()
        torch.manual_seed(seed)
        self.decoder = Decoder(Config(vocabulary, 64, 16, 2, 2))
        self.sharp = sharp

    def begin(self, rows):
        return self.decoder.begin(None, rows=rows)

    def step(self, tokens, memory=None, mask=None, cache=None, counts=None):
        logits, cache = self.decoder.step(tokens, cache, counts)
        return logits * self.sharp, cache


PROMPTS = [[3], [4, 5, 6], [7, 3]]


def talker(seed=0, **more):
    return Talker(seed=seed, **more).eval()


def logp_of(model, prompt, text):
    """Sum of log-probabilities of a text (with its end), read all at once."""
    with torch.no_grad():
        logits, _ = model.step(torch.tensor([[*prompt, *text[:-1]]]), cache=model.begin(1))
    behind = logits[0, len(prompt) - 1 :].log_softmax(-1)
    return float(behind.gather(1, torch.tensor(text)[:, None]).sum())


# ------------------------------------------------------------------ greedy, nucleus


@pytest.mark.parametrize("seed", range(4))
def test_greedy_takes_the_likeliest_token_every_time(seed):
    model = talker(seed)
    for prompt, one in zip(PROMPTS, greedy(model, model.begin(3), PROMPTS, PLAN), strict=True):
        text = [*one.tokens, END] if one.ended else list(one.tokens)
        for n, token in enumerate(text):
            with torch.no_grad():
                logits, _ = model.step(torch.tensor([[*prompt, *text[:n]]]), cache=model.begin(1))
            assert int(logits[0, -1].argmax()) == token
        assert sum(one.surprise) == pytest.approx(-logp_of(model, prompt, text), abs=1e-3)
        assert len(text) <= PLAN.longest


def test_a_nucleus_of_nothing_is_greedy():
    model = talker(sharp=10.0)
    draws = [torch.Generator().manual_seed(n) for n in range(3)]
    drawn = nucleus(model, model.begin(3), PROMPTS, PLAN, draws, share=1e-6)
    assert drawn == greedy(model, model.begin(3), PROMPTS, PLAN)


def test_what_a_row_draws_is_its_own():
    model = talker(sharp=4.0)

    def draw(prompts, seeds):
        draws = [torch.Generator().manual_seed(s) for s in seeds]
        return nucleus(model, model.begin(len(prompts)), prompts, PLAN, draws, 0.95)

    together = draw(PROMPTS, [1, 2, 3])
    assert together == [draw([p], [s])[0] for p, s in zip(PROMPTS, [1, 2, 3], strict=True)]
    assert draw(PROMPTS, [4, 5, 6]) != together


def test_drawn_tokens_come_as_often_as_their_share_of_the_nucleus():
    model = talker(sharp=3.0)
    with torch.no_grad():
        logits, _ = prefilled(model, model.begin(1), [[3]])
    p = logits[0].softmax(-1)
    order = p.argsort(descending=True)
    inside = order[: int((p[order].cumsum(0) < 0.8).sum()) + 1]
    draws = [torch.Generator().manual_seed(s) for s in range(2000)]
    drawn = nucleus(model, model.begin(2000), [[3]] * 2000, Plan(END, 1), draws, 0.8)
    tokens = [w.tokens[0] if w.tokens else END for w in drawn]
    assert set(tokens) <= set(inside.tolist())
    wanted = p[inside] / p[inside].sum()
    for token, share in zip(inside.tolist(), wanted.tolist(), strict=True):
        assert tokens.count(token) / 2000 == pytest.approx(share, abs=0.045)  # 4 standard errors


# ------------------------------------------------------------------ beam


def test_one_beam_is_greedy():
    for seed in range(4):
        model = talker(seed)
        texts = beam(model, model.begin(3), PROMPTS, PLAN, beams=1)
        assert texts == greedy(model, model.begin(3), PROMPTS, PLAN)


@pytest.mark.parametrize("seed", range(3))
def test_beams_enough_for_everything_find_the_best_text_of_all(seed):
    """Against every text of at most three tokens, scored one by one."""
    model, plan = talker(seed, vocabulary=5, sharp=20.0), Plan(END, 3)
    (found,) = beam(model, model.begin(1), [[3]], plan, beams=125, penalty=0.7)
    others = [n for n in range(5) if n != END]
    every = [(*t, END) for k in (0, 1, 2) for t in itertools.product(others, repeat=k)]
    every += list(itertools.product(others, repeat=3))
    score = {t: logp_of(model, [3], list(t)) / len(t) ** 0.7 for t in every}
    best = max(score, key=score.__getitem__)
    assert found.tokens == tuple(t for t in best if t != END)
    assert -sum(found.surprise) == pytest.approx(logp_of(model, [3], list(best)), abs=1e-3)


def test_beams_of_one_prompt_know_nothing_of_another():
    model = talker(1, sharp=10.0)
    together = beam(model, model.begin(3), PROMPTS, PLAN, beams=3)
    assert together == [beam(model, model.begin(1), [p], PLAN, beams=3)[0] for p in PROMPTS]


# ------------------------------------------------------------------ guessing


@pytest.mark.parametrize("seed", range(4))
def test_guesses_change_the_steps_and_never_the_text(seed):
    model, plan = talker(seed), Plan(END, 24)
    texts = greedy(model, model.begin(3), PROMPTS, plan)
    told = [[*p, *t.tokens, END] for p, t in zip(PROMPTS, texts, strict=True)]
    for guess in (NGrams(told, order=6, most=5), NGrams([[3, 4] * 9]), own_words, lambda text: []):
        found = speculated(model, model.begin(3), PROMPTS, plan, guess)
        assert found.texts == texts
        assert 0 <= found.accepted <= found.guessed
    known = speculated(model, model.begin(3), PROMPTS, plan, NGrams(told, order=6, most=5))
    slow = speculated(model, model.begin(3), PROMPTS, plan, lambda text: [])
    assert slow.guessed == 0
    assert known.steps < slow.steps


def test_a_guess_goes_on_only_where_the_texts_agree():
    texts = [[1, 2, 3, 4], [1, 2, 3, 5], [8, 3, 9]]
    guess = NGrams(texts, order=3, most=9, sure=0.6)
    assert guess([0, 1]) == [2, 3]  # after (2, 3) the texts differ
    assert guess([8, 3]) == [9]  # the longest known tail decides
    assert guess([7]) == []


# ------------------------------------------------------------------ grammar

TEMPLATE = (
    Literal("LIVER: "), Choice(("Normal.", "Normal size.", "Cyst."), "liver"), Literal("\nOTHER: "),
    Words(1, 6, name="other"), Literal("\n"), Choice(("End", "Ends"), "close"),
)  # fmt: skip


def words():
    return Tokenizer.of_reports(["LIVER: Normal size. Cyst.\nOTHER: No effusion.\nEnds"] * 3, 300)


DECODE = {
    "greedy": lambda m, plan, rules, draws: greedy(m, m.begin(1), [[13]], plan, rules),
    "nucleus": lambda m, plan, rules, draws: nucleus(
        m, m.begin(1), [[13]], plan, draws, rules=rules
    ),
    "beam": lambda m, plan, rules, draws: beam(m, m.begin(1), [[13]], plan, 3, rules=rules),
    "speculated": lambda m, plan, rules, draws: speculated(
        m, m.begin(1), [[13]], plan, own_words, rules
    ).texts,
}  # fmt: skip


@pytest.mark.parametrize("decode", DECODE)
@pytest.mark.parametrize("seed", range(5))
def test_no_decoding_leaves_its_grammar(decode, seed):
    tokenizer = words()
    plan = Plan(tokenizer.mark("[END]"), 60)
    model = talker(seed, vocabulary=len(tokenizer), sharp=8.0)
    grammar = compiled(TEMPLATE, tokenizer, plan)
    draws = [torch.Generator().manual_seed(seed)]
    (text,) = DECODE[decode](model, plan, lambda row: grammar, draws)
    assert text.ended
    head, other, close = tokenizer.decode(text.tokens).split("\n")
    assert head.removeprefix("LIVER: ") in {"Normal.", "Normal size.", "Cyst."}
    assert other.startswith("OTHER: ")
    assert len(other) > len("OTHER: ")
    assert close in {"End", "Ends"}


def test_a_grammar_of_one_text_writes_it_whatever_the_model_likes():
    tokenizer = words()
    plan = Plan(tokenizer.mark("[END]"), 60)
    model = talker(3, vocabulary=len(tokenizer))
    only = compiled((Literal("LIVER: Cyst.\nOTHER: No effusion."),), tokenizer, plan)
    rows = greedy(model, model.begin(2), [[13], [14]], plan, lambda row: only if row else None)
    assert tokenizer.decode(rows[1].tokens) == "LIVER: Cyst.\nOTHER: No effusion."
    assert rows[0] == greedy(model, model.begin(1), [[13]], plan)[0]  # its neighbour is free


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ((), "no part"),
        ((Choice((), "liver"),), "field liver: found no option"),
        ((Choice(("a", "a"), "liver"),), "twice"),
        ((Literal(""),), "empty text"),
        ((Words(5, 2),), "from 5 to 2"),
        ((Words(), Words()), "free words before free words"),
        ((Literal("LIVER: Normal size. " * 9),), "tokens at least"),
    ],
)
def test_a_template_that_contradicts_itself_is_refused(parts, said):
    tokenizer = words()
    with pytest.raises(InputRejected, match=said):
        compiled(parts, tokenizer, Plan(tokenizer.mark("[END]"), 20))


@pytest.mark.parametrize(
    "asked",
    [
        lambda m: nucleus(m, m.begin(1), [[3]], PLAN, [torch.Generator()], share=0.0),
        lambda m: nucleus(m, m.begin(1), [[3]], PLAN, [torch.Generator()], temperature=0.0),
        lambda m: beam(m, m.begin(1), [[3]], PLAN, beams=0),
        lambda m: Plan(END, 0),
        lambda m: check(PLAN, [[]], 64),
        lambda m: check(PLAN, [[3] * 60], 64),
    ],
)
def test_options_out_of_range_are_refused(asked):
    with pytest.raises(ValueError, match="wanted"):
        asked(talker())

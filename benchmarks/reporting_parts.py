"""What benchmarks/reporting.py times: their models and ours with the same weights."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers

from radgloss.engine.generating import Plan, Written, greedy
from radgloss.engine.generating.writing import start
from radgloss.published.writing import PublishedWriter, load_writer

Arm = Callable[[], Any]
NEAR = 1e-4  # of two best logits, within which another choice is no fault
MARKS = {"bos_token_id": 50256, "eos_token_id": None, "pad_token_id": 50256}


def interleaved(arms: Mapping[str, Arm], rounds: int) -> dict[str, list[float]]:
    """Seconds of each arm, once a round, after one round that is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in arms}
    for n in range(rounds + 1):
        for name, arm in arms.items():
            began = time.perf_counter()
            arm()
            if n:
                taken[name].append(time.perf_counter() - began)
    return taken


def median(taken: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {name: statistics.median(times) for name, times in taken.items()}


def bandwidth() -> float:
    """Bytes a second at which all threads read what does not fit a cache."""
    x = torch.ones(1 << 28)  # 1 GiB
    x.sum()
    times = []
    for _ in range(5):
        began = time.perf_counter()
        x.sum()
        times.append(time.perf_counter() - began)
    return x.numel() * 4 / min(times)


def read_each_token(model: torch.nn.Module) -> int:
    """Numbers of the decoder that one token reads: all but embeddings of other tokens and places,
    and the layer that was asked once for keys and values of the memory."""
    decoder = model.decoder
    every = sum(p.numel() for p in decoder.parameters())
    once = sum(
        p.numel() for n, p in decoder.named_parameters() if "key_value" in n or n == "position"
    )
    return every - once


# ------------------------------------------------------------------ GPT-2 with cross-attention


def gpt2_crossing(depth: int = 12) -> tuple[Any, PublishedWriter]:
    """GPT-2 small behind one layer of ViT-B/16, random weights; theirs and ours."""
    torch.manual_seed(0)
    vit = transformers.ViTConfig(num_hidden_layers=1)
    text = transformers.GPT2Config(
        n_layer=depth, add_cross_attention=True, is_decoder=True, initializer_range=0.05
    )
    theirs = transformers.VisionEncoderDecoderModel(
        encoder=transformers.ViTModel(vit, add_pooling_layer=False),
        decoder=transformers.GPT2LMHeadModel(text),
    ).eval()
    theirs.config.decoder_start_token_id = 50256
    theirs.config.eos_token_id, theirs.config.pad_token_id = 50256, 50256
    with tempfile.TemporaryDirectory() as folder:
        theirs.save_pretrained(folder)
        ours = load_writer(folder)
    theirs.generation_config.eos_token_id = None  # all arms write to the end
    return theirs, ours


def theirs_writes(theirs: Any, pictures: torch.Tensor, tokens: int) -> Arm:
    def arm() -> list[list[int]]:
        with torch.inference_mode():
            rows = theirs.generate(
                pixel_values=pictures, max_new_tokens=tokens, do_sample=False, pad_token_id=50256
            )
        return [row[1:] for row in rows.tolist()]

    return arm


def ours_writes(model: Any, pictures: torch.Tensor, tokens: int) -> Arm:
    plan = Plan(-1, tokens)

    def arm() -> list[list[int]]:
        with torch.inference_mode():
            memory, _ = model.encode_images(pictures)
            cache = start(model.begin(memory), range(len(pictures)))
            written = greedy(model, cache, [[50256]] * len(pictures), plan)
        return [list(w.tokens) for w in written]

    return arm


def differing(
    model: Any, pictures: torch.Tensor, one: Sequence[Sequence[int]], two: Sequence[Sequence[int]]
) -> tuple[int, int, int]:
    """Texts that differ; of these, at a place where the two best logits lie within `NEAR`; tokens
    that are the same up to the first difference, of all."""
    differ = near = 0
    with torch.inference_mode():
        memory, _ = model.encode_images(pictures)
        for n, (a, b) in enumerate(zip(one, two, strict=True)):
            at = next((k for k, (x, y) in enumerate(zip(a, b, strict=True)) if x != y), None)
            if at is None:
                continue
            differ += 1
            logits, _ = model.step(torch.tensor([[50256, *a[:at]]]), memory[n : n + 1])
            best = logits[0, -1].topk(2).values
            near += bool(best[0] - best[1] <= NEAR)
    same = sum(x == y for a, b in zip(one, two, strict=True) for x, y in zip(a, b, strict=True))
    return differ, near, same


# ------------------------------------------------------------------ a trained reporter


def as_gpt2(model: Any) -> Any:
    """Our decoder as a GPT-2 with cross-attention of transformers: it is the same stack."""
    c = model.config.text
    text = transformers.GPT2Config(
        vocab_size=c.vocabulary, n_positions=c.context, n_embd=c.width, n_layer=c.depth,
        n_head=c.heads, activation_function="gelu", add_cross_attention=True, is_decoder=True,
        bos_token_id=0, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    tower = transformers.ViTConfig(
        hidden_size=c.width, num_hidden_layers=1, num_attention_heads=c.heads, intermediate_size=8
    )
    theirs = transformers.VisionEncoderDecoderModel(
        encoder=transformers.ViTModel(tower, add_pooling_layer=False),
        decoder=transformers.GPT2LMHeadModel(text),
    ).eval()
    own = {k: v.detach().contiguous() for k, v in model.decoder.state_dict().items()}
    state = {}
    for name, value in own.items():
        state |= _theirs(name, value)
    missing, strange = theirs.decoder.load_state_dict(state, strict=False)
    assert not strange, strange
    assert set(missing) <= {"lm_head.weight"}, missing
    theirs.decoder.tie_weights()
    theirs.config.decoder_start_token_id = 0
    return theirs


_NAMES = {
    "norm1": "ln_1", "qkv": "attn.c_attn", "out": "attn.c_proj", "norm2": "ln_cross_attn",
    "ask": "crossattention.q_attn", "key_value": "crossattention.c_attn",
    "told": "crossattention.c_proj", "norm3": "ln_2", "mlp.0": "mlp.c_fc", "mlp.2": "mlp.c_proj",
}  # fmt: skip


def _theirs(name: str, value: torch.Tensor) -> dict[str, torch.Tensor]:
    if name == "embed.weight":
        return {"transformer.wte.weight": value}
    if name == "position":
        return {"transformer.wpe.weight": value}
    if name.startswith("norm."):
        return {f"transformer.ln_f.{name.split('.')[1]}": value}
    _, number, rest = name.split(".", 2)
    part, kind = rest.rsplit(".", 1)
    turned = value.T.contiguous() if value.ndim == 2 else value
    return {f"transformer.h.{number}.{_NAMES[part]}.{kind}": turned}


def their_report(
    theirs: Any, memory: torch.Tensor, prompt: Sequence[int], plan: Plan, lookup: int = 0
) -> list[int]:
    """What `generate` writes over our memory; lookup: tokens of its own prompt lookup."""
    from transformers.modeling_outputs import BaseModelOutput

    more = {"prompt_lookup_num_tokens": lookup} if lookup else {}
    with torch.inference_mode():
        (row,) = theirs.generate(
            encoder_outputs=BaseModelOutput(memory), decoder_input_ids=torch.tensor([prompt]),
            max_new_tokens=plan.longest, do_sample=False, eos_token_id=plan.end, pad_token_id=0,
            decoder_start_token_id=prompt[0], **more,
        ).tolist()  # fmt: skip
    text = row[len(prompt) :]
    return text[: text.index(plan.end)] if plan.end in text else text


def length(texts: Sequence[Written]) -> int:
    """Tokens written, the ends counted."""
    return sum(len(t.tokens) + t.ended for t in texts)


def studies_of(manifest: Path, split: str, most: int) -> list[Any]:
    """The first studies of each examination, as many as `most` of each."""
    from radgloss.data.manifest import read_manifest

    taken: dict[str, int] = {}
    chosen = []
    for entry in read_manifest(manifest).split(split):
        taken[entry.exam] = taken.get(entry.exam, 0) + 1
        if taken[entry.exam] <= most:
            chosen.append(entry)
    return chosen

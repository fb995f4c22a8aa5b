"""Somebody's captioners in our modules write what they write in their own library."""

import json
import warnings

import pytest
import torch
from safetensors.torch import load_file, save_file

from radgloss.engine.generating import Plan, beam, greedy
from radgloss.engine.generating.writing import start
from radgloss.published.writing import load_writer
from radgloss.types import InputRejected

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    foreign = pytest.importorskip("foreign", reason="needs transformers")
    import transformers

LONGEST = 20
NEAR = {"atol": 1e-4, "rtol": 0}
WORDS = {"vocab_size": 97, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
PEAKED = {"initializer_range": 0.2}  # random weights that have something to say
GPT2 = {"n_positions": 64, "n_embd": 32, "n_layer": 2, "n_head": 2, **WORDS, **PEAKED}
TOWER = {"num_hidden_layers": 2, "num_attention_heads": 4, "image_size": 32, "patch_size": 8,
         "intermediate_size": 80}  # fmt: skip


def gpt2():
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(**GPT2))


def vision(width=48):
    """ViT and GPT-2 with cross-attention; a bridge where their widths differ."""
    vit = transformers.ViTConfig(hidden_size=width, **TOWER, **PEAKED)
    text = transformers.GPT2Config(add_cross_attention=True, is_decoder=True, **GPT2)
    model = transformers.VisionEncoderDecoderModel(
        encoder=transformers.ViTModel(vit, add_pooling_layer=False),
        decoder=transformers.GPT2LMHeadModel(text),
    )
    model.config.decoder_start_token_id = 1
    model.config.eos_token_id, model.config.pad_token_id = 2, 0
    return model


def blip():
    text = {"hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": 2,
            "num_attention_heads": 4, "max_position_embeddings": 64, "encoder_hidden_size": 32,
            "sep_token_id": 2, **WORDS, **PEAKED}  # fmt: skip
    tower = {"hidden_size": 32, **TOWER, "initializer_range": 0.2}
    config = transformers.BlipConfig(text_config=text, vision_config=tower)
    return transformers.BlipForConditionalGeneration(config)


KINDS = {"gpt2": gpt2, "vision": vision, "vision-one-width": lambda: vision(32), "blip": blip}


def pair(kind, folder, seed=0):
    """A model of theirs with random weights, and ours filled from its folder."""
    torch.manual_seed(seed)
    theirs = KINDS[kind]().eval()
    for value in theirs.parameters():  # norms and biases too mean something
        if value.ndim == 1:
            with torch.no_grad():
                value += 0.1 * torch.randn_like(value)
    theirs.save_pretrained(folder)
    return theirs, load_writer(folder)


def remembered(theirs, ours, pictures):
    """Both memories, and the rest of what `theirs` is called with."""
    if hasattr(theirs, "vision_model"):
        seen = theirs.vision_model(pixel_values=pictures).last_hidden_state
        return seen, ours.model.encode_images(pictures)[0]
    seen = theirs.encoder(pixel_values=pictures).last_hidden_state
    seen = theirs.enc_to_dec_proj(seen) if hasattr(theirs, "enc_to_dec_proj") else seen
    return seen, ours.model.encode_images(pictures)[0]


TOKENS = torch.tensor([[1, 5, 7, 50, 96], [1, 9, 8, 7, 6], [1, 3, 3, 3, 3]])


@torch.no_grad()
@pytest.mark.parametrize("kind", KINDS)
def test_logits_agree_with_transformers_at_once_and_one_by_one(kind, tmp_path):
    theirs, ours = pair(kind, tmp_path)
    pictures = foreign.pictures()[:3] if kind != "gpt2" else None
    if kind == "gpt2":
        expected, memory = theirs(input_ids=TOKENS).logits, None
    elif kind == "blip":
        seen, memory = remembered(theirs, ours, pictures)
        torch.testing.assert_close(memory, seen, **NEAR)
        expected = theirs.text_decoder(input_ids=TOKENS, encoder_hidden_states=seen).logits
    else:
        seen, memory = remembered(theirs, ours, pictures)
        torch.testing.assert_close(memory, seen, **NEAR)
        expected = theirs(pixel_values=pictures, decoder_input_ids=TOKENS).logits
    whole, _ = ours.model.step(TOKENS, memory)
    torch.testing.assert_close(whole, expected, **NEAR)
    cache, parts = ours.model.begin(memory, rows=3), []
    for some in TOKENS.split(1, 1):
        logits, cache = ours.model.step(some, cache=cache)
        parts.append(logits)
    torch.testing.assert_close(torch.cat(parts, 1), expected, **NEAR)


def generated(theirs, pictures, **options):
    """Their texts, without what they begin with, up to their end."""
    more = {"max_new_tokens": LONGEST, "do_sample": False}
    if not hasattr(theirs, "vision_model"):  # BLIP names its marks itself
        more |= {"pad_token_id": 0, "eos_token_id": 2}
    if pictures is None:
        prompts = torch.tensor([[1], [1]])
        rows = theirs.generate(prompts, attention_mask=prompts, **more, **options)
    else:
        rows = theirs.generate(pixel_values=pictures, **more, **options)
    texts = []
    for row in rows.tolist():
        text = row[1:]
        texts.append(tuple(text[: text.index(2)] if 2 in text else text))
    return texts


@torch.no_grad()
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_greedy_and_beams_write_what_transformers_generates(kind, seed, tmp_path):
    theirs, ours = pair(kind, tmp_path, seed)
    pictures = foreign.pictures()[:2] if kind != "gpt2" else None
    memory = None if pictures is None else ours.model.encode_images(pictures)[0]
    first = list(ours.first)
    plan = Plan(ours.end, LONGEST)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for beams in (1, 4):
            expected = generated(theirs, pictures, num_beams=beams)
            cache = start(ours.model.begin(memory, rows=2), [0, 1])
            texts = (
                greedy(ours.model, cache, [first, first], plan)
                if beams == 1
                else beam(ours.model, cache, [first, first], plan, beams)
            )
            assert [t.tokens for t in texts] == expected


def test_what_is_almost_a_known_layout_is_refused(tmp_path):
    pair("vision", tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    state = load_file(tmp_path / "model.safetensors")

    def refused(said, config=config, state=state):
        (tmp_path / "config.json").write_text(json.dumps(config))
        save_file(state, tmp_path / "model.safetensors")
        with pytest.raises(InputRejected, match=said) as found:
            load_writer(tmp_path)
        assert found.value.code == "weights-layout"

    scaled = {**config["decoder"], "scale_attn_by_inverse_layer_idx": True}
    refused("scaled otherwise", {**config, "decoder": scaled})
    refused("types", {**config, "encoder": {**config["encoder"], "model_type": "swin"}})
    refused("of type 'whisper'", {**config, "model_type": "whisper"})
    untied = state["decoder.transformer.wte.weight"] + 1
    refused("not the embedding", state={**state, "decoder.lm_head.weight": untied})
    refused("does not have: decoder.extra", state={**state, "decoder.extra": torch.ones(1)})
    fewer = {n: v for n, v in state.items() if not n.endswith("ln_f.bias")}
    refused("do not agree", state=fewer)


def test_an_output_layer_that_is_the_embedding_and_old_masks_change_nothing(tmp_path):
    _, ours = pair("gpt2", tmp_path)
    state = load_file(tmp_path / "model.safetensors")
    state["lm_head.weight"] = state["transformer.wte.weight"].clone()
    state["transformer.h.0.attn.bias"] = torch.ones(1, 1, 64, 64)
    save_file(state, tmp_path / "model.safetensors")
    again = load_writer(tmp_path)
    for name, value in ours.model.state_dict().items():
        assert torch.equal(again.model.state_dict()[name], value), name
    assert again.space != ours.space  # another file

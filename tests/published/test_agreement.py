"""Somebody's weights in our modules answer as they do in their own library (transformers)."""

import warnings

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from radgloss.published import load

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    foreign = pytest.importorskip("foreign", reason="needs transformers")
    import transformers

NEAR = {"atol": 1e-4, "rtol": 0}
TEXTS = foreign.TEXTS


def ours(model, texts=TEXTS, size=32):
    tokens, mask = (
        torch.from_numpy(a) for a in model.words(texts, model.model.config.text.context)
    )
    with torch.no_grad():
        x = model.model.encode_image(foreign.pictures(size=size))
        y = model.model.encode_text(tokens, mask)
        return x, y, model.model.logits(x, y), tokens, mask


def test_clip_agrees_with_transformers_also_with_padding(tmp_path):
    reference = foreign.clip(tmp_path)
    x, y, logits, tokens, mask = ours(load(tmp_path))
    theirs = transformers.CLIPTokenizer.from_pretrained(tmp_path)
    batch = theirs(TEXTS, padding=True, return_tensors="pt")
    assert torch.equal(batch["input_ids"], tokens)
    assert torch.equal(batch["attention_mask"].bool(), mask)
    assert not mask.all()
    long = theirs(TEXTS, padding="max_length", max_length=77, return_tensors="pt")
    for words in (batch, long):
        with torch.no_grad():
            out = reference(pixel_values=foreign.pictures(), **words)
        torch.testing.assert_close(x, out.image_embeds, **NEAR)
        torch.testing.assert_close(y, out.text_embeds, **NEAR)
        torch.testing.assert_close(logits, out.logits_per_image, **NEAR)


CLEANED = {
    "siglip": ["no pneumothorax", "a 12 mm nodule in the left upper lobe compare 2019",
               "cardiomegaly unchanged",
               "fracture of the right hip 35 cm haematoma dont miss it"],
    "siglip2": ["no pneumothorax.", "a 12 mm nodule in the left upper lobe; compare (2019).",
                "cardiomegaly, unchanged",
                "fracture of the right_hip, 3.5 cm haematoma -- don't miss it"],
}  # fmt: skip


def filled(folder, texts, eos, pad):
    """What SigLIP was trained on: pieces, the end mark, padding up to 64."""
    backend = Tokenizer.from_file(str(folder / "tokenizer.json"))
    rows = [[*backend.encode(t).ids, backend.token_to_id(eos)] for t in texts]
    return torch.tensor([r + [backend.token_to_id(pad)] * (64 - len(r)) for r in rows])


@pytest.mark.parametrize("gemma", [False, True], ids=["siglip", "siglip2-fixed"])
def test_siglip_agrees_with_transformers_on_cleaned_text_filled_to_its_length(tmp_path, gemma):
    reference = foreign.siglip(tmp_path, gemma)
    eos, pad = ("<eos>", "<pad>") if gemma else ("</s>", "</s>")
    tokens = filled(tmp_path, CLEANED["siglip2" if gemma else "siglip"], eos, pad)
    with torch.no_grad():
        out = reference(input_ids=tokens, pixel_values=foreign.pictures())
        cut = reference.get_text_features(input_ids=tokens[:, :20]).pooler_output
    x, y, logits, *_ = ours(load(tmp_path))
    torch.testing.assert_close(x, out.image_embeds, **NEAR)
    torch.testing.assert_close(y, out.text_embeds, **NEAR)
    torch.testing.assert_close(logits, out.logits_per_image, **NEAR)
    assert (F.normalize(cut, dim=-1) - y).abs().max() > 0.01  # without its padding it is another


def test_siglip_2_for_any_shape_agrees_on_its_own_square(tmp_path):
    reference = foreign.siglip2(tmp_path)
    tokens = filled(tmp_path, CLEANED["siglip2"], "<eos>", "<pad>")
    pictures = foreign.pictures()
    patches = pictures.reshape(3, 3, 4, 8, 4, 8).permute(0, 2, 4, 3, 5, 1).reshape(3, 16, 192)
    with torch.no_grad():
        out = reference(
            input_ids=tokens, pixel_values=patches, spatial_shapes=torch.tensor([[4, 4]] * 3),
            pixel_attention_mask=torch.ones(3, 16, dtype=torch.long),
        )  # fmt: skip
    x, y, logits, *_ = ours(load(tmp_path))
    torch.testing.assert_close(x, out.image_embeds, **NEAR)
    torch.testing.assert_close(y, out.text_embeds, **NEAR)
    torch.testing.assert_close(logits, out.logits_per_image, **NEAR)


def test_medsiglip_has_448_pixels_and_64_tokens(tmp_path):
    """Its layout is SigLIP's; what differs is measured off the weights."""
    reference = foreign.siglip(tmp_path, size=448)
    model = load(tmp_path)
    assert model.preprocess.size == 448
    assert model.model.config.text.context == 64
    with torch.no_grad():
        theirs = reference.get_image_features(pixel_values=foreign.pictures(1, 448)).pooler_output
        x = model.model.encode_image(foreign.pictures(1, 448))
    torch.testing.assert_close(x, F.normalize(theirs, dim=-1), **NEAR)


def test_clip_in_the_layout_of_open_clip_agrees_with_transformers(tmp_path):
    reference = foreign.open_clip_clip(tmp_path)
    model = load(tmp_path)
    x, y, logits, tokens, mask = ours(model)
    with torch.no_grad():
        out = reference(pixel_values=foreign.pictures(), input_ids=tokens, attention_mask=mask)
    torch.testing.assert_close(x, out.image_embeds, **NEAR)
    torch.testing.assert_close(y, out.text_embeds, **NEAR)
    torch.testing.assert_close(logits, out.logits_per_image, **NEAR)
    assert model.mean == (0.4, 0.5, 0.6)


def test_biomedclip_agrees_with_the_vit_and_bert_of_transformers_also_with_padding(tmp_path):
    reference = foreign.biomedclip(tmp_path)
    model = load(tmp_path)
    x, y, logits, _, mask = ours(model)
    theirs = transformers.BertTokenizer(vocab=str(tmp_path / "vocab.txt"))
    assert not mask.all()
    for padding in ({"padding": True}, {"padding": "max_length", "max_length": 256}):
        tokens = theirs(TEXTS, return_tensors="pt", **padding)["input_ids"]
        with torch.no_grad():
            a = F.normalize(reference.image(foreign.pictures()), dim=-1)
            b = F.normalize(reference.text(tokens), dim=-1)
        torch.testing.assert_close(x, a, **NEAR)
        torch.testing.assert_close(y, b, **NEAR)
        scale = torch.tensor(4.0).exp()
        torch.testing.assert_close(logits, scale * a @ b.T, **NEAR)


def test_weights_in_half_precision_and_in_parts_are_the_same_model(tmp_path):
    reference = foreign.clip(tmp_path)
    with torch.no_grad():
        whole = load(tmp_path).model.encode_image(foreign.pictures())
    reference.half().save_pretrained(tmp_path, max_shard_size="60KB")
    (tmp_path / "model.safetensors").unlink(missing_ok=True)
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 1
    with torch.no_grad():
        parts = load(tmp_path).model.encode_image(foreign.pictures())
    torch.testing.assert_close(parts, whole, atol=5e-3, rtol=0)


def test_every_weight_matters(tmp_path):
    """Noise in any one tensor of the file is seen in the answers: nothing was read in vain."""
    foreign.siglip(tmp_path)
    state = load_file(tmp_path / "model.safetensors")
    before = ours(load(tmp_path))[2]
    for name, value in state.items():
        if "layers.1." in name or "k_proj.bias" in name:  # one layer will do; softmax ignores k's
            continue
        changed = {**state, name: value + torch.randn_like(value)}
        save_file(changed, tmp_path / "model.safetensors")
        assert (ours(load(tmp_path))[2] - before).abs().max() > 1e-5, name

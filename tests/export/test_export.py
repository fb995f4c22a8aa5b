"""What is written for others answers as the model does, for other numbers of pictures and words."""

import json
import warnings

import numpy as np
import pytest
import torch

import tiny
from radgloss.data.batch import to_model
from radgloss.errors import InputRejected
from radgloss.export import onnx, transformers
from radgloss.export.towers import towers
from radgloss.published import load

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    foreign = pytest.importorskip("foreign", reason="needs transformers")
    runtime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    import transformers as theirs

MADE = {"clip": foreign.clip, "siglip": foreign.siglip, "biomedclip": foreign.biomedclip}


def run(path, **given):
    (found,) = runtime.InferenceSession(str(path)).run(None, given)
    return found


@pytest.mark.parametrize("family", MADE)
def test_both_towers_in_onnx_agree_at_any_batch_size_and_length(family, tmp_path):
    MADE[family](tmp_path)
    known = load(tmp_path)
    done = onnx.export(towers(known), tmp_path / "out")
    assert done.files == ("export.json", "image.onnx", "text.onnx", "tokenizer.json")
    assert done.largest <= 1e-4
    pixels = np.random.default_rng(9).integers(0, 256, (7, 3, 32, 32), dtype=np.uint8)
    with torch.no_grad():
        x = known.model.encode_image(to_model(pixels, known.mean, known.spread)).numpy()
    np.testing.assert_allclose(run(done.folder / "image.onnx", pixels=pixels), x, atol=1e-4)
    for texts in (foreign.TEXTS[:1], foreign.TEXTS):
        tokens, mask = known.words(texts, known.model.config.text.context)
        with torch.no_grad():
            y = known.model.encode_text(torch.from_numpy(tokens), torch.from_numpy(mask)).numpy()
        written = run(done.folder / "text.onnx", tokens=tokens, mask=mask)
        np.testing.assert_allclose(written, y, atol=1e-4)
    about = json.loads((done.folder / "export.json").read_text())
    assert about["space"] == known.space
    assert about["scale"] == pytest.approx(float(known.model.scale.detach()))


def test_a_checkpoint_of_this_house_is_written_with_its_grey_values(tmp_path):
    known = tiny.checkpoint()
    done = onnx.export(towers(known), tmp_path / "out")
    pixels = np.random.default_rng(9).integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)
    with torch.no_grad():
        x = known.model.encode_image(to_model(pixels)).numpy()
    np.testing.assert_allclose(run(done.folder / "image.onnx", pixels=pixels), x, atol=1e-4)


def test_what_does_not_agree_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx, "AGREES", -1.0)
    with pytest.raises(InputRejected) as caught:
        onnx.export(towers(tiny.checkpoint()), tmp_path / "out")
    assert caught.value.code == "export-disagrees"
    assert list(tmp_path.iterdir()) == []


def test_an_export_replaces_nothing(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputRejected) as caught:
        onnx.export(towers(tiny.checkpoint()), tmp_path)
    assert caught.value.code == "output"
    assert (tmp_path / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize("make", [foreign.clip, foreign.open_clip_clip], ids=["own", "open_clip"])
def test_transformers_reads_what_was_written_for_it(make, tmp_path):
    make(tmp_path)
    known = load(tmp_path)
    done = transformers.export(known, tmp_path / "out")
    model = theirs.CLIPModel.from_pretrained(done.folder).eval()
    words = theirs.CLIPTokenizer.from_pretrained(done.folder)
    batch = words(foreign.TEXTS, padding=True, return_tensors="pt")
    tokens, mask = known.words(foreign.TEXTS, 77)
    assert batch["input_ids"].tolist() == tokens.tolist()
    with torch.no_grad():
        out = model(pixel_values=foreign.pictures(), **batch)
        x = known.model.encode_image(foreign.pictures())
        y = known.model.encode_text(torch.from_numpy(tokens), torch.from_numpy(mask))
    torch.testing.assert_close(out.image_embeds, x, atol=1e-4, rtol=0)
    torch.testing.assert_close(out.text_embeds, y, atol=1e-4, rtol=0)
    torch.testing.assert_close(out.logits_per_image, known.model.logits(x, y), atol=1e-4, rtol=0)
    again = load(done.folder)
    assert all(
        torch.equal(a, b)
        for a, b in zip(again.model.state_dict().values(), known.model.state_dict().values(),
                        strict=True)
    )  # fmt: skip
    assert (again.mean, again.spread) == (known.mean, known.spread)


def test_only_a_clip_is_written_for_transformers(tmp_path):
    foreign.biomedclip(tmp_path)
    for known in (load(tmp_path), tiny.checkpoint()):
        with pytest.raises(InputRejected) as caught:
            transformers.export(known, tmp_path / "out")
        assert caught.value.code == "export-layout"

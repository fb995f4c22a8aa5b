"""What cannot be trusted or understood is refused, with the way out; nothing is ever run."""

import json
import pickle
import shutil
import warnings

import pytest
import torch
from safetensors.torch import load_file, save_file

from radgloss.errors import InputRejected
from radgloss.published import load
from radgloss.published.find import cache_folder, find, is_published
from radgloss.published.words import canonical, lowered, spaced

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    foreign = pytest.importorskip("foreign", reason="needs transformers")
    import transformers


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    foreign.clip(folder)
    return folder


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "model")


def refused(folder, code, **kwargs):
    with pytest.raises(InputRejected) as caught:
        load(folder, **kwargs)
    assert caught.value.code == code
    return caught.value


def test_a_pickle_is_never_opened(folder):
    class Bomb:
        def __reduce__(self):
            return (open, (str(folder / "exploded"), "w"))

    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb()))
    problem = refused(folder, "pickle")
    assert "safetensors" in problem.do
    assert not (folder / "exploded").exists()


def test_python_beside_the_weights_is_never_run(folder):
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "modeling.Model"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "modeling.py").write_text("raise SystemExit('was run')")
    assert load(folder).family == "clip"


def test_weights_that_are_not_numbers_are_refused(folder):
    state = load_file(folder / "model.safetensors")
    state["text_projection.weight"][0, 0] = torch.nan
    save_file(state, folder / "model.safetensors")
    assert "text_projection" in refused(folder, "weights-damaged").found


def test_a_file_cut_off_is_refused(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    refused(folder, "weights-damaged")


LOST = [
    "logit_scale", "vision_model.post_layernorm.weight",
    "text_model.encoder.layers.1.self_attn.v_proj.weight",
]  # fmt: skip


@pytest.mark.parametrize("lost", LOST)
def test_a_weight_too_few_is_refused(folder, lost):
    state = load_file(folder / "model.safetensors")
    del state[lost]
    save_file(state, folder / "model.safetensors")
    refused(folder, "weights-layout")


def test_a_weight_too_many_is_refused(folder):
    state = load_file(folder / "model.safetensors")
    state["vision_model.adapter.weight"] = torch.zeros(3)
    save_file(state, folder / "model.safetensors")
    assert "adapter" in refused(folder, "weights-layout").found


def test_an_unknown_kind_of_model_is_refused_by_its_name(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "blip"}))
    assert "blip" in refused(folder, "weights-layout").found


def test_a_setting_of_open_clip_that_nothing_here_understands_is_refused(tmp_path):
    foreign.open_clip_clip(tmp_path)
    path = tmp_path / "open_clip_config.json"
    config = json.loads(path.read_text())
    config["model_cfg"]["vision_cfg"]["attentional_pool"] = True
    path.write_text(json.dumps(config))
    assert "attentional_pool" in refused(tmp_path, "weights-layout").found


def test_a_model_without_words_says_which_files_it_wants(folder):
    (folder / "vocab.json").unlink()
    assert "vocab.txt" in refused(folder, "weights-words").wanted


def test_words_of_another_model_are_refused(folder):
    path = folder / "vocab.json"
    more = {**json.loads(path.read_text()), **{f"w{i}": 1000 + i for i in range(500)}}
    path.write_text(json.dumps(more))
    assert "tokenizer" in refused(folder, "weights-layout").found


def test_a_name_resolves_from_the_cache_alone(whole, tmp_path):
    kept = tmp_path / "hub" / "models--somebody--clip"
    (kept / "refs").mkdir(parents=True)
    (kept / "refs" / "main").write_text("0123abc")
    shutil.copytree(whole, kept / "snapshots" / "0123abc")
    environment = {"HF_HOME": str(tmp_path)}
    found = load("hf:somebody/clip", environment=environment)
    assert (found.name, found.revision) == ("hf:somebody/clip", "0123abc")
    assert found.space == load(whole).space  # the same bytes are the same space
    assert find("hf:somebody/clip@0123abc", environment=environment).folder.name == "0123abc"
    problem = refused("hf:somebody/clip@other", "weights-missing", environment=environment)
    assert "hf download somebody/clip --revision other" in problem.do


def test_the_cache_is_where_the_library_of_hugging_face_says(monkeypatch, tmp_path):
    import huggingface_hub.constants as constants

    assert str(cache_folder()) == constants.HF_HUB_CACHE
    assert cache_folder({"HF_HUB_CACHE": "/a", "HF_HOME": "/b"}).as_posix() == "/a"


@pytest.mark.parametrize("name", ["hf:clip", "hf:../../etc/passwd", "hf:a/b/c", "hf:a/b@../x",
                                  "hf:", "hf:a/.."])  # fmt: skip
def test_a_name_cannot_leave_the_cache(name, tmp_path):
    refused(name, "weights-name", environment={"HF_HOME": str(tmp_path)})


def test_without_leave_nothing_is_fetched(monkeypatch, tmp_path):
    import huggingface_hub

    asked = []

    def fetch(repository, **options):
        asked.append((repository, options["allow_patterns"]))
        raise OSError("no network")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    environment = {"HF_HOME": str(tmp_path)}
    refused("hf:a/b", "weights-missing", environment=environment)
    assert asked == []
    refused("hf:a/b", "weights-fetch", environment=environment, network=True)
    [(repository, patterns)] = asked
    assert repository == "a/b"
    assert not {"*.bin", "*.py", "*.pt", "*"} & set(patterns)


def test_a_checkpoint_of_this_house_is_not_somebody_elses(tmp_path, folder):
    assert is_published(folder)
    (folder / "files.json").write_text("{}")
    assert not is_published(folder)
    assert not is_published("starter")


@pytest.mark.parametrize(
    ("text", "clean"),
    [("No  Effusion!", "no effusion"), ("12.5 mm; (left)", "125 mm left"), ("a--b", "ab"),
     (" Śródpiersie, prawe. ", "śródpiersie prawe"), ("left_lung", "left lung")],
)  # fmt: skip
def test_siglip_reads_lower_case_without_punctuation(text, clean):
    """As open_clip's `canonicalize_text` gives it."""
    assert canonical(text) == clean


def test_the_other_manners_keep_punctuation():
    assert (lowered("A  B."), spaced(" A  B. ")) == ("a b.", "A B.")


TRICKY = ["It's the patient's 3rd CT: don't wait", "Größe 12,5mm × 8", "a\tb\nc",
          "L4/5-disc (HNP)?", "<|endoftext|> inside", "ÉTAT"]  # fmt: skip


def test_words_from_tables_are_those_of_transformers(folder, tmp_path):
    clip = transformers.CLIPTokenizer.from_pretrained(folder)
    ours = load(folder).words
    for text in foreign.TEXTS + TRICKY[:4] + TRICKY[5:]:
        assert ours([text], 200)[0][0].tolist() == clip(text)["input_ids"], text
    foreign.biomedclip(tmp_path)
    bert = transformers.BertTokenizer(vocab=str(tmp_path / "vocab.txt"))
    ours = load(tmp_path).words
    for text in foreign.TEXTS + TRICKY:
        assert ours([text], 200)[0][0].tolist() == bert(text)["input_ids"], text


def test_a_tokenizer_json_gives_the_words_of_its_tables(folder):
    clip = transformers.CLIPTokenizer.from_pretrained(folder)
    before = load(folder).words(foreign.TEXTS, 77)
    clip.save_pretrained(folder)
    (folder / "vocab.json").unlink(missing_ok=True)
    (folder / "merges.txt").unlink(missing_ok=True)
    assert (folder / "tokenizer.json").is_file()
    after = load(folder).words(foreign.TEXTS, 77)
    assert [a.tolist() for a in after] == [b.tolist() for b in before]


def test_a_text_without_words_or_too_long_is_refused(folder):
    words = load(folder).words
    with pytest.raises(InputRejected, match="no words"):
        words(["  "], 77)
    with pytest.raises(InputRejected, match="at most 77"):
        words(["left " * 200], 77)

"""Tiny models with random weights in other people's layouts, written by their own libraries where
these are here, and the answers that those libraries give."""

import json
import re
import warnings

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import transformers

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

TEXTS = [
    "No pneumothorax.",
    "A 12 mm nodule in the left upper lobe; compare (2019).",
    "Cardiomegaly, unchanged",
    "Fracture of the right_hip, 3.5 cm haematoma -- don't miss it",
]
LAYER = {"hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": 2,
         "num_attention_heads": 4}  # fmt: skip


# ------------------------------------------------------------------ words


def byte_pairs(folder, size=400):
    """CLIP's files: vocab.json and merges.txt, learned from our texts."""
    backend = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    backend.normalizer = normalizers.Lowercase()
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=alphabet, end_of_word_suffix="</w>", show_progress=False,
        special_tokens=["<|startoftext|>"],
    )  # fmt: skip
    backend.train_from_iterator(TEXTS * 3, trainer)
    kept = json.loads(backend.to_str())["model"]
    words = [*kept["vocab"], *(f"{letter}</w>" for letter in alphabet), "<|endoftext|>"]
    vocabulary = {w: i for i, w in enumerate(dict.fromkeys(words))}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), "utf-8")
    merges = [m if isinstance(m, str) else " ".join(m) for m in kept["merges"]]
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", "utf-8")
    return len(vocabulary)


def word_pieces(folder):
    """BERT's file: vocab.txt."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,;()-_'"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters),
             "no", "pneumo", "##thorax", "left", "lobe", "right"]  # fmt: skip
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", "utf-8")
    return len(words)


def sentence_pieces(folder, tokenizer_class, marks):
    """SigLIP's file: a tokenizer.json over ▁-marked words, with its settings."""
    pad, eos, unknown = marks
    backend = Tokenizer(models.Unigram())
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=150, special_tokens=list(dict.fromkeys([pad, eos, unknown])), unk_token=unknown,
        show_progress=False,
    )  # fmt: skip
    lower = [t.lower() for t in TEXTS]
    backend.train_from_iterator([*TEXTS, *lower] * 4, trainer)
    backend.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {"tokenizer_class": tokenizer_class, "pad_token": pad, "eos_token": eos,
             "unk_token": unknown}
        )
    )  # fmt: skip
    return backend.get_vocab_size()


# ------------------------------------------------------------------ models of transformers


def shaken(model):
    """Every weight away from its quiet start (biases of 0, norms of 1), so that a weight which goes
    to the wrong place is seen."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "logit" not in name:
                p.add_(torch.randn(p.shape, generator=generator) * 0.1)
    return model.eval()


def clip(folder):
    """A CLIP of transformers with its words; returns the reference."""
    vocabulary = byte_pairs(folder)
    text = {**LAYER, "vocab_size": vocabulary, "max_position_embeddings": 77,
            "eos_token_id": vocabulary - 1, "bos_token_id": 0,
            "pad_token_id": vocabulary - 1}  # fmt: skip
    config = transformers.CLIPConfig(
        text_config=text, vision_config={**LAYER, "image_size": 32, "patch_size": 8},
        projection_dim=24,
    )  # fmt: skip
    torch.manual_seed(0)
    model = shaken(transformers.CLIPModel(config))
    model.save_pretrained(folder)
    return model


def siglip(folder, gemma=False, size=32):
    """A SigLIP of transformers; gemma: with the words of SigLIP 2."""
    if gemma:
        vocabulary = sentence_pieces(folder, "GemmaTokenizer", ("<pad>", "<eos>", "<unk>"))
    else:
        vocabulary = sentence_pieces(folder, "SiglipTokenizer", ("</s>", "</s>", "<unk>"))
    config = transformers.SiglipConfig(
        text_config={**LAYER, "vocab_size": vocabulary, "max_position_embeddings": 64,
                     "bos_token_id": 1, "eos_token_id": 1, "pad_token_id": 0},
        vision_config={**LAYER, "image_size": size, "patch_size": 8},
    )  # fmt: skip
    torch.manual_seed(1)
    model = shaken(transformers.SiglipModel(config))
    model.save_pretrained(folder)
    return model


def siglip2(folder):
    """A SigLIP 2 for pictures of any shape."""
    vocabulary = sentence_pieces(folder, "GemmaTokenizer", ("<pad>", "<eos>", "<unk>"))
    config = transformers.Siglip2Config(
        text_config={**LAYER, "vocab_size": vocabulary, "max_position_embeddings": 64,
                     "bos_token_id": 1, "eos_token_id": 1, "pad_token_id": 0},
        vision_config={**LAYER, "num_patches": 16, "patch_size": 8},
    )  # fmt: skip
    torch.manual_seed(2)
    model = shaken(transformers.Siglip2Model(config))
    model.save_pretrained(folder)
    return model


# ------------------------------------------------------------------ the layout of open_clip


def _renamed(state, *pairs):
    found = {}
    for name, value in state.items():
        for pattern, replacement in pairs:
            name = re.sub(pattern, replacement, name)
        found[name] = value.clone().contiguous()
    return found


def _fused(state, three, fused):
    """q, k and v of a layer as one tensor under the name of the first."""
    found = dict(state)
    for name in state:
        if f".{three[0]}." in name:
            parts = [found.pop(name.replace(f".{three[0]}.", f".{w}.")) for w in three]
            found[fused(name)] = torch.cat(parts)
    return found


def open_clip_clip(folder):
    """CLIP as open_clip names it: the weights of a transformers CLIP, renamed by hand."""
    reference = clip(folder)
    (folder / "config.json").unlink()
    (folder / "model.safetensors").unlink()
    state = _fused(
        reference.state_dict(), ("q_proj", "k_proj", "v_proj"),
        lambda n: n.replace("self_attn.q_proj.", "attn.in_proj_"),
    )  # fmt: skip
    state = {k: v for k, v in state.items() if "position_ids" not in k}
    state["visual.proj"] = state.pop("visual_projection.weight").T
    state["text_projection"] = state.pop("text_projection.weight").T
    renamed = _renamed(
        state,
        (r"^vision_model\.encoder\.layers", "visual.transformer.resblocks"),
        (r"^text_model\.encoder\.layers", "transformer.resblocks"),
        (r"layer_norm(\d)", r"ln_\1"), (r"self_attn\.out_proj", "attn.out_proj"),
        (r"fc1", "c_fc"), (r"fc2", "c_proj"),
        (r"^vision_model\.embeddings\.class_embedding", "visual.class_embedding"),
        (r"^vision_model\.embeddings\.patch_embedding", "visual.conv1"),
        (r"^vision_model\.embeddings\.position_embedding\.weight", "visual.positional_embedding"),
        (r"^vision_model\.pre_layrnorm", "visual.ln_pre"),
        (r"^vision_model\.post_layernorm", "visual.ln_post"),
        (r"^text_model\.embeddings\.token_embedding", "token_embedding"),
        (r"^text_model\.embeddings\.position_embedding\.weight", "positional_embedding"),
        (r"^text_model\.final_layer_norm", "ln_final"),
    )  # fmt: skip
    save_file(renamed, folder / "open_clip_model.safetensors")
    layer = {"layers": 2, "width": 48}
    config = {
        "model_cfg": {
            "embed_dim": 24, "quick_gelu": True,
            "vision_cfg": {**layer, "image_size": 32, "patch_size": 8, "head_width": 12},
            "text_cfg": {**layer, "heads": 4, "context_length": 77, "vocab_size": 500},
        },
        "preprocess_cfg": {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.3, 0.25]},
    }  # fmt: skip
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    return reference


class Biomed:
    """BiomedCLIP of parts that transformers has: a plain ViT and a BERT, projections by hand."""

    def __init__(self, vocabulary):
        torch.manual_seed(3)
        vit = transformers.ViTConfig(
            hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=3,
            image_size=32, patch_size=8, layer_norm_eps=1e-6,
        )  # fmt: skip
        bert = transformers.BertConfig(
            hidden_size=128, intermediate_size=96, num_hidden_layers=2, num_attention_heads=2,
            vocab_size=vocabulary, max_position_embeddings=300,
        )  # fmt: skip
        self.vit = shaken(transformers.ViTModel(vit, add_pooling_layer=False))
        self.bert = shaken(transformers.BertModel(bert, add_pooling_layer=False))
        g = torch.Generator().manual_seed(4)
        self.head = torch.randn(24, 48, generator=g) * 0.2
        self.one = torch.randn(76, 128, generator=g) * 0.1
        self.two = torch.randn(24, 76, generator=g) * 0.1

    def image(self, pixels):
        return self.vit(pixels).last_hidden_state[:, 0] @ self.head.T

    def text(self, tokens):
        x = self.bert(tokens, attention_mask=(tokens != 0).long()).last_hidden_state[:, 0]
        return torch.nn.functional.gelu(x @ self.one.T) @ self.two.T


def biomedclip(folder):
    """BiomedCLIP as open_clip keeps it: a timm tower, a BERT of transformers under text., a config
    that names both."""
    reference = Biomed(word_pieces(folder))
    vit = _fused(
        reference.vit.state_dict(), ("q_proj", "k_proj", "v_proj"),
        lambda n: n.replace("attention.q_proj.", "attn.qkv."),
    )  # fmt: skip
    picture = _renamed(
        vit,
        (r"^embeddings\.cls_token", "cls_token"),
        (r"^embeddings\.position_embeddings", "pos_embed"),
        (r"^embeddings\.patch_embeddings\.projection", "patch_embed.proj"),
        (r"^layers\.", "blocks."),
        (r"layernorm_before", "norm1"), (r"layernorm_after", "norm2"),
        (r"attention\.o_proj", "attn.proj"),
        (r"^layernorm\.", "norm."),
        (r"^", "visual.trunk."),
    )  # fmt: skip
    bert = _renamed(reference.bert.state_dict(), (r"^", "text.transformer."))
    state = {**picture, **bert, "visual.head.proj.weight": reference.head,
             "text.proj.0.weight": reference.one, "text.proj.2.weight": reference.two,
             "logit_scale": torch.tensor(4.0)}  # fmt: skip
    save_file(state, folder / "open_clip_model.safetensors")
    config = {
        "model_cfg": {
            "embed_dim": 24,
            "vision_cfg": {"timm_model_name": "vit_tiny_patch16_224", "timm_pool": "",
                           "timm_model_pretrained": False, "timm_proj": "linear",
                           "image_size": 32},
            "text_cfg": {"hf_model_name": "somebody/bert", "hf_tokenizer_name": "somebody/bert",
                         "hf_proj_type": "mlp", "hf_pooler_type": "cls_last_hidden_state_pooler",
                         "context_length": 256},
        },
        "preprocess_cfg": {"mean": [0.48, 0.46, 0.41], "std": [0.27, 0.26, 0.28]},
    }  # fmt: skip
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    return reference


# ------------------------------------------------------------------ questions to both


def pictures(n=3, size=32, seed=0):
    """Normalised pictures (n, 3, size, size)."""
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=(n, 3, size, size)).astype(np.float32))

"""One door for every layout: a name or a folder → a model that is ready to be asked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from radgloss.errors import InputRejected
from radgloss.models.alignment import dual
from radgloss.nn.published_text import PaddedTextConfig
from radgloss.preprocess import Preprocess
from radgloss.published import layouts, weights
from radgloss.published.find import Found, find
from radgloss.published.words import Words, load_words
from radgloss.types import Window

__all__ = ["Published", "load"]

# One grey picture in three channels, as these models saw CT in journals: soft tissue.
SOFT_TISSUE = Window(40, 400)


@dataclass(frozen=True, eq=False)
class Published:
    """Somebody's weights in our modules, with what they need to be used as they were trained.

    name: what people call it. space: the name of its embedding space, which no other weights share.
    mean, spread: of pixels in [0, 1], by channel. revision: a commit of Hugging Face, or empty."""

    name: str
    family: str
    space: str
    model: Any  # dual.Dual
    words: Words
    preprocess: Preprocess
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    folder: Path
    revision: str = ""


def load(
    name: str | Path, network: bool = False, environment: Mapping[str, str] = os.environ
) -> Published:
    """Find, read, understand and fill.

    Raises InputRejected('weights-missing', 'weights-name', 'weights-fetch', 'pickle',
    'weights-damaged', 'weights-layout', 'weights-words')."""
    found = find(name, network, environment)
    files = weights.weight_files(found.folder, found.name)
    layout = layouts.understand(found.folder, weights.read(files, found.name), found.name)
    words, tables = load_words(found.folder, layout.manner, found.name)
    config = layout.config
    if isinstance(config.text, PaddedTextConfig):
        config = replace(config, text=replace(config.text, pad=words.pad))
    if len(words) > config.text.vocabulary:
        raise _disagree(found, f"a tokenizer of {len(words)} tokens",
                        f"at most {config.text.vocabulary}, as the weights have")  # fmt: skip
    preprocess = Preprocess(size=config.image.size, windows=(SOFT_TISSUE,) * config.image.channels)
    content = weights.digest([*_configs(found.folder), *tables, *files])
    return Published(
        name=found.name, family=layout.family, space=f"{layout.family}:{content}",
        model=_filled(config, layout, found), words=words, preprocess=preprocess,
        mean=layout.mean, spread=layout.spread, folder=found.folder, revision=found.revision,
    )  # fmt: skip


def _filled(config: dual.Config, layout: layouts.Layout, found: Found) -> Any:
    try:
        model = dual.build(config)
        model.load_state_dict(layout.state)
    except (RuntimeError, ValueError, AssertionError) as problem:
        first = next((x.strip() for x in str(problem).splitlines()[1:] if x.strip()), str(problem))
        raise _disagree(found, f"weights that do not fill the model ({first[:120]})",
                        "every weight of its layout") from problem  # fmt: skip
    return model.eval()


def _configs(folder: Path) -> list[Path]:
    names = ("config.json", "open_clip_config.json", "preprocessor_config.json",
             "tokenizer_config.json", "special_tokens_map.json")  # fmt: skip
    return [folder / n for n in names if (folder / n).is_file()]


def _disagree(found: Found, what: str, wanted: str) -> InputRejected:
    return InputRejected("weights-layout", found.name, what, wanted, "Fetch the whole model again.")

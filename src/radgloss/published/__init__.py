"""Other people's weights: found in a folder or a local cache, read as safetensors, poured into our
own modules, with the words and the grey values that they were trained with.

One adapter for every layout: `load(name)`. No code of a checkpoint is ever run."""

from radgloss.published.load import Published, load

__all__ = ["Published", "load"]

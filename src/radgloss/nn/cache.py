"""What a decoder remembers of the tokens that it has read: keys and values, a plain value.

Tokens of a row lie side by side from column 0; `lengths` says how many are real. A step writes
behind them and returns a new value with larger lengths over the same buffers. To forget the last
tokens is therefore to say smaller lengths (`rewound`): what lies beyond is masked, and is written
over by what comes next. That is all that speculation needs; beams take rows (`chosen`).

Unusual here: two values may share their buffers, so a value that was stepped from must not be
stepped from again, unless the way back was `rewound`, or it was copied by `chosen`.
Shapes: B rows · H heads · L room for tokens · T new tokens · M tokens of memory · E width of a
head."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

__all__ = ["Cache", "Layer", "empty"]


@dataclass(frozen=True, eq=False)
class Layer:
    """keys, values: (B, H, L, E) of the tokens. crossed: keys and values (B, H, M, E) of the
    memory, computed once; None where a decoder has no memory."""

    keys: torch.Tensor
    values: torch.Tensor
    crossed: tuple[torch.Tensor, torch.Tensor] | None = None


@dataclass(frozen=True, eq=False)
class Cache:
    """lengths: (B,) int64, real tokens of each row. seen: (B, M) bool, which tokens of the memory
    may be looked at; None: all. longest: of the lengths. even: whether all rows are of one length,
    which spares masks."""

    layers: tuple[Layer, ...]
    lengths: torch.Tensor
    seen: torch.Tensor | None = None
    longest: int = 0
    even: bool = True

    def __len__(self) -> int:
        return len(self.lengths)

    def rewound(self, lengths: torch.Tensor) -> Cache:
        """The same rows with fewer tokens. lengths: (B,), none larger than it was."""
        assert bool((lengths <= self.lengths).all()), "a cache cannot be wound forward"
        return self._of(lengths)

    def chosen(self, rows: torch.Tensor) -> Cache:
        """Copies of these rows, any of them several times. rows: (R,) int64 -> R rows."""
        layers = tuple(
            Layer(
                x.keys[rows], x.values[rows],
                None if x.crossed is None else (x.crossed[0][rows], x.crossed[1][rows]),
            )
            for x in self.layers
        )  # fmt: skip
        seen = None if self.seen is None else self.seen[rows]
        return replace(self, layers=layers, seen=seen)._of(self.lengths[rows])

    def with_room(self, tokens: int) -> Cache:
        """The same with room for so many more tokens in every row, at least doubled if it grows."""
        room = self.layers[0].keys.shape[2]
        wanted = self.longest + tokens
        if wanted <= room:
            return self
        more = max(wanted, 2 * room) - room
        return replace(self, layers=tuple(_grown(x, more) for x in self.layers))

    def grown(self, counts: torch.Tensor | int) -> Cache:
        """The value after a step that wrote counts (B,) real tokens, or as many in every row."""
        if isinstance(counts, int):
            return replace(self, lengths=self.lengths + counts, longest=self.longest + counts)
        return self._of(self.lengths + counts)

    def _of(self, lengths: torch.Tensor) -> Cache:
        some = lengths.tolist()
        return replace(self, lengths=lengths, longest=max(some, default=0), even=len(set(some)) < 2)

    def written(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> tuple[
        torch.Tensor, torch.Tensor
    ]:  # fmt: skip
        """Write (B, H, T, E) behind each row's tokens; what may be looked at, (B, H, ≤ L, E)."""
        held, new = self.layers[layer], keys.shape[2]
        end = self.longest + new
        if self.even:
            start = end - new
            held.keys[:, :, start:end] = keys
            held.values[:, :, start:end] = values
        else:
            rows = torch.arange(len(self))[:, None]
            columns = self.lengths[:, None] + torch.arange(new)  # (B, T)
            held.keys[rows, :, columns] = keys.transpose(1, 2)
            held.values[rows, :, columns] = values.transpose(1, 2)
        return held.keys[:, :, :end], held.values[:, :, :end]

    def allowed(self, new: int) -> torch.Tensor | None:
        """Which of the columns each of `new` tokens may look at, (B or 1, 1, T, ≤ L) bool.

        None: all of them. Token t of a row sees what was there before it, and itself."""
        if self.even and new == 1:
            return None
        lengths = self.lengths[:1] if self.even else self.lengths
        columns = torch.arange(self.longest + new, device=lengths.device)
        last = lengths[:, None] + torch.arange(new, device=lengths.device)  # (B or 1, T)
        return (columns <= last[..., None])[:, None]


def empty(
    rows: int, depth: int, heads: int, width: int, room: int, like: torch.Tensor,
    crossed: tuple[tuple[torch.Tensor, torch.Tensor], ...] = (),
    seen: torch.Tensor | None = None,
) -> Cache:  # fmt: skip
    """No tokens yet. width: of a head. crossed: by layer, of a memory. like: its type and place."""
    layers = tuple(
        Layer(
            like.new_zeros(rows, heads, room, width), like.new_zeros(rows, heads, room, width),
            crossed[n] if crossed else None,
        )
        for n in range(depth)
    )  # fmt: skip
    return Cache(layers, torch.zeros(rows, dtype=torch.int64, device=like.device), seen)


def _grown(layer: Layer, more: int) -> Layer:
    pad = (0, 0, 0, more)
    return replace(
        layer, keys=torch.nn.functional.pad(layer.keys, pad),
        values=torch.nn.functional.pad(layer.values, pad),
    )  # fmt: skip

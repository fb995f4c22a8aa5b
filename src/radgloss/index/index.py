"""The index: vectors of one space with their uid, text and fields, asked by vector.

Exact up to 50,000 rows; from there an inverted file answers, at a recall that was measured when it
was made and is reported as `recall`. Rows added since then are searched exactly."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, KeysView, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypedDict

import numpy as np
import numpy.typing as npt

from radgloss.index import files, filters, nearest
from radgloss.index.files import Manifest, Vectors
from radgloss.index.nearest import Numbers
from radgloss.types import Embedding, Hit, InputRejected

__all__ = ["Index", "VectorIndex"]

log = logging.getLogger("radgloss.index")

_UNIT = 1e-3  # how far a length may be from 1
_COMPACT_FROM = 1_000  # dead rows
_MAX_K = 10_000
_TAIL = 5_000  # rows behind the inverted file that are still searched exactly


class VectorIndex(Protocol):
    """What every index offers, embedded or in a database server."""

    @property
    def space(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    def __len__(self) -> int: ...
    def add(
        self,
        uids: Sequence[str],
        vectors: Vectors,
        texts: Sequence[str],
        fields: Sequence[Mapping[str, str]],
    ) -> None: ...
    def remove(self, uids: Iterable[str]) -> int: ...
    def search(self, query: Embedding, k: int = 10, where: str | None = None) -> list[Hit]: ...
    def search_many(
        self, queries: Sequence[Embedding], k: int = 10, where: str | None = None
    ) -> list[list[Hit]]: ...


class _Row(TypedDict):
    uid: str
    text: str
    fields: dict[str, str]


class Index:
    """The embedded index; make it with `Index.create`, find it again with `Index.open`.

    Several processes may read and write one folder; a reader sees what had been published when it
    opened it or last changed it."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self._load(manifest)

    @classmethod
    def create(cls, path: Path, space: str, dimension: int) -> Index:
        """A new, empty index in an empty or absent folder.

        space: name of the embedding space; vectors and queries of another one are refused.
        dimension: D. Raises InputRejected: index-exists, bad-vector, disk-full."""
        if not space or dimension < 1:
            found, wanted = f"space {space!r}, dimension {dimension}", "a name, and at least 1"
            raise InputRejected("bad-vector", Path(path).name, found, wanted, "Correct the call.")
        manifest = Manifest(space, dimension)
        files.create(Path(path), manifest)
        return cls(Path(path), manifest)

    @classmethod
    def open(cls, path: Path) -> Index:
        """The index in that folder; every byte is checked first.

        Raises InputRejected: no-index, index-foreign, index-schema, index-corrupt."""
        for _ in range(20):
            manifest = files.read_manifest(Path(path))
            try:
                return cls(Path(path), manifest)
            except (InputRejected, FileNotFoundError):
                if files.read_manifest(Path(path)).edition == manifest.edition:
                    raise  # no other process had changed it meanwhile
        raise InputRejected(
            "index-busy",
            Path(path).name,
            "one that keeps changing",
            "a moment's rest",
            "Try again.",
        )

    def __len__(self) -> int:
        return len(self._number)

    def __contains__(self, uid: object) -> bool:
        return uid in self._number

    @property
    def uids(self) -> KeysView[str]:
        """The uids of all rows."""
        return self._number.keys()

    def __repr__(self) -> str:
        return f"Index({self.space}, {len(self)} × {self.dimension})"

    @property
    def space(self) -> str:
        """Name of the embedding space."""
        return self._manifest.space

    @property
    def dimension(self) -> int:
        """D."""
        return self._manifest.dimension

    @property
    def recall(self) -> float:
        """Share of the exact ten nearest that are found: 1 while exact, else as measured."""
        return self._manifest.ivf.recall if self._manifest.ivf else 1.0

    # -------------------------------------------------------------- state

    def _load(self, manifest: Manifest) -> None:
        self._vectors, rows = files.load(self.folder, manifest)
        self._lines: list[bytes] = []
        self._uids: list[str] = []
        self._number: dict[str, int] = {}
        self._manifest = replace(manifest, dead=())
        self._extend(manifest, rows.splitlines(keepends=True))
        self._load_ivf()

    def _extend(self, manifest: Manifest, lines: list[bytes]) -> None:
        """Take up rows that were published behind ours."""
        first, dead = len(self._lines), set(manifest.dead)
        self._lines += lines
        self._uids += [json.loads(line)["uid"] for line in lines]
        for number in dead.difference(self._manifest.dead):
            if number < first and self._number.get(self._uids[number]) == number:
                del self._number[self._uids[number]]
        for number in range(first, len(self._uids)):
            if number not in dead:
                self._number[self._uids[number]] = number
        self._alive = np.ones(manifest.rows, bool)
        self._alive[list(dead)] = False
        self._fields: list[dict[str, str]] | None = None
        self._masks: dict[str, npt.NDArray[np.bool_]] = {}  # of the latest filters
        self._columns: dict[str, tuple[list[str | None], Numbers]] = {}
        self._manifest = manifest

    def _load_ivf(self) -> None:
        ivf = self._manifest.ivf
        self._ivf = nearest.load_ivf(self.folder, ivf) if ivf else None

    def _refresh(self) -> None:
        """See what another process has published since; inside the lock."""
        manifest = files.read_manifest(self.folder)
        if manifest != self._manifest:
            self._load(manifest)

    # -------------------------------------------------------------- changing

    def add(
        self,
        uids: Sequence[str],
        vectors: Vectors,
        texts: Sequence[str],
        fields: Sequence[Mapping[str, str]],
    ) -> None:
        """Add rows, all or none; a uid that is there already, or earlier in the same call, is
        replaced. On disk on return.

        vectors: (N, D) float32 of unit length, in the order of the uids.
        Raises InputRejected: bad-vector, bad-uid, disk-full."""
        array = self._checked(uids, vectors, texts, fields)
        last = sorted({uid: at for at, uid in enumerate(uids)}.values())
        lines = [_line(uids[i], texts[i], fields[i]) for i in last]
        if not lines:
            return
        with files.locked(self.folder):
            self._refresh()
            replaced = tuple(self._number[u] for u in uids if u in self._number)
            state = files.append(
                self.folder, self._manifest, array[last], b"".join(lines), replaced
            )
            self._publish(state, lines)

    def remove(self, uids: Iterable[str]) -> int:
        """Remove those uids; how many had been there. On disk on return."""
        with files.locked(self.folder):
            self._refresh()
            gone = {self._number[u] for u in uids if u in self._number}
            if gone:
                dead = tuple(sorted({*self._manifest.dead, *gone}))
                edition = self._manifest.edition + 1
                self._publish(replace(self._manifest, dead=dead, edition=edition), [])
        return len(gone)

    def _publish(self, state: Manifest, lines: list[bytes]) -> None:
        files.publish(self.folder, state)
        self._vectors = files.mapped_vectors(self.folder, state)
        self._extend(state, lines)
        try:
            self._grow()
        except InputRejected as error:  # the rows are safe; only their form stays as it was
            log.warning("index not reorganised", extra={"fields": {"code": error.code}})
        files.sweep(self.folder, self._manifest)

    def _grow(self) -> None:
        """Give the rows the form that suits their number: compacted, with inverted lists."""
        state = self._manifest
        if len(state.dead) >= _COMPACT_FROM and len(state.dead) * 4 > state.rows:
            keep = np.flatnonzero(self._alive).tolist()
            state = files.rewrite(self.folder, state, self._vectors, self._lines, keep)
        state = self._with_ivf(state)
        if state is not self._manifest:
            files.publish(self.folder, state)
            self._load(state)

    def _with_ivf(self, state: Manifest) -> Manifest:
        old, rows = state.ivf, state.rows
        if rows < nearest.IVF_FROM or (old and rows - old.rows <= max(_TAIL, rows // 20)):
            return state
        name = f"ivf-{state.generation}-{state.edition}.faiss"
        vectors = files.mapped_vectors(self.folder, state)
        out = files.aside(self.folder, name)
        self._ivf = None  # room for the next one; searching is exact until that is loaded
        if old and rows < 4 * old.trained:
            ivf = nearest.extend_ivf(self.folder, old, name, vectors, out)
        else:
            ivf = nearest.build_ivf(name, vectors, out)
        ivf = files.take_ivf(self.folder, ivf)
        return replace(state, ivf=ivf, edition=state.edition + 1)

    def _checked(
        self,
        uids: Sequence[str],
        vectors: Vectors,
        texts: Sequence[str],
        fields: Sequence[Mapping[str, str]],
    ) -> Vectors:
        array = np.asarray(vectors)
        lengths = {len(uids), len(texts), len(fields), len(array) if array.ndim else -1}
        if array.shape != (len(uids), self.dimension) or len(lengths) > 1:
            found = f"{len(uids)} uids, {len(texts)} texts, {len(fields)} fields, {array.shape}"
            raise self._bad(found, f"as many rows of width {self.dimension}")
        if array.dtype.kind != "f":
            raise self._bad(f"numbers of type {array.dtype}", "float32")
        array = np.ascontiguousarray(array, np.float32)
        length = np.linalg.norm(array.astype(np.float64), axis=1)
        wrong = np.flatnonzero(~(np.abs(length - 1) <= _UNIT))  # NaN is wrong too
        if len(wrong):
            at = int(wrong[0])
            found = f"length {length[at]:.4g} at row {at}, {len(wrong)} such rows"
            raise self._bad(found, "finite vectors of length 1")
        if not all(uids):
            do = "Give each row its uid."
            raise InputRejected("bad-uid", self.folder.name, "an empty uid", "a uid", do)
        return array

    def _bad(self, found: str, wanted: str) -> InputRejected:
        return InputRejected("bad-vector", self.folder.name, found, wanted, "Nothing was added.")

    # -------------------------------------------------------------- asking

    def search(self, query: Embedding, k: int = 10, where: str | None = None) -> list[Hit]:
        """The k nearest rows by cosine, the best first, ties by uid.

        query: a unit vector (D,) of this index's space. where: a filter, as `modality=CR and
        view!=PA`. Raises InputRejected: index-space, bad-vector, bad-filter, bad-k."""
        return self.search_many([query], k, where)[0]

    def search_many(
        self, queries: Sequence[Embedding], k: int = 10, where: str | None = None
    ) -> list[list[Hit]]:
        """As `search`, for several queries at once; many times faster than one by one."""
        if not 1 <= k <= _MAX_K:
            found, wanted = f"k = {k}", f"1 to {_MAX_K}"
            raise InputRejected("bad-k", self.folder.name, found, wanted, "Choose another k.")
        if not queries:
            return []
        array = np.stack([self._query(q) for q in queries])  # (Q, D)
        allowed = self._allowed(where)
        return [
            self._hits(query, numbers, k)
            for query, numbers in zip(array, self._candidates(array, k, allowed), strict=True)
        ]

    def _query(self, query: Embedding) -> Vectors:
        if query.space != self.space:
            raise InputRejected(
                "index-space",
                self.folder.name,
                f"a query of space {query.space!r}",
                f"space {self.space!r}",
                "Embed the query with the checkpoint that made the index.",
            )
        vector = np.asarray(query.vector, np.float32)
        if vector.shape != (self.dimension,) or not abs(np.linalg.norm(vector) - 1) <= _UNIT:
            found = f"a query of shape {vector.shape} that may not be a unit vector"
            do = "Scale it to length 1."
            wanted = f"a unit vector of width {self.dimension}"
            raise InputRejected("bad-vector", self.folder.name, found, wanted, do)
        return vector

    def _allowed(self, where: str | None) -> npt.NDArray[np.bool_]:
        if where is None:
            return self._alive
        if where not in self._masks:
            if len(self._masks) >= 16:
                self._masks.clear()
            self._masks[where] = self._alive & self._mask(filters.parse(where))
        return self._masks[where]

    def _mask(self, where: filters.Expression) -> npt.NDArray[np.bool_]:
        """(N,) which rows pass, dead ones included."""
        if isinstance(where, filters.Compare):
            values, which = self._column(where.name)
            passing = [filters.holds(where, value) for value in values]
            return np.array(passing, bool)[which]
        masks = np.stack([self._mask(part) for part in where.parts])
        every = isinstance(where, filters.Every)
        return np.asarray(masks.all(axis=0) if every else masks.any(axis=0))

    def _column(self, name: str) -> tuple[list[str | None], Numbers]:
        """The values that one field has, None where a row lacks it, and which is whose, (N,)."""
        if name not in self._columns:
            if self._fields is None:
                self._fields = [json.loads(line)["fields"] for line in self._lines]
            numbers: dict[str | None, int] = {}
            which = [numbers.setdefault(f.get(name), len(numbers)) for f in self._fields]
            self._columns[name] = list(numbers), np.array(which, np.int64)
        return self._columns[name]

    def _candidates(
        self, queries: Vectors, k: int, allowed: npt.NDArray[np.bool_]
    ) -> list[Numbers]:
        """For each query, row numbers that hold the k best of the allowed rows."""
        total, ivf = int(allowed.sum()), self._manifest.ivf
        if ivf is None or self._ivf is None or total < max(nearest.IVF_FROM, 4 * k):
            return self._exact(queries, k, allowed, 0)
        inside = int(allowed[: ivf.rows].sum())
        # A filter that keeps one row in f sends the k-th neighbour farther: f times the lists.
        probes = min(-(-ivf.probes * ivf.rows // max(inside, 1)), ivf.lists)
        selected = None if inside == ivf.rows else allowed[: ivf.rows]
        found = nearest.probe(self._ivf, queries, k, probes, selected)
        newer = self._exact(queries, k, allowed, ivf.rows)
        both = [np.concatenate([a[a >= 0], b]) for a, b in zip(found, newer, strict=True)]
        for i in [i for i, numbers in enumerate(both) if len(numbers) < k]:
            (both[i],) = self._exact(queries[i : i + 1], k, allowed, 0)  # they lay in other lists
        return both

    def _exact(
        self, queries: Vectors, k: int, allowed: npt.NDArray[np.bool_], first: int
    ) -> list[Numbers]:
        """The k best of the allowed rows from `first` on, and whatever ties with the k-th."""
        vectors, allowed = self._vectors[first:], allowed[first:]
        total = int(allowed.sum())
        if total == len(allowed):
            return [first + n for n in nearest.exact(queries, vectors, k)]
        if 8 * total > len(allowed):  # most of them: skip the others on the way
            return [first + n for n in nearest.exact(queries, vectors, k, allowed)]
        rows = np.flatnonzero(allowed)
        return [first + rows[n] for n in nearest.exact(queries, np.asarray(vectors[rows]), k)]

    def _hits(self, query: Vectors, numbers: Numbers, k: int) -> list[Hit]:
        scores = nearest.rescored(query, self._vectors, numbers)
        best = sorted(zip(-scores, (self._uids[n] for n in numbers), numbers, strict=True))[:k]
        return [self._hit(int(number), -float(score)) for score, _, number in best]

    def _hit(self, number: int, score: float) -> Hit:
        row: _Row = json.loads(self._lines[number])
        return Hit(row["uid"], min(max(score, -1.0), 1.0), row["text"], row["fields"])


def _line(uid: str, text: str, fields: Mapping[str, str]) -> bytes:
    row: _Row = {"uid": uid, "text": text, "fields": dict(fields)}
    return json.dumps(row, ensure_ascii=True).encode() + b"\n"

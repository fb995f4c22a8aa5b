"""Laws of the index: it finds what brute force finds, filters as one would by hand, and stays
whole whatever happens to the process that writes it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from radgloss.index import Index, VectorIndex, files, nearest
from radgloss.index.filters import matches, parse
from radgloss.protocols import Searcher
from radgloss.types import Embedding, Hit, InputRejected

Array = npt.NDArray[np.float32]
SPACE = "clip-test"


def unit(rows: int, width: int, seed: int = 0) -> Array:
    x = np.random.default_rng(seed).standard_normal((rows, width))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def clustered(rows: int, width: int, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((64, width))
    x = centres[rng.integers(0, 64, rows)] + 0.5 * rng.standard_normal((rows, width))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def fields_of(number: int) -> dict[str, str]:
    fields = {"modality": ("CR", "DX", "CT")[number % 3]}
    return fields | ({"view": ("PA", "AP")[number % 2]} if number % 5 else {})


def filled(path: Path, x: Array) -> Index:
    index = Index.create(path, SPACE, x.shape[1])
    n = len(x)
    texts = [f"report {i}" for i in range(n)]
    index.add([f"u{i:05}" for i in range(n)], x, texts, [fields_of(i) for i in range(n)])
    return index


def by_hand(x: Array, query: Array, k: int, where: str | None = None) -> list[str]:
    """Cosine in numpy, sorted by score and then by uid."""
    scores = (x.astype(np.float64) * query.astype(np.float64)).sum(axis=1)
    tree = parse(where) if where else None
    order = [
        (-s, f"u{i:05}")
        for i, s in enumerate(scores)
        if tree is None or matches(tree, fields_of(i))
    ]
    return [uid for _, uid in sorted(order)[:k]]


def uids(hits: list[Hit]) -> list[str]:
    return [hit.uid for hit in hits]


def q(vector: Array) -> Embedding:
    return Embedding(vector, SPACE)


def code(act: Callable[[], object]) -> str:
    with pytest.raises(InputRejected) as caught:
        act()
    return caught.value.code


# ------------------------------------------------------------------ searching


def test_search_finds_the_image_itself(tmp_path: Path) -> None:
    x = unit(200, 16)
    index = filled(tmp_path / "i", x)
    for number in range(0, 200, 7):
        hit = index.search(q(x[number]), 1)[0]
        assert (hit.uid, hit.text) == (f"u{number:05}", f"report {number}")
        assert hit.fields == fields_of(number)
        assert hit.score == pytest.approx(1, abs=1e-6)


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    st.integers(1, 120),
    st.integers(1, 6),
    st.integers(1, 40),
    st.integers(0, 1000),
    st.sampled_from([None, "modality=CR", "view!=PA and (modality=CT or modality=DX)", "x=y"]),
)
def test_search_equals_brute_force_with_ties_and_filters(
    tmp_path_factory: pytest.TempPathFactory,
    rows: int,
    width: int,
    k: int,
    seed: int,
    where: str | None,
) -> None:
    x = unit(max(1, rows // 3), width, seed)[
        np.random.default_rng(seed).integers(0, max(1, rows // 3), rows)
    ]
    index = filled(tmp_path_factory.mktemp("law") / "i", x)
    queries = [x[0], *unit(3, width, seed + 1)]
    found = index.search_many([q(v) for v in queries], k, where)
    assert [uids(f) for f in found] == [by_hand(x, v, k, where) for v in queries]
    assert found[0] == index.search(q(queries[0]), k, where)


def test_many_equal_vectors_come_in_the_order_of_their_uids(tmp_path: Path) -> None:
    x = np.repeat(unit(1, 8), 300, axis=0)
    index = filled(tmp_path / "i", x)
    assert uids(index.search(q(x[0]), 5)) == [f"u{i:05}" for i in range(5)]


def test_filtering_is_searching_and_then_leaving_out(tmp_path: Path) -> None:
    x = unit(500, 12)
    index = filled(tmp_path / "i", x)
    index.remove([f"u{i:05}" for i in range(0, 500, 9)])
    for where in ("modality=CR", "modality!=CR", 'view=PA or modality="CT"'):
        everything = index.search(q(x[3]), 500)
        passing = [h for h in everything if matches(parse(where), h.fields)]
        assert index.search(q(x[3]), 20, where) == passing[:20]


def test_opened_again_it_answers_the_same(tmp_path: Path) -> None:
    x = unit(300, 16)
    index = filled(tmp_path / "i", x)
    index.remove(["u00004"])
    again = Index.open(tmp_path / "i")
    assert len(again) == 299
    assert again.space == SPACE
    for number in range(0, 300, 17):
        assert again.search(q(x[number]), 7) == index.search(q(x[number]), 7)


# ------------------------------------------------------------------ the inverted file


def test_a_large_index_answers_at_its_measured_recall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "IVF_FROM", 4000)
    x = clustered(6000, 24)
    index = filled(tmp_path / "i", x)
    assert index.recall >= 0.98
    assert any(p.suffix == ".faiss" for p in index.folder.iterdir())
    queries = clustered(40, 24, seed=0) + 0.1 * unit(40, 24, seed=9)
    queries = (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)
    for where in (None, "modality!=CR"):
        found = index.search_many([q(v) for v in queries], 10, where)
        truth = [by_hand(x, v, 10, where) for v in queries]
        recall = np.mean(
            [len(set(uids(f)) & set(t)) / 10 for f, t in zip(found, truth, strict=True)]
        )
        assert recall >= 0.97
    assert Index.open(index.folder).search(q(queries[0]), 10) == index.search(q(queries[0]), 10)


def test_rows_added_after_the_lists_were_made_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "IVF_FROM", 2000)
    x = clustered(3000, 16)
    index = filled(tmp_path / "i", x[:2500])
    assert index.recall < 1.01
    n = range(2500, 3000)
    index.add([f"u{i:05}" for i in n], x[2500:], [""] * 500, [fields_of(i) for i in n])
    for number in range(2500, 3000, 50):
        assert index.search(q(x[number]), 1)[0].uid == f"u{number:05}"
    index.remove(["u02500", "u00007"])
    found = uids(index.search(q(x[2500]), 10)) + uids(index.search(q(x[7]), 10))
    assert not {"u02500", "u00007"} & set(found)


def test_k_hits_come_back_wherever_k_rows_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows that pass lie in one corner, the query in the other: no list it probes holds one."""
    rng = np.random.default_rng(0)
    centres = unit(40, 16)[np.arange(3000) % 40]
    x = centres + 0.02 * rng.standard_normal((3000, 16))
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
    far = x @ x[0] < np.median(x @ x[0])
    monkeypatch.setattr(nearest, "IVF_FROM", 3000)
    index = Index.create(tmp_path / "i", SPACE, 16)
    fields = [{"far": "yes" if f else "no"} for f in far]
    index.add([f"u{i:05}" for i in range(3000)], x, [""] * 3000, fields)
    assert index._ivf is not None
    monkeypatch.setattr(nearest, "IVF_FROM", 1)
    assert len(index.search(q(x[0]), 100, "far=yes")) == 100


# ------------------------------------------------------------------ changing


def test_the_same_uid_again_replaces(tmp_path: Path) -> None:
    x = unit(50, 8)
    index = filled(tmp_path / "i", x)
    index.add(["u00003"], -x[3:4], ["new"], [{"modality": "MR"}])
    assert len(index) == 50
    (hit,) = index.search(q(-x[3]), 1)
    assert (hit.uid, hit.text, hit.fields) == ("u00003", "new", {"modality": "MR"})
    assert index.search(q(x[3]), 50)[-1].uid == "u00003"
    assert uids(index.search(q(x[0]), 50, "modality=MR")) == ["u00003"]


def test_a_uid_twice_in_one_addition_is_replaced_as_if_added_one_by_one(tmp_path: Path) -> None:
    x = unit(3, 4)
    index = Index.create(tmp_path / "i", SPACE, 4)
    index.add(["a", "b", "a"], x, ["old", "b", "new"], [{}, {}, {}])
    assert len(index) == len(Index.open(tmp_path / "i")) == 2
    assert [h.text for h in index.search(q(x[2]), 5) if h.uid == "a"] == ["new"]


class Machine(RuleBasedStateMachine):
    """Any sequence of adding, replacing, removing and reopening equals a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(os.environ["PYTEST_INDEX_FOLDER"]) / str(time.monotonic_ns())
        self.index = Index.create(self.folder, SPACE, 5)
        self.model: dict[str, tuple[int, str]] = {}

    @rule(names=st.sets(st.sampled_from("abcdefgh"), max_size=4), seed=st.integers(0, 5))
    def add(self, names: set[str], seed: int) -> None:
        some = sorted(names)
        fields = [{"seed": str(seed)}] * len(some)
        self.index.add(some, unit(max(len(some), 1), 5, seed)[: len(some)], some, fields)
        self.model |= {name: (i, str(seed)) for i, name in enumerate(some)}

    @rule(names=st.sets(st.sampled_from("abcdefgh"), max_size=6))
    def remove(self, names: set[str]) -> None:
        assert self.index.remove(names) == len(names & self.model.keys())
        self.model = {k: v for k, v in self.model.items() if k not in names}

    @rule()
    def reopen(self) -> None:
        self.index = Index.open(self.folder)

    @rule()
    def another_writes(self) -> None:
        Index.open(self.folder).add(["z"], unit(1, 5, 77), [""], [{"seed": "77"}])
        self.index.remove(["z"])

    @invariant()
    def the_same_as_a_dictionary(self) -> None:
        assert len(self.index) == len(self.model)
        for seed in {s for _, s in self.model.values()}:
            wanted = {n for n, (_, s) in self.model.items() if s == seed}
            assert set(uids(self.index.search(q(unit(1, 5)[0]), 10, f"seed={seed}"))) == wanted
        for name, (i, seed) in self.model.items():
            vector = unit(8, 5, int(seed))[i] if i else unit(1, 5, int(seed))[0]
            best = self.index.search(q(vector), 8)[0].score
            assert best == pytest.approx(1, abs=1e-6), name


def test_any_sequence_of_changes_equals_a_dictionary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_INDEX_FOLDER", str(tmp_path))
    monkeypatch.setattr("radgloss.index.index._COMPACT_FROM", 3)
    run_state_machine_as_test(
        Machine, settings=settings(deadline=None, max_examples=10, stateful_step_count=12)
    )


# ------------------------------------------------------------------ refusing


def test_spaces_never_mix(tmp_path: Path) -> None:
    x = unit(5, 4)
    index = filled(tmp_path / "i", x)
    assert code(lambda: index.search(Embedding(x[0], "another"), 1)) == "index-space"


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0, 2.0])
def test_a_vector_that_is_not_unit_or_finite_is_refused_whole(tmp_path: Path, bad: float) -> None:
    x = unit(5, 4)
    index = filled(tmp_path / "i", x)
    wrong = unit(3, 4, 5)
    wrong[1] = bad
    names, none = ["a", "b", "c"], [{}] * 3
    assert code(lambda: index.add(names, wrong, names, none)) == "bad-vector"
    assert code(lambda: index.search(q(wrong[1]))) == "bad-vector"
    assert len(index) == len(Index.open(tmp_path / "i")) == 5


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    x = unit(4, 4)
    index = filled(tmp_path / "i", x)
    two = ["a", "b"]
    assert code(lambda: index.add(two, x[:1], two, [{}, {}])) == "bad-vector"
    assert code(lambda: index.add(two, unit(2, 5), two, [{}, {}])) == "bad-vector"
    assert code(lambda: index.add(two, x[:2], two, [{}])) == "bad-vector"
    assert code(lambda: index.add(["a", ""], x[:2], two, [{}, {}])) == "bad-uid"
    assert code(lambda: index.search(q(unit(1, 5)[0]))) == "bad-vector"
    assert code(lambda: index.search(q(x[0]), 0)) == "bad-k"
    assert code(lambda: index.search(q(x[0]), 3, "modality")) == "bad-filter"
    assert code(lambda: Index.create(tmp_path / "i", SPACE, 4)) == "index-exists"
    assert code(lambda: Index.create(tmp_path / "j", "", 4)) == "bad-vector"
    assert code(lambda: Index.open(tmp_path / "none")) == "no-index"


def test_an_index_is_a_searcher(tmp_path: Path) -> None:
    index: VectorIndex = Index.create(tmp_path / "i", SPACE, 4)
    assert isinstance(index, Searcher)


def test_an_empty_index_answers_with_nothing(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "i", SPACE, 4)
    assert index.search(q(unit(1, 4)[0]), 3, "a=b") == []
    index.add([], np.empty((0, 4), np.float32), [], [])
    assert len(Index.open(tmp_path / "i")) == 0


@pytest.mark.parametrize("name", ["index.json", "vectors-0.f32", "rows-0.jsonl"])
def test_any_changed_byte_is_noticed(tmp_path: Path, name: str) -> None:
    filled(tmp_path / "i", unit(20, 4))
    path = tmp_path / "i" / name
    whole = path.read_bytes()
    rng = random.Random(1)
    for _ in range(20):
        data = bytearray(whole)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        found = code(lambda: Index.open(tmp_path / "i"))
        assert found.startswith("index-")
    path.write_bytes(whole[:-1])
    assert code(lambda: Index.open(tmp_path / "i")) == "index-corrupt"
    path.unlink()
    assert code(lambda: Index.open(tmp_path / "i")) in ("index-corrupt", "no-index")


def test_a_changed_inverted_file_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "IVF_FROM", 2000)
    index = filled(tmp_path / "i", clustered(2000, 8))
    (path,) = index.folder.glob("*.faiss")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert code(lambda: Index.open(tmp_path / "i")) == "index-corrupt"


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"kind": "radgloss-index", "schema": 99}, "index-schema"),
        ({"kind": "cookbook", "schema": 1}, "index-foreign"),
        ({"kind": "radgloss-index", "schema": 1}, "index-corrupt"),
        ([1, 2], "index-foreign"),
        ("nonsense", "index-foreign"),
    ],
)
def test_a_foreign_or_newer_index_is_refused_by_name(
    tmp_path: Path, body: object, wanted: str
) -> None:
    (tmp_path / "index.json").write_text(json.dumps(body))
    assert code(lambda: Index.open(tmp_path)) == wanted
    (tmp_path / "index.json").write_bytes(b"\xff{")
    assert code(lambda: Index.open(tmp_path)) == "index-corrupt"


# ------------------------------------------------------------------ whole or as before

_ADD = """
import sys
import numpy as np
from pathlib import Path
from radgloss.index import Index
index = Index.open(Path(sys.argv[1]))
for n in range(len(index), 20_000, 20):
    x = np.random.default_rng(n).standard_normal((20, 64))
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
    names = [f"{n}-{i}" for i in range(20)]
    index.add(names, x, names, [{"n": str(n)}] * 20)
    print(n, flush=True)
"""


def test_a_killed_addition_leaves_the_state_before_or_after(tmp_path: Path) -> None:
    Index.create(tmp_path / "i", SPACE, 64)
    rng, last = random.Random(3), 0
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", _ADD, str(tmp_path / "i")],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        assert process.stdout is not None
        said = [int(process.stdout.readline())]
        time.sleep(rng.random() * 0.1)
        process.kill()
        said += [int(line) for line in process.stdout.read().splitlines()]
        process.wait()
        process.stdout.close()
        index = Index.open(tmp_path / "i")
        assert len(index) % 20 == 0
        assert len(index) in (said[-1] + 20, said[-1] + 40)  # all that was said, at most one more
        assert len(index) > last
        last = len(index)
        found = index.search(index_query(index, said[-1]), 20, f"n={said[-1]}")
        assert {h.uid for h in found} == {f"{said[-1]}-{i}" for i in range(20)}


def index_query(index: Index, n: int) -> Embedding:
    x = np.random.default_rng(n).standard_normal(64).astype(np.float32)
    return Embedding((x / np.linalg.norm(x)).astype(np.float32), index.space)


def test_an_addition_that_fails_before_it_is_published_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = unit(30, 4)
    index = filled(tmp_path / "i", x)

    def full(*_: object) -> None:
        raise InputRejected("disk-full", "index", "no room", "room", "Free some.")

    with monkeypatch.context() as patched:
        patched.setattr(files, "publish", full)
        assert code(lambda: index.add(["new"], -x[:1], [""], [{}])) == "disk-full"
    assert len(index) == len(Index.open(tmp_path / "i")) == 30
    index.add(["new"], -x[:1], [""], [{}])
    assert Index.open(tmp_path / "i").search(q(-x[0]), 1)[0].uid == "new"

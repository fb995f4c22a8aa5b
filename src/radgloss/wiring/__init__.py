"""The only place where parts are put together; the command line and the Python face both use it.

Everything here is plumbing: which checkpoint, which reader, which writers, in which order. What a
step does is decided in its own room. `models` finds and loads them, `studies` reads and answers,
`finding` indexes, searches and points, `training` trains, `judging` evaluates."""

from radgloss.wiring.finding import ground, index, index_manifest, search
from radgloss.wiring.judging import bench_phantom, evaluate
from radgloss.wiring.models import (
    Model,
    engine,
    export,
    find_checkpoint,
    load,
    load_trained,
    measure_precision,
)
from radgloss.wiring.studies import (
    FORMATS,
    Reported,
    burned_in,
    each_study,
    label_rows,
    limits,
    probe,
    read,
    report,
)
from radgloss.wiring.training import bench_systems, systems, train

__all__ = [
    "FORMATS", "Model", "Reported", "bench_phantom", "bench_systems", "burned_in", "each_study",
    "engine", "evaluate", "export", "find_checkpoint", "ground", "index", "index_manifest",
    "label_rows", "limits", "load", "load_trained", "measure_precision", "probe", "read", "report",
    "search", "systems", "train",
]  # fmt: skip

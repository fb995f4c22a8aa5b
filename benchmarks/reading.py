"""A series of DICOM files into an array: ours, plain pydicom, MONAI, side by side.

    python benchmarks/reading.py [--slices 320] [--rounds 5] [--codecs native,rle,j2k]

Takes seven minutes on two cores at rest.

Each way runs in a fresh process that imports its library first, then reads the same series of
512² CT slices `rounds` times, the ways taking turns; the median is told. "cold" starts its child
processes anew in every reading, and that start is counted; "warm" keeps them (`Reader`). Two ends:
the float32 volume, and the model's array: an `Image` with its affine through `prepare()`, which is
the same code for all, and the arrays must be equal. "From the start" is a program of its own, from
the start of Python through its imports to the model's array, as `radgloss report` is.

Plain pydicom is `pixel_array * slope + intercept`, sorted by position, into one array; it checks
and hashes nothing. Memory is the peak of the proportional set size of the process with its
children, shared pages once, over the size of the float32 array, imports included. MONAI runs in
`.venv-bench` if there. Our modules are compiled to bytecode first, as an installation does."""

from __future__ import annotations

import argparse
import compileall
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
OURS = ("cold-1", "cold-2", "warm-1", "warm-2")
FROM_START = " from the start"
# What takes turns: within a group nobody rests for long, for a system may take the memory of a
# process at rest, which would be paid for in its next turn. MONAI takes seconds, so it comes last.
GROUPS = (("plain", *OURS), ("plain model", *(f"{way} model" for way in OURS)), ("plain", "monai"))
WAYS = ("plain", *OURS, "monai", *GROUPS[1])
BESIDE = "plain beside monai"
FRESH = ("plain", "cold-1", "cold-2")
# JPEG 2000 takes 30 ms a slice, whoever decodes it: one end and few rounds, or it takes an hour.
SLOW = {"j2k": (GROUPS[1:2], 2)}
ENDS = {
    "": "Series to float32 volume",
    "model": "Series to model array",
    "from the start": "A program from its start to the model array",
}


NOTES = """
Like is compared with like in two places: *warm* beside plain (both have their libraries loaded) and
*a program from its start* (both load them). *Cold* in the other tables starts a child in every
reading, while plain's own import of pydicom is not counted.

MONAI took turns with plain alone; its ratio is to the plain reading of its own rounds.
"""


def make_series(folder: Path, slices: int, codec: str) -> None:
    """Soft noise on a disc, 12 significant bits, as compressible as a CT is."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import JPEG2000Lossless, RLELossless, generate_uid

    rng = np.random.default_rng(0)
    y, x = np.mgrid[-1:1:512j, -1:1:512j]
    body = np.where(x**2 + y**2 < 0.8, 1050.0, 20.0)
    for i in range(slices):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
        meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
        data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, generate_uid()
        meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.3", "1.2.3.4"
        data.FrameOfReferenceUID, data.PatientID, data.Modality = "1.2.3.9", "BENCH", "CT"
        data.PatientName, data.StudyDate, data.InstanceNumber = "Bench^Mark", "20260101", i + 1
        data.Rows = data.Columns = 512
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
        data.RescaleSlope, data.RescaleIntercept = 1, -1024
        data.WindowCenter, data.WindowWidth = 40, 400
        data.PixelSpacing, data.ImageOrientationPatient = [0.7, 0.7], [1, 0, 0, 0, 1, 0]
        data.ImagePositionPatient = [-180.0, -180.0, 1.25 * i]
        data.PixelData = (body + rng.normal(0, 15, body.shape)).clip(0).astype("<u2").tobytes()
        if codec == "rle":
            data.compress(RLELossless, generate_instance_uid=False)
        elif codec == "j2k":
            data.compress(JPEG2000Lossless, generate_instance_uid=False)
        data.save_as(folder / f"{(i * 37) % slices:04d}.dcm", enforce_file_format=True)


# ------------------------------------------------------------------ the ways, one process each


def read_plain(folder: str) -> tuple[np.ndarray, np.ndarray]:
    """(F, R, C) float32 and its affine, (frame, row, column, 1) to millimetres."""
    import pydicom

    files = [pydicom.dcmread(os.path.join(folder, n)) for n in sorted(os.listdir(folder))]
    files.sort(key=lambda d: float(d.ImagePositionPatient[2]))
    out = np.empty((len(files), files[0].Rows, files[0].Columns), np.float32)
    first, last = (np.array(files[i].ImagePositionPatient, float) for i in (0, -1))
    along, down = np.array(files[0].ImageOrientationPatient, float).reshape(2, 3)
    spacing = np.array(files[0].PixelSpacing, float)
    affine = np.eye(4)
    affine[:3, 0] = (last - first) / max(len(files) - 1, 1)
    affine[:3, 1], affine[:3, 2], affine[:3, 3] = down * spacing[0], along * spacing[1], first
    for i, d in enumerate(files):
        out[i] = d.pixel_array
        out[i] *= np.float32(d.RescaleSlope)
        out[i] += np.float32(d.RescaleIntercept)
        files[i] = None  # type: ignore[call-overload]
    return out, affine


def reading_way(way: str):  # type: ignore[no-untyped-def]
    """A function from a folder to its volume, or for "… model" to the model's array."""
    way, _, end = way.partition(" ")
    if end == "model":
        from radgloss.preprocess import Preprocess, prepare

        image_of = image_way(way)
        return lambda folder: prepare(image_of(folder), Preprocess()).pixels
    if way == "monai":
        from monai.transforms import LoadImage

        load = LoadImage(reader="PydicomReader", image_only=True, dtype=np.float32)
        return lambda folder: np.asarray(load(folder))
    if way == "plain":
        import pydicom.pixels  # noqa: F401 - imports are not what is timed

        return lambda folder: read_plain(folder)[0]
    image_of = image_way(way)
    return lambda folder: image_of(folder).pixels


def image_way(way: str):  # type: ignore[no-untyped-def]
    """A function from a folder to its `Image`."""
    if way == "plain":
        import pydicom.pixels  # noqa: F401

        from radgloss.types import Image

        def image(folder: str) -> Image:
            pixels, affine = read_plain(folder)
            return Image(uid="1", pixels=pixels, affine=affine, modality="CT", units="HU")

        return image
    from radgloss.dicom import Reader, read

    kind, workers = way.split("-")
    if kind == "cold":
        return lambda folder: read(folder, workers=int(workers)).images[0]
    reader = Reader(workers=int(workers))
    return lambda folder: reader.read(folder).images[0]


def serve(way: str) -> None:
    """Import, then read a folder for every line on stdin; answer with seconds and shape."""
    act = reading_way(way)
    for line in sys.stdin:
        start, used = time.perf_counter(), cpu_seconds()
        pixels = act(line.strip())
        seconds, used = time.perf_counter() - start, cpu_seconds() - used
        # the sum touches every page of the array, so that its memory is counted here
        answer = {
            "seconds": seconds,
            "cpu": used,
            "shape": pixels.shape,
            "sum": float(pixels.sum(dtype=np.float64)),
        }
        print(json.dumps(answer), flush=True)
        del pixels


def cpu_seconds() -> float:
    """Processor time of this process and its children, those that still run included."""
    import psutil

    ended = os.times()
    running = (child.cpu_times() for child in psutil.Process().children())
    return sum(ended[:4]) + sum(times.user + times.system for times in running)


class Watched:
    """A process of one way, and the peak of its memory with its children's."""

    def __init__(self, way: str, python: str) -> None:
        env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        self.process = subprocess.Popen(
            [python, __file__, "--serve", way],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=env,
        )

    def read(self, folder: Path, watch: bool) -> tuple[dict[str, object], float]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        peak, stop = [0.0], threading.Event()
        watcher = threading.Thread(target=self._watch, args=(peak, stop))
        if watch:  # measuring memory costs time, so it has a round of its own
            watcher.start()
        self.process.stdin.write(f"{folder}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        stop.set()
        if watch:
            watcher.join()
        return (json.loads(line) if line else {}), peak[0]

    def _watch(self, peak: list[float], stop: threading.Event) -> None:
        import psutil

        root = psutil.Process(self.process.pid)
        while not stop.wait(0.02):
            total = 0
            for process in (root, *root.children(recursive=True)):
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:
                    continue
            peak[0] = max(peak[0], total)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def python_of(way: str) -> str | None:
    if way != "monai":
        return sys.executable
    other = HERE.parent / ".venv-bench" / "bin" / "python"
    if not other.exists():
        return None
    has = subprocess.run([str(other), "-c", "import monai, pydicom"], capture_output=True)
    return str(other) if has.returncode == 0 else None


def compare(folder: Path, slices: int, codec: str, rounds: int) -> list[str]:
    groups, rounds = SLOW.get(codec, (GROUPS, rounds))
    seconds: dict[str, list[float]] = {}
    cpu: dict[str, list[float]] = {}
    peaks: dict[str, float] = {}
    sums: dict[str, object] = {}
    for group in groups:
        found = take_turns(group, folder, rounds)
        if "monai" in group:  # beside it, plain is another measurement
            found[0][BESIDE] = found[0].pop("plain")
        for known, new in zip((seconds, cpu, peaks, sums), found, strict=True):
            known.update({k: v for k, v in new.items() if k not in known})
    for end in ("", " model"):  # MONAI turns its volume and rounds otherwise
        assert len({sums[w + end] for w in ("plain", *OURS) if w + end in sums}) <= 1, sums
    for _ in range(rounds if groups == GROUPS else 0):
        for way in FRESH:
            seconds.setdefault(way + FROM_START, []).append(fresh_process(way, folder))
    array = slices * 512 * 512 * 4
    rows = []
    measured = {way.partition(" ")[2] for way in seconds if way != BESIDE}
    for end, title in ENDS.items():
        if end not in measured:
            continue
        rows += ["", f"{title}:", "", "| way | seconds | ratio | processor | memory |"]
        rows += ["|---|---|---|---|---|"]
        for way in (
            w for w in (*WAYS, *(f + FROM_START for f in FRESH)) if w.partition(" ")[2] == end
        ):
            rows.append(row(way, seconds, cpu, peaks.get(way, 0.0) / array))
    return rows


def take_turns(group: tuple[str, ...], folder: Path, rounds: int):  # type: ignore[no-untyped-def]
    """Seconds, processor time, peak memory and sum of pixels of each way, turn by turn."""
    ways = {way: python_of(way.partition(" ")[0]) for way in group}
    running = {way: Watched(way, python) for way, python in ways.items() if python}
    seconds: dict[str, list[float]] = {way: [] for way in running}
    cpu: dict[str, list[float]] = {way: [] for way in running}
    peaks: dict[str, float] = {}
    sums: dict[str, object] = {}
    for turn in range(rounds + 2):
        for way, process in running.items():
            answer, peak = process.read(folder, watch=turn == rounds + 1)
            if not answer:
                continue
            sums[way] = answer["sum"]
            if turn == rounds + 1:
                peaks[way] = peak
            elif turn:  # the first turn warms the disk
                seconds[way].append(float(answer["seconds"]))  # type: ignore[arg-type]
                cpu[way].append(float(answer["cpu"]))  # type: ignore[arg-type]
    for process in running.values():
        process.end()
    return seconds, cpu, peaks, sums


def row(
    way: str, seconds: dict[str, list[float]], cpu: dict[str, list[float]], memory: float
) -> str:
    name, space, end = way.partition(" ")
    if not seconds.get(way):
        return f"| {name} | not installed | | | |"
    plain = seconds[BESIDE if name == "monai" else "plain" + space + end]
    ratio = statistics.median(a / b for a, b in zip(seconds[way], plain, strict=True))
    used = f"{statistics.median(cpu[way]):.2f}" if way in cpu else ""
    held = f"{memory:.2f}" if memory else ""
    return f"| {name} | {statistics.median(seconds[way]):.2f} | {ratio:.2f} | {used} | {held} |"


def fresh_process(way: str, folder: Path) -> float:
    """Seconds from the start of a Python process, imports included, to the model's array."""
    start = time.perf_counter()
    process = Watched(way + " model", sys.executable)
    process.read(folder, watch=False)
    seconds = time.perf_counter() - start
    process.end()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slices", type=int, default=320)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--codecs", default="native,rle,j2k")
    parser.add_argument("--serve", default="")
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return
    compileall.compile_dir(HERE.parent / "src" / "radgloss", quiet=1)
    today = datetime.date.today().isoformat()
    lines = [
        f"# Reading a series, {today}",
        "",
        f"{options.slices} slices of 512², {options.rounds} interleaved rounds, "
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}. "
        "Ratio: median over rounds of the time over plain pydicom's in the same round. "
        "Processor: seconds of process and children. Memory: their peak (PSS) over the float32 "
        f"array. Load before the run: {os.getloadavg()[0]:.1f}.",
    ]
    for codec in options.codecs.split(","):
        with tempfile.TemporaryDirectory() as name:
            make_series(Path(name), options.slices, codec)
            rows = compare(Path(name), options.slices, codec, options.rounds)
        few = [f", {SLOW[codec][1]} rounds"] if codec in SLOW else []
        head = ["", "".join([f"## {codec}", *few])]
        lines += [*head, *rows]
        print("\n".join([*head, *rows]), flush=True)
    target = HERE / "results" / f"reading-{today}.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(lines) + "\n" + NOTES)


if __name__ == "__main__":
    main()

"""A series of DICOM files into one float32 array: ours, plain pydicom, MONAI, side by side.

    python benchmarks/reading.py [--slices 320] [--rounds 5] [--codecs native,rle,j2k]

Each way runs in a fresh process that imports its library first, then reads the same series of
512² CT slices `rounds` times, the ways taking turns; the median is told. Ours starts its child
processes anew in every reading, and that start is counted. "Warm" keeps them (`Reader`). Plain
pydicom is `pixel_array * slope + intercept`, sorted by position, into one array; it checks nothing.
Memory is the peak of the proportional set size of the process with its children, shared pages
once, over the size of the float32 array, imports included. MONAI runs in `.venv-bench` if there."""

from __future__ import annotations

import argparse
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
WAYS = ("plain", "ours-1", "ours-2", "warm-1", "warm-2", "monai")
FRESH = ("plain", "ours-1", "ours-2")


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


def read_plain(folder: str) -> np.ndarray:
    import pydicom

    files = [pydicom.dcmread(os.path.join(folder, n)) for n in sorted(os.listdir(folder))]
    files.sort(key=lambda d: float(d.ImagePositionPatient[2]))
    out = np.empty((len(files), files[0].Rows, files[0].Columns), np.float32)
    for i, d in enumerate(files):
        out[i] = d.pixel_array
        out[i] *= np.float32(d.RescaleSlope)
        out[i] += np.float32(d.RescaleIntercept)
        files[i] = None  # type: ignore[call-overload]
    return out


def reading_way(way: str):  # type: ignore[no-untyped-def]
    if way == "plain":
        import pydicom.pixels  # noqa: F401 - imports are not what is timed

        return read_plain
    if way == "monai":
        from monai.transforms import LoadImage

        load = LoadImage(reader="PydicomReader", image_only=True, dtype=np.float32)
        return lambda folder: np.asarray(load(folder))
    from radgloss.dicom import Reader, read

    kind, workers = way.split("-")
    if kind == "ours":
        return lambda folder: read(folder, workers=int(workers)).images[0].pixels
    reader = Reader(workers=int(workers))
    return lambda folder: reader.read(folder).images[0].pixels


def serve(way: str) -> None:
    """Import, then read a folder for every line on stdin; answer with seconds and shape."""
    act = reading_way(way)
    for line in sys.stdin:
        start = time.perf_counter()
        pixels = act(line.strip())
        seconds = time.perf_counter() - start
        # the sum touches every page of the array, so that its memory is counted here
        answer = {
            "seconds": seconds,
            "shape": pixels.shape,
            "sum": float(pixels.sum(dtype=np.float64)),
        }
        print(json.dumps(answer), flush=True)
        del pixels


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


def compare(folder: Path, slices: int, rounds: int) -> list[str]:
    ways = {way: python_of(way) for way in WAYS}
    running = {way: Watched(way, python) for way, python in ways.items() if python}
    seconds: dict[str, list[float]] = {way: [] for way in running}
    peaks, sums = {}, {}
    for turn in range(rounds + 2):
        for way, process in running.items():
            answer, peak = process.read(folder, watch=turn == rounds + 1)
            if not answer:
                continue
            sums[way] = (sorted(answer["shape"]), answer["sum"])  # type: ignore[call-overload]
            if turn == rounds + 1:
                peaks[way] = peak
            elif turn:  # the first turn warms the disk
                seconds[way].append(float(answer["seconds"]))  # type: ignore[arg-type]
    for process in running.values():
        process.end()
    assert len({shape_sum[1] for way, shape_sum in sums.items() if way != "monai"}) == 1, sums
    fresh: dict[str, list[float]] = {way: [] for way in FRESH}
    for _ in range(rounds):
        for way in FRESH:
            fresh[way].append(fresh_process(way, folder))
    array = slices * 512 * 512 * 4
    plain = statistics.median(seconds["plain"])
    rows = []
    for way in WAYS:
        if way not in running or not seconds[way]:
            rows.append(f"| {way} | not installed | | |")
            continue
        middle = statistics.median(seconds[way])
        ratio = statistics.median(
            a / b for a, b in zip(seconds[way], seconds["plain"], strict=True)
        )
        assert plain > 0
        rows.append(f"| {way} | {middle:.2f} | {ratio:.2f} | {peaks[way] / array:.2f} |")
    for way in FRESH:
        ratio = statistics.median(a / b for a, b in zip(fresh[way], fresh["plain"], strict=True))
        middle = statistics.median(fresh[way])
        rows.append(
            f"| {way}, a program from its start to the array | {middle:.2f} | {ratio:.2f} | |"
        )
    return rows


def fresh_process(way: str, folder: Path) -> float:
    """Seconds from the start of a Python process, imports included, to the array."""
    start = time.perf_counter()
    process = Watched(way, sys.executable)
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
    today = datetime.date.today().isoformat()
    lines = [
        f"# Reading a series, {today}",
        "",
        f"{options.slices} slices of 512², {options.rounds} interleaved rounds, "
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}. "
        "Ratio: median over rounds of the time over plain pydicom's in the same round. "
        "Memory: peak of process and children (PSS) over the float32 array.",
    ]
    for codec in options.codecs.split(","):
        with tempfile.TemporaryDirectory() as name:
            make_series(Path(name), options.slices, codec)
            rows = compare(Path(name), options.slices, options.rounds)
        head = ["", f"## {codec}", "", "| way | seconds | ratio | memory |", "|---|---|---|---|"]
        lines += [*head, *rows]
        print("\n".join([*head, *rows]), flush=True)
    target = HERE / "results" / f"reading-{today}.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

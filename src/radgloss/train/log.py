"""One JSON line a step into `log.jsonl`, and a progress bar where somebody is looking."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import TracebackType

from tqdm import tqdm

__all__ = ["Log"]


class Log:
    """Append-only. Lines of steps that a resumed run repeats are dropped first."""

    def __init__(self, path: Path, steps: int, start: int) -> None:
        kept = []
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    if json.loads(line)["step"] < start:
                        kept.append(line + "\n")
                except (json.JSONDecodeError, KeyError):
                    continue  # the half line of a killed run
        path.write_text("".join(kept), encoding="utf-8")
        self._file = path.open("a", encoding="utf-8")
        self._bar = tqdm(
            total=steps,
            initial=start,
            unit="step",
            file=sys.stderr,
            disable=not sys.stderr.isatty(),
        )

    def step(self, step: int, values: dict[str, float]) -> None:
        """Record one step."""
        self._file.write(json.dumps({"step": step, **values}) + "\n")
        self._file.flush()
        self._bar.update()
        self._bar.set_postfix({k: f"{v:.3g}" for k, v in values.items() if k in ("loss", "top1")})

    def __enter__(self) -> Log:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._bar.close()
        self._file.close()

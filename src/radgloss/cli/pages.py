"""The reading page and the tour: `serve`, `demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from radgloss.cli.common import NOTICE, Modality, ModelName, modality_of, path, settings_of

__all__ = ["demo", "serve"]


def serve(
    folder: Annotated[
        Path, typer.Argument(help="A folder of drafts, as demo and report make.", parser=path)
    ],
    port: Annotated[int, typer.Option(help="0 picks a free one.")] = 8765,
) -> None:
    """The reading page over a folder of drafts, on loopback only."""
    settings_of()
    from radgloss import room

    room.serve(folder, port=port)


def demo(
    folder: Annotated[
        Path | None, typer.Argument(help="Your own studies, if you like.", parser=path)
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", parser=path)] = Path("demo-output"),
    modality: Modality = "",
    serve: Annotated[bool, typer.Option(help="Serve the reading page afterwards.")] = True,
    port: Annotated[int, typer.Option(help="0 picks a free one.")] = 8765,
    model: ModelName = None,
) -> None:
    """Simulated and real studies through everything, then the reading page on loopback."""
    settings = settings_of(model=model)
    from radgloss import demo as tour
    from radgloss import room
    from radgloss.dicom.files import mode_of

    if folder is not None:
        mode_of(folder)

    kind = modality_of(modality)

    shown = tour.run(output, settings, folder, say=print, modality=kind)
    print(f"\n{shown} studies in {output}. {NOTICE}")
    if serve:
        room.serve(output, port=port)

"""A model written for others: `export`."""

from __future__ import annotations

from typing import Annotated

import typer

from radgloss.cli.common import Json, ModelName, Output, print_json, settings_of

__all__ = ["export"]

FORMATS = ("onnx", "transformers")


def export(
    output: Output,
    format: Annotated[
        str, typer.Option(help="onnx (both towers) or transformers (CLIP layouts).")
    ] = "onnx",
    model: ModelName = None,
    json: Json = False,
) -> None:
    """Write a model for others: both towers as ONNX, or a folder that transformers reads.

    What was written as ONNX is run at other batch sizes and must agree with the model to 1e-4.
    Vectors only: calibration, thresholds and outlier scores stay here.
    """
    if format not in FORMATS:
        raise typer.BadParameter(
            f"{format!r} is not one of {', '.join(FORMATS)}.", param_hint="--format"
        )
    settings = settings_of(model=model)
    from radgloss import wiring
    from radgloss.exchange.files import check_output

    check_output(output)
    done = wiring.export(settings["model"], output, format)
    if json:
        print_json(
            {"folder": str(done.folder), "files": done.files, "largest_difference": done.largest}
        )
        return
    print(f"Written to {output}: {', '.join(done.files)}")
    if done.largest is not None:
        print(f"Largest difference from the model, at other batch sizes: {done.largest:.1e}")

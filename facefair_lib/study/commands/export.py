"""``facefair export``: a trained network as an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    out: Annotated[Path, typer.Option(help="File to write, ending in .onnx.")],
    model: Annotated[
        str, typer.Option(help="pspnet or deeplabv3; by default the package's better one, or a study's PSPNet.")
    ] = "",
    weights: Annotated[str, typer.Option(help="best.pt of a fit of --profile.")] = "",
    profile: Annotated[
        str, typer.Option(help="The study whose network is written; shipped: the package's own.")
    ] = "shipped",
    size: Annotated[int, typer.Option(help="Side of the input in pixels; 0 takes that of training.")] = 0,
    any_size: Annotated[
        bool, typer.Option("--any-size", help="Let the input have any size (not with pyramid pooling: pspnet).")
    ] = False,
) -> None:
    """Write a trained network as an ONNX file that runs without PyTorch, after checking it against PyTorch.

    Needs two packages more: pip install -r requirements-onnx.lock. The batch may
    have any size. The file's metadata name the classes, their colours and the
    normalisation.
    """
    from facefair_lib.models.trained import trained_network
    from facefair_lib.parse.onnx_export import export_onnx
    from facefair_lib.settings.path_text import from_home, path_text

    fitted = trained_network(model, profile, Path(weights) if weights else None)
    notes = {"model": fitted.model, "backbone": fitted.backbone, "profile": profile, "weights": fitted.told}
    done = export_onnx(fitted.network, from_home(out), size=size or fitted.size, any_size=any_size, notes=notes)
    typer.echo(
        f"{path_text(done.path)}: {done.path.stat().st_size / 1e6:.1f} MB, "
        f"logits within {done.largest_difference:.1g} of PyTorch's on {len(done.shapes)} inputs"
    )

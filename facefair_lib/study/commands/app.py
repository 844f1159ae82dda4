"""``facefair app``: the explorers in a browser, without the notebooks' code."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer()


@app.command("app")
def serve_app(
    profile: Annotated[
        str, typer.Option(help="A profile whose study has been run; by default the package's networks are shown.")
    ] = "",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes any free one.", min=0, max=65535)] = 8866,
    address: Annotated[str, typer.Option(help="Address to listen on; by default this machine only.")] = "127.0.0.1",
    token: Annotated[str, typer.Option(help="Secret that the browser must give; random by default.")] = "",
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
) -> None:
    """Explore in the browser: change a rendered person, and look at a finished study's pictures, fits and groups."""
    from facefair_lib.explore.server import serve

    raise typer.Exit(serve(profile, port, address, token=token, browser=browser))

"""``facefair app``: the explorers in a browser, without a notebook's code."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer()


@app.command("app")
def serve_app(
    profile: Annotated[
        str, typer.Option(help="A profile whose study has been run; without it, the package's networks are shown.")
    ] = "",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes any that is free.", min=0, max=65535)] = 8866,
    address: Annotated[str, typer.Option(help="Address to listen on; the default lets in nobody else.")] = "127.0.0.1",
    token: Annotated[str, typer.Option(help="What a browser must know; drawn anew by default.")] = "",
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
) -> None:
    """Explore in the browser: a rendered person to change, and a finished study's pictures, fits and groups."""
    from facefair_lib.explore.server import serve

    raise typer.Exit(serve(profile, port, address, token=token, browser=browser))

"""Plain characters where an output's encoding lacks others."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from facefair_lib.settings import paths
from facefair_lib.store.screen import use_plain_characters


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", "> a ... 3 x 2 - caf\\xe9 \\udce9 \\u6f22"),
        ("latin-1", "> a ... 3 × 2 · café \\udce9 \\u6f22"),
        ("utf-8", "▸ a … 3 × 2 · café \\udce9 漢"),
    ],
)
def test_what_an_encoding_lacks_is_written_plainly(monkeypatch: pytest.MonkeyPatch, encoding: str, shown: str) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    use_plain_characters()
    print("▸ a … 3 × 2 · café \udce9 漢", end="", flush=True)
    assert written.getvalue().decode(encoding) == shown


@pytest.mark.parametrize(
    "shell",
    [
        {"PYTHONIOENCODING": "latin-1"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"MPLBACKEND": "nonsense"},
    ],
)
def test_a_command_needs_no_encoding_and_no_backend(shell: dict[str, str]) -> None:
    program = (
        "import sys, facefair_lib.__main__ as m\n"
        "@m.app.command()\ndef show() -> None:\n"
        "    from matplotlib import pyplot\n    print(chr(0x25B8), chr(0x2026))\n"
        "sys.argv = ['facefair', 'show']\nm.main()"
    )
    environment = {**os.environ, "PYTHONPATH": str(paths.REPOSITORY), **shell}
    done = subprocess.run([sys.executable, "-X", "utf8=0", "-c", program], env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip() in (b"> ...", "▸ …".encode())

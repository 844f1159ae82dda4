"""The kernel of a headless notebook: this interpreter's, with nothing of the user's, wherever sockets can be."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from facefair_lib.study.jupyter_kernel import LocalKernelManager

SEEN = """
import json, os, sys
from ipykernel.kernelapp import IPKernelApp
import matplotlib
print(json.dumps({
    "python": sys.executable,
    "transport": IPKernelApp.instance().transport,
    "backend": matplotlib.get_backend(),
    "startup": "mine" in globals(),
}))
"""


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user whose Jupyter knows another Python and whose IPython defines a name."""
    spec = {"argv": ["/bin/false"], "display_name": "another Python", "language": "python"}
    startup = tmp_path / "ipython" / "profile_default" / "startup" / "mine.py"
    for path, text in {
        tmp_path / "jupyter" / "kernels" / "python3" / "kernel.json": json.dumps(spec),
        startup: "mine = 1",
    }.items():
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONSTARTUP", str(startup))
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    return tmp_path


def seen_in_a_kernel() -> dict[str, object]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SEEN)])
    NotebookClient(notebook, kernel_manager_class=LocalKernelManager, kernel_name="python3").execute()
    return json.loads(notebook.cells[0].outputs[0].text)


def test_a_kernel_is_this_interpreter_and_takes_nothing_from_the_user(user: Path) -> None:
    drawing = "module://matplotlib_inline.backend_inline"
    assert seen_in_a_kernel() == {"python": sys.executable, "transport": "ipc", "backend": drawing, "startup": False}


def test_where_temporary_files_have_a_long_path_sockets_are_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 90)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    manager = LocalKernelManager()
    assert manager.transport == "ipc"
    assert not Path(manager.ip).is_relative_to(deep)
    assert len(f"{manager.ip}-5") < 104


def test_where_no_folder_is_near_enough_a_kernel_listens_on_this_machine_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facefair_lib.study.jupyter_kernel._LONGEST_SOCKET", 10)
    manager = LocalKernelManager()
    assert (manager.transport, manager.ip) == ("tcp", "127.0.0.1")

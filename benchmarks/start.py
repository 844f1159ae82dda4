"""What a command, a stage and an installation cost before they do anything.

Run it from the repository's root::

    python benchmarks/start.py [--repeats 3]

Times are processor seconds of a child process, the least of the repeats: on a busy machine elapsed time would say more
about other programs. A stage is the process that runs its notebook, and a kernel, here with an empty notebook; what
each notebook imports is listed apart.
"""

from __future__ import annotations

import argparse
import ast
import json
import resource
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path

import nbformat

import facefair_lib
from facefair_lib.settings import paths

ROOMS = sorted(place.parent.name for place in Path(facefair_lib.__file__).parent.glob("*/__init__.py"))
EMPTY_STAGE = """
import sys
from facefair_lib.study import run_stage
sys.modules.setdefault("rfc3987_syntax", None)
import papermill
papermill.execute_notebook(sys.argv[1], None, kernel_name="python3", progress_bar=False,
    kernel_manager_class="facefair_lib.study.jupyter_kernel.LocalKernelManager")
"""


def seconds(code: str, repeats: int, *arguments: str) -> float:
    """Processor seconds of a Python process that runs some code, and of what it starts."""
    spent = []
    for _ in range(repeats):
        before = _children()
        subprocess.run([sys.executable, "-c", code, *arguments], check=True, stdout=subprocess.DEVNULL)
        spent.append(_children() - before)
    return min(spent)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def imports_of(notebook: Path) -> str:
    """The import statements of a notebook."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    statements = [(source, node) for source in sources for node in ast.parse(source).body]
    found = [ast.get_source_segment(*pair) for pair in statements if isinstance(pair[1], ast.Import | ast.ImportFrom)]
    return "\n".join(map(str, found))


def empty_stage(repeats: int) -> float:
    """Processor seconds of a stage whose notebook does nothing."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "empty.ipynb"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, place)
        return seconds(EMPTY_STAGE, repeats, str(place))


def installed() -> dict[str, float]:
    """Megabytes of every installed distribution, as its record lists them."""
    sizes = {}
    for distribution in distributions():
        files = [Path(str(file.locate())) for file in distribution.files or ()]
        sizes[distribution.metadata["Name"]] = sum(file.stat().st_size for file in files if file.is_file()) / 1e6
    return sizes


def main() -> None:
    """Print all."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--repeats", type=int, default=3)
    repeats = options.parse_args().repeats
    print(f"an empty stage: {empty_stage(repeats):.2f} s; facefair --help: ", end="")
    print(f"{seconds('import facefair_lib.__main__', repeats):.2f} s")
    for room in ROOMS:
        print(f"  import of facefair_lib.{room:15s} {seconds(f'import facefair_lib.{room}', repeats):6.2f} s")
    for notebook in sorted(paths.NOTEBOOKS.glob("*.ipynb")):
        print(f"  imports of {notebook.stem:35s} {seconds(imports_of(notebook), repeats):6.2f} s")
    sizes = installed()
    print(f"installed: {sum(sizes.values()):.0f} MB in {len(sizes)} packages, of which the largest are")
    for name, size in sorted(sizes.items(), key=lambda item: -item[1])[:12]:
        print(f"  {name:20s} {size:6.0f} MB")


if __name__ == "__main__":
    main()

"""The report's words: no number typed, every float cited, every source cited."""

import re
from pathlib import Path

import pytest

from facefair_lib.report.results_reader import Results
from facefair_lib.settings import paths

SECTIONS = sorted((paths.REPORT / "sections").glob("*.tex"))
FLOATS = sorted((paths.REPORT / "floats").glob("*.tex"))
# Arguments that name or lay out things rather than say things.
NAMES = re.compile(
    r"\\(?:label|ref|cite|input|plate(?:\[[^]]*\])?|tablebody(?:\[[^]]*\])?|begin|end|section|subsection|cmidrule\(lr\)|"
    r"multicolumn\{\d*\}|extra)\{[^}]*\}"
)
MATHS = re.compile(r"\\begin\{equation\*\}.*?\\end\{equation\*\}|\$[^$]*\$", re.DOTALL)
FOREIGN_NAMES = re.compile(r"Mut1ny")


def text_of(path: Path) -> str:
    """The words of a template, without what it asks of the results."""
    filled = re.sub(r"<<.*?>>|<%.*?%>|<#.*?#>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"(?<!\\)%.*", "", filled)


@pytest.mark.parametrize("path", SECTIONS + FLOATS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_number_is_typed(path: Path) -> None:
    # Formulas may hold their constants (2 TP); a decimal in a formula would be a result.
    text = text_of(path)
    assert not re.search(r"\d\.\d", NAMES.sub("", text))
    prose = FOREIGN_NAMES.sub("", NAMES.sub("", MATHS.sub("", text)))
    assert re.findall(r"\S*\d\S*", prose) == []


def test_every_float_is_cited_in_the_text_and_every_citation_leads_somewhere() -> None:
    floats, text = "".join(map(text_of, FLOATS)), "".join(map(text_of, SECTIONS))
    labels = re.findall(r"\\label\{((?:fig|tab):\w+)\}", floats)
    assert len(labels) == len(set(labels))
    assert set(labels) == set(re.findall(r"\\ref\{((?:fig|tab):\w+)\}", text + floats))


def test_every_section_and_float_file_is_part_of_the_report() -> None:
    inputs = re.findall(r"\\input\{((?:sections|floats)/\w+)\}", text_of(paths.REPORT / "report.tex"))
    assert sorted(inputs) == sorted(f"{path.parent.name}/{path.stem}" for path in SECTIONS + FLOATS)


def test_every_source_in_the_bibliography_is_cited_and_the_other_way_round() -> None:
    bibliography = (paths.REPORT / "refs.bib").read_text(encoding="utf-8")
    entries = set(re.findall(r"^@\w+\{(\w+),", bibliography, re.MULTILINE))
    text = "".join(path.read_text(encoding="utf-8") for path in SECTIONS)
    cited = {key for group in re.findall(r"\\cite\{([\w,]+)\}", text) for key in group.split(",")}
    assert cited <= entries
    chosen = {key for key in entries - cited if f'"{key}"' in text}  # the paper of the data set that was read
    assert entries == cited | chosen


def test_the_figures_carry_the_course_papers_numbers_and_the_answer_follows() -> None:
    main = (paths.REPORT / "report.tex").read_text(encoding="utf-8")
    order = [paths.REPORT / f"{name}.tex" for name in re.findall(r"\\input\{(floats/\w+)\}", main)]
    shown = re.findall(r'figure\("\w+/(\w+)"\)', "".join(path.read_text(encoding="utf-8") for path in order))
    assert len(shown) == len(set(shown))
    numbered = [int(match[1]) for stem in shown if (match := re.match(r"fig(\d+)", stem))]
    assert numbered == list(range(1, 13))
    assert [stem for stem in shown if stem.startswith("table")] == sorted(s for s in shown if s.startswith("table"))


def test_what_the_text_says_of_the_published_numbers_is_so(results: Results) -> None:
    checks = results.rows("06_reproduction_audit/consistency")
    assert {row["verdict"] for row in checks if row["check"] == "iou_floor"} == {"impossible"}
    accuracy = {row["verdict"] for row in checks if row["check"] == "empty_mask" and row["model"] == "pspnet"}
    assert accuracy == {"worse than trivial"}
    final = {"split": "test", "metric": "iou", "epoch": 25}
    theirs = [float(results.cell("report/published", "value", model=m, **final)) for m in ("deeplabv3", "pspnet")]
    assert theirs[0] > theirs[1]

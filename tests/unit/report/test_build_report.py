"""Filling the templates: what each kind of study shows, what is missing is named, and every number can be followed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from facefair_lib.data.audit import scored_classes
from facefair_lib.errors import InputError
from facefair_lib.report import filters
from facefair_lib.report.build import build_report, environment, fill, render
from facefair_lib.report.latexmk import MissingLatexError, ReportError, failure_message, run_latexmk
from facefair_lib.report.results_reader import Results
from facefair_lib.settings import paths
from facefair_lib.settings.labels import NUM_CLASSES
from facefair_lib.store import results

EXPERIMENT, FAIRNESS, COMPARED = "05_ethnicity_emotion_experiment", "07_counterfactual_fairness", "09_model_comparison"
AUDIT = "06_reproduction_audit"
GAP = ["gap", "expected_by_chance", "p_value", "p_adjusted"]
Edit = Callable[[str, Callable[[pd.DataFrame], pd.DataFrame]], None]

needs_latex = pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
needs_pdftotext = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is missing")


def rendered(study: Path, settings: dict[str, Any]) -> str:
    """Fill the templates and give all their text; labels and references must fit."""
    render(Results(study, paths.REPORT, settings), study / "report")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((study / "report").rglob("*.tex")))
    refs, labels = (set(re.findall(rf"\\{name}\{{([^}}]*)\}}", text)) for name in ("ref", "label"))
    assert refs <= labels
    for stem in re.findall(r"\\plate(?:\[[^]]*\])?\{(\w+)\}", text):
        assert (study / "report" / "figures" / f"{stem}.pdf").is_file()
    return text


def own_photographs(study: Path, edit: Edit) -> None:
    """Make the study one of a reader's own photographs, which have no masks."""
    for name in ("cells", "groups", "emotions", "gaps"):
        edit(f"{EXPERIMENT}/{name}", lambda table: table.iloc[:0])
    edit(
        f"{EXPERIMENT}/nine",
        lambda table: table.assign(
            image_id=[f"mine_{number}" for number in range(len(table))], group="a & b", light="",
            **dict.fromkeys(("age", "skin_tone", "yaw", "deeplabv3_iou", "pspnet_iou"), np.nan),
        ),
    )  # fmt: skip
    (study / EXPERIMENT / "figures" / "fig8_group_scores.pdf").unlink()
    edit(f"{COMPARED}/comparison", lambda table: table.assign(**dict.fromkeys(GAP, np.nan)))


@pytest.fixture(scope="module")
def built(pristine: Path, settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    pdf = tmp_path_factory.mktemp("out") / "report.pdf"
    return build_report(pristine, paths.REPORT, "quick", settings, pdf)


@needs_latex
def test_two_builds_give_the_same_bytes_and_touch_no_source(
    built: Path, pristine: Path, settings: dict[str, Any]
) -> None:
    before = sorted(paths.REPORT.rglob("*"))
    again = build_report(pristine, paths.REPORT, "quick", settings, built.parent / "again.pdf")
    assert again.read_bytes() == built.read_bytes()
    assert built.read_bytes().startswith(b"%PDF")
    assert sorted(built.parent.iterdir()) == [again, built], "nothing half-written is left"
    assert sorted(paths.REPORT.rglob("*")) == before
    assert "Overfull" not in (pristine / "report" / "report.log").read_text(errors="replace")


def test_the_tone_curve_is_told_with_its_causes(study: Path, settings: dict[str, Any]) -> None:
    models, ends = ("deeplabv3", "pspnet"), {"low": -0.13, "high": -0.08, "p_adjusted": 0.0004}
    tones = pd.DataFrame([(m, t, d) for m in models for t, d in ((4.0, 0.0), (10.0, -0.104))])
    tones.columns = ["model", "skin_tone", "difference"]
    tables = {
        "tones": tones.assign(difference_low=-0.13, difference_high=-0.08, p_adjusted=0.0004, n_subjects=66),
        "tone_effects": pd.DataFrame(
            [{"model": m, "tones": t, "contrast": "asian-black", "difference": d, "low": 0.01, "high": 0.05,
              "p_adjusted": 0.004} for m in models for t, d in (("own", 0.03), ("typical", 0.011))]
        ),
        "tone_confusions": pd.DataFrame(
            [{"model": m, "target": "ears", "predicted": "hair", "middle": 0.1, "dark": 0.4, "difference": 0.3, **ends}
             for m in models]
        ),
        "tone_cameras": pd.DataFrame(
            [{"model": m, "design": "exposed", "skin_tone": 10.0, "middle": 0.66, "plain": 0.55, "difference": 0.071,
              **ends} for m in models]
        ),
    }  # fmt: skip
    for name, table in tables.items():
        table.to_csv(study / FAIRNESS / f"{name}.csv", index=False)
    templates = environment(Results(study, paths.REPORT, settings), study / "report", [])
    text = "".join(fill(f"{part}/counterfactual.tex", templates) for part in ("sections", "floats"))
    text = " ".join(text.split())
    assert r"At tone 10, PSPNet scores \est{$-$10.4}{$-$13.0}{$-$8.0} points" in text
    assert "Asian people are ahead of Black people by 3.0 points" in text
    assert "Ears taken for hair & 10.0 & 40.0" in text
    assert r"Tone 10, exposed & 66.0 & 55.0 & \est{+7.1}" in text


@pytest.mark.parametrize(
    ("planned", "runs", "said"),
    [
        (True, 5, None),
        (True, 1, "one fit of each network. It does not answer"),
        (False, 5, "five fits of each network, and its people are not those of the plan. It does not answer"),
        (False, 1, "one fit of each network, and its people are not those of the plan. It does not answer"),
    ],
)
def test_a_study_that_quotes_the_answer_says_why(
    study: Path, edit: Edit, settings: dict[str, Any], planned: bool, runs: int, said: str | None
) -> None:
    edit("10_answer/plan", lambda table: table.assign(confirmatory=planned))
    edit("10_answer/runs", lambda table: table[table["run"] <= runs])
    text = " ".join(fill("sections/answer.tex", environment(Results(study, paths.REPORT, settings), study, [])).split())
    assert f"This report's own study has {said}" in text if said else "This report's own study" not in text
    assert "tab:ownrun" not in text, "it has no such table"


PHRASES = {
    "sections/abstract.tex": [r"On (\d+) test pictures", r"IoU of ([\d.]+) % \(", r"and PSPNet ([\d.]+) % \("],
    "sections/introduction.tex": [r"failed for up to ([\d.]+) % of darker"],
    "sections/data.tex": [r"covers ([\d.]+) % of the pixels"],
    "sections/results_experiment.tex": [r"a gap of ([\d.]+) points or more"],
    "sections/counterfactual.tex": [r"Each of (\d+) "],
    "sections/reproduction.tex": [
        r"still has an F1 of ([\d.]+)",
        r"For PSPNet, it is ([\d.]+) %",
        r"from ([\d,]+), four at a time",
    ],
    "sections/conclusion.tex": [r"a gap below ([\d.]+) points"],
}


@needs_latex
@needs_pdftotext
def test_numbers_of_the_pdf_lead_through_the_ledger_to_their_cells(built: Path, pristine: Path) -> None:
    run = subprocess.run(["pdftotext", built, "-"], capture_output=True, text=True, check=True)
    text = " ".join(run.stdout.replace("-\n", "").split())
    ledger = pd.read_csv(pristine / "report" / "numbers.csv", dtype=str)
    followed = 0
    for template, phrases in PHRASES.items():
        for phrase in phrases:
            found = set(re.findall(phrase, text))
            assert len(found) == 1, f"{phrase}: {found}"
            (number,) = found
            entries = ledger[(ledger["template"] == template) & (ledger["number"] == number)]
            assert len(entries), f"{phrase}: {number} is not in the ledger"
            for entry in entries.to_dict("records"):
                root = paths.REPOSITORY if entry["file"].startswith("report/") else pristine
                cell = pd.read_csv(root / entry["file"], dtype=str).loc[int(entry["row"]) - 2, entry["column"]]
                value = float(cell)
                assert number.replace(",", "") in {cell, f"{100 * value:.1f}", f"{value:.2f}"}, entry
                followed += 1
    assert followed >= 10


def test_the_ledger_lists_every_number_with_file_row_and_column(study: Path, settings: dict[str, Any]) -> None:
    ledger = render(Results(study, paths.REPORT, settings), study / "report")
    assert list(ledger.columns) == ["template", "number", "file", "row", "column"]
    assert ledger[["number", "file", "column"]].ne("").all(axis=None)
    for name, entries in ledger.groupby("template"):
        text = (study / "report" / name).read_text(encoding="utf-8").replace("$", "").replace(r"\,", " ")
        assert [number for number in entries["number"] if number not in text.lower() and number not in text] == []
    pd.testing.assert_frame_equal(
        pd.read_csv(study / "report" / "numbers.csv", dtype=str, keep_default_na=False).map(results.unguarded),
        ledger,
        check_dtype=False,
    )


def test_another_value_in_a_cell_is_another_number_in_the_text(
    study: Path, edit: Edit, settings: dict[str, Any]
) -> None:
    before = rendered(study, settings).count("87.7")
    edit(
        "04_metric_analysis/summary",
        lambda table: table.assign(
            value=table["value"].mask((table["model"] == "pspnet") & (table["metric"] == "iou"), 0.877)
        ),
    )
    # abstract, table of scores, table beside the paper
    assert rendered(study, settings).count("87.7") >= before + 3


def test_captions_of_the_reproduction_state_its_budget_from_the_settings(study: Path, settings: dict[str, Any]) -> None:
    changed = settings["reproduction"] | {"epochs": 1, "size": 48, "seeds": {"ends": 7, "steps": 3}}
    rendered(study, settings | {"reproduction": changed})
    floats = (study / "report" / "floats" / "reproduction.tex").read_text()
    captions = {label: part for part, label in re.findall(r"\\caption\{(.*?)\}\\label\{(\w+:\w+)\}", floats, re.DOTALL)}
    pictures = results.Stage(study / "06_reproduction_audit").table("ladder")["train"]
    fits = f"1 epoch, {pictures.min():.0f} to {pictures.max():.0f} training pictures of 48 by 48 pixels"
    seeds = "7 seeds at the ends of a whole ladder"
    stated = {label for label, caption in captions.items() if fits in caption}
    assert stated == {"tab:headline", "tab:ladder", "tab:alone", "fig:ioufloor", "fig:ladder"}
    assert {label for label in stated if f"{fits}, {seeds} and three elsewhere" in captions[label]} == stated - {
        "tab:alone"
    }
    assert f"{fits}, 3 seeds" in captions["tab:alone"]


def test_what_was_not_fitted_alone_takes_its_row_and_sentence_along(
    study: Path, edit: Edit, settings: dict[str, Any]
) -> None:
    title, sentence = "red, green and blue in order & $-$", "One channel per class changes the true IoU"
    edit(AUDIT + "/alone", lambda table: table.assign(first_f1=-0.01))
    full = rendered(study, settings)
    assert title in full and sentence in full
    sides = [f"{side}{end}" for side in ("first", "last") for end in ("", "_low", "_high", "_f1", "_iou")]
    edit(AUDIT + "/alone", lambda table: table.assign(**dict.fromkeys(sides, np.nan)))
    poor = rendered(study, settings)
    assert title not in poor and sentence not in poor


def test_a_last_batch_that_stops_no_network_is_not_mentioned(study: Path, edit: Edit, settings: dict[str, Any]) -> None:
    assert "the training of \\DeepLab{} stops" in rendered(study, settings)
    edit(AUDIT + "/last_batch", lambda table: table.assign(stops=False))
    assert "the training of \\DeepLab{} stops" not in rendered(study, settings)


def test_cells_with_few_people_are_grey_and_others_are_not(study: Path, edit: Edit, settings: dict[str, Any]) -> None:
    edit(
        f"{EXPERIMENT}/cells",
        lambda table: table.assign(n_subjects=table["n_subjects"].mask(table["emotion"] == "angry", 9)),
    )
    rendered(study, settings)
    table = (study / "report" / "floats" / "results_experiment.tex").read_text().split(r"\label{tab:cells}")[1]
    lines = [line for line in table.splitlines() if r"\est" in line][:9]
    assert [("gray" in line) for line in lines] == ["Angry" in line for line in lines]
    assert [line.count("gray") for line in lines if "Angry" in line] == [5, 5, 5]


def test_the_interval_of_the_true_gap_stands_beside_the_gap_and_not_beside_the_corrected_one(
    study: Path, edit: Edit, settings: dict[str, Any]
) -> None:
    numbers = {"gap": 0.05, "expected_by_chance": 0.02, "corrected": 0.03, "low": -0.01, "high": 0.11, "p_value": 0.2}
    edit(f"{EXPERIMENT}/gaps", lambda table: table.assign(**numbers))
    text = fill("floats/results_experiment.tex", environment(Results(study, paths.REPORT, settings), study, []))
    assert text.count(r"& \est{5.0}{$-$1.0}{11.0} & 2.0 & +3.0 & ") == 4


def test_gaps_without_enough_people_print_dashes_and_no_verdict(
    study: Path, edit: Edit, settings: dict[str, Any]
) -> None:
    numbers = [*GAP[:3], "corrected", "low", "high"]
    edit(f"{EXPERIMENT}/gaps", lambda table: table.assign(**dict.fromkeys(numbers, np.nan), best="", worst=""))
    text = rendered(study, settings)
    assert text.count(r"& -- & -- & -- & -- & --") == 4
    assert "There were too few people with masks to compare the emotions." in text
    assert "nan" not in re.findall(r"\w+", text.lower())


def test_photographs_without_masks_leave_no_trace_of_scores(study: Path, edit: Edit, settings: dict[str, Any]) -> None:
    own_photographs(study, edit)
    edit(f"{COMPARED}/status", lambda table: table.assign(fitted=False))
    text = rendered(study, settings)
    assert "photographs that the reader of this report supplied" in text
    assert "Rendered people are not people" not in text
    assert "tab:gaps" not in text and "tab:people" not in text
    assert "& -- & -- & -- & 129 & 99 " in text, "networks have scores and no gaps"
    assert "They are the networks of the other sections" in text
    assert "Right: gap" not in text


@needs_latex
def test_photographs_that_fill_no_grid_are_scored_without_it(
    study: Path, edit: Edit, settings: dict[str, Any], tmp_path: Path
) -> None:
    edit(f"{EXPERIMENT}/nine", lambda table: table.iloc[:0])
    for stem in ("table2_experiment_images", "table3_deeplabv3_segmentations", "table4_pspnet_segmentations"):
        (study / EXPERIMENT / "figures" / f"{stem}.pdf").unlink()
    for name in ("cells", "groups"):
        edit(f"{EXPERIMENT}/{name}", lambda table: table.replace({"group": {"asian": "東 & a"}}))
    text = rendered(study, settings)
    assert "do not fill these nine cells" in text
    assert "tab:experiment}" not in text and "tab:deeplabnine" not in text
    assert r"(U+6771) \& a" in text and "tab:cells" in text
    assert build_report(study, paths.REPORT, "mine", settings, tmp_path / "mine.pdf").is_file()


@needs_latex
def test_photographs_without_masks_make_a_report_and_no_folder_on_the_way_is_text_for_tex(
    study: Path, edit: Edit, settings: dict[str, Any], tmp_path: Path
) -> None:
    own_photographs(study, edit)
    place = tmp_path / "user's ~$HOME {a,b} #1 %20 & `id`"
    sources, results = place / "report", place / "results"
    shutil.copytree(paths.REPORT, sources, ignore=shutil.ignore_patterns("*.pdf"))
    shutil.copytree(study, results)
    assert build_report(results, sources, "mine", settings, place / "report.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("mut1ny", "one folder of photographs"),
        ("fasseg", "Brows count as hair"),
        ("celebamask", r"~\cite{lee2020maskgan}"),
        ("lapa", r"~\cite{liu2020lapa}"),
        ("helen", r"~\cite{smith2013exemplar}"),
        ("ibugmask", r"~\cite{lin2021roi}"),
        ("facesynthetics", r"~\cite{wood2021fake}"),
    ],
)
def test_a_study_of_photographs_says_which(
    study: Path, settings: dict[str, Any], tmp_path: Path, source: str, said: str
) -> None:
    scored = scored_classes(source)
    scored.to_csv(study / "01_data_preparation" / "scored_classes.csv", index=False)
    settings = settings | {"data": settings["data"] | {"source": source}}
    templates = environment(Results(study, paths.REPORT, settings), tmp_path, [])
    text = fill("sections/data.tex", templates)
    assert said in text
    assert "must be obtained from its owner" not in text
    fewer = "were fitted to pictures with fewer classes" in fill("sections/counterfactual.tex", templates)
    assert fewer == (len(scored) < NUM_CLASSES)


def test_what_a_study_lacks_takes_its_whole_paragraph_along(study: Path, edit: Edit, settings: dict[str, Any]) -> None:
    small = {"epochs": 0.5, "scale": 0.75}
    with_start = {m: part | {"small_start": small} for m, part in settings["models"].items()}
    full = rendered(study, settings | {"models": with_start})
    for name in ("01_data_preparation/duplicates", f"{FAIRNESS}/composition", "06_reproduction_audit/leak"):
        edit(name, lambda table: table.iloc[:0])
    for name in ("sources", "equivalence", "adjusted", "model_gaps"):
        edit(f"{FAIRNESS}/{name}", lambda table: table[table["cohort"] != "wild"])
    edit("01_data_preparation/flow", lambda table: table.assign(removed=0))
    for stem in ("01_data_preparation/figures/data_duplicates", f"{FAIRNESS}/figures/fig12_composition"):
        (study / f"{stem}.pdf").unlink()
    poor = rendered(study, settings)
    for words in (
        "Duplicates by Folder",
        "Where the training data decides",
        "Knowing the tested people",
        "fewer pixels~",
    ):
        assert words in full and words not in poor
    assert "None were found among" in poor and "No picture was left out beyond these" in poor
    assert not (study / "report" / "figures" / "data_duplicates.pdf").exists(), "an older build's figure is removed"


def test_networks_of_another_study_are_scored_on_the_photographs(study: Path, settings: dict[str, Any]) -> None:
    assert "tab:transfer" not in rendered(study, settings)
    keys = "trained_on model class f1 low high n_images n_subjects".split()  # noqa: SIM905
    rows = [(s, m, c, 0.76, 0.7, 0.8, n, 6) for s, n in (("quick_50%", 70), ("fasseg", 18))
            for m in ("deeplabv3", "pspnet") for c in ("eyes", "mean")]  # fmt: skip
    pd.DataFrame(rows, columns=keys).to_csv(study / "04_metric_analysis" / "transfer.csv", index=False)
    text = rendered(study, settings)
    assert r"\emph{quick\_50\%} & DeepLabV3 & \est{76.0}{70.0}{80.0} & \est{76.0}{70.0}{80.0} & 70 & 6 \\" in text
    assert r"\emph{fasseg} & DeepLabV3 & \est{76.0}{70.0}{80.0} & \est{76.0}{70.0}{80.0} & 18 & 6 \\" in text


def test_invented_and_missed_parts_are_a_table_where_the_data_set_labels_them(
    study: Path, settings: dict[str, Any]
) -> None:
    keys = "class model n_without invented invented_clearly share low high n_subjects n_with missed".split()  # noqa: SIM905
    rows = [("specs", "deeplabv3", 87, 25, 3, 0.287, 0.2, 0.38, 70, 42, 1),
            ("specs", "pspnet", 87, 0, 0, 0.0, np.nan, np.nan, 70, 42, 2)]  # fmt: skip
    parts = study / "04_metric_analysis" / "parts.csv"
    pd.DataFrame(rows, columns=keys).to_csv(parts, index=False)
    text = rendered(study, settings)
    assert r"Specs / sunglasses & DeepLabV3 & 87 & 25 & \est{28.7}{20.0}{38.0} & 3 & 42 & 1 \\" in text
    assert r" & PSPNet & 87 & 0 & 0.0 & 0 & 42 & 2 \\" in text
    assert "Clearly: Ten Pixels or More" in text
    pd.DataFrame(columns=keys).to_csv(parts, index=False)
    assert "tab:parts" not in rendered(study, settings)


def test_the_report_says_which_classes_give_way(study: Path, settings: dict[str, Any]) -> None:
    assert r"covers less than 0.05\,\% of the picture gives way" in rendered(study, settings)
    without = settings["inference"] | {"least_share": 0.0}
    assert "gives way" not in rendered(study, settings | {"inference": without})


def test_names_from_the_disk_are_escaped_and_an_empty_column_of_texts_prints_dashes(
    study: Path, edit: Edit, settings: dict[str, Any]
) -> None:
    edit("01_data_preparation/duplicate_folders", lambda table: table.assign(folder="male_50%", category=np.nan))
    assert r"\texttt{male\_50\%} & -- & " in rendered(study, settings)


def test_a_class_that_nobody_shows_has_no_line(study: Path, edit: Edit, settings: dict[str, Any]) -> None:
    absent = lambda table: table.assign(  # noqa: E731
        **{c: table[c].mask(table["class"] == "specs") for c in ("value", "low", "high")}
    )
    edit("04_metric_analysis/classes", absent)
    rendered(study, settings)
    table = (study / "report" / "floats" / "results_test.tex").read_text()
    scores, _, parts = table.partition("Invented and Missed")
    assert "Teeth &" in scores and "Specs" not in scores
    assert "Specs" in parts  # a part that nobody shows may still be invented


@pytest.mark.parametrize("stem", ["04_metric_analysis/figures/fig6_class_scores.pdf", "04_metric_analysis/classes.csv"])
def test_a_missing_result_is_named_with_its_stage(study: Path, settings: dict[str, Any], stem: str) -> None:
    (study / stem).unlink()
    with pytest.raises(InputError, match=rf"(?s){Path(stem).name}.*04_metric_analysis"):
        rendered(study, settings)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("<< cel('a') >>", "'cel' is undefined"),
        ("<< cell('04_metric_analysis/summary', 'value', model='pspnet', metric='iou') >>", "without a filter"),
        ("<< 48.2 | percent >>", "comes from no cell"),
        ("line\n<% if %>", r"bad\.tex line 2"),
        ("<< setting('seed') | per_cent >>", "No filter named 'per_cent'"),
    ],
)
def test_a_mistake_in_a_template_is_an_error(
    tmp_path: Path, pristine: Path, settings: dict[str, Any], template: str, message: str
) -> None:
    (tmp_path / "bad.tex").write_text(template, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        fill("bad.tex", environment(Results(pristine, tmp_path, settings), tmp_path, []))


@needs_latex
def test_a_latex_error_names_file_and_line_and_leaves_the_old_pdf(
    study: Path, settings: dict[str, Any], tmp_path: Path
) -> None:
    sources = tmp_path / "my report"
    shutil.copytree(paths.REPORT, sources, ignore=shutil.ignore_patterns("*.pdf"))
    (sources / "sections" / "limits.tex").write_text("One.\n\nTwo \\NoSuchMacro.\n")
    old = tmp_path / "report.pdf"
    old.write_bytes(b"old")
    with pytest.raises(ReportError, match=r"limits\.tex:3: Undefined control sequence"):
        build_report(study, sources, "quick", settings, old)
    assert old.read_bytes() == b"old"


@needs_latex
def test_an_open_reference_fails_the_build(tmp_path: Path) -> None:
    (tmp_path / "report.tex").write_text("\\documentclass{article}\\begin{document}\\ref{nowhere}\\end{document}\n")
    with pytest.raises(ReportError, match="nowhere"):
        run_latexmk(tmp_path, tmp_path, "quick")


@needs_latex
def test_latex_prints_every_letter_that_is_not_printed_by_its_number_and_runs_no_program(tmp_path: Path) -> None:
    letters = "\n\n".join(filters.tex(f"a{chr(code)}b") for code in range(0x2100))
    packages = "\\documentclass{article}\\usepackage[utf8]{inputenc}\\usepackage[T1]{fontenc}"
    text = f"{packages}\\begin{{document}}\\immediate\\write18{{touch RUN}}\n{letters}\n\\end{{document}}\n"
    (tmp_path / "report.tex").write_text(text, encoding="utf-8")
    run_latexmk(tmp_path, tmp_path, "quick")
    assert "runsystem(touch RUN)...disabled" in (tmp_path / "report.log").read_text(encoding="utf-8", errors="replace")
    assert not (tmp_path / "RUN").exists()


def test_a_missing_latexmk_says_in_one_line_how_to_get_it(
    study: Path, settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingLatexError, match=r"apt-get install .* latexmk") as caught:
        build_report(study, paths.REPORT, "quick", settings, tmp_path / "report.pdf")
    assert "\n" not in str(caught.value)
    assert (study / "report" / "numbers.csv").is_file(), "numbers are there even without TeX"
    assert not (tmp_path / "report.pdf").exists()


def test_a_failure_without_an_error_line_shows_the_last_lines() -> None:
    assert "one\n  two" in failure_message("quick", "one\n\ntwo\n", paths.REPORT / "report.log")

"""What the report may quote: the CSVs of a study, read once and checked, and cells that know where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.results import Stage

DATA, METRICS, EXPERIMENT = "01_data_preparation", "04_metric_analysis", "05_ethnicity_emotion_experiment"
REPRODUCTION, FAIRNESS = "06_reproduction_audit", "07_counterfactual_fairness"
COMPARISON = "09_model_comparison"
TRAINING: Mapping[str, str] = MappingProxyType({"deeplabv3": "02_train_deeplabv3", "pspnet": "03_train_pspnet"})

_SCORE = "value low high n_images n_subjects"
_GAP = "gap expected_by_chance corrected low high p_value best worst"
_ATTRIBUTES = "gender age skin_tone yaw light"
_HISTORY = "epoch split loss accuracy precision recall f1 iou"
_MODEL = (
    "model backbone weights parameters epochs best_epoch seconds seconds_per_epoch images_per_second device precision"
)

SCHEMAS: Mapping[str, str] = MappingProxyType(
    {
        f"{DATA}/flow": "step images people removed note",
        f"{DATA}/duplicates": "kind kept_id removed_id distance",
        f"{DATA}/duplicate_folders": "folder category images exact near kept",
        f"{DATA}/colours": "class title red green blue",
        f"{DATA}/class_shares": "split class pixels share images",
        **{f"{stage}/history": _HISTORY for stage in TRAINING.values()},
        **{f"{stage}/model": _MODEL for stage in TRAINING.values()},
        f"{METRICS}/summary": f"model metric {_SCORE}",
        f"{METRICS}/classes": f"model class metric {_SCORE}",
        f"{METRICS}/differences": "class metric difference low high",
        f"{METRICS}/images": "model image_id subject_id image_iou image_f1 accuracy",
        f"{METRICS}/transfer": "trained_on model class f1 low high n_images n_subjects",
        f"{EXPERIMENT}/nine": f"image_id group emotion {_ATTRIBUTES} deeplabv3_iou pspnet_iou",
        f"{EXPERIMENT}/cells": f"model group emotion metric {_SCORE}",
        f"{EXPERIMENT}/groups": f"model group metric {_SCORE}",
        f"{EXPERIMENT}/emotions": f"model emotion metric {_SCORE}",
        f"{EXPERIMENT}/gaps": f"model feature metric {_GAP}",
        "experiment/people": "image_id subject_id group emotion role",
        f"{REPRODUCTION}/consistency": "model split epoch check value limit low high verdict",
        f"{REPRODUCTION}/ladder": (
            "model step title train test copies shared_people f1 iou true_iou impossible change change_low change_high "
            "luck"
        ),
        f"{REPRODUCTION}/headline": (
            "model protocol accuracy precision recall f1 iou true_iou train size epochs seconds_per_epoch device"
        ),
        f"{REPRODUCTION}/fed": "model way value change change_low change_high",
        f"{REPRODUCTION}/codes": "class title code shares_with reads_as_paper reads_as_vendor",
        f"{REPRODUCTION}/invented": "class pixels blended invented images",
        f"{REPRODUCTION}/knife_edge": "shrink f1 iou",
        f"{REPRODUCTION}/leak": "class metric difference low high n_images n_subjects",
        f"{REPRODUCTION}/nine_photos": "measure value measured",
        f"{FAIRNESS}/effects": (
            "model contrast component difference low high p_value p_adjusted n_images n_subjects detectable"
        ),
        f"{FAIRNESS}/tones": f"model skin_tone {_SCORE}",
        f"{FAIRNESS}/sources": f"model cohort {_GAP} n_images n_subjects detectable",
        f"{FAIRNESS}/adjusted": "model cohort contrast kind estimate low high p_value n_images n_subjects",
        f"{FAIRNESS}/equivalence": "model cohort contrast delta difference low90 high90 p_value equivalent",
        f"{FAIRNESS}/model_gaps": "cohort gap_first gap_second difference low high p_value",
        f"{FAIRNESS}/classes": "model group class value relative low high p_value p_adjusted n_images n_subjects",
        f"{FAIRNESS}/traps": "model group class area_share interocular one_pixel_f1 boundary_error n_images",
        f"{FAIRNESS}/composition": "composition focus group share value relative low high n_seeds",
        f"{FAIRNESS}/composition_slope": "slope low high p_value n_fits",
        f"{FAIRNESS}/features": f"model feature level {_SCORE}",
        f"{FAIRNESS}/quality": "measure model correlation low high n_images n_subjects",
        f"{COMPARISON}/status": "fitted reason",
        f"{COMPARISON}/comparison": (
            "network model backbone epochs seconds parameters flops peak_bytes images_per_second size views device iou "
            "iou_low iou_high f1 f1_low f1_high behind_low front gap expected_by_chance p_value p_adjusted n_images "
            "n_subjects"
        ),
    }
)
"""Table -> the columns that the report reads; a table may hold more."""


_TEXT_COLUMNS = ("best", "worst", "note", "gender", "light", "category", "shares_with", "focus", "reason", "level")


@dataclass(frozen=True)
class Cell:
    """One value and where it stands: ``file row column``."""

    value: object
    origin: str

    @property
    def number(self) -> float:
        """The value as a number; NaN where it is absent."""
        return float(self.value)  # type: ignore[arg-type]

    @property
    def text(self) -> str:
        """The value as text."""
        return str(self.value)


@dataclass(frozen=True)
class Table:
    """A CSV under its name."""

    name: str
    rows: pd.DataFrame

    def cell(self, column: str, **keys: object) -> Cell:
        """The value of ``column`` in the one row with these keys.

        Raises
        ------
        InputError
            if no row or more than one has them, or there is no such column
        """
        hit = pd.Series(True, index=self.rows.index)
        for key, value in keys.items():
            hit &= self.rows[key.rstrip("_")] == value
        found = self.rows[hit]
        selector = ",".join(f"{key.rstrip('_')}={value}" for key, value in keys.items()) or "only"
        if len(found) != 1 or column not in found:
            missing = f"{len(found)} rows with {selector}" if len(found) != 1 else f"no column {column!r}"
            raise InputError(
                f"{self.name}.csv", found=missing, expected=f"one row with {selector} and the column {column!r}",
                do="rerun the stage that writes this file",
            )  # fmt: skip
        return Cell(found.iloc[0][column], f"{self.name}.csv {selector} {column}")

    def whole(self, value: object, what: str) -> Cell:
        """A value that rests on every row, such as a count or an extreme; ``what`` says how it was read off."""
        return Cell(value, f"{self.name}.csv all {what}")


class Evidence:
    """The results of one profile, and the numbers of other papers, as tables.

    Parameters
    ----------
    results_dir : ``results/<profile>``
    report_dir : folder that holds ``published.csv`` and ``literature.csv``
    """

    def __init__(self, results_dir: Path, report_dir: Path) -> None:
        self.results_dir, self.report_dir = Path(results_dir), Path(report_dir)
        self._tables: dict[str, Table] = {}

    def has(self, name: str) -> bool:
        """Whether the study wrote this table and it holds rows."""
        return (self.results_dir / f"{name}.csv").is_file() and not self.table(name).rows.empty

    def table(self, name: str) -> Table:
        """Read a table of ``SCHEMAS``.

        Raises
        ------
        InputError
            if it is not there or lacks a column
        """
        if name not in self._tables:
            folder, stem = name.rsplit("/", 1)
            rows = _with_text(Stage(self.results_dir / folder).table(stem))
            missing = [column for column in SCHEMAS[name].split() if column not in rows.columns]
            if missing:
                raise InputError(
                    self.results_dir / f"{name}.csv",
                    found=f"the columns {', '.join(rows.columns)}",
                    expected=f"also {', '.join(missing)}",
                    do=f"rerun the stage {folder}",
                )
            self._tables[name] = Table(name, rows)
        return self._tables[name]

    def paper(self, stem: str) -> Table:
        """Read ``published.csv`` (the course paper) or ``literature.csv`` (other papers)."""
        path = self.report_dir / f"{stem}.csv"
        if not path.is_file():
            raise InputError(
                path, found="no such file", expected="a file of the repository", do=f"git checkout {path.name}"
            )
        # Other people's numbers are quoted with the decimals they were given: 40.70 stays 40.70.
        as_printed = pd.read_csv(path, dtype=str, keep_default_na=False)["value"]
        rows = pd.read_csv(path).assign(printed=as_printed)
        return Table(f"report/{stem}", rows.astype({"epoch": "Int64"}) if "epoch" in rows else rows)

    def models(self) -> pd.DataFrame:
        """The rows of both ``model.csv``, in the order of every table."""
        return pd.concat([self.table(f"{stage}/model").rows for stage in TRAINING.values()], ignore_index=True)

    def histories(self) -> pd.DataFrame:
        """The rows of both ``history.csv`` with a column ``model``."""
        frames = [self.table(f"{stage}/history").rows.assign(model=model) for model, stage in TRAINING.items()]
        return pd.concat(frames, ignore_index=True)


def _with_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Give text columns their type back: a CSV whose texts are all empty reads as numbers that are all NaN."""
    empty = [column for column in _TEXT_COLUMNS if column in rows and rows[column].isna().all()]
    return rows.assign(**{column: rows[column].astype(object).where(rows[column].notna(), "") for column in empty})

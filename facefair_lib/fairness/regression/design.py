"""The design matrix of an adjusted comparison of groups, and notes on what had to be left out of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from facefair_lib.errors import InputError

_DEPENDENT = 1e-8  # a column is dependent if no more than this share of its norm remains after projection on the others


@dataclass(frozen=True, eq=False)
class Design:
    """The design of a linear model.

    Parameters
    ----------
    matrix : (N, p) float64 of full rank; intercept, groups, emotions, their products, controls (centred)
    margins : (G, p) coefficients of each group's marginal mean: average over emotions, controls at their means
    notes : what was left out and why
    """

    matrix: np.ndarray
    margins: np.ndarray
    notes: tuple[str, ...]


def build_design(people: pd.DataFrame, groups: Sequence[str], controls: Sequence[str]) -> Design:
    """Code group * emotion + controls.

    Parameters
    ----------
    people : N rows with group, emotion and controls, none of them missing
    groups : names, all of which occur
    controls : columns; numbers enter linearly, everything else as categories

    Raises
    ------
    InputError
        if groups have too few emotions in common, or a control determines the group or is infinite
    """
    from patsy import dmatrix  # slow to import and rarely needed

    notes: list[str] = []
    missing = len(groups) * people["emotion"].nunique() - people.groupby(["group", "emotion"]).ngroups
    if missing:
        notes.append(f"no image in {missing} cells of group and emotion: without their interaction")
    # The effects of emotions sum to 0, so that a group's coefficient is a mean over emotions.
    group, emotion = "C(group, levels=groups)", "C(emotion, Sum)"
    coded = dmatrix(f"{group} {'+' if missing else '*'} {emotion}", people)
    matrix = np.asarray(coded)
    of_group = np.flatnonzero([group in name for name in coded.design_info.column_names])
    _check_rank(matrix, of_group)
    for name in controls:
        matrix = _add_control(matrix, name, people[name], of_group, notes)
    margins = np.zeros((len(groups), matrix.shape[1]))
    margins[:, 0] = 1
    margins[1:, coded.design_info.slice(group)] = np.eye(len(groups) - 1)
    return Design(matrix, margins, tuple(notes))


def _add_control(
    matrix: np.ndarray, name: str, values: pd.Series, of_group: np.ndarray, notes: list[str]
) -> np.ndarray:
    """Append a control's columns; note it where it is constant or follows from the others."""
    if values.nunique() < 2:
        notes.append(f"{name} is {values.iloc[0]} throughout: left out")
        return matrix
    others = np.delete(matrix, of_group, axis=1)
    left_out = 0
    for column in _control_columns(values):
        if _is_dependent(others, column):
            left_out += 1
        elif _is_dependent(matrix, column):
            raise InputError(
                f"adjusted gap, control {name}",
                found="values that determine the group (together with the other columns)",
                expected="a control that varies within groups",
                do="leave this control out: group and control cannot be told apart in these images",
            )
        else:
            matrix, others = np.column_stack([matrix, column]), np.column_stack([others, column])
    if left_out:
        notes.append(f"{name} follows from the columns before it: {left_out} of its columns left out")
    return matrix


def _control_columns(values: pd.Series) -> Iterator[np.ndarray]:
    """Give a control's columns (N,), centred: one for numbers, one per category but the first for anything else."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = values.to_numpy(float)
        if not np.isfinite(numbers).all():
            raise InputError(
                f"adjusted gap, control {values.name}",
                found="an infinite value",
                expected="finite numbers",
                do="correct the column",
            )
        yield (numbers - numbers.mean()) / numbers.std()
        return
    for column in pd.get_dummies(values.astype(str), drop_first=True, dtype=float).to_numpy().T:
        yield column - column.mean()


def _check_rank(matrix: np.ndarray, of_group: np.ndarray) -> None:
    if np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        raise InputError(
            "adjusted gap, emotion",
            found=f"{len(of_group)} columns of group that depend on emotion",
            expected="every group with several emotions in common with the others",
            do="compare groups whose emotions overlap",
        )


def _is_dependent(matrix: np.ndarray, column: np.ndarray) -> bool:
    """Say whether a column is a linear combination of others, (N, p), (N,)."""
    rest = column - matrix @ np.linalg.lstsq(matrix, column, rcond=None)[0]
    return bool(np.linalg.norm(rest) <= _DEPENDENT * np.linalg.norm(column))

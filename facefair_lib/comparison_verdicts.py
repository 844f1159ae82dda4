"""Sentences about the compared networks: chosen by the table, so that they hold for two networks as for eight."""

from __future__ import annotations

import pandas as pd

from facefair_lib import latex
from facefair_lib.fairness_tables import is_true
from facefair_lib.latex import fixed, listed, percent, words
from facefair_lib.titles import backbone_title, title
from facefair_lib.verdicts import ALPHA, p_phrase


def names_of(rows: pd.DataFrame) -> list[str]:
    """Titles of the networks, with the backbone where one occurs with several."""
    several = rows["model"].duplicated(keep=False)
    return [
        f"{title(row.model)} with {latex.escape(backbone_title(row.backbone))}" if twice else title(row.model)
        for row, twice in zip(rows.itertuples(), several, strict=True)
    ]


def accuracy_verdict(rows: pd.DataFrame) -> str:
    """Which network scores highest and lowest, and which ones the test people do not tell from the best."""
    named = rows.assign(name=names_of(rows)).sort_values("iou", ascending=False, kind="stable")
    best, last = named.iloc[0], named.iloc[-1]
    span = f"interval {percent(best['iou_low'])} to {percent(best['iou_high'])}"
    lead = (
        rf"{best['name']} reaches the highest IoU ({percent(best['iou'])}\,\%, {span}) and {last['name']} the lowest "
        rf"({percent(last['iou'])}\,\%)"
    )
    others = named.iloc[1:]
    close = list(others.loc[~(others["behind_low"] > 0), "name"])  # an undefined interval tells nothing apart
    if not close:
        whom = "every other network" if len(others) > 1 else others["name"].item()
        return f"{lead}; paired on the same people, the interval of its lead over {whom} excludes zero"
    verb = "is" if len(close) == 1 else "are"
    return f"{lead}; paired on the same people, {listed(close)} {verb} not distinguishable from it"


def cost_verdict(rows: pd.DataFrame) -> str:
    """Between which networks the operations and the speed lie."""
    named = rows.assign(name=names_of(rows))

    def ends(column: str, scale: float, digits: int) -> str:
        low, high = named.loc[named[column].idxmin()], named.loc[named[column].idxmax()]
        return (
            f"{fixed(low[column] / scale, digits)} ({low['name']}) and "
            f"{fixed(high[column] / scale, digits)} ({high['name']})"
        )

    return (
        f"labelling a picture takes between {ends('flops', 1e9, 1)} billion operations, and between "
        f"{ends('images_per_second', 1, 1)} pictures are labelled in a second"
    )


def front_verdict(rows: pd.DataFrame) -> str:
    """Which networks no other beats at their cost."""
    front = rows.assign(name=names_of(rows))[rows["front"].map(is_true)].sort_values("flops", kind="stable")
    if len(front) == 1:
        return f"{front['name'].item()} scores highest with the fewest operations, so it alone is on the Pareto front"
    return (
        f"on the Pareto front, where no network scores higher with fewer operations, are {listed(list(front['name']))}"
    )


def gap_verdict(rows: pd.DataFrame) -> str:
    """Between what the networks' gaps lie, and which of them are distinguishable from chance."""
    named = rows.assign(name=names_of(rows)).dropna(subset=["gap", "p_adjusted"])
    if named.empty:
        return "there were too few people with masks to compare the groups"
    low, high = named.loc[named["gap"].idxmin()], named.loc[named["gap"].idxmax()]
    lead = (
        "in image IoU over the people of the experiment, best and worst group lie between "
        f"{percent(low['gap'])} ({low['name']}) and {percent(high['gap'])} points ({high['name']}) apart"
    )
    if len(named) == 1:
        lead = (
            "in image IoU over the people of the experiment, best and worst group lie "
            f"{percent(low['gap'])} points apart ({low['name']})"
        )
    clear = list(named.loc[named["p_adjusted"] < ALPHA, "name"])
    smallest = p_phrase(named["p_adjusted"].min())
    after = f"after adjustment for {words(len(named))} networks"
    if not clear:
        return f"{lead}; {after}, no gap is distinguishable from chance (smallest {smallest})"
    if len(clear) == len(named):
        return f"{lead}; {after}, every gap is distinguishable from chance"
    verb = "is" if len(clear) == 1 else "are"
    which = "that" if len(clear) == 1 else "those"
    return f"{lead}; {after}, {which} of {listed(clear)} {verb} distinguishable from chance (smallest {smallest})"

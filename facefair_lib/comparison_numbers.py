"""The numbers and sentences of the compared networks, as macros."""

from __future__ import annotations

from facefair_lib import latex
from facefair_lib.comparison_verdicts import accuracy_verdict, cost_verdict, front_verdict, gap_verdict, names_of
from facefair_lib.evidence import COMPARISON, Evidence
from facefair_lib.fairness_tables import is_true
from facefair_lib.macros import Macros

TOGGLE = "architectures"


def add_comparison(macros: Macros, evidence: Evidence) -> None:
    """Add the macros of the section on architectures, where the study has its table.

    The toggle ``architectures`` says that there is a table; ``architecturesfitted`` that its networks were fitted for
    it on one budget, where the two of the study each have their own; ``architecturesgaps`` that groups were compared.
    """
    name = f"{COMPARISON}/comparison"
    present = evidence.has(name)
    macros.switch(TOGGLE, present, f"{name}.csv all rows")
    status = f"{COMPARISON}/status"
    fitted = present and is_true(evidence.table(status).rows["fitted"].iloc[0])
    macros.switch(f"{TOGGLE}fitted", fitted, f"{status}.csv only fitted")
    gaps = present and bool(evidence.table(name).rows["gap"].notna().any())
    macros.switch(f"{TOGGLE}gaps", gaps, f"{name}.csv all gap")
    if not present:
        return
    table = evidence.table(name)
    rows = table.rows
    first = rows.iloc[0]

    def origin(columns: str) -> str:
        return table.whole(None, columns).origin

    macros.add("ComparedNetworks", latex.words(len(rows)), origin("network"))
    macros.add("ComparedTitles", latex.listed(names_of(rows)), origin("model,backbone"))
    macros.add("ComparedEpochs", latex.counted(int(rows["epochs"].max()), "epoch"), origin("epochs"))
    macros.add("ComparedViews", latex.counted(int(first["views"]), "view"), origin("views"))
    macros.add("ComparedSize", str(int(first["size"])), origin("size"))
    macros.add("ComparedDevice", latex.escape(first["device"]), origin("device"))
    verdicts = {
        "ComparedAccuracyVerdict": (accuracy_verdict, "iou,iou_low,iou_high,behind_low"),
        "ComparedCostVerdict": (cost_verdict, "flops,images_per_second"),
        "ComparedFrontVerdict": (front_verdict, "front"),
        "ComparedGapVerdict": (gap_verdict, "gap,p_adjusted"),
    }
    for macro, (verdict, columns) in verdicts.items():
        text = verdict(rows)
        macros.add(macro, text[0].upper() + text[1:], origin(columns))

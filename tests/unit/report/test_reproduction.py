"""The section on the published numbers: its tables and its sentences follow from the results."""

import shutil

import pandas as pd
import pytest

from facefair_lib import paths
from facefair_lib.evidence import REPRODUCTION, Evidence
from facefair_lib.numbers import compose_numbers
from facefair_lib.reproduction_numbers import (
    empty_verdict,
    fed_verdict,
    floor_verdict,
    here_verdict,
    leak_verdict,
    shared_codes,
    steps_verdict,
)
from facefair_lib.reproduction_tables import consistency, headline, ladder, verdict
from facefair_lib.tables import build_table


def test_a_study_without_the_reproduction_leaves_its_section_out(study, settings):
    shutil.rmtree(study / REPRODUCTION)
    text = compose_numbers(Evidence(study, paths.REPORT), settings)
    assert r"\togglefalse{reproduction}" in text
    assert "Repro" not in text


def test_the_consistency_table_says_which_rows_cannot_be_true(study):
    text = build_table("reproduction_consistency", study, paths.REPORT)
    possible, broken = (line for line in text.splitlines() if line.startswith(("DeepLabV3", "PSPNet")))
    assert possible.endswith(r"possible \\")
    assert "IoU impossible; below an empty mask" in broken


def test_a_verdict_without_words_of_its_own_is_spelt_out():
    rows = pd.DataFrame([{"check": "f1_ceiling", "verdict": "impossible"}])
    assert verdict(rows) == "f1 ceiling: impossible"


def test_a_score_that_was_not_printed_has_no_check():
    row = {"model": "pspnet", "split": "test", "epoch": 1, "check": "prevalence", "value": 0.3, "limit": 1.0}
    assert consistency(pd.DataFrame([{**row, "verdict": "possible"}])).count("--") == 6


def test_an_impossible_iou_is_marked_in_the_ladder(study):
    text = build_table("reproduction_ladder", study, paths.REPORT)
    assert "as published & 96 & 24 & 3 & 2 & 66.0 & 30.0* & 12.0 & --" in text
    assert (
        r"this study's training & 96 & 24 & 3 & 2 & 50.0 & 40.0\phantom{*} & 38.0 & \est{+26.0}{+20.0}{+31.0}" in text
    )


def test_a_step_that_only_scores_differently_keeps_its_network():
    step = {"model": "pspnet", "title": "one threshold", "train": 1, "test": 1, "copies": 0, "shared_people": 0}
    scores = {"f1": 0.5, "iou": 0.4, "true_iou": 0.2, "impossible": False}
    changes = {"change": 0.0, "change_low": 0.0, "change_high": 0.0}
    assert "same network" in ladder(pd.DataFrame([{**step, **scores, **changes}]))


def test_only_steps_beyond_their_interval_and_beyond_luck_are_named_the_largest_first():
    rows = pd.DataFrame(
        {
            "title": ["as published", "a", "b", "c", "d", "e"],
            "change": [None, 0.0, 0.02, -0.05, 0.03, 0.008],
            "change_low": [None, 0.0, 0.01, -0.08, -0.01, 0.004],
            "change_high": [None, 0.0, 0.03, -0.02, 0.07, 0.012],
            "luck": [0.011, 0.011, None, None, None, None],
        }
    )
    text = steps_verdict(rows)
    assert text.startswith("of four corrections with a new fit, these move it beyond its interval")
    assert "the 1.1 points of another seed: " in text
    assert text.index("``c''") < text.index("``b''")
    assert not any(f"``{name}''" in text for name in "ade")
    assert "none moves it" in steps_verdict(rows.iloc[[0, 1, 4, 5]])
    assert "``e''" in steps_verdict(rows.iloc[[0, 1, 5]].assign(luck=float("nan")))


def test_what_wrong_feeding_costs_is_said_only_where_the_interval_allows():
    ways = pd.DataFrame({"way": ["as trained", "both, as published"], "value": [0.4, 0.1], "change": [0.0, -0.3]})
    sure = ways.assign(change_low=[0.0, -0.35], change_high=[0.0, -0.2])
    assert r"falls from 40.0\,\% to 10.0\,\%" in fed_verdict(sure)
    assert "cannot tell" in fed_verdict(sure.assign(change_high=[0.0, 0.1]))


def test_the_headline_names_each_model_once(study):
    text = build_table("reproduction_headline", study, paths.REPORT)
    assert text.count("PSPNet") == 1
    assert text.count("Course paper") == 2
    assert r"1\,min 30\,s" in text


def test_a_short_epoch_is_not_rounded_to_nothing():
    row = {"model": "pspnet", "protocol": "published", "seconds_per_epoch": 0.34, "device": "CPU", "epochs": 8}
    scores = dict.fromkeys(("accuracy", "precision", "recall", "f1", "iou", "true_iou"), 0.5)
    text = headline(pd.DataFrame([{**row, **scores, "train": 26, "size": 64}]))
    assert r"0.3\,s" in text


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.01, 0.03, "raises the image IoU by 2.0"), (-0.03, -0.01, "lowers"), (-0.01, 0.05, "leaves open")],
)
def test_the_leak_is_claimed_only_where_its_interval_allows(low, high, words):
    middle = (low + high) / 2
    row = {"metric": "image_iou", "difference": middle, "low": low, "high": high, "n_images": 18, "n_subjects": 5}
    assert words in leak_verdict(pd.DataFrame([row]))
    assert "five people" in leak_verdict(pd.DataFrame([row]))


def test_without_people_the_leak_is_not_measured():
    assert "too few people" in leak_verdict(None)


def test_the_floors_sentence_counts_what_is_broken():
    floors = pd.DataFrame({"value": [0.4, 0.6], "limit": [0.5, 0.5]})
    assert floor_verdict(floors, floors.head(1)).startswith("one of the two printed IoU values lies below")
    assert "20 to 20" in floor_verdict(floors, floors.head(1))
    assert floor_verdict(floors, floors.head(0)).startswith("none of the two")


def test_the_empty_mask_beats_only_whom_it_beats():
    rows = pd.DataFrame({"model": ["pspnet", "deeplabv3"], "value": [0.6, 0.8], "limit": 0.7})
    checks = rows.assign(verdict=["worse than trivial", "possible"])
    assert empty_verdict(checks) == "that of PSPNet is always lower than that of an empty mask, by up to 10.0 points"
    assert "every printed accuracy" in empty_verdict(rows.assign(verdict="possible"))


def test_the_run_here_is_called_impossible_only_below_its_floor():
    assert ", where the least" in here_verdict("pspnet", 0.5, 0.3)
    assert ", and the least" in here_verdict("pspnet", 0.5, 0.4)


def test_codes_that_nobody_shares_are_not_listed():
    codes = pd.DataFrame({"class": ["hair", "nose", "lips"], "code": ["110", "110", "100"]})
    assert shared_codes(codes) == "hair and nose"

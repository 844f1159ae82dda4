import numpy as np
import pytest

from facefair_lib.errors import InputError
from facefair_lib.fairness.subjects import (
    PAIRED,
    UNPAIRED,
    check_scores,
    contrasts,
    pair_of_groups,
    subject_array,
    subject_scores,
)


def test_contrasts_are_first_minus_second_in_the_order_given():
    assert contrasts(["b", "a", "c"]) == [("b-a", 0, 1), ("b-c", 0, 2), ("a-c", 1, 2)]


def test_subjects_count_once_and_missing_scores_not_at_all():
    rows = subject_scores([0.2, 0.4, np.nan, np.nan, 0.9], list("ppqpr"))
    assert rows.subjects.tolist() == ["p", "q", "r"]
    assert rows.scores.tolist() == pytest.approx([0.3, np.nan, 0.9], nan_ok=True)
    assert rows.labels is None


def test_subjects_are_averaged_under_each_label_apart():
    rows = subject_scores([[1.0, 5.0], [3.0, np.nan], [7.0, 2.0]], list("ppp"), list("aab"))
    assert rows.labels.tolist() == ["a", "b"]
    assert rows.scores.tolist() == [[2.0, 5.0], [7.0, 2.0]]


def test_factorial_pictures_find_their_cell():
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 99.0])
    factors = {"group": list("ababab"), "tone": [0, 0, 1, 1, 0, 9]}
    arranged = subject_array(values, list("pppppq"), factors, {"tone": [1, 0]})
    assert arranged.levels == {"group": ("a", "b"), "tone": (1, 0)}
    assert arranged.subjects.tolist() == ["p"]  # q was seen in another tone only
    assert arranged.scores.tolist() == [[[3.0, 3.0], [4.0, 2.0]]]  # (1 + 5) / 2 for group a in tone 0


def test_a_picture_at_a_level_that_was_not_asked_for_is_left_out_whatever_its_other_levels():
    factors = {"group": list("ab"), "tone": [1, 1]}
    arranged = subject_array([1.0, 2.0], list("pq"), factors, {"group": ["a"], "tone": [1]})
    assert (arranged.subjects.tolist(), arranged.scores.tolist()) == (["p"], [[[1.0]]])


def test_cells_without_a_picture_are_nan():
    arranged = subject_array([1.0, 2.0], list("pq"), {"group": list("ab")})
    assert np.isnan(arranged.scores).tolist() == [[False, True], [True, False]]


def test_levels_that_do_not_occur_are_refused():
    with pytest.raises(InputError, match="no image at c"):
        subject_array([1.0], ["p"], {"group": ["a"]}, {"group": ["a", "c"]})


def test_pairs_of_groups_are_the_same_people_or_different_ones():
    rows = subject_scores([0.1, 0.2, 0.3, np.nan], list("ppqq"), list("abab"))
    kind, first, second = pair_of_groups(rows, "a", "b")
    assert (kind, first.tolist(), second.tolist()) == (PAIRED, [0.1], [0.2])  # q has no score in b
    assert [values.tolist() for values in pair_of_groups(rows, "b", "a")[1:]] == [[0.2], [0.1]]
    rows = subject_scores([0.1, 0.2, 0.3], list("prq"), list("aba"))
    kind, first, second = pair_of_groups(rows, "a", "b")
    assert (kind, first.tolist(), second.tolist()) == (UNPAIRED, [0.1, 0.3], [0.2])


def test_whole_numbers_are_scores_too():
    assert check_scores([1, 0], 2).dtype == float


def test_scores_of_wrong_shape_or_without_end_are_refused():
    with pytest.raises(InputError, match=r"shape \(3,\)"):
        subject_scores(np.zeros((2, 2, 2)), list("abc"))
    with pytest.raises(InputError, match="an infinite score"):
        subject_scores([0.1, np.inf], list("ab"))

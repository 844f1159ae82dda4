import numpy as np
import pandas as pd
import pytest

from facefair_lib.errors import InputError
from facefair_lib.scores.confusion import confusion_counts, merge_counts
from facefair_lib.scores.metrics import CLASS_METRICS, ESTIMANDS, f1_per_class, image_scores
from facefair_lib.settings import labels
from facefair_lib.tables import experiment
from facefair_lib.tables.adaptation import tone_table
from facefair_lib.tables.experiment import cell_table, emotion_table, gap_table, group_table, nine_table
from facefair_lib.tables.performance import (
    class_table,
    difference_table,
    examples_table,
    image_table,
    parts_table,
    summary_table,
    transfer_table,
)
from facefair_lib.tables.quality import group_quality_table

FAST = {"replicates": 60, "seed": 1}
PEOPLE = 30
SCORES = ["metric", "value", "low", "high", "n_images", "n_subjects"]


@pytest.fixture(scope="module")
def people():
    """Thirty people, ten in each group, two images each, emotions in turn."""
    person = np.repeat(np.arange(PEOPLE), 2)
    return pd.DataFrame(
        {
            "image_id": [f"image{k:03d}" for k in range(2 * PEOPLE)],
            "subject_id": [f"person{k:02d}" for k in person],
            "group": np.array(["caucasian", "asian", "black"])[person % 3],
            "emotion": np.array(["angry", "sad", "happy"])[(person // 3) % 3],
            "row": np.arange(2 * PEOPLE) + 100,
        }
    )


@pytest.fixture(scope="module")
def counts_by_model():
    """Two models; the second errs more, and nobody wears specs."""
    rng = np.random.default_rng(0)
    counts = {}
    for model, errors in (("deeplabv3", 2), ("pspnet", 4)):
        stack = rng.poisson(errors, (2 * PEOPLE, 11, 11))
        stack[:, range(11), range(11)] += rng.poisson(60, (2 * PEOPLE, 11))
        stack[:, 10], stack[:, :, 10] = 0, 0
        counts[model] = stack
    return counts


def test_summary_holds_every_estimand_of_every_model(counts_by_model, people):
    table = summary_table(counts_by_model, people, **FAST)
    assert table.columns.tolist() == ["model", *SCORES]
    assert table["model"].tolist() == ["deeplabv3"] * len(ESTIMANDS) + ["pspnet"] * len(ESTIMANDS)
    assert table["metric"].tolist() == list(ESTIMANDS) * 2
    for _, row in table.iterrows():
        assert row["value"] == pytest.approx(ESTIMANDS[row["metric"]].function(counts_by_model[row["model"]]))
        assert row["low"] < row["value"] < row["high"]
        assert (row["n_images"], row["n_subjects"]) == (60, 30)


def test_class_rows_count_images_and_people_whose_target_holds_the_class(counts_by_model, people):
    counts = {model: stack.copy() for model, stack in counts_by_model.items()}
    for stack in counts.values():
        stack[4:, 9] = 0  # only the first two people wear a beard
    table = class_table(counts, people, **FAST).set_index(["model", "class", "metric"]).sort_index()
    assert len(table) == 2 * 11 * 4
    assert table.loc[("pspnet", "facial_hair", "recall"), ["n_images", "n_subjects"]].tolist() == [4, 2]
    assert table.loc[("pspnet", "hair", "recall"), ["n_images", "n_subjects"]].tolist() == [60, 30]
    specs = table.loc[("deeplabv3", "specs")]
    assert specs[["value", "low", "high"]].isna().all(axis=None)
    assert (specs["n_images"] == 0).all()
    value = table.loc[("deeplabv3", "nose", "f1"), "value"]
    assert value == pytest.approx(f1_per_class(counts["deeplabv3"].sum(0))[labels.INDEX["nose"]])


def test_differences_are_first_minus_second_model(counts_by_model, people):
    table = difference_table(counts_by_model, people, **FAST)
    assert table.columns.tolist() == ["class", "metric", "difference", "low", "high"]
    assert table["metric"].tolist() == [*ESTIMANDS, *list(CLASS_METRICS) * 11]
    assert table["class"].unique().tolist() == ["all", *labels.CLASS_NAMES]
    summary = summary_table(counts_by_model, people, **FAST).set_index(["model", "metric"])["value"]
    whole = table[table["class"] == "all"].set_index("metric")
    for metric in ESTIMANDS:
        expected = summary["deeplabv3", metric] - summary["pspnet", metric]
        assert whole.loc[metric, "difference"] == pytest.approx(expected)
        assert 0 < whole.loc[metric, "low"] < expected < whole.loc[metric, "high"]


def test_a_model_compared_with_itself_differs_by_exactly_nothing(counts_by_model, people):
    same = {"deeplabv3": counts_by_model["deeplabv3"], "copy": counts_by_model["deeplabv3"]}
    table = difference_table(same, people, **FAST).dropna()
    assert len(table) == len(ESTIMANDS) + 10 * 4
    assert (table[["difference", "low", "high"]] == 0).all(axis=None)


def test_invented_and_missed_parts_are_counted_picture_by_picture(people):
    rng = np.random.default_rng(5)
    masks = rng.choice([0, 4, 9], p=[0.5, 0.49, 0.01], size=(3, 60, 8, 8))  # the truth, then two models
    masks[1, :20] = np.where(masks[1, :20] == 4, 9, masks[1, :20])
    truth, *answers = masks
    counts = {m: confusion_counts(truth, mask) for m, mask in zip(("deeplabv3", "pspnet"), answers, strict=True)}
    table = parts_table(counts, people, "rendered", **FAST)
    assert table[["class", "model"]].to_numpy().tolist() == [
        [part, model] for part in ("specs", "facial_hair", "teeth") for model in counts
    ]
    beards = table[table["class"] == "facial_hair"].set_index("model")
    for model, mask in zip(counts, answers, strict=True):
        without, clearly, invented, missed = [], 0, 0, 0
        for place in range(60):
            pixels = int((mask[place] == 9).sum())
            if (truth[place] == 9).any():
                missed += pixels == 0
            else:
                without.append(people["subject_id"][place])
                invented, clearly = invented + (pixels > 0), clearly + (pixels >= 10)
        row = beards.loc[model]
        found = [row[name] for name in ("n_without", "invented", "invented_clearly", "n_subjects", "n_with", "missed")]
        assert found == [len(without), invented, clearly, len(set(without)), 60 - len(without), missed]
        assert row["low"] < row["share"] < row["high"] and row["share"] == invented / len(without)
    assert beards["invented_clearly"].tolist()[0] > 0 and (beards["missed"] > 0).any()
    nobody = table[table["class"] == "teeth"]
    assert (
        (nobody["invented"] == 0).all()
        and (nobody["share"] == 0).all()
        and nobody[["low", "high"]].isna().all(axis=None)
    )


def test_parts_that_a_data_set_does_not_label_are_not_counted(counts_by_model, people):
    assert parts_table(counts_by_model, people, "fasseg", **FAST).empty
    assert parts_table(counts_by_model, people, "celebamask", **FAST)["class"].unique().tolist() == ["specs"]
    everybody = {"pspnet": np.ones((60, 11, 11), int)}
    row = parts_table(everybody, people, "rendered", **FAST).iloc[0]
    assert row["n_without"] == 0 and row[["share", "low", "high"]].isna().all()


BACKGROUND_LAST = dict(reversed(labels.FASSEG_GROUPS.items()))
NO_PIXEL, SIX_CLASSES = {"pspnet": np.zeros((60, 11, 11), int)}, {"pspnet": np.zeros((60, 6, 6), int)}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (lambda counts, people: difference_table({"pspnet": counts["pspnet"]}, people), "two models"),
        (lambda _, people: examples_table(NO_PIXEL, people), "no image with a score"),
        (
            lambda counts, people: transfer_table({("a", "b"): counts["pspnet"]}, people, groups=BACKGROUND_LAST),
            "the background first",
        ),
        (
            lambda counts, people: summary_table(counts, people.iloc[1:]),
            r"counts of deeplabv3[\s\S]*table of 59 images",
        ),
        (lambda _, people: summary_table(SIX_CLASSES, people), r"\(60, 6, 6\)"),
        (lambda counts, people: cell_table(counts, people.drop(columns="emotion")), "no column emotion"),
        (
            lambda counts, people: group_table(counts, people.assign(group=people["group"].where(people.index != 7))),
            "no group for 1 images, the first is image007",
        ),
        (lambda counts, people: summary_table(counts, people.replace("image001", "image000")), "the first is image000"),
    ],
)
def test_counts_and_people_that_do_not_fit_are_refused_in_words(counts_by_model, people, table, message):
    with pytest.raises(InputError, match=message):
        table(counts_by_model, people)


def test_image_table_scores_each_image(counts_by_model, people):
    table = image_table(counts_by_model, people)
    assert table.columns.tolist() == ["model", "image_id", "subject_id", "image_iou", "image_f1", "accuracy"]
    assert table["image_id"].tolist() == people["image_id"].tolist() * 2
    second = table[table["model"] == "pspnet"]
    np.testing.assert_array_equal(second["image_iou"], image_scores(counts_by_model["pspnet"])["image_iou"])
    mean = table.groupby("model")["image_iou"].mean()
    assert mean["deeplabv3"] == pytest.approx(ESTIMANDS["image_iou"].function(counts_by_model["deeplabv3"]))


def test_examples_are_the_extremes_the_middle_and_the_largest_difference(people):
    hits = {"deeplabv3": [90, 50, 70, 60, 80], "pspnet": [10, 49, 71, 60, 0]}
    counts = {model: np.zeros((5, 11, 11), int) for model in hits}
    for model, stack in counts.items():
        stack[:, 0, 0] = hits[model]
        stack[:, 0, 1] = 100 - stack[:, 0, 0]
    counts["pspnet"][4] = 0  # no labelled pixel: no score
    table = examples_table(counts, people.head(5))
    assert table.columns.tolist() == ["rank", "image_id", "row", "model", "image_iou"]
    chosen = table.set_index(["rank", "model"])["row"]
    assert chosen["best"].tolist() == [100, 102]
    assert chosen["worst"].tolist() == [101, 100]
    assert chosen["median"].tolist() == [102, 101]  # of an even number, the earlier of the two nearest
    assert chosen["largest_difference"].tolist() == [100, 100]
    last = table[table["rank"] == "largest_difference"].set_index("model")["image_iou"]
    assert last.to_dict() == pytest.approx({"deeplabv3": 0.45, "pspnet": 0.05})


def test_cells_stand_in_the_order_of_the_study_and_score_their_images(counts_by_model, people):
    table = cell_table(counts_by_model, people, **FAST)
    assert table.columns.tolist() == ["model", "group", "emotion", *SCORES]
    cells = table.loc[table["metric"] == "iou", ["model", "group", "emotion"]].to_numpy().tolist()
    groups, emotions = ("asian", "black", "caucasian"), ("sad", "happy", "angry")
    assert cells == [[m, g, e] for m in ("deeplabv3", "pspnet") for g in groups for e in emotions]
    row = table.query("model == 'pspnet' and group == 'black' and emotion == 'sad' and metric == 'image_f1'").iloc[0]
    rows = (people["group"] == "black") & (people["emotion"] == "sad")
    assert row["value"] == pytest.approx(ESTIMANDS["image_f1"].function(counts_by_model["pspnet"][rows]))
    assert (row["n_images"], row["n_subjects"]) == (rows.sum(), rows.sum() // 2)


def test_cells_without_images_are_nan_rows(counts_by_model, people):
    rows = ~((people["group"] == "black") & (people["emotion"] == "sad")).to_numpy()
    counts = {model: stack[rows] for model, stack in counts_by_model.items()}
    table = cell_table(counts, people[rows], **FAST)
    assert len(table) == 2 * 9 * len(ESTIMANDS)
    empty = table[(table["group"] == "black") & (table["emotion"] == "sad")]
    assert empty[["value", "low", "high"]].isna().all(axis=None)
    assert (empty[["n_images", "n_subjects"]] == 0).all(axis=None)


@pytest.mark.parametrize("feature", ["group", "emotion"])
def test_groups_and_emotions_score_their_images(counts_by_model, people, feature):
    table = getattr(experiment, f"{feature}_table")(counts_by_model, people, **FAST)
    assert table.columns.tolist() == ["model", feature, *SCORES]
    assert len(table) == 2 * 3 * len(ESTIMANDS)
    for _, row in table.iterrows():
        alone = counts_by_model[row["model"]][people[feature] == row[feature]]
        assert row["value"] == pytest.approx(ESTIMANDS[row["metric"]].function(alone))


def test_names_outside_the_study_follow_in_alphabetical_order(counts_by_model, people):
    other = people.assign(emotion=people["emotion"].replace({"happy": "surprised", "angry": "neutral"}))
    table = emotion_table(counts_by_model, other, **FAST)
    assert table["emotion"].unique().tolist() == ["sad", "neutral", "surprised"]


def test_gaps_stand_by_model_feature_and_metric(counts_by_model, people):
    table = gap_table(counts_by_model, people, permutations=50, **FAST)
    columns = ["gap", "expected_by_chance", "corrected", "low", "high", "p_value", "best", "worst"]
    assert table.columns.tolist() == ["model", "feature", "metric", *columns]
    assert table["metric"].tolist() == list(ESTIMANDS) * 4
    assert table["feature"].tolist() == (["group"] * len(ESTIMANDS) + ["emotion"] * len(ESTIMANDS)) * 2
    groups = group_table(counts_by_model, people, **FAST).query("model == 'pspnet' and metric == 'f1'")
    row = table.query("model == 'pspnet' and feature == 'group' and metric == 'f1'").iloc[0]
    values = groups.set_index("group")["value"]
    assert row["gap"] == pytest.approx(values.max() - values.min())
    assert (row["best"], row["worst"]) == (values.idxmax(), values.idxmin())


def test_matched_people_are_compared_within_their_set_and_counted_one_by_one():
    sets, names = np.repeat(np.arange(30), 3), [f"p{n:02d}" for n in range(90)]
    people = pd.DataFrame({"image_id": names, "subject_id": names, "matched_set": sets.astype(str)})
    people = people.assign(group=["asian", "black", "caucasian"] * 30, emotion=np.repeat(["sad", "happy", "angry"], 30))
    right = np.random.default_rng(3).integers(400, 900, 30)[sets] + 20 * (people["group"] == "asian").to_numpy()
    counts = np.zeros((90, 11, 11), int)
    counts[:, 4, 4], counts[:, 4, 0] = right, 1000 - right
    options = {"estimands": ["fixed_image_iou"], "permutations": 300, **FAST}
    found, alone = (
        gap_table({"m": counts}, table, **options) for table in (people, people.drop(columns="matched_set"))
    )
    p_value = {name: table.set_index("feature")["p_value"] for name, table in (("sets", found), ("alone", alone))}
    assert p_value["sets"]["group"] < 0.01 and p_value["alone"]["group"] > 0.2
    assert found["gap"].tolist() == alone["gap"].tolist()
    reach = (found["high"] - found["gap"]).tolist(), (alone["high"] - alone["gap"]).tolist()
    assert reach[0][0] < 0.2 * reach[1][0], "groups share the pictures' differences"
    assert reach[0][1] > 1.3 * reach[1][1], "three people of a set are not three draws of an emotion"
    emotions = emotion_table({"m": counts}, people, **FAST)
    assert (emotions["n_subjects"] == 30).all() and (
        group_table({"m": counts}, people, **FAST)["n_subjects"] == 30
    ).all()


def test_gaps_of_nine_photos_are_nan(counts_by_model, people):
    nine = people.head(9)
    table = gap_table({"pspnet": counts_by_model["pspnet"][:9]}, nine, permutations=20, **FAST)
    assert len(table) == 2 * len(ESTIMANDS)
    assert table[["gap", "corrected", "p_value"]].isna().all(axis=None)


def test_the_nine_get_one_score_per_model_and_nan_without_masks(counts_by_model, people):
    nine = people.iloc[10:19]
    stack = counts_by_model["deeplabv3"][10:19]
    table = nine_table({"deeplabv3": stack, "pspnet": None}, nine)
    assert table.columns.tolist() == [*people.columns, "deeplabv3_iou", "pspnet_iou"]
    assert table["deeplabv3_iou"].tolist() == image_scores(stack)["image_iou"].tolist()
    assert table["pspnet_iou"].isna().all()


def test_transfer_scores_the_merged_classes_of_photographs(counts_by_model, people):
    counts = {("quick", "pspnet"): counts_by_model["pspnet"], ("fasseg", "pspnet"): counts_by_model["deeplabv3"]}
    table = transfer_table(counts, people, **FAST)
    columns = ["trained_on", "model", "class", "f1", "low", "high", "n_images", "n_subjects"]
    assert table.columns.tolist() == columns
    assert table["class"].tolist() == ["hair", "skin", "nose", "mouth", "eyes", "mean"] * 2
    assert table["trained_on"].tolist() == ["quick"] * 6 + ["fasseg"] * 6
    first = table.head(6).set_index("class")
    pooled = merge_counts(counts_by_model["pspnet"], labels.merge_lookup(labels.FASSEG_GROUPS)[1]).sum(0)
    hit = pooled[1, 1]
    assert first.loc["hair", "f1"] == pytest.approx(2 * hit / (pooled[1].sum() + pooled[:, 1].sum()))
    assert first.loc["mean", "f1"] == pytest.approx(first["f1"].iloc[:5].mean())
    assert ((table["low"] < table["f1"]) & (table["f1"] < table["high"])).all()
    assert (table["n_subjects"] == 30).all()


def test_photographs_without_masks_give_tables_without_rows() -> None:
    nobody = pd.DataFrame(columns=["image_id", "subject_id", "group", "emotion"])
    counts = {"deeplabv3": np.zeros((0, 11, 11), np.int64)}
    for table in (cell_table, group_table, emotion_table, gap_table):
        assert table(counts, nobody, replicates=100).empty
    assert list(group_table(counts, nobody).columns[:3]) == ["model", "group", "metric"]


def test_where_no_emotion_is_known_there_are_no_scores_by_emotion_and_groups_stay(counts_by_model, people):
    unknown = people.assign(emotion="unknown")
    assert emotion_table(counts_by_model, unknown, **FAST).empty
    expected = group_table(counts_by_model, people, **FAST)
    pd.testing.assert_frame_equal(group_table(counts_by_model, unknown, **FAST), expected)


def measured(groups, values):
    """One measure of one model on pictures of those groups, one person each."""
    names = [f"p{n}" for n in range(len(groups))]
    people = pd.DataFrame({"image_id": names, "subject_id": names, "group": groups})
    pictures = people[["image_id"]].assign(measure="entropy", model="pspnet", value=values)
    worth = {"correlation": -0.5, "low": -0.7, "high": -0.2, "n_images": 90, "n_subjects": 30}
    return pictures, people, pd.DataFrame([{"measure": "entropy", "model": "pspnet", **worth}])


def test_measures_by_group_are_means_with_intervals_beside_what_the_measure_is_worth():
    values = np.linspace(0, 1, 24)
    groups = ["indian"] * 20 + ["white"] * 3 + ["unknown"]
    table = group_quality_table(*measured(groups, values), **FAST).set_index("group")
    assert table.index.tolist() == ["indian", "white"], "nobody of an unknown group"
    np.testing.assert_allclose(table["value"], [values[:20].mean(), values[20:23].mean()])
    assert table["small"].tolist() == [False, True] and table["n_images"].tolist() == [20, 3]
    inside = (table["low"] < table["value"]) & (table["value"] < table["high"])
    assert inside.all()
    worth = table[["correlation", "correlation_low", "correlation_high", "n_validated"]]
    assert worth.to_numpy().tolist() == [[-0.5, -0.7, -0.2, 90]] * 2


def test_without_groups_there_are_no_measures_by_group():
    assert group_quality_table(*measured(["unknown"] * 3, [0.1, 0.2, 0.3]), **FAST).empty


def test_scores_over_measured_tone_are_points_for_ten_degrees_within_each_folder(people):
    tone = np.repeat(np.linspace(-20, 60, PEOPLE), 2)
    correct = np.rint(500 + 5 * tone).astype(int)  # of 1,000 pixels of each of two classes
    counts = np.zeros((2 * PEOPLE, 11, 11), np.int64)
    face, nose = labels.INDEX["face"], labels.INDEX["nose"]
    for first, second in ((face, nose), (nose, face)):
        counts[:, first, first], counts[:, first, second] = correct, 1000 - correct
    images = people.assign(tone=tone, folder=np.where(np.arange(2 * PEOPLE) % 4 < 2, "V2/Test_RGB", "V3/Test_RGB/+15"))
    table = tone_table({("quick", "pspnet"): counts}, images)
    row = table.iloc[0]
    assert row["slope"] == pytest.approx(0.05, rel=0.01) and row["low"] <= row["slope"] <= row["high"]
    assert row["within_person"] == 0
    other = tone_table({("quick", "pspnet"): counts}, images.assign(tone=tone + np.tile([-5.0, 5.0], PEOPLE)))
    assert other["within_person"].item() == pytest.approx(50**0.5)
    assert (row["trained_on"], row["n_subjects"], row["small"]) == ("quick", PEOPLE, False)
    assert tone_table({("quick", "pspnet"): counts[:8]}, images[:8])["small"].all()

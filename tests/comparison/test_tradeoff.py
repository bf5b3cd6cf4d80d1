from dataclasses import replace

import pytest
from accuracies import ACCURACY, SPEED, make_accuracy, timed
from synthetic import make_row, make_run

from fatnn_bench.accuracy.records import ImageShape
from fatnn_bench.architectures.description import DESCRIPTIONS
from fatnn_bench.architectures.layers import whole
from fatnn_bench.comparison.same_network import difference
from fatnn_bench.comparison.tradeoff import joined, recommend
from fatnn_bench.errors import NothingComparableError


def names(choices):
    return [choice.precision for choice in choices]


def test_each_precision_has_the_row_of_its_kernel_at_the_smallest_batch():
    choices = joined(ACCURACY, SPEED)
    assert {choice.precision: choice.row.case for choice in choices.choices} == {
        "float32": "onnxruntime.float32/small-cnn.b1/kernel@1",
        "twn": "onnxruntime.float32/small-cnn.b1/kernel@1",
        "lsq-2bit": "two-bit/small-cnn.b1/kernel@1",
        "fatnn": "ternary-fatnn/small-cnn.b1/kernel@1",
        "xnor": "binary/small-cnn.b1/kernel@1",
    }


def test_the_best_way_of_a_precision_runs_it_on_the_fewest_threads():
    slower, faster, wide = timed("ternary-fatnn", 1.0), timed("ternary-lookup", 0.6), timed("binary", 0.1, threads=2)
    choices = joined(ACCURACY, make_run(wide, slower, faster, timed("binary", 0.5)))
    assert {choice.precision: (choice.row.kernel, choice.latency_s) for choice in choices.choices} == {
        "fatnn": ("ternary-lookup", 0.6e-3),
        "xnor": ("binary", 0.5e-3),
    }


def test_a_precision_without_a_time_is_left_out_with_a_sentence():
    choices = joined(ACCURACY, make_run(timed("binary", 1.0)))
    assert names(choices.choices) == ["xnor"]
    assert "fatnn: no time of a ternary kernel in results/native" in choices.left_out[-1]


@pytest.mark.parametrize(
    ("speed", "network"),
    [
        (make_run(make_row("binary", ms=1.0)), "small-cnn"),
        (SPEED, "other"),
        (make_run(timed("int8", 1.0)), "small-cnn"),
    ],
)
def test_runs_of_different_networks_cannot_be_joined(speed, network):
    with pytest.raises(NothingComparableError, match=f"run --scope network --shapes {network}"):
        joined(make_accuracy(network=network, fatnn=[0.9, 0.91]), speed)


def test_the_most_accurate_within_a_latency_and_what_cannot_be_told_from_it():
    choices = joined(ACCURACY, SPEED)
    assert recommend(choices, 10e-3, None).best.precision == "float32"
    within = recommend(choices, 3e-3, None)
    assert within.best.precision == "lsq-2bit"
    assert names(within.equals) == []  # fatnn is worse by about the same in every seed
    unequal = make_accuracy(lsq_2bit=[0.98, 0.97, 0.96], fatnn=[0.96, 0.97, 0.979])
    assert names(recommend(joined(unequal, SPEED), 3e-3, None).equals) == ["fatnn"]


SHAPE = whole(DESCRIPTIONS["small-cnn"], 1).to_json()


@pytest.mark.parametrize(
    ("shape", "header", "reason"),
    [
        ({"height": 28, "width": 28}, {}, "timed on images of 28×28 pixels and 1 channels, trained on 8×8 pixels"),
        ({"in_channels": 3}, {}, "timed on images of 8×8 pixels and 3 channels"),
        ({"image_macs": 5}, {}, "timed with 5 multiply-accumulates an image, trained with 378176"),
        ({}, {"order": "bacs"}, "timed in the order cbsa without calibration, trained in the order bacs without"),
        ({}, {"calibration": True}, "trained in the order cbsa with calibration"),
        ({}, {"dataset": "cifar10"}, "trained on 32×32 pixels and 3 channels"),
        ({}, {"dataset": "own"}, "the images of data set 'own' are not known"),
        ({"out_channels": 100, "image_macs": SHAPE["image_macs"] + 90 * 32}, {}, ""),
    ],
)
def test_networks_of_one_name_are_joined_by_what_they_compute(shape, header, reason):
    trained = make_accuracy(fatnn=[0.9, 0.91]).header
    trained = replace(trained, settings=replace(trained.settings, **header))
    found = difference(trained, timed("binary", 1.0, shape=SHAPE | shape))
    assert reason in found
    assert bool(found) == bool(reason)


def test_two_networks_of_one_name_are_refused():
    speed = make_run(timed("binary", 1.0, shape=SHAPE | {"height": 28}))
    with pytest.raises(NothingComparableError, match="are of two networks: timed on images of 28×28"):
        joined(make_accuracy(fatnn=[0.9, 0.91]), speed)


def test_the_images_that_a_file_tells_count_before_the_data_sets_own():
    trained = replace(make_accuracy(fatnn=[0.9, 0.91]).header, images=ImageShape(size=28, channels=1))
    assert "trained on 28×28" in difference(trained, timed("binary", 1.0))


def test_the_fastest_of_an_accuracy():
    choices = joined(ACCURACY, SPEED)
    assert recommend(choices, None, 0.5).best.precision == "xnor"
    advice = recommend(choices, None, 0.96)
    assert (advice.best.precision, names(advice.equals)) == ("fatnn", [])
    close = make_run(timed("two-bit", 1.0), timed("ternary-fatnn", 1.01))
    assert names(recommend(joined(ACCURACY, close), None, 0.95).equals) == ["fatnn"]


def test_an_interval_across_a_limit_is_not_told():
    choices = joined(ACCURACY, SPEED)
    assert names(recommend(choices, 1e-3, None).unsure) == ["fatnn"]  # 1 ms ± 1%
    assert "fatnn" in names(recommend(choices, None, 0.97).unsure)
    one_seed = joined(make_accuracy(fatnn=[0.9], xnor=[0.8, 0.8]), SPEED)
    assert names(recommend(one_seed, None, 0.7).unsure) == ["fatnn"]


@pytest.mark.parametrize(
    ("latency", "accuracy", "words"), [(1e-6, None, "all surely break it"), (None, 0.985, "cannot tell for float32")]
)
def test_where_nothing_keeps_the_limit(latency, accuracy, words):
    with pytest.raises(NothingComparableError, match=words):
        recommend(joined(ACCURACY, SPEED), latency, accuracy)


def test_both_limits_at_once():
    assert recommend(joined(ACCURACY, SPEED), 3e-3, 0.95).best.precision == "lsq-2bit"

"""The sweep: its order, its globs, its refusals."""

import json

import pytest

from fatnn_bench.architectures import networks
from fatnn_bench.errors import UserError
from fatnn_bench.workload.cases import Case, sweep
from fatnn_bench.workload.layers import Layer, bare_gemm

KERNELS = ["ternary-fatnn", "binary", "blas.float32"]
LAYERS = [
    Layer(name="fc6", kind="linear", network="vgg16", in_channels=8, out_channels=4),
    Layer(name="fc", kind="linear", network="resnet18", in_channels=8, out_channels=4),
    bare_gemm(1, 2, 3),
]


def ids(**globs):
    return [case.id for case in sweep(LAYERS, KERNELS, "kernel", 2, **globs)]


def test_groups_by_layer_in_the_orders_given():
    assert ids()[:4] == [
        "ternary-fatnn/vgg16.fc6/kernel@2",
        "binary/vgg16.fc6/kernel@2",
        "blas.float32/vgg16.fc6/kernel@2",
        "ternary-fatnn/resnet18.fc/kernel@2",
    ]
    assert len(set(ids())) == 9
    assert ids()[-1] == "blas.float32/1x2x3/kernel@2"


@pytest.mark.parametrize(
    ("layer", "kernel", "expected"),
    [
        ("fc", "binary", ["binary/resnet18.fc/kernel@2"]),
        ("fc*", "binary", ["binary/vgg16.fc6/kernel@2", "binary/resnet18.fc/kernel@2"]),
        ("resnet18.*", "*float32", ["blas.float32/resnet18.fc/kernel@2"]),
        ("1x*,vgg16.fc?", "binary", ["binary/vgg16.fc6/kernel@2", "binary/1x2x3/kernel@2"]),
        ("1x2x3", "b*, ternary-*", [f"{kernel}/1x2x3/kernel@2" for kernel in KERNELS]),
    ],
)
def test_globs(layer, kernel, expected):
    assert ids(layer_glob=layer, kernel_glob=kernel) == expected


@pytest.mark.parametrize(
    ("globs", "message"),
    [
        ({"layer_glob": "fc,conv9"}, r"--layer 'conv9' matches nothing; there are vgg16\.fc6, resnet18\.fc, 1x2x3"),
        ({"kernel_glob": "int8"}, r"--kernel 'int8' matches nothing; there are ternary-fatnn, binary, blas\.float32"),
        ({"kernel_glob": ""}, "--kernel '' matches nothing"),
    ],
)
def test_refuses_a_glob_that_matches_nothing(globs, message):
    with pytest.raises(UserError, match=message):
        ids(**globs)


@pytest.mark.parametrize("name", networks.names())
def test_a_case_travels_as_json(name):
    for case in sweep(networks.load(name), KERNELS, "kernel", 1):
        assert Case.from_json(json.loads(json.dumps(case.to_json()))) == case

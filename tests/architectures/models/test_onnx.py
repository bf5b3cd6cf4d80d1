"""ONNX files: those of PyTorch's exporter against forward hooks, those made by hand against onnx's own evaluator."""

import io
import warnings

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from hypothesis import assume, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from onnx_files import model, node, saved  # noqa: E402

from fatnn_bench.architectures import networks  # noqa: E402
from fatnn_bench.architectures.models.found import Given  # noqa: E402
from fatnn_bench.errors import UserError  # noqa: E402

#: Counts of operators, by which the summary begins.
NETWORKS = {
    "ResNet18": ((2, 3, 32, 32), "65 nodes: 20 Conv, 1 Gemm; the rest takes no product"),
    "MobileNetV2": ((2, 3, 32, 32), "nodes: 52 Conv, 1 Gemm; the rest takes no product"),
    "Transformer": ((2, 7), "nodes: 9 MatMul; left out: 4 MatMul of two activations; the rest takes no product"),
    "Odd": ((2, 3, 20, 24), "15 nodes: 4 Conv, 1 Gemm; the rest takes no product"),
}


def exported(module, example, **how):
    import torch

    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), example, out, dynamo=False, input_names=["x"], **how)
    return out.getvalue()


@pytest.mark.parametrize("name", NETWORKS)
def test_finds_what_hooks_see_in_the_module_that_was_exported(name, tmp_path):
    torch = pytest.importorskip("torch")
    import modules

    shape, summary = NETWORKS[name]
    words = len(shape) == 2
    module, example = getattr(modules, name)(), torch.zeros(shape, dtype=torch.long if words else torch.float32)
    open_ = {"x": {0: "batch", 1: "sequence"} if words else {0: "batch"}}
    path = tmp_path / "net.onnx"
    path.write_bytes(exported(module, example, dynamic_axes=open_))
    (found,) = networks.find(str(path), Given(2, 7 if words else None))
    assert modules.told(found) == modules.seen_by_hooks(module, example)
    assert found.summary.endswith(summary)
    assert found.open == ({"batch", "tokens"} if words else {"batch"})


@pytest.mark.campaign
def test_the_other_exporter_of_pytorch_names_layers_alike(tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    import modules

    module, example = modules.Transformer(), torch.zeros((2, 7), dtype=torch.long)
    sizes = ({0: torch.export.Dim("batch"), 1: torch.export.Dim("seq")},)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(), (example,), tmp_path / "net.onnx", dynamo=True, dynamic_shapes=sizes, verbose=False
        )
    (found,) = networks.find(str(tmp_path / "net.onnx"), Given(2, 7))
    assert modules.told(found) == modules.seen_by_hooks(module, example)


def found_in(made, path, given_=Given()):  # noqa: B008
    (found,) = networks.find(str(saved(made, path / "net.onnx")), given_)
    return found


def evaluated(made, **inputs):
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(made).run(None, inputs)[0]


sides = st.tuples(st.integers(1, 3), st.integers(1, 3))


@settings(max_examples=60, deadline=None)
@given(
    kernel=sides, strides=sides, dilations=sides, pads=st.tuples(*[st.integers(0, 2)] * 4), group=st.integers(1, 2),
    size=st.tuples(st.integers(3, 7), st.integers(3, 7)),
    auto=st.sampled_from(["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]),
)  # fmt: skip
def test_a_convolution_has_the_outputs_that_onnx_computes(
    kernel, strides, dilations, pads, group, size, auto, tmp_path_factory
):
    assume(all(dilation * (taps - 1) < side for dilation, taps, side in zip(dilations, kernel, size, strict=True)))
    padding = {"pads": pads} if auto == "NOTSET" else {"auto_pad": auto}
    shape, weights = (2, 2 * group, *size), np.ones((3 * group, 2, *kernel), np.float32)
    conv = node("Conv", "x", "w.weight", strides=strides, dilations=dilations, group=group, **padding)
    made = model([conv], {"x": shape}, {"w.weight": weights})
    (layer,) = found_in(made, tmp_path_factory.getbasetemp()).layers
    expected = evaluated(made, x=np.ones(shape, np.float32))
    assert (layer.batch, layer.out_channels, layer.out_height, layer.out_width) == expected.shape
    # of an image of ones and weights of ones, the largest sum is K where the kernel lies inside
    assert layer.k == weights[0].size
    assert layer.groups == group
    top, left, bottom, right = layer.window.padding
    padding = {"pads": [top, left, bottom, right]}
    conv = node("Conv", "x", "w.weight", strides=strides, dilations=dilations, group=group, **padding)
    by_hand = model([conv], {"x": shape}, {"w.weight": weights})
    np.testing.assert_array_equal(evaluated(by_hand, x=np.ones(shape, np.float32)), expected)


def zeros(*shape):
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize(
    ("made", "gemms"),
    [
        (model([node("Gemm", "x", "w", transB=1)], {"x": (5, 3)}, {"w": zeros(4, 3)}), {(5, 4, 3, 1)}),
        (model([node("Gemm", "x", "w", transA=1)], {"x": (3, 5)}, {"w": zeros(3, 4)}), {(5, 4, 3, 1)}),
        (model([node("Gemm", "w", "x")], {"x": (3, 5)}, {"w": zeros(4, 3)}), {(5, 4, 3, 1)}),
        (model([node("MatMul", "x", "w")], {"x": (2, 5, 3)}, {"w": zeros(3, 4)}), {(10, 4, 3, 1)}),
        (model([node("MatMul", "x", "w")], {"x": (3,)}, {"w": zeros(3, 4)}), {(1, 4, 3, 1)}),
        (model([node("MatMul", "x", "w")], {"x": (5, 3)}, {"w": zeros(3)}), {(5, 1, 3, 1)}),
        (model([node("MatMul", "w", "x")], {"x": (2, 3, 5)}, {"w": zeros(4, 3)}), {(10, 4, 3, 1)}),
        (model([node("MatMul", "x", "w")], {"x": (2, 1, 5, 3)}, {"w": zeros(6, 3, 4)}), {(10, 4, 3, 6)}),
        (model([node("MatMul", "x", "w")], {"x": (2, 6, 5, 3)}, {"w": zeros(6, 3, 4)}), {(10, 4, 3, 6)}),
        (model([node("MatMul", "x", "w")], {"x": (5, 3)}, {"w": zeros(6, 3, 4)}), {(5, 4, 3, 6)}),
    ],
)
def test_products(made, gemms, tmp_path):
    layers = found_in(made, tmp_path).layers
    assert {(layer.m, layer.n, layer.k, layer.count) for layer in layers} == gemms
    shape = [dim.dim_value for dim in made.graph.input[0].type.tensor_type.shape.dim]
    assert evaluated(made, x=np.zeros(shape, np.float32)).size == sum(m * n * count for m, n, _, count in gemms)


def test_weights_may_be_computed_of_constants(tmp_path):
    nodes = [
        node("Constant", output="scale", value_float=0.5),
        node("DequantizeLinear", "w.weight_quantized", "scale", output="w"),
        node("Transpose", "w", output="wt", perm=[1, 0]),
        node("QuantizeLinear", "x", "scale", output="q"),
        node("DequantizeLinear", "q", "scale", output="xd"),
        node("MatMul", "xd", "wt"),
    ]
    found = found_in(model(nodes, {"x": (5, 3)}, {"w.weight_quantized": np.zeros((4, 3), np.uint8)}), tmp_path)
    assert [(layer.name, layer.m, layer.n, layer.k) for layer in found.layers] == [("w", 5, 4, 3)]
    assert found.summary == "6 nodes: 1 MatMul; the rest takes no product"


def test_quantised_operators_are_layers(tmp_path):
    scales = {"s": np.float32(1), "z": np.uint8(0)}
    nodes = [
        node("QuantizeLinear", "x", "s", "z", output="q"),
        node("QLinearConv", "q", "s", "z", "w", "s", "z", "s", "z", output="c", name="/conv/Conv_quant", pads=[1] * 4),
        node("DequantizeLinear", "c", "s", "z"),
    ]
    found = found_in(model(nodes, {"x": (1, 2, 5, 5)}, scales | {"w": np.zeros((4, 2, 3, 3), np.uint8)}), tmp_path)
    assert [(layer.kind, layer.m, layer.n, layer.k) for layer in found.layers] == [("conv", 25, 4, 18)]


def test_what_multiplies_and_is_no_layer_is_named(tmp_path):
    nodes = [
        node("MatMul", "x", "w", output="a"),
        node("MatMul", "a", "a", output="b"),
        node("Einsum", "a", "b", output="c", equation="ij,jk->ik"),
        node("Relu", "c", output="d"),
        node("Conv", "v", "w3", output="e"),
        node("ConvTranspose", "v", "w3", output="f"),
        onnx.helper.make_node("Own", ["d"], ["y"], domain="com.example"),
    ]
    made = model(nodes, {"x": (4, 3), "v": (1, 2, 4, 4, 4)}, {"w": zeros(3, 4), "w3": zeros(2, 2, 3, 3, 3)})
    assert found_in(made, tmp_path).summary == (
        "7 nodes: 1 MatMul; left out: 1 MatMul of two activations, 1 Einsum, 1 Conv of 5 dimensions, 1 ConvTranspose, "
        "1 of 'com.example', unknown here; the rest takes no product"
    )


MATMUL = [node("MatMul", "x", "w", name="/fc/MatMul")]


def test_open_sizes_are_told_by_word_or_place(tmp_path):
    for shape, rows in (
        (("N", "T", 3), 14),
        (("sequence", "batch_size", 3), 14),
        ((None, None, 3), 14),
        (("N", 7, 3), 14),
    ):
        found = found_in(model(MATMUL, {"x": shape}, {"w": zeros(3, 4)}), tmp_path, Given(2, None if 7 in shape else 7))
        assert [layer.m for layer in found.layers] == [rows], shape


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (model(MATMUL, {"x": ("N", 3)}, {"w": zeros(3, 4)}),
         "leaves its batch open, input 'x', dimension 1 of 2; say how many: --batch 1"),
        (model(MATMUL, {"x": (1, "T", 3)}, {"w": zeros(3, 4)}),
         "leaves its tokens open, input 'x', dimension 2 of 3; say how many: --tokens 1"),
        (model([node("Conv", "x", "w")], {"x": (1, 3, "height", 9)}, {"w": zeros(4, 3, 1, 1)}),
         "leaves open what is neither batch nor tokens, input 'x', dimension 3 of 4 ('height'); export it fixed"),
        (model(MATMUL, {"x": (2, 3)}, {"w": zeros(3, 4)}, opset=999), "is of opset 999, and onnx "),
        (model(MATMUL, {"x": (2, 3)}, {"w": zeros(3, 4)}, ir_version=999), "is of IR version 999, and onnx "),
        (model([node("Mystery", "x", name="m")], {"x": (2, 3)}), "node 'm' is a 'Mystery', which onnx "),
        (model([onnx.helper.make_node("Own", ["x"], ["a"], domain="com.example"), node("MatMul", "a", "w", name="m")],
               {"x": (2, 3)}, {"w": zeros(3, 4)}), "node 'm' reads 'a', whose shape cannot be inferred; simplify"),
        (model(MATMUL, {"x": (2, 5)}, {"w": zeros(3, 4)}),
         "node '/fc/MatMul': it multiplies rows of 5 numbers by columns of 3; mend it, or export it again"),
        (model([node("Gemm", "x", "w")], {"x": (2, 5)}, {"w": zeros(3, 4)}), "it multiplies rows of 5 numbers by"),
        (model([node("Conv", "x", "w", name="c")], {"x": (1, 3, 9, 9)}, {"w": zeros(4, 2, 1, 1)}),
         "node 'c': it has 2 channels in 1 groups, and its image has 3; mend it"),
        (model([node("Conv", "x", "w", pads=[1])], {"x": (1, 3, 9, 9)}, {"w": zeros(4, 3, 1, 1)}), "export it again"),
        (model([node("Relu", "x")], {"x": (2, 5)}), "holds no layer that can be run: 1 nodes: no layer; the rest"),
        (model([], {"x": (2, 5)}), "is no ONNX file: it has no nodes; name an ONNX file"),
    ],
)  # fmt: skip
def test_refuses(made, message, tmp_path):
    with pytest.raises(UserError) as error:
        found_in(made, tmp_path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_weights_beside_the_file_are_not_read_and_have_to_be_there(tmp_path):
    made = model(MATMUL, {"x": (2, 300)}, {"w": zeros(300, 400)})
    onnx.save_model(made, tmp_path / "net.onnx", save_as_external_data=True, location="net.data")
    (tmp_path / "net.data").write_bytes(b"")  # of any content
    assert [layer.k for layer in networks.load(str(tmp_path / "net.onnx"))] == [300]
    (tmp_path / "net.data").unlink()
    with pytest.raises(UserError, match=r"keeps weights in 'net\.data', which is not beside it; copy it there too"):
        networks.load(str(tmp_path / "net.onnx"))


@pytest.mark.parametrize("location", ["/etc/passwd", "../net.data", "", "a\0b"])
def test_weights_elsewhere_are_not_looked_for(location, tmp_path):
    made = model(MATMUL, {"x": (2, 3)}, {"w": zeros(3, 4)})
    made.graph.initializer[0].ClearField("raw_data")
    made.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL
    made.graph.initializer[0].external_data.add(key="location", value=location)
    with pytest.raises(UserError, match="expected a file beside it"):
        found_in(made, tmp_path)


def test_refuses_what_is_no_onnx(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"\x08\x07\xff\xff\xff")
    with pytest.raises(UserError, match="is no ONNX file, or cut off"):
        networks.load(str(tmp_path / "net.onnx"))


def test_refuses_a_name_that_is_no_text(tmp_path):
    content = model(MATMUL, {"x": (2, 3)}, {"w": zeros(3, 4)}).SerializeToString()
    (tmp_path / "net.onnx").write_bytes(content.replace(b"\x06MatMul", b"\x06M\xff\xfeMul"))
    with pytest.raises(UserError, match="a name in it is not UTF-8 text; name an ONNX file"):
        networks.load(str(tmp_path / "net.onnx"))


def test_refuses_more_than_protobuf_holds(tmp_path):
    with (tmp_path / "net.onnx").open("wb") as file:
        file.truncate(2**31)  # a hole: no disk is taken
    with pytest.raises(
        UserError, match="it is larger than 2 GiB, the most that ONNX holds; name an ONNX file, which above"
    ):
        networks.load(str(tmp_path / "net.onnx"))


def test_without_onnx_it_says_what_to_install(tmp_path, monkeypatch):
    from fatnn_bench.architectures.models import onnx_file

    monkeypatch.setattr(onnx_file, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'fatnn-bench\[models\]'"):
        networks.load(str(saved(model(MATMUL, {"x": (2, 3)}, {"w": zeros(3, 4)}), tmp_path / "net.onnx")))

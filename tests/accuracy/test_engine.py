"""An exported network computes what PyTorch computes, to the bit; files and layers that are refused."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from fatnn_bench.accuracy import augment, training  # noqa: E402
from fatnn_bench.accuracy.bounds import level_bounds  # noqa: E402
from fatnn_bench.accuracy.datasets import catalog  # noqa: E402
from fatnn_bench.accuracy.export import exported, lowered  # noqa: E402
from fatnn_bench.accuracy.layers import BatchNorm, QuantisedConvolution  # noqa: E402
from fatnn_bench.accuracy.networks import Architecture  # noqa: E402
from fatnn_bench.accuracy.quantizers.fatnn import FATNN  # noqa: E402
from fatnn_bench.accuracy.schemes import SCHEMES  # noqa: E402
from fatnn_bench.architectures.description import Order  # noqa: E402
from fatnn_bench.engine import Engine, load, save  # noqa: E402
from fatnn_bench.engine.fold import folded  # noqa: E402
from fatnn_bench.engine.operation import Operation  # noqa: E402
from fatnn_bench.engine.planes import as_planes, from_planes  # noqa: E402
from fatnn_bench.engine.program import Program  # noqa: E402
from fatnn_bench.errors import UserError  # noqa: E402

EXPORTABLE = [name for name, scheme in SCHEMES.items() if scheme.kernel not in (None, "float32")]


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def shaken(architecture: Architecture, pixels: np.ndarray, seed: int = 0):
    """A network with random batch norms, half of their scales negative, one zero, and random step sizes."""
    torch.manual_seed(seed)
    graph = architecture.build()
    for layer in graph.layers.values():
        if isinstance(layer, BatchNorm):
            torch.nn.init.normal_(layer.weight)
            torch.nn.init.normal_(layer.bias, 0, 0.3)
            layer.weight.data[0] = 0
        if isinstance(layer, QuantisedConvolution):
            for parameter in layer.quantise_input.parameters():
                parameter.data.mul_(torch.empty_like(parameter).uniform_(0.7, 1.4))
    graph.train()(torch.from_numpy(pixels).float() * 2.0**-architecture.pixel_bits)
    return graph.eval()


def assert_same(graph, architecture: Architecture, pixels: np.ndarray) -> Program:
    """All float32 values of PyTorch are the unfolded program's; all levels of that are the folded one's."""
    with torch.no_grad():
        expected = graph.values(torch.from_numpy(pixels).float() * 2.0**-architecture.pixel_bits)
    plain, program = lowered(architecture, graph), exported(architecture, graph)
    values, quick = Engine(plain).values(pixels), Engine(program).values(pixels)
    for name, value in expected.items():
        if value.ndim == 4:
            np.testing.assert_array_equal(values[name], value.permute(0, 2, 3, 1).numpy(), err_msg=name)
    for operation in program.operations:
        if operation.name in values:
            np.testing.assert_array_equal(quick[operation.name], values[operation.name], err_msg=operation.name)
    np.testing.assert_array_equal(quick["classifier"].argmax(1), expected["classifier"].numpy().argmax(1))
    np.testing.assert_allclose(quick["classifier"], expected["classifier"].numpy(), rtol=1e-6, atol=1e-6)
    return program


@pytest.mark.parametrize("scheme", EXPORTABLE)
def test_every_scheme_with_negative_and_zero_batch_norm_scales(scheme):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 3, 9, 9), np.uint8)
    architecture = Architecture("small-cnn", scheme, 3, 9, 4)
    program = assert_same(shaken(architecture, pixels), architecture, pixels)
    assert [op.kind for op in program.operations].count("threshold") == 2


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("calibration", [False, True])
def test_residual_networks_in_every_order(order, calibration):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 16, 16), np.uint8)
    architecture = Architecture("resnet20", "fatnn", 3, 16, 10, order, calibration)
    program = assert_same(shaken(architecture, pixels), architecture, pixels)
    assert [op.kind for op in program.operations].count("threshold") == 9  # inside each block


def test_resnet18():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 32, 32), np.uint8)
    architecture = Architecture("resnet18", "fatnn", 3, 32, 10)
    assert_same(shaken(architecture, pixels), architecture, pixels)


@pytest.mark.parametrize("scheme", ["fatnn", "xnor"])
def test_trained_digits_are_classified_alike_on_the_whole_test_set(tmp_path, scheme):
    data = catalog.load("digits")
    architecture = Architecture("small-cnn", scheme, 1, 8, 10, pixel_bits=data.pixel_bits)
    torch.manual_seed(0)
    graph = architecture.build()
    training.train(architecture, graph, data, training.Recipe(3, 0.1, 64), 0, tmp_path / "net.pt")
    everything = np.arange(len(data.test.classes))
    program = assert_same(graph, architecture, data.test.pixels(everything))
    path = tmp_path / "net.fatnn"
    save(program, path)
    classes = Engine(load(path)).classes(data.test.pixels(everything))
    np.testing.assert_array_equal(classes, training.predictions(graph, data).numpy())


def test_thresholds_agree_with_the_float_operations_at_every_sum():
    rng = np.random.default_rng(0)
    channels = 64
    weight = rng.integers(-1, 2, (channels, 3, 3, 2), np.int8)
    attributes = {"stride": 1, "padding": 0, "x_levels": (0, 1, 2), "w_levels": (-1, 0, 1), "border": 0}
    affine = {
        "factor": rng.normal(0, 0.3, channels).astype(np.float32),
        "offset": rng.normal(1, 1, channels).astype(np.float32),
    }
    levels = {"levels": (0, 1, 2)}
    bounds = np.array([0.9, 2.3], np.float32)
    last = rng.integers(-1, 2, (channels, 1, 1, channels), np.int8)
    one = {"scale": np.ones(1, np.float32)}
    classifier = {"weight": np.ones((2, channels), np.float32), "bias": np.zeros(2, np.float32)}
    program = Program("x", "x", 2, 8, 2, 8, (
        Operation("quantise", "first", ("input",), levels, {"bounds": bounds}),
        Operation("conv", "sums", ("first",), attributes, {"weight": weight}),
        Operation("scale", "scaled", ("sums",), {}, one),
        Operation("affine", "norm", ("scaled",), {}, affine),
        Operation("relu", "relu", ("norm",)),
        Operation("quantise", "second", ("relu",), levels, {"bounds": bounds}),
        Operation("conv", "last", ("second",), attributes, {"weight": last}),
        Operation("scale", "floats", ("last",), {}, one),
        Operation("classifier", "logits", ("floats",), {}, classifier),
    ))  # fmt: skip
    threshold = next(op for op in folded(program).operations if op.kind == "threshold")
    sums = np.arange(-36, 37, dtype=np.int32)[:, None]
    floats = np.maximum(sums * affine["factor"] + affine["offset"], 0)
    expected = (floats[..., None] >= bounds).sum(axis=-1)
    signed = sums * threshold.tensors["sign"]
    found = (signed[:, None] >= threshold.tensors["thresholds"]).sum(axis=1)
    possible = np.abs(sums) <= 2 * np.abs(weight.astype(int)).sum(axis=(1, 2, 3))  # what a filter can sum to
    np.testing.assert_array_equal(found[possible], expected[possible])


@pytest.mark.parametrize("half", [False, True])
def test_bounds_are_the_very_floats_where_the_level_changes(half):
    quantizer = FATNN(half_range=half)
    quantizer.alpha.data = torch.tensor([0.73, 0.41])
    bounds = level_bounds(quantizer)
    for bound, level in zip(bounds, quantizer.levels[1:], strict=True):
        below = np.nextafter(bound, np.float32(-np.inf))
        assert quantizer(torch.tensor([below, bound]))[0].tolist() == [level - 1, level]


def test_the_input_convolution_is_exact_in_any_order():
    from fatnn_bench.accuracy.layers import InputConvolution

    torch.manual_seed(0)
    layer = InputConvolution(3, 8, 7)
    weight = layer.exact_weight()
    assert (weight - layer.weight).abs().max() <= 2.0**-30 * layer.weight.abs().max()
    products = weight[0].detach().double().flatten().numpy() * np.random.default_rng(0).integers(0, 256, 147)
    sums = {float(np.random.default_rng(seed).permutation(products).cumsum()[-1]) for seed in range(50)}
    assert len(sums) == 1


@pytest.mark.parametrize("levels", [(-1, 1), (-1, 0, 1), (-3, -1, 1, 3)])
def test_bit_planes_round_trip(levels):
    weight = np.random.default_rng(0).choice(np.array(levels, np.int8), (5, 3, 3, 7))
    np.testing.assert_array_equal(from_planes(as_planes(weight, levels), levels, weight.shape), weight)


@pytest.fixture
def program() -> Program:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 1, 8, 8), np.uint8)
    architecture = Architecture("small-cnn", "fatnn", 1, 8, 10)
    return exported(architecture, shaken(architecture, pixels))


def test_a_file_round_trips(program, tmp_path):
    save(program, tmp_path / "net.fatnn")
    again = load(tmp_path / "net.fatnn")
    assert (again.scheme, again.pixel_bits, again.size) == ("fatnn", 8, 8)
    for before, after in zip(program.operations, again.operations, strict=True):
        assert (before.kind, before.name, before.inputs) == (after.kind, after.name, after.inputs)
        assert dict(before.attributes) == dict(after.attributes)
        for name, tensor in before.tensors.items():
            np.testing.assert_array_equal(after.tensors[name], tensor)
            assert after.tensors[name].dtype == tensor.dtype


def test_truncated_damaged_and_foreign_files(program, tmp_path):
    path = tmp_path / "net.fatnn"
    save(program, path)
    content = path.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]
    for broken in (content[:-30], content[:middle], b"", b"hello", flipped):
        path.write_bytes(broken)
        with pytest.raises(UserError, match=r"truncated or no exported network|damaged"):
            load(path)


def test_a_pickle_is_never_loaded(tmp_path):
    path = tmp_path / "net.fatnn"
    with path.open("wb") as file:
        np.savez(file, header=np.array([{"format": "fatnn-bench network"}], dtype=object))
    with pytest.raises(UserError, match="truncated or no exported network"):
        load(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": "other"}, "without a network's header"),
        ({"version": 2}, "has format version 2"),
        ({"operations": []}, "no classifier"),
        ({"operations": [{"kind": "swim", "name": "a", "inputs": [], "attributes": {}}]}, "unknown kind 'swim'"),
        ({"operations": [{"kind": "relu", "name": "a", "inputs": ["b"], "attributes": {}}]}, "reads 'b'"),
    ],
)
def test_headers_that_do_not_fit(program, tmp_path, change, reason):
    path = tmp_path / "net.fatnn"
    save(program, path)
    header = json.loads(np.load(path)["header"].tobytes()) | change
    with path.open("wb") as file:
        np.savez(file, header=np.frombuffer(json.dumps(header).encode(), np.uint8))
    with pytest.raises(UserError, match=reason):
        load(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(UserError, match="cannot read"):
        load(tmp_path / "net.fatnn")


@pytest.mark.parametrize(
    ("scheme", "reason"), [("ttq", "activations are no integers after Identity"), ("twn", "layer conv1 cannot")]
)
def test_a_layer_that_cannot_be_exported_is_named(scheme, reason):
    architecture = Architecture("small-cnn", scheme, 1, 8, 10)
    with pytest.raises(UserError, match=reason):
        exported(architecture, architecture.build())


def test_a_layer_the_engine_lacks_is_named():
    architecture = Architecture("small-cnn", "fatnn", 1, 8, 10)
    graph = architecture.build()
    graph.layers["relu2"] = torch.nn.GELU()
    with pytest.raises(UserError, match="layer relu2 cannot be exported: the engine has no GELU"):
        exported(architecture, graph)


def test_a_step_size_of_zero_is_named():
    architecture = Architecture("small-cnn", "fatnn", 1, 8, 10)
    graph = architecture.build()
    torch.nn.init.zeros_(graph.layers["conv2"].quantise_input.alpha)
    with pytest.raises(UserError, match="layer conv2 cannot be exported: its activations do not use all"):
        exported(architecture, graph)


def test_images_of_another_shape(program):
    with pytest.raises(ValueError, match=r"found uint8 pixels of shape \(1, 1, 9, 8\)"):
        Engine(program).logits(np.zeros((1, 1, 9, 8), np.uint8))


def test_batches_are_as_augment_makes_them():
    data = catalog.load("digits")
    x, _ = augment.batch(data.test, torch.arange(3), data.pixel_bits)
    np.testing.assert_array_equal(x.numpy() * 16, data.test.pixels(np.arange(3)))

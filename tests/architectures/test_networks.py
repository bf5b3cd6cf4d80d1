"""The shipped networks against the published counts of multiplications, and what `--shapes` refuses."""

import pytest

from fatnn_bench.architectures import networks
from fatnn_bench.architectures.models.found import Given
from fatnn_bench.errors import UserError
from fatnn_bench.workload.layers import bare_gemm


@pytest.mark.parametrize(
    ("network", "gmacs"),
    [
        ("resnet18", 1.814),
        ("resnet34", 3.664),
        ("resnet50", 4.089),
        ("vgg16", 15.47),
        ("alexnet", 0.714),
        ("mobilenetv1", 0.569),
        ("bitnet-2b", 30 * (2 * 2560 * 2560 + 2 * 2560 * 640 + 3 * 2560 * 6912) / 1e9),
    ],
)
def test_known_totals(network, gmacs):
    total = sum(layer.count * layer.macs for layer in networks.load(network)) / 1e9
    assert total == pytest.approx(gmacs, rel=5e-4)


@pytest.mark.parametrize("network", networks.names())
def test_a_shape_occurs_once_in_a_network(network):
    def shape(layer):
        return tuple(value for field, value in sorted(layer.to_json().items()) if field not in ("name", "count"))

    layers = networks.load(network)
    assert len({shape(layer) for layer in layers}) == len(layers)
    assert networks.describe(network)


def test_resnet18_has_the_papers_layers():
    stages = [f"conv{stage}_{part}" for stage in (3, 4, 5) for part in ("1", "down", "x")]
    layers = networks.load("resnet18")
    assert [layer.name for layer in layers] == ["conv1", "conv2_x", *stages, "fc"]
    assert sum(layer.count for layer in layers) == 21  # 17 convolutions, 3 projections, 1 linear layer


def test_vgg16_has_its_known_weights():
    # The published 138,357,544 parameters are these and a bias for each of 13,416 outputs.
    assert sum(layer.count * layer.n * layer.k for layer in networks.load("vgg16")) == 138_357_544 - 13_416


def test_only_mobilenets_depthwise_layers_are_skipped():
    skipped = {layer.full_name for name in networks.names() for layer in networks.load(name) if layer.skip_reason}
    depthwise = {layer.full_name for layer in networks.load("mobilenetv1") if layer.name.endswith("_dw")}
    assert skipped == depthwise
    assert sum(layer.count for layer in networks.load("mobilenetv1") if layer.skip_reason) == 13


def test_bitnet_prefill_is_bitnet_for_512_tokens():
    one, many = networks.load("bitnet-2b"), networks.load("bitnet-2b-prefill")
    assert [(a.name, a.count, 512 * a.m, a.n, a.k) for a in one] == [(b.name, b.count, b.m, b.n, b.k) for b in many]
    assert many[0].full_name == "bitnet-2b-prefill.attn_q_o"


def test_gemms_are_bare_wherever_they_come_from():
    assert networks.load("gemm,512x512x512") == [bare_gemm(s, s, s) for s in (256, 512, 1024, 2048, 4096)]


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("batch: 8\nlayers_of: resnet18\n")
    layers = networks.load(f"1x2x3, {path}")
    assert [layer.full_name for layer in layers[:2]] == ["1x2x3", "mine.conv1"]
    assert layers[1].m == 8 * 112 * 112


@pytest.mark.parametrize("spec", ["resnet18", "vgg16", "bitnet-2b-prefill", "mine.yaml"])
def test_a_batch_takes_the_place_of_the_networks_own(spec, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("batch: 8\nlayers_of: resnet18\n")
    one, many = (networks.load(f"{spec},3x4x5", Given(batch=batch)) for batch in (1, 64))
    assert [64 * layer.m for layer in one[:-1]] == [layer.m for layer in many[:-1]]
    assert one[-1] == many[-1] == bare_gemm(3, 4, 5)


def test_a_layers_own_batch_stays(tmp_path):
    path = tmp_path / "mine.yaml"
    layer = "kind: linear, in_channels: 3, out_channels: 4"
    path.write_text(f"layers:\n  - {{{layer}, name: a}}\n  - {{{layer}, name: b, batch: 2}}\n")
    assert [layer.m for layer in networks.load(str(path), Given(batch=5))] == [5, 2]
    path.write_text(f"layers:\n  - {{{layer}, name: b, batch: 2}}\n")
    with pytest.raises(UserError, match="--batch 5: nothing in"):
        networks.load(str(path), Given(batch=5))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "line 1, document: expected either 'layers' or 'layers_of'"),
        ("layers_of: gemm\nlayers: [{kind: gemm, m: 1, n: 1, k: 1}]", "expected either 'layers' or 'layers_of'"),
        ("batch: 1\nlayers_of: resnet19", "line 2, layers_of: no shipped network is 'resnet19'; did you mean 'resnet1"),
        ("layers: []", "line 1, layers: expected at least 1 entry"),
        (
            "layers:\n  - {kind: conv, name: a, stride: 0}",
            "line 2, layers.0.stride: found 0, expected greater than or equal to 1",
        ),
        (
            "layers:\n  - {kind: pool, name: a}",
            "line 2, layers.0.kind: found 'pool', expected one of 'conv', 'linear', 'gemm'",
        ),
        (
            "layers:\n  - {kind: conv, name: a, in_channels: 1, out_channels: 1, height: 2, width: 2, kernel: 3}",
            "line 2, layers.0: layer a: the kernel of 3 is larger than the padded image",
        ),
        (
            "layers:\n  - {kind: gemm, m: 1, n: 1, k: 1}\n  - {kind: gemm, m: 1, n: 1, k: 1}",
            "line 3, layers.1: a second layer is named '1x1x1'",
        ),
    ],
)
def test_refuses_a_wrong_file(tmp_path, text, message):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        networks.load(str(path))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            "resnet-18",
            "no network, file or MxNxK is 'resnet-18'; did you mean 'resnet18'? Accepted: alexnet, bitnet-2b,",
        ),
        ("0x1x1", "shape 0x1x1: each of M, N and K must be at least 1"),
        (f"1x1x{2**31}", "must be at least 1 and at most 2147483647"),
        (f"9x{2**31 - 1}x{2**31 - 1}", "M·N·K below 2⁶³"),
        (" , ", "names nothing; give a YAML file, MxNxK, or some of alexnet"),
        ("missing.yaml", "cannot read missing.yaml: No such file"),
    ],
)
def test_refuses_a_wrong_spec(spec, message):
    with pytest.raises(UserError) as error:
        networks.load(spec)
    assert message in str(error.value)


def test_refuses_two_networks_of_one_name(tmp_path):
    path = tmp_path / "resnet18.yaml"
    path.write_text("layers_of: resnet18\nbatch: 2\n")
    with pytest.raises(UserError, match=r"two different layers are named resnet18\.conv1"):
        networks.load(f"resnet18,{path}")


def test_refuses_a_file_whose_name_cannot_name_a_network(tmp_path):
    path = tmp_path / "my net.yaml"
    path.write_text("layers_of: resnet18\n")
    with pytest.raises(UserError, match="a network is named after its file: found 'my net'"):
        networks.load(str(path))

"""`fb.layers` on modules, layer by layer against forward hooks."""

import pytest

torch = pytest.importorskip("torch")
import modules  # noqa: E402

import fatnn_bench as fb  # noqa: E402
from fatnn_bench.errors import UserError  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")

NETWORKS = {
    "resnet18": (modules.ResNet18, torch.rand(2, 3, 32, 32), {"convolution": 20, "addmm": 1}),
    "mobilenetv2": (modules.MobileNetV2, torch.rand(1, 3, 32, 32), {"convolution": 52, "addmm": 1}),
    "transformer": (modules.Transformer, torch.zeros(2, 7, dtype=torch.long), {"addmm": 6, "mm": 3}),
    "odd": (modules.Odd, torch.rand(2, 3, 20, 24), {"convolution": 4, "addmm": 1}),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_finds_what_hooks_see(name):
    make, example, counts = NETWORKS[name]
    module = make()
    found = fb.layers(module, example)
    assert modules.told(found) == modules.seen_by_hooks(module, example)
    for kind, count in counts.items():
        assert f"{count} {kind}" in found.summary


def test_attention_that_pytorch_fuses_is_looked_into():
    module = torch.nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    found = fb.layers(module, torch.rand(2, 5, 16))
    layers = {layer.name: (layer.m, layer.n, layer.k) for layer in found.layers}
    assert layers == {
        "self_attn.in_proj_weight": (10, 48, 16),
        "self_attn.out_proj": (10, 16, 16),
        "linear1": (10, 32, 16),
        "linear2": (10, 16, 32),
    }
    assert "of two activations" in found.summary or "attention" in found.summary


class Functional(torch.nn.Module):
    """Products that no submodule makes, with weights that are computed of others."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.rand(6, 4))
        self.register_buffer("heads", torch.rand(3, 6, 5))

    def forward(self, x, times):
        x = x @ (self.weight * 2).abs().T  # [2, 4] → [2, 6]
        x = torch.bmm(x.expand(3, 2, 6), self.heads)  # → [3, 2, 5]
        return (x.transpose(1, 2) @ x) * times


def test_what_is_beside_submodules_is_seen():
    module = Functional()
    found = fb.layers(module, {"x": torch.rand(2, 4), "times": 3})
    assert {(layer.name, layer.m, layer.n, layer.k, layer.count) for layer in found.layers} == {
        ("weight", 2, 6, 4, 1),
        ("heads", 2, 5, 6, 3),
    }
    assert "1 bmm of two activations" in found.summary


def test_a_module_is_left_as_it_was():
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Dropout())
    module[2].eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    fb.layers(module, (torch.rand(2, 3, 8, 8),))
    assert [part.training for part in module] == [True, True, False]
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_a_model_larger_than_the_memory_is_looked_at_on_the_device_meta():
    with torch.device("meta"):
        module = torch.nn.Sequential(torch.nn.Linear(2**17, 2**17), torch.nn.ReLU(), torch.nn.Linear(2**17, 3))
        found = fb.layers(module, torch.empty(5, 2**17))
    assert [(layer.m, layer.n, layer.k) for layer in found.layers] == [(5, 2**17, 2**17), (5, 3, 2**17)]


def test_written_it_is_shapes(tmp_path):
    from fatnn_bench.architectures import networks

    found = fb.layers(modules.MobileNetV2(), torch.rand(1, 3, 32, 32))
    path = tmp_path / "MobileNetV2.yaml"
    path.write_text(found.yaml())
    assert tuple(networks.load(str(path))) == found.layers


def test_refuses_a_module_without_layers():
    with pytest.raises(UserError, match="ReLU holds no layer that can be run: 1 operations: no layer"):
        fb.layers(torch.nn.ReLU(), torch.rand(2))

"""What is written as YAML reads back as the same layers."""

from hypothesis import given
from hypothesis import strategies as st

from fatnn_bench.architectures import networks
from fatnn_bench.architectures.network_file import written
from fatnn_bench.workload.layers import Layer, bare_gemm
from fatnn_bench.workload.window import Window

sizes = st.tuples(st.integers(1, 3), st.integers(1, 3))
windows = st.builds(Window, sizes, sizes, st.tuples(*[st.integers(0, 2)] * 4), sizes)
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)


@st.composite
def layers(draw):
    common = {"name": draw(names), "network": "net", "batch": draw(st.integers(1, 3)), "count": draw(st.integers(1, 9))}
    groups = draw(st.integers(1, 3))
    common |= {"in_channels": groups * draw(st.integers(1, 9)), "out_channels": groups * draw(st.integers(1, 9))}
    if draw(st.booleans()):
        return Layer(kind="linear", **common)
    return Layer(kind="conv", height=9, width=draw(st.integers(7, 9)), groups=groups, **common, **draw(windows).sizes)


@given(
    found=st.lists(layers(), min_size=1, max_size=5, unique_by=lambda layer: layer.name),
    line=st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=50),
)
def test_layers_read_back(found, line, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "net.yaml"
    path.write_text(written(found, line), "utf-8")
    assert networks.load(str(path)) == found


def test_a_name_that_yaml_takes_for_something_else_stays_a_name(tmp_path):
    found = [
        Layer(name=name, network="net", kind="linear", in_channels=1, out_channels=2) for name in ("1", "null", "1e5")
    ]
    path = tmp_path / "net.yaml"
    path.write_text(written([*found, bare_gemm(1, 2, 3)], "odd names", ["of a remark"]))
    assert networks.load(str(path)) == [*found, bare_gemm(1, 2, 3)]


def test_a_layers_own_batch_goes_before_the_networks(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(
        "batch: 8\nlayers:\n  - {kind: linear, name: a, in_channels: 1, out_channels: 1}\n"
        "  - {kind: linear, name: b, in_channels: 1, out_channels: 1, batch: 3}\n"
    )
    assert [layer.m for layer in networks.load(str(path))] == [8, 3]

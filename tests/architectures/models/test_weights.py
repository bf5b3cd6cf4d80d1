"""Files of weights alone: written by their own libraries, against the module's layers; and headers that lie."""

import json
import struct

import numpy as np
import pytest
import weight_files

from fatnn_bench.architectures import networks
from fatnn_bench.architectures.models.found import Given
from fatnn_bench.errors import UserError


def find(path, given=Given()):  # noqa: B008
    (found,) = networks.find(str(path), given)
    return found


@pytest.fixture(scope="module")
def transformer():
    torch = pytest.importorskip("torch")
    import modules

    module = modules.Transformer()
    return weight_files.parameters(module), modules.seen_by_hooks(module, torch.zeros((2, 7), dtype=torch.long))


def told(found):
    import modules

    return modules.told(found)


def test_safetensors_have_the_modules_layers(transformer, tmp_path):
    pytest.importorskip("safetensors")
    tensors, seen = transformer
    path = weight_files.safetensors(tensors, tmp_path / "net.safetensors", metadata={"format": "pt"})
    found = find(path, Given(2, 7))
    assert told(found) == seen
    assert found.summary == "24 tensors: 9 matrices; left out: 1 tables that are looked up; the rest takes no product"
    assert [layer.m for layer in find(path).layers] == [1] * len(found.layers)  # a token


def test_an_index_leads_to_files_beside_it(transformer, tmp_path):
    pytest.importorskip("safetensors")
    tensors, seen = transformer
    names = sorted(tensors)
    for i in range(2):
        weight_files.safetensors({name: tensors[name] for name in names[i::2]}, tmp_path / f"part-{i}.safetensors")
    index = tmp_path / "net.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {name: f"part-{i % 2}.safetensors" for i, name in enumerate(names)}}))
    found = find(index, Given(2, 7))
    assert told(found) == seen
    assert found.network == "net"
    (tmp_path / "part-1.safetensors").unlink()
    with pytest.raises(UserError, match=r"cannot read .*part-1\.safetensors: No such file"):
        find(index)


def test_gguf_has_the_modules_layers(transformer, tmp_path):
    pytest.importorskip("gguf")
    tensors, seen = transformer
    path = weight_files.gguf(tensors, tmp_path / "net.gguf", quantised=[n for n in tensors if n.endswith("up.weight")])
    found = find(path, Given(2, 7))
    assert told(found) == seen
    assert found.summary == "24 tensors: 9 matrices; left out: 1 tables that are looked up; the rest takes no product"


def test_what_is_no_matrix_is_named(tmp_path):
    pytest.importorskip("safetensors")
    shapes = {
        "conv.weight": (4, 3, 3, 3), "model.embed_tokens.weight": (9, 4), "wte.weight": (9, 4), "norm.weight": (4,),
        "mlp.experts.up.weight": (2, 4, 4), "ssm_conv1d.weight": (4, 4), "pos_embed": (1, 5, 4), "a.weight": (4, 4),
    }  # fmt: skip
    tensors = {name: np.zeros(shape, np.float16) for name, shape in shapes.items()}
    tensors["q.weight"] = np.zeros((4, 4), np.int32)
    found = find(weight_files.safetensors(tensors, tmp_path / "net.safetensors"))
    assert [layer.name for layer in found.layers] == ["a"]
    assert sorted(found.summary.removeprefix("9 tensors: 1 matrices; left out: ").split("; ")[0].split(", ")) == [
        "1 packed in 'I32'", "1 parameters that are no weight", "1 stacks of experts",
        "2 convolutions of unknown images", "2 tables that are looked up",
    ]  # fmt: skip


def header(tensors, length=None, cut=None):
    text = json.dumps(tensors).encode() if not isinstance(tensors, bytes) else tensors
    return (struct.pack("<Q", len(text) if length is None else length) + text)[:cut]


GOOD = {"a.weight": {"dtype": "F32", "shape": [4, 3], "data_offsets": [0, 48]}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it ends, so that it is cut off, or no safetensors"),
        (header(GOOD, cut=5), "it ends, so that it is cut off"),
        (header(GOOD, cut=30), "its header has 72 bytes and the file 22 behind its first 8"),
        (header(GOOD, length=2**63), f"its header has {2**63} bytes and the file 72 behind"),
        (header(b"[1]"), "its header is a list, expected a mapping"),
        (header(b"{" * 9), "no JSON where its header should be"),
        (header(b"[" * 20_000), "no JSON where its header should be"),
        (header(b"\xff"), "no JSON where its header should be"),
        (header({"a": 1}), "tensor 'a': found 1, expected a mapping of fields to values"),
        (header({"a": {"dtype": "F32", "shape": [2**63]}}), "tensor 'a', shape.0: found 9223372036854775808, expected"),
        (header({"a": {"dtype": "F32", "shape": [-1]}}), "shape.0: found -1, expected greater than or equal to 0"),
        (header({"a.weight": {"dtype": "F32", "shape": [2**40, 2]}}), "is 1099511627776, expected at most"),
        (header({"a.weight": {"dtype": "F32", "shape": [0, 2]}}), "out_channels is 0, expected at least 1"),
        (header({}), "holds no layer that can be run: 0 tensors: no layer"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)  # fmt: skip
def test_refuses_safetensors_whose_header(content, message, tmp_path):
    path = tmp_path / "net.safetensors"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        find(path)
    assert message in str(error.value)


def test_a_long_header_is_not_read(tmp_path):
    path = tmp_path / "net.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", 2**33))
        file.truncate(2**34)  # a hole
    with pytest.raises(UserError, match="its header has 8589934592 bytes, expected at most 16777216"):
        find(path)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ({"weight_map": {"a": "../../etc/passwd"}}, "it names '../../etc/passwd', expected a file beside it"),
        ({"weight_map": {"a": ".."}}, "it names '..', expected a file beside it"),
        ({"weight_map": {"b.weight": "part.safetensors"}}, "the tensor 'b.weight' is not in part.safetensors"),
        ({"weight_map": {}}, "weight_map: expected at least 1 entry"),
        ({}, "weight_map: this field is missing"),
    ],
)
def test_refuses_an_index(index, message, tmp_path):
    (tmp_path / "part.safetensors").write_bytes(header(GOOD))
    path = tmp_path / "net.safetensors.index.json"
    path.write_text(json.dumps(index))
    with pytest.raises(UserError) as error:
        find(path)
    assert message in str(error.value)


def text(word):
    return struct.pack("<Q", len(word)) + word


def gguf(version=3, tensors=1, keys=0, body=b""):
    return b"GGUF" + struct.pack("<IQQ", version, tensors, keys) + body


def tensor(*dimensions, name=b"a.weight"):
    return text(name) + struct.pack(f"<I{len(dimensions)}QIQ", len(dimensions), *dimensions, 0, 0)


def test_gguf_by_hand(tmp_path):
    path = tmp_path / "net.gguf"
    array = text(b"k") + struct.pack("<IIQ", 9, 8, 2) + text(b"word") + text(b"")
    path.write_bytes(gguf(2, 1, 3, text(b"n") + struct.pack("<Id", 12, 0.5) + array + text(b"s") + struct.pack("<I", 8)
                          + text(b"value") + tensor(3, 4)))  # fmt: skip
    (layer,) = find(path, Given(tokens=5)).layers
    assert (layer.full_name, layer.m, layer.n, layer.k) == ("net.a", 5, 4, 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "its header goes on behind byte 0"),
        (b"GGML" + bytes(50), "it does not begin with GGUF"),
        (gguf(4), "it is of version 4, and versions 2 and 3 are read"),
        (gguf(1), "it is of version 1, and versions 2 and 3 are read"),
        (gguf(3 << 24), "it is big-endian, or of version 50331648"),
        (gguf(tensors=2**63), f"it claims {2**63} tensors, expected at most 100000"),
        (gguf(keys=2**63), "its header goes on behind byte 24"),
        (gguf(keys=1, body=struct.pack("<Q", 2**63)), f"a name has {2**63} bytes, expected at most 65536"),
        (gguf(keys=1, body=text(b"k") + struct.pack("<IIQ", 9, 8, 2**63)), "its header goes on behind byte"),
        (gguf(keys=1, body=text(b"k") + struct.pack("<IIQ", 9, 4, 2**63)), "its header goes on behind byte"),
        (gguf(keys=1, body=text(b"k") + struct.pack("<IQ", 8, 2**63)), "its header goes on behind byte"),
        (gguf(keys=1, body=text(b"k") + struct.pack("<I", 13)), "a value is of type 13, which is unknown"),
        (gguf(body=tensor(1, 1, 1, 1, 1)), "a tensor has 5 dimensions, expected at most 4"),
        (gguf(body=tensor(2**63, 1)), f"tensor a.weight: layer a: in_channels is {2**63}, expected at most 2147483647"),
        (gguf(body=tensor(3, 4)[:-1]), "its header goes on behind byte"),
        (gguf(tensors=0), "holds no layer that can be run: 0 tensors: no layer"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_refuses_gguf_whose_header(content, message, tmp_path):
    path = tmp_path / "net.gguf"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        find(path)
    assert message in str(error.value)


def test_only_the_header_is_read_of_a_large_file(transformer, tmp_path, monkeypatch):
    pytest.importorskip("gguf")
    pytest.importorskip("safetensors")
    tensors, seen = transformer
    files = [weight_files.gguf(tensors, tmp_path / "net.gguf", words=1000)]
    files.append(weight_files.safetensors(tensors, tmp_path / "other.safetensors"))
    for path in files:
        with path.open("r+b") as file:
            file.truncate(10 * 2**30)  # a hole: reading it would take 10 GiB of memory
        assert told(find(path, Given(2, 7))) == seen


@pytest.mark.parametrize("name", ["net.pt", "net.pth", "net.bin", "net.ckpt"])
def test_a_pickle_is_not_opened(name, tmp_path):
    import pickle

    class Hostile:
        def __reduce__(self):
            return (open, (str(tmp_path / "executed"), "w"))

    (tmp_path / name).write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(UserError, match="is a pickle, which runs what it says, and is not opened; export"):
        find(tmp_path / name)
    assert not (tmp_path / "executed").exists()

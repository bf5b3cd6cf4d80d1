"""A mutated exported network is refused in one sentence, or both programs that run it agree on it."""

import io
import json
import os
import zipfile

import numpy as np
import pytest

from fatnn_bench.architectures.description import DESCRIPTIONS
from fatnn_bench.engine import CompiledNetwork, Engine, load, npz, save
from fatnn_bench.engine.untrained import LOW_BIT, untrained
from fatnn_bench.errors import UserError
from fatnn_kernels.product import TERNARY_VALUES

LOW_BITS = [pytest.param(low_bit, id=low_bit.precision) for low_bit in LOW_BIT.values()]


def contents(path, low_bit=LOW_BIT[TERNARY_VALUES]) -> dict[str, np.ndarray]:
    save(untrained(DESCRIPTIONS["small-cnn"], low_bit, 0), path)
    with np.load(path) as archive:
        return dict(archive)


def write(path, arrays) -> None:
    with path.open("wb") as file:
        np.savez(file, **arrays)


def with_header(arrays, change) -> dict[str, np.ndarray]:
    header = json.loads(arrays["header"].tobytes())
    change(header)
    return arrays | {"header": np.frombuffer(json.dumps(header).encode(), np.uint8)}


def refusal(path) -> str:
    with pytest.raises(UserError) as error:
        load(path)
    sentence = str(error.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    assert len(sentence) < 1000
    return sentence


def assert_refused_or_alike(path) -> bool:
    """Whether it was taken."""
    try:
        program = load(path)
    except UserError:
        refusal(path)
        return False
    shape = (1, program.channels, program.size, program.size)
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    expected, network = Engine(program).logits(pixels), CompiledNetwork(program)
    network.classes(pixels)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(network.logits, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())
    return True


@pytest.mark.parametrize("low_bit", LOW_BITS)
def test_what_was_saved_is_taken(tmp_path, low_bit):
    contents(tmp_path / "n.fatnn", low_bit)
    assert assert_refused_or_alike(tmp_path / "n.fatnn")


NUMBERS = (0, 1, 2, 3, 7, -1, 40, 1000, 2**31, 10**30, 1.5, True, None, "1", [], [0, 1], [1, 0], [-1, 0, 1], [0, 200])


def mutated_header(header, rng) -> None:
    """One number, list or name of a header is another."""
    operation = header["operations"][rng.integers(len(header["operations"]))]
    places = [(header, key) for key in ("channels", "size", "classes", "pixel_bits")]
    places += [(operation["attributes"], key) for key in operation["attributes"]]
    value = NUMBERS[rng.integers(len(NUMBERS))]
    names = [other["name"] for other in header["operations"]] + ["input", "", "nowhere", "a\nb"]
    if rng.random() < 0.3:
        places, value = [(operation, "inputs"), (operation, "name")], names[rng.integers(len(names))]
    of, key = places[rng.integers(len(places))]
    of[key] = [value] if key == "inputs" else value


def mutated_arrays(arrays, rng) -> dict[str, np.ndarray]:
    """One tensor has other numbers, another shape or another type, or is gone."""
    name = sorted(set(arrays) - {"header"})[rng.integers(len(arrays) - 1)]
    array = arrays[name].copy()
    kind = rng.integers(6)
    if kind == 0:
        array.reshape(-1)[rng.integers(array.size)] = rng.choice(np.asarray([0, 1, 2, 127], array.dtype))
    elif kind == 1 and array.dtype == np.float32:
        array.reshape(-1)[rng.integers(array.size)] = rng.choice([np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-45, -0.0])
    elif kind == 2:
        array = array[: rng.integers(len(array) + 1)]
    elif kind == 3:
        array = np.concatenate([array, array])
    elif kind == 4:
        array = array.astype(rng.choice(["f8", "i8", "i4", "u1", "f4", "c8", "S1"]))
    else:
        return {key: value for key, value in arrays.items() if key != name}
    return arrays | {name: array}


@pytest.mark.campaign
@pytest.mark.parametrize("low_bit", LOW_BITS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # a cast of the mutator's
def test_mutants_are_refused_or_both_programs_agree(tmp_path, low_bit):
    path = tmp_path / "n.fatnn"
    arrays, rng, taken = contents(path, low_bit), np.random.default_rng(0), 0
    for _ in range(40):
        write(path, with_header(arrays, lambda header: mutated_header(header, rng)))
        taken += assert_refused_or_alike(path)
        write(path, mutated_arrays(arrays, rng))
        taken += assert_refused_or_alike(path)
    assert 5 < taken < 70  # both happen


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("pixel_bits", 1000, "pixel_bits is 1000, expected a whole number from 0 to 16"),
        ("size", 10**30, "size is 1000000000000000000000000000000, expected a whole number from 1 to 4096"),
        ("channels", 2, "operation input_conv.sums: its weight is int8 of shape (16, 3, 3, 1), expected int8"),
        ("classes", 11, "the classifier gives 10 logits, expected one for each of 11 classes"),
        ("classes", True, "header, classes: found True, expected a valid integer"),
        ("operations", 5, "header, operations: found 5, expected a valid list"),
    ],
)
def test_a_field_that_does_not_fit_is_named(tmp_path, field, value, reason):
    path = tmp_path / "n.fatnn"
    write(path, with_header(contents(path), lambda header: header.update({field: value})))
    assert reason in refusal(path)


@pytest.mark.parametrize(
    ("kind", "tensor", "change", "reason"),
    [
        ("classifier", "weight", lambda a: np.vstack([a, a]), "its weight is float32 of shape (20, 32), expected"),
        ("affine", "factor", lambda a: a * np.nan, "its factor is not finite"),
        ("affine", "factor", lambda a: a * np.float32(1e38), "its floats may reach"),
        ("scale", "scale", lambda a: a.astype(np.float64), "is an array of float64"),
        ("quantise", "bounds", lambda a: a[::-1].copy(), "its bounds do not ascend"),
        ("threshold", "sign", lambda a: a * 0, "its sign has other values than -1 and 1"),
        ("threshold", "thresholds", lambda a: a[::-1].copy(), "its thresholds do not ascend"),
        ("conv", "weight", lambda a: a | np.uint8(255), "a weight has level 3 of 3"),
    ],
)
def test_a_tensor_that_does_not_fit_is_named(tmp_path, kind, tensor, change, reason):
    path = tmp_path / "n.fatnn"
    arrays = contents(path)
    operations = json.loads(arrays["header"].tobytes())["operations"]
    name = f"{[operation['kind'] for operation in operations].index(kind)}.{tensor}"
    write(path, arrays | {name: change(arrays[name])})
    assert reason in refusal(path)


def npy(header: str, body: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + body


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (npy("{'descr': '|u1', 'fortran_order': False, 'shape': (10**12,), }\n"), "malformed node"),
        (npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000,), }\n"), "and 0 bytes follow"),
        (npy("{'descr': '|u1', 'fortran_order': False, 'shape': (32,), } {\n"), "TokenError"),
        (npy("(" * 5000), "no exported network"),
        (npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", b"x"), "is an array of object"),
        (npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }\n", b"abcd"), "in C order"),
        (b"", "no exported network"),
    ],
)
def test_array_headers_that_lie_are_refused(tmp_path, content, reason):
    with zipfile.ZipFile(tmp_path / "n.fatnn", "w") as archive:
        archive.writestr("header.npy", content)
    assert reason in refusal(tmp_path / "n.fatnn")


def test_a_header_that_is_nested_too_deep(tmp_path):
    path = tmp_path / "n.fatnn"
    write(path, {"header": np.frombuffer(b'{"operations":' + b"[" * 10**6, np.uint8)})
    assert "without a network's header" in refusal(path)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "n.fatnn"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.npy", bytes(npz.MAX_BYTES + 1))
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("it was unpacked"))
    assert "1 arrays of 67108865 bytes, expected at most" in refusal(path)


def flagged(content: bytes, local: int, central: int, value: int) -> bytes:
    """A zip file of one member with a byte of its two headers changed."""
    changed = bytearray(content)
    changed[local] = value
    changed[content.index(b"PK\x01\x02") + central] = value
    return bytes(changed)


@pytest.mark.parametrize(
    ("local", "central", "value", "reason"),
    [(6, 8, 1, "encrypted"), (8, 10, 97, "compression method is not supported")],
)
def test_members_that_cannot_be_unpacked(tmp_path, local, central, value, reason):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("header.npy", b"x")
    (tmp_path / "n.fatnn").write_bytes(flagged(memory.getvalue(), local, central, value))
    assert reason in refusal(tmp_path / "n.fatnn")


def test_only_regular_files_are_opened(tmp_path):

    os.mkfifo(tmp_path / "pipe")
    assert "it is a pipe" in refusal(tmp_path / "pipe")
    assert "it is a folder" in refusal(tmp_path)

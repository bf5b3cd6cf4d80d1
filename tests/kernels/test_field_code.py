"""Fields and codes against their definition, a bit at a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import KINDS, SEEDS, draw

from fatnn_kernels import binary, ternary_fatnn, two_bit
from fatnn_kernels.field_code import FieldCode
from fatnn_kernels.group_code import GroupCode, interleave_codes
from fatnn_kernels.product import BINARY_VALUES, TERNARY_VALUES, TWO_BIT_VALUES
from fatnn_kernels.target import describe
from fatnn_kernels.ternary_lookup import TERNARY_LOOKUP
from fatnn_kernels.tile import Tile

#: A field for each value, lowest bit first, as the codes of planes have it: negative, zero; or the digits of a number.
FIELDS = {
    "binary": (BINARY_VALUES, binary.CODE, {1: (0,), -1: (1,)}),
    "ternary": (TERNARY_VALUES, ternary_fatnn.CODE, {1: (0, 0), -1: (1, 0), 0: (0, 1)}),
    "two-bit": (TWO_BIT_VALUES, two_bit.CODE, {0: (0, 0), 1: (1, 0), 2: (0, 1), 3: (1, 1)}),
}
NAMES = st.sampled_from(list(FIELDS))


def stretches(bits, size):
    """Numbers of so many bits each, the first in the lowest; the last is filled up with zeros."""
    return [sum(bit << i for i, bit in enumerate(bits[first : first + size])) for first in range(0, len(bits), size)]


@given(name=NAMES, word_bits=st.sampled_from([16, 24, 32]), kind=KINDS, seed=SEEDS, k=st.integers(1, 100))
def test_a_word_is_a_stretch_of_the_fields(name, word_bits, kind, seed, k):
    domain, planes, of_value = FIELDS[name]
    values = draw(domain, (3, k), kind, seed)
    (words,) = FieldCode(planes, word_bits).encode(values)
    for row, packed in zip(values, words, strict=True):
        assert list(packed) == stretches([bit for value in row for bit in of_value[int(value)]], word_bits)


@given(name=NAMES, group=st.sampled_from([2, 3, 4]), kind=KINDS, seed=SEEDS, k=st.integers(1, 100))
def test_a_code_is_a_byte_of_the_fields_of_its_values(name, group, kind, seed, k):
    domain, planes, of_value = FIELDS[name]
    values = draw(domain, (3, k), kind, seed)
    (words,) = GroupCode(FieldCode(planes), group).encode(values)
    for row, packed in zip(values, words, strict=True):
        codes = stretches([bit for value in row for bit in of_value[int(value)]], group * len(of_value[1]))
        assert list(packed.view(np.uint8)[: len(codes)]) == codes
        assert not packed.view(np.uint8)[len(codes) :].any()


@pytest.mark.parametrize("name", FIELDS)
def test_an_image_of_one_level_and_the_bits_of_its_values(name):
    _, planes, of_value = FIELDS[name]
    code = FieldCode(planes, 32)
    for level, word in zip(code.levels, code.level_words, strict=True):
        assert (code.decode(word[None], code.values_per_word) == level).all()
        ones = [int(np.bitwise_count(word & mask).sum()) for mask in code.bit_masks]
        assert ones == [bit * code.values_per_word for bit in of_value[level]]


@pytest.mark.parametrize("cpu", ["x86-64-v3", "znver4"])
def test_bytes_of_a_vector_are_codes_of_as_many_columns(cpu):
    """Byte v of lane l, in a vector of bytes, is of column v · lanes + l: counted out, one by one."""
    target = describe("x86_64-unknown-linux-gnu", cpu, "")
    product = TERNARY_LOOKUP[target.table_entries]
    tile = Tile(product, rows=1, vectors=8, lanes=target.lanes, counting="bytes")
    words = np.random.default_rng(0).integers(0, 2**32, (product.words("y"), tile.columns + 3, 2), np.uint32)
    packed = interleave_codes(tile, words).view(np.uint8).reshape(2, 2, -1, 2, tile.lanes, 4)
    for tile_index, step, code, vector, lane, byte in np.ndindex(packed.shape):
        column = tile_index * tile.columns + (4 * vector + byte) * tile.lanes + lane
        code_of_column = words[code // 4, column, step] >> 8 * (code % 4) & 0xFF if column < tile.columns + 3 else 0
        assert packed[tile_index, step, code, vector, lane, byte] == code_of_column

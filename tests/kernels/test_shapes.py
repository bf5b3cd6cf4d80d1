import pytest
from ternary_int8 import TERNARY_INT8
from ternary_planes import TERNARY_PLANES
from test_target import EXPECTED

from fatnn_kernels.catalogue import products
from fatnn_kernels.shapes import limit_shape, tile_shape
from fatnn_kernels.target import describe


@pytest.mark.parametrize("machine", EXPECTED, ids=lambda machine: machine[1])
def test_every_target_has_a_tile_for_every_product_and_length(machine):
    target = describe(*machine, "")
    for product in (*products(target.int8_dot).values(), TERNARY_PLANES, TERNARY_INT8):
        shapes = [tile_shape(product, target, steps) for steps in range(1, 100)] + [limit_shape(product, target)]
        assert all(shape.rows * shape.vectors * product.accumulators < target.registers for shape in shapes)
        assert {shape.counting for shape in shapes} <= {"bytes", target.counting}

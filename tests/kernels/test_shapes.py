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
    in_registers = [product for product in products(target).values() if product.way != "tiles"]
    for product in (*in_registers, TERNARY_PLANES, TERNARY_INT8):
        shapes = [tile_shape(product, target, steps) for steps in range(1, 100)] + [limit_shape(product, target)]
        room = target.registers * (4 if product.way == "lookup" else 1)  # four sums in bytes take the room of one
        assert all(shape.rows * shape.vectors * product.accumulators < room for shape in shapes)
        assert {shape.counting for shape in shapes} <= {"bytes", target.counting}

"""What the kernels' tests share: data of every kind, and results computed in another way."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from fatnn_kernels import PRODUCTS
from fatnn_kernels.catalogue import TENSOR_PRODUCTS, products
from fatnn_kernels.int8 import INT8_BY_DOT
from fatnn_kernels.packing import words_of_steps
from fatnn_kernels.target import current_target

#: Every product as machines have it whose tables to look up have so many entries.
BY_ENTRIES = {entries: products(replace(current_target(), table_entries=entries)) for entries in (16, 64)}
LOOK_UPS = [product for by_name in BY_ENTRIES.values() for product in by_name.values() if product.way == "lookup"]
#: Every product by name, those for tensor cores too; int8 once for each instruction it is made for, look-ups for tables
#: of any size.
ALL_PRODUCTS = (
    {name: product for name, product in PRODUCTS.items() if name != "int8" and product.way != "lookup"}
    | {f"int8 in {dot}": product for dot, product in INT8_BY_DOT.items()}
    | {f"{product.name} of {product.step.table.entries.shape[1]}": product for product in LOOK_UPS}
    | {product.name: product for product in TENSOR_PRODUCTS}
)
KINDS = st.sampled_from(["any", "zero", "equal", "extreme", "mostly zero"])
SEEDS = st.integers(0, 2**32 - 1)
#: Magnitudes whose products, and the sums of 2000 of them, neither overflow nor lose bits to underflow in float32.
FLOAT_RANGE = 2.0**-50, 2.0**50


def levels(domain):
    """The values of a domain, ascending; of the floats, a few."""
    if domain.integral:
        return np.array([v for v in range(int(domain.low), int(domain.high) + 1) if v != domain.excluded])
    low, high = FLOAT_RANGE
    return np.array([-high, -1.5, -low, 0, low, 1.5, high], np.float32)


def draw(domain, shape, kind, seed):
    """Values of a domain: int64, or float32 where it holds fractions."""
    rng = np.random.default_rng(seed)
    choices = levels(domain)
    nearest_zero = choices[np.argmin(abs(choices))]
    match kind:
        case "any" if not domain.integral:
            return rng.normal(size=shape).astype(np.float32)
        case "zero":
            choices = nearest_zero
        case "equal":
            choices = rng.choice(choices)
        case "extreme":
            choices = choices[[0, -1]]
        case "mostly zero":
            return np.where(rng.random(shape) < 0.05, rng.choice(choices, shape), nearest_zero)
    return rng.choice(np.atleast_1d(choices), shape)


def operands(product, m, n, k, kind="any", seed=0):
    return draw(product.x.domain, (m, k), kind, seed), draw(product.y.domain, (n, k), kind, seed + 1)


def assert_product(product, got, x, y):
    """The result is x·yᵀ in int64, or for float32 within its bound of the result in float64.

    A sum of K products that rounds at every step is off by at most γ Σ|xₖyₖ|, γ = Ku/(1 − Ku), u = 2⁻²⁴, in whatever
    order (Higham, Accuracy and Stability of Numerical Algorithms, 2002, equation 3.5).
    """
    assert got.dtype == product.dtype
    if product.dtype == np.int32:
        np.testing.assert_array_equal(got, x.astype(np.int64) @ y.astype(np.int64).T)
        return
    x, y = (operand.astype(np.float32).astype(np.float64) for operand in (x, y))
    rounding = x.shape[1] * 2.0**-24
    assert (abs(got - x @ y.T) <= rounding / (1 - rounding) * (abs(x) @ abs(y).T)).all()


def on_numpy(product, x, y):
    """The product's own step and finish, on NumPy words."""
    planes = product.x.codec.encode(x), product.y.codec.encode(y)
    a, b = (words_of_steps(product, side, words) for side, words in zip("xy", planes, strict=True))
    acc = (np.zeros((len(x), len(y)), product.dtype),) * product.accumulators
    for step in range(product.steps(x.shape[1])):
        acc = product.step(acc, a[:, :, None, step], b[:, None, :, step])
    n = product.x.terms(x, planes[0])[:, None] + product.y.terms(y, planes[1])[None, :]
    return product.finish(acc, n.astype(product.dtype))


def bounds_of(product):
    """Bounds, and the values that floats become by them, computed one comparison at a time."""
    if product.x.codec.levels:
        levels = product.x.codec.levels
        bounds = np.linspace(-0.6, 0.6, len(levels) - 1).astype(np.float32) if len(levels) > 2 else np.float32([0.1])
        return bounds, lambda image: np.asarray(levels)[sum((image >= bound).astype(int) for bound in bounds)]
    if product.x.domain.integral:
        return [40.0], lambda image: np.clip(np.rint(image * np.float32(40)), -128, 127).astype(np.int64)
    return [], lambda image: image


def direct(product, geometry, values, weights):
    """The convolution by its definition, an output pixel at a time."""
    g = geometry
    border = product.x.domain.border
    kind = np.float64 if product.dtype == np.float32 else np.int64
    padded = np.full((g.batch, g.padded_height, g.padded_width, g.in_channels), border, kind)
    padded[:, g.padding : g.padding + g.height, g.padding : g.padding + g.width] = values
    out = np.empty((g.batch, g.out_height, g.out_width, g.out_channels), kind)
    for image, row, column in np.ndindex(out.shape[:3]):
        top, left = row * g.stride, column * g.stride
        window = padded[image, top : top + g.kernel, left : left + g.kernel]
        out[image, row, column] = np.tensordot(weights.astype(kind), window, 3)
    return out

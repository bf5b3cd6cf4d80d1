"""Schemes: which quantizers a network's weights and activations get, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from fatnn_bench.accuracy.quantizers.common import Quantizer
from fatnn_bench.accuracy.quantizers.dorefa import DoReFaActivation, DoReFaWeight
from fatnn_bench.accuracy.quantizers.fatnn import FATNN
from fatnn_bench.accuracy.quantizers.identity import Identity
from fatnn_bench.accuracy.quantizers.lsq import LSQ
from fatnn_bench.accuracy.quantizers.pact import PACT
from fatnn_bench.accuracy.quantizers.ttq import TTQ
from fatnn_bench.accuracy.quantizers.twn import TWN
from fatnn_bench.accuracy.quantizers.xnor import XNORActivation, XNORWeight
from fatnn_bench.errors import UserError
from fatnn_bench.workload.precisions import BINARY, FLOAT32, TERNARY, TWO_BIT


@dataclass(frozen=True)
class Scheme:
    """A quantizer for the weights of a layer, one for its input, and what both mean for speed."""

    name: str
    weights: str  #: their precision
    activations: str
    weight: Callable[[int], Quantizer]  #: makes the quantizer of a weight with so many filters
    activation: Callable[[], Quantizer]
    relu: bool = True  #: whether activations pass a ReLU before their quantizer

    @property
    def kernel(self) -> str | None:
        """The precision of the kernels that run it; None where weights must become float32 again for it."""
        return self.weights if self.weights == self.activations else None


def _fatnn_weight(filters: int) -> Quantizer:
    return FATNN(channels=filters, normalise=True)


SCHEMES = {
    scheme.name: scheme
    for scheme in (
        Scheme("float32", FLOAT32, FLOAT32, lambda _: Identity(), Identity),
        Scheme("dorefa-2bit", TWO_BIT, TWO_BIT, lambda _: DoReFaWeight(), DoReFaActivation),
        Scheme("pact-2bit", TWO_BIT, TWO_BIT, lambda _: DoReFaWeight(), PACT),
        Scheme("lsq-2bit", TWO_BIT, TWO_BIT, lambda _: LSQ(-2, 1), lambda: LSQ(0, 3)),
        Scheme("twn", TERNARY, FLOAT32, lambda _: TWN(), Identity),
        Scheme("ttq", TERNARY, FLOAT32, lambda _: TTQ(), Identity),
        Scheme("lsq-ternary", TERNARY, TERNARY, lambda _: LSQ(-1, 1), lambda: LSQ(0, 2)),
        Scheme("fatnn", TERNARY, TERNARY, _fatnn_weight, lambda: FATNN(half_range=True)),
        Scheme("fatnn-full", TERNARY, TERNARY, _fatnn_weight, FATNN, relu=False),
        Scheme("xnor", BINARY, BINARY, lambda _: XNORWeight(), XNORActivation, relu=False),
    )
}


def choose(globs: str) -> list[Scheme]:
    """Return the schemes whose names match one of the comma-separated globs, in the order of SCHEMES.

    Raises
    ------
    UserError
        If a glob matches none.
    """
    patterns = [glob.strip() for glob in globs.split(",")]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in SCHEMES):
            raise UserError(f"no precision matches {pattern!r}; there are {', '.join(SCHEMES)}")
    return [s for name, s in SCHEMES.items() if any(fnmatchcase(name, pattern) for pattern in patterns)]

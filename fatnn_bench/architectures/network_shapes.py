"""What scope ``network`` takes as shapes: a whole network at a batch size."""

from fatnn_bench.architectures.description import DESCRIPTIONS
from fatnn_bench.architectures.layers import whole
from fatnn_bench.errors import UserError
from fatnn_bench.workload.layers import Layer

#: Images at a time: one, for latency, and several.
BATCHES = (1, 16)


def load(spec: str, batch: int | None = None) -> list[Layer]:
    """Return a network at each batch size for each of comma-separated names: ``resnet18.b1``, ``resnet18.b16``.

    Parameters
    ----------
    spec
        The names.
    batch
        The one batch size to take; if None, all of :data:`BATCHES`.

    Raises
    ------
    UserError
        If a name is none of DESCRIPTIONS.
    """
    names = list(dict.fromkeys(filter(None, (part.strip() for part in spec.split(",")))))
    for name in names:
        if name not in DESCRIPTIONS:
            raise UserError(f"--shapes {name}: scope network runs whole networks, which are {', '.join(DESCRIPTIONS)}")
    if not names:
        raise UserError(f"--shapes {spec!r} names nothing; give some of {', '.join(DESCRIPTIONS)}")
    return [whole(DESCRIPTIONS[name], size) for name in names for size in ((batch,) if batch else BATCHES)]

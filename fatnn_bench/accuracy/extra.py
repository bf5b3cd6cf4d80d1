"""The extra ``accuracy``: whether its packages are there."""

from importlib.util import find_spec

from fatnn_bench.errors import UserError

#: The packages of the extra, by the names they are imported under.
PACKAGES = {"torch": "PyTorch", "sklearn": "scikit-learn"}


def require(*modules: str) -> None:
    """Raise a UserError that names the first of ``modules``, keys of PACKAGES, that is missing, and the remedy."""
    for module in modules:
        if find_spec(module) is None:
            raise UserError(
                f"{PACKAGES[module]} is not installed, and this needs it; run pip install 'fatnn-bench[accuracy]'"
            )

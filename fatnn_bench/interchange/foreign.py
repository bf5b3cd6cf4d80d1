"""What the readers of other tools' benchmarks share: a GEMM told from a name, a row of it, and what was left out.

A benchmark says its sizes as ``M:196/N:256/K:2304``, as ``196x256x2304``, or as ``196/256/2304`` behind a name that
says it is a GEMM. Its result was verified by nobody here, so its row is MISTRUSTED.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from fatnn_bench.errors import UserError
from fatnn_bench.files import gate
from fatnn_bench.records.identity import counting
from fatnn_bench.records.run import Header, Row, Run, Status
from fatnn_bench.statistics import medians
from fatnn_bench.workload.layers import bare_gemm

__all__ = ["Gemm", "LeftOut", "document", "gemm_of_name", "name_of", "row", "run", "seconds"]

_Document = TypeVar("_Document")

_NAMED = re.compile(r"([MNK])[:=](\d{1,10})", re.IGNORECASE)
_SIZES = re.compile(r"(\d{1,10})[x×](\d{1,10})[x×](\d{1,10})")
#: Words that say of three bare numbers that they are M, N and K.
_GEMM = re.compile(r"gemm|mat_?mul|matrix_?mul|linear|dense|inner_?product", re.IGNORECASE)
#: What a harness puts between the arguments: how it ran.
_SETTINGS = re.compile(
    r"(real|process|manual)_time|(repeats|iterations|threads|min_time|min_warmup_time|warmup):[\d.]+(s|x)?"
)
_SECONDS = TypeAdapter(gate.Seconds)
_MOST_MACS, _MOST_OF_A_SIDE = 2**63 - 1, 2**31 - 1
#: How many names of one reason are told.
_TOLD = 5


class Gemm(NamedTuple):
    """A benchmark of a GEMM: what it is called without its sizes, and those."""

    kernel: str
    m: int
    n: int
    k: int


class LeftOut(Exception):  # noqa: N818  # it is no error of the file
    """Why a benchmark, or a repetition of one, is not taken."""


def document(form: TypeAdapter[_Document], text: str, tool: str, source: str, instead: str) -> _Document:
    """Return what the JSON of a tool holds; UserError, which says what to do instead, if it is none."""
    try:
        return gate.validated(form, gate.parsed(text), source, instead)
    except ValueError as error:
        raise UserError(f"{source} is no JSON of {tool} ({error}); {instead}") from error


def name_of(i: int, entry: dict[str, Any]) -> str:
    """Return what the i-th benchmark of a file is called where it is spoken of."""
    return entry["name"] if isinstance(entry.get("name"), str) else f"benchmarks.{i}"


def gemm_of_name(name: str) -> Gemm:
    """Return the GEMM that a benchmark's name tells, such as ``MyGemm/196/256/2304``. Raises LeftOut if it tells none.

    >>> gemm_of_name("qs8_gemm__avx512/M:12544/N:32/K:27/real_time")
    Gemm(kernel='qs8_gemm__avx512', m=12544, n=32, k=27)
    """
    parts = [part for part in name.split("/") if not _SETTINGS.fullmatch(part)]
    named = {found[1].upper(): int(found[2]) for part in parts if (found := _NAMED.fullmatch(part))}
    if set(named) == set("MNK"):
        words = [part for part in parts if not _NAMED.fullmatch(part)]
        return _gemm(words, *(named[side] for side in "MNK"))
    if sizes := list(_SIZES.finditer("/".join(parts))):
        (found, *others) = sizes
        if others:
            raise LeftOut("its name has the sizes of several products")
        words = re.split(r"[/:]+", "/".join(parts).replace(found[0], "/", 1))
        return _gemm(words, *map(int, found.groups()))
    numbers = [part for part in parts if part.isascii() and part.isdecimal()]
    words = [part for part in parts if part not in numbers]
    if len(numbers) == 3 and _GEMM.search("/".join(words)):
        return _gemm(words, *map(int, numbers))
    raise LeftOut("no GEMM by its name, such as MyGemm/196/256/2304 (M, N, K)")


def _gemm(words: Iterable[str], m: int, n: int, k: int) -> Gemm:
    if not 0 < m * n * k <= _MOST_MACS or max(m, n, k) > _MOST_OF_A_SIDE:
        raise LeftOut("its sizes are none of a GEMM that can be counted")
    return Gemm("/".join(filter(None, words)) or "GEMM", m, n, k)


def seconds(field: str, value: float, unit_s: float = 1.0) -> float:
    """Return the time in a field, in seconds. Raises LeftOut where it is none, such as NaN, 0 or half a picosecond."""
    try:
        return _SECONDS.validate_python(value * unit_s)
    except ValidationError:
        raise LeftOut(f"its {field} is {value:g}, expected a finite one above 0") from None


def row(tool: str, gemm: Gemm, samples: Sequence[float], threads: int = 1, loops: int = 1) -> Row:
    """Return the row of a tool's benchmark from at least one sample in seconds."""
    kernel, _, _, _ = gemm
    layer, median = bare_gemm(*gemm[1:]), medians.median(samples)
    low, high = medians.interval(samples)
    sure = len(samples) > 1
    return Row(
        case=f"{tool}.{kernel}/{layer.full_name}/kernel@{threads}",
        kernel=f"{tool}.{kernel}",
        network=None,
        shape=layer.to_json(),
        scope="kernel",
        threads=threads,
        status=Status.MISTRUSTED,
        reason=f"of {tool}: its result was not verified",
        median_s=median,
        min_s=min(samples),
        ci_low_s=low if sure else None,
        ci_high_s=high if sure else None,
        samples_s=list(samples),
        loops=loops,
        macs=layer.macs,
        gmacs_per_s=layer.macs / median * 1e-9,
    )


def run(tool: str, source: str, rows: Sequence[Row], left_out: Sequence[tuple[str, str]], **header: Any) -> Run:
    """Return rows as a run, which tells of the results left out, by name and reason. Raises UserError of no row.

    ``header`` has the fields of :class:`Header` that the tool tells.
    """
    told = list(_told(left_out))
    if not rows:
        raise UserError(f"{source} holds no benchmark that can be taken: {'; '.join(told) or 'it has none'}")
    counted, notice = counting(rows)
    warnings = [f"{source}: left out {sentence}" for sentence in told] + [f"{source}: {notice}"] * bool(notice)
    layers = list(dict.fromkeys(row.layer for row in counted))
    whole = Header(platform=tool, seed=0, settings={}, layers=layers, **header)
    return Run(whole, tuple(counted), tuple(warnings), source)


def _told(left_out: Sequence[tuple[str, str]]) -> Iterator[str]:
    """A sentence a reason, with how many results it is of and the first of their names."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in left_out:
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        different = list(dict.fromkeys(names))
        more = f" and {len(different) - _TOLD} more" if len(different) > _TOLD else ""
        yield f"{len(names)} ({', '.join(different[:_TOLD])}{more}): {reason}"

"""The zip: written so that equal runs make equal files, and read without trust in what it holds."""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fatnn_bench.artifact import claims as claim_files
from fatnn_bench.artifact.claims import Claim
from fatnn_bench.errors import UserError
from fatnn_bench.figures import KINDS, saving
from fatnn_bench.files import csvfile, gate, wholefile
from fatnn_bench.files.gate import checked_name
from fatnn_bench.records import store
from fatnn_bench.records.run import Run
from fatnn_bench.report import page

__all__ = ["Artifact", "read", "write"]

CLAIMS = "claims.yaml"
#: The largest zip that is read: it is held in memory.
_MOST_BYTES = 32 * 2**20
_INSTEAD = "name a zip of `fatnn-bench bundle`"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_READ_ME = """\
What a run of fatnn-bench measured, and what it claims.

results/           the runs: JSON Lines, a header and a row a case
figures/           figures of them, and the numbers behind each
report.html        all of it on a page
claims.yaml        what the runs are held to
requirements.txt   the versions that they were measured with
platforms.yaml     the platforms that were used; `reproduce` uses the reader's own

fatnn-bench reproduce FILE.zip runs it again, and says of each claim whether it holds.
"""


@dataclass(frozen=True)
class Artifact:
    """What was read from a zip."""

    runs: tuple[Run, ...]
    claims: tuple[Claim, ...]


def write(runs: Sequence[Run], claims: Sequence[Claim], platforms: str, output: Path) -> Path:
    """Write runs, claims, the text of a platforms file, figures and report to a zip, and return its path.

    Raises
    ------
    UserError
        The zip cannot be written, is larger than :func:`read` takes, or a run was not read from a file.
    """
    wholefile.refuse_unwritable(output)
    members = dict(_members(runs, claims, platforms))
    if sum(len(content) for name, content in members.items() if _is_read(name)) > gate.MOST_BYTES:
        raise UserError(f"the runs have more than {gate.MOST_BYTES >> 20} MiB, the most that is read; bundle fewer")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(members.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    if len(stream.getvalue()) > _MOST_BYTES:
        raise UserError(f"the zip has more than {_MOST_BYTES >> 20} MiB, the most that is read; bundle fewer runs")
    wholefile.write(output, stream.getvalue())
    return output


def read(path: Path) -> Artifact:
    """Read runs and claims from a zip. Nothing is unpacked, and the rest of what it holds is not looked at.

    Raises
    ------
    UserError
        It is no zip of :func:`write`, is too large, a name in it climbs out of it, or a run or a claim is wrong.
    """
    members = _members_of(path)
    runs = tuple(store.parsed(held, f"{path}/{name}") for name, held in sorted(members.items()) if name != CLAIMS)
    if not runs or CLAIMS not in members:
        raise UserError(f"{path} is no artifact: it has no results, or no {CLAIMS}; `bundle` makes one")
    try:
        claims = members[CLAIMS].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}/{CLAIMS} is not UTF-8 text; {_INSTEAD}") from error
    return Artifact(runs, tuple(claim_files.parsed(claims, f"{path}/{CLAIMS}")))


def _members_of(path: Path) -> dict[str, bytes]:
    """The results and the claims, whatever the zip says of their sizes."""
    found: dict[str, bytes] = {}
    content, left = gate.content(path, _INSTEAD, _MOST_BYTES), gate.MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _refuse_traps(archive.infolist(), path)
            for member in archive.infolist():
                if _is_read(member.filename):
                    with archive.open(member) as file:
                        found[member.filename] = file.read(left + 1).removeprefix(b"\xef\xbb\xbf")
                    left -= len(found[member.filename])
                    if left < 0:
                        raise UserError(f"{path} is refused: it unpacks to more than {gate.MOST_BYTES >> 20} MiB")
    except UserError:
        raise
    except Exception as error:  # encrypted, packed in a way unknown here, torn: zipfile has a dozen errors for it
        raise UserError(f"cannot read {path}: {error or type(error).__name__}; {_INSTEAD}") from error
    return found


def _is_read(name: str) -> bool:
    return name == CLAIMS or re.fullmatch(r"results/[^/]+\.jsonl", name) is not None


def _refuse_traps(members: Sequence[zipfile.ZipInfo], path: Path) -> None:
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in member.filename:
            raise UserError(f"{path} is refused: {member.filename!r} in it would be unpacked outside its folder")
        if member.external_attr >> 28 == 0xA:
            raise UserError(f"{path} is refused: {member.filename!r} in it is a link")


def _members(runs: Sequence[Run], claims: Sequence[Claim], platforms: str) -> Iterator[tuple[str, str | bytes]]:
    """Every file of the zip: its name and what it holds."""
    yield "README.txt", _READ_ME
    yield CLAIMS, "".join(f"- {claim}\n" for claim in claims) or "[]\n"
    yield "platforms.yaml", platforms
    yield "requirements.txt", "".join(f"{line}\n" for line in dict.fromkeys(_versions(runs)))
    with suppress(UserError):  # it needs something to compare
        yield "report.html", page.render(runs)
    for i, run in enumerate(runs):
        try:
            platform = checked_name(run.header.platform)
        except ValueError:  # of several platforms, or another's
            platform = "run"
        yield f"results/{i}-{platform}.jsonl", gate.content(Path(run.source), "bundle results that lie in files")
        for kind in KINDS:
            with suppress(UserError):  # the run has nothing of that kind
                table, figure = saving.svg(kind, [run])
                yield f"figures/{i}-{kind}.svg", figure
                yield f"figures/{i}-{kind}.csv", csvfile.table(table)


def _versions(runs: Sequence[Run]) -> Iterator[str]:
    for run in runs:
        software = run.header.software
        for name in ("fatnn-bench", "numpy", "scipy", "numba", "llvmlite"):
            if name in software:
                yield f"{name}=={software[name]}"

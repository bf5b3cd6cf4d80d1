"""The zip: written so that equal runs make equal files, and read without trust in what it holds."""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from fatnn_bench.artifact import claims as claim_files
from fatnn_bench.artifact.claims import Claim
from fatnn_bench.errors import UserError
from fatnn_bench.figures import KINDS, saving
from fatnn_bench.report import page
from fatnn_bench.results import store
from fatnn_bench.results.records import Run

__all__ = ["Artifact", "read", "write"]

CLAIMS = "claims.yaml"
#: The most that is unpacked, lest a small zip fill the disk.
_MOST_BYTES = 2**30
_EPOCH = (1980, 1, 1, 0, 0, 0)
_READ_ME = """\
What a run of fatnn-bench measured, and what it claims.

results/           the runs: JSON Lines, a header and a row a case
figures/           figures of them, and the numbers behind each
report.html        all of it on a page
claims.yaml        what the runs are held to
requirements.txt   the versions that they were measured with
platforms.yaml     the platforms there were; `reproduce` uses the reader's own

fatnn-bench reproduce FILE.zip runs it again, and says of each claim whether it holds.
"""


@dataclass(frozen=True)
class Artifact:
    """What was read from a zip."""

    runs: tuple[Run, ...]
    claims: tuple[Claim, ...]


def write(runs: Sequence[Run], claims: Sequence[Claim], platforms: str, output: Path) -> Path:
    """Write runs, claims, the text of the platforms file, figures and report to a zip, and return its path.

    Raises
    ------
    UserError
        The zip cannot be written, or a run was not read from a file.
    """
    with TemporaryDirectory() as folder:
        members = dict(_members(runs, claims, platforms, Path(folder)))
        try:
            with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in sorted(members.items()):
                    archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
        except OSError as error:
            raise UserError(f"cannot write {output}: {error.strerror}; name another file with -o") from error
    return output


def read(path: Path) -> Artifact:
    """Read runs and claims from a zip.

    Raises
    ------
    UserError
        It is no zip of :func:`write`, is too large, or a name in it climbs out of it.
    """
    try:
        with zipfile.ZipFile(path) as archive, TemporaryDirectory() as folder:
            _refuse_traps(archive, path)
            archive.extractall(folder)
            results = sorted((Path(folder) / "results").glob("*.jsonl"))
            if not results or not (Path(folder) / CLAIMS).is_file():
                raise UserError(f"{path} is no artifact: it has no results, or no {CLAIMS}; `bundle` makes one")
            runs = tuple(store.read(file) for file in results)
            return Artifact(runs, tuple(claim_files.read(Path(folder) / CLAIMS)))
    except (OSError, zipfile.BadZipFile) as error:
        raise UserError(f"cannot read {path}: {error}; name a zip of `fatnn-bench bundle`") from error


def _refuse_traps(archive: zipfile.ZipFile, path: Path) -> None:
    for member in archive.infolist():
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in member.filename:
            raise UserError(f"{path} is refused: {member.filename!r} in it would be unpacked outside its folder")
        if member.external_attr >> 28 == 0xA:
            raise UserError(f"{path} is refused: {member.filename!r} in it is a link")
    if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES:
        raise UserError(f"{path} is refused: it would unpack to more than {_MOST_BYTES >> 30} GiB")


def _members(
    runs: Sequence[Run], claims: Sequence[Claim], platforms: str, folder: Path
) -> Iterator[tuple[str, str | bytes]]:
    """Every file of the zip: its name and what it holds."""
    yield "README.txt", _READ_ME
    yield CLAIMS, "".join(f"- {claim}\n" for claim in claims) or "[]\n"
    yield "platforms.yaml", platforms
    yield "requirements.txt", "".join(f"{line}\n" for line in dict.fromkeys(_versions(runs)))
    with suppress(UserError):  # it needs something to compare
        yield "report.html", page.render(runs)
    for i, run in enumerate(runs):
        try:
            yield f"results/{i}-{run.header.platform}.jsonl", Path(run.source).read_bytes()
        except OSError as error:
            raise UserError(f"cannot read {run.source}: {error.strerror}; bundle results that lie in files") from error
        for kind in KINDS:
            with suppress(UserError):  # the run has nothing of that kind
                for file in saving.save(kind, [run], folder / f"{i}-{kind}.svg"):
                    yield f"figures/{file.name}", file.read_bytes()


def _versions(runs: Sequence[Run]) -> Iterator[str]:
    for run in runs:
        software = run.header.software
        for name in ("fatnn-bench", "numpy", "scipy", "numba", "llvmlite"):
            if name in software:
                yield f"{name}=={software[name]}"

"""Every format that the suite reads: a sample of it, how it is spoiled, and what then reads it."""

import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from random import Random

from fuzzing import samples
from fuzzing.mutations import (
    HOSTILE,
    WORDS,
    spoiled_bytes,
    spoiled_json,
    spoiled_lines,
    spoiled_table,
    spoiled_yaml,
    spoiled_zip,
)
from fuzzing.trial import Action

Spoiler = Callable[[Random, bytes], bytes]
#: A mutant's actions are drawn with these weights: most mutants are read by what is quick.
Readers = Sequence[tuple[int, Action]]


@dataclass(frozen=True)
class Format:
    """A kind of file."""

    name: str
    files: Callable[[], Mapping[str, bytes]]  #: what lies in the folder, the files to be spoiled first
    spoiler: Spoiler
    readers: Readers
    spoiled: int = 1  #: of the files, which of them one is spoiled
    needs: tuple[str, ...] = ()  #: modules without which it is not read

    def missing(self) -> str | None:
        """Why it cannot be tried here."""
        absent = [name for name in self.needs if find_spec(name) is None]
        return f"{absent[0]} is not installed" if absent else None

    def write_samples(self, folder: Path) -> None:
        for name, content in self.files().items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)

    def spoil(self, random: Random, folder: Path) -> Action:
        """Spoil one of the files, and return what is to read it."""
        names = list(itertools.islice(self.files(), self.spoiled))
        chosen = folder / random.choice(names)
        chosen.write_bytes(self.spoiler(random, chosen.read_bytes()))
        return random.choices([reader for _, reader in self.readers], [weight for weight, _ in self.readers])[0]


def command(line: str) -> Action:
    return line.split()


#: What a run is written as here: the last where what it needs is installed.
_WRITTEN = ["csv", "latex", "pytest-benchmark", "google-benchmark", *["parquet"] * (find_spec("pyarrow") is not None)]
_RESULTS: Readers = [
    *[(6, command(f"show m.jsonl --format {form}")) for form in ("table", "csv", "json", "latex", "markdown")],
    *[(6, command(f"compare m.jsonl --format {form}")) for form in ("table", "csv", "json", "latex", "markdown")],
    (3, command("compare m.jsonl --baseline int8")),
    (6, command("compare other.jsonl m.jsonl --allow-different-machines --fail-on-regression 5% --strict")),
    *[(2, command(f"convert m.jsonl --to {form} -o out.x")) for form in _WRITTEN],
    (6, command("merge m.jsonl other.jsonl -o out.jsonl")),
    (3, command("targets m.jsonl")),
    (3, command("recommend m.jsonl --accuracy accuracy.jsonl --max-latency 1ms")),
    (6, command("run --resume m.jsonl --dry-run")),
    *[(1, command(f"plot m.jsonl --kind {kind} -o out.svg")) for kind in samples.KINDS_OF_FIGURES],
    (1, command("report m.jsonl -o out.html")),
    (1, command("bundle m.jsonl -o out.zip")),
]
_ACCURACY: Readers = [
    (4, command("recommend net.jsonl --accuracy m.jsonl --max-latency 1ms")),
    (1, command("plot net.jsonl --kind pareto --accuracy m.jsonl -o out.svg")),
]
_PLATFORMS: Readers = [
    (1, command("platforms --platforms m.yaml")),
    (6, command("run --platforms m.yaml --platform here --shapes 7x5x33 --dry-run")),
    (6, command("run --platforms m.yaml --platform phone,here --shapes resnet18 --layer conv2_x --dry-run")),
]
_NETWORKS: Readers = [
    (1, command("run --platforms p.yaml --shapes m.yaml --dry-run")),
    (1, command("run --platforms p.yaml --shapes m.yaml --scope layer --dry-run")),
]


def _model(name: str, given: str) -> Readers:
    return [
        (4, command(f"list --shapes {name} {given}")),
        (2, command(f"list --shapes {name} {given} --format yaml -o out.yaml")),
        (1, command(f"run --shapes {name} {given} --dry-run")),
    ]


def _imported(form: str, name: str) -> Readers:
    return [(1, command(f"convert {name} --from {form} -o out.jsonl"))]


def _json_of_benchmarks(random: Random, content: bytes) -> bytes:
    """A benchmark's name is where M, N and K are, and so it is spoiled more often."""
    if random.random() < 0.3:
        names = re.findall(rb'"[^"]*/[^"]*"', content)
        new = json.dumps(spoiled_bytes(random, random.choice(names)[1:-1]).decode(errors="replace")).encode()
        return content.replace(random.choice(names), new)
    return spoiled_json(random, content)


def _spoiled_artifact(random: Random, content: bytes) -> bytes:
    return spoiled_zip(random, content, {".jsonl": spoiled_lines, ".yaml": spoiled_yaml})


def _spoiled_network(random: Random, content: bytes) -> bytes:
    return spoiled_zip(random, content, {"header.npy": _spoiled_header})


def _spoiled_checkpoint(random: Random, content: bytes) -> bytes:
    return spoiled_zip(random, content, {"data.pkl": _spoiled_pickle})


def _spoiled_pickle(random: Random, content: bytes) -> bytes:
    """Bytes of its program, or of the numbers and words in it, rather than of what they make."""
    program = content[:200] if random.random() < 0.5 else content
    return spoiled_bytes(random, program) + content[len(program) :]


def _spoiled_header(random: Random, content: bytes) -> bytes:
    """The JSON in a NumPy file of bytes, whose own head then says the new length."""
    head = content.index(b"{", 20)
    spoiled = spoiled_json(random, content[head:])
    return samples.as_npy(spoiled)


def _spoiled_safetensors(random: Random, content: bytes) -> bytes:
    """The JSON, behind the length that it then has, or bytes anywhere."""
    if random.random() < 0.3:
        return spoiled_bytes(random, content)
    length = int.from_bytes(content[:8], "little")
    header = spoiled_json(random, content[8 : 8 + length])
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def _spoiled_gguf(random: Random, content: bytes) -> bytes:
    """Bytes anywhere, or a number of 8 bytes that claims more than there is."""
    if random.random() < 0.6:
        return spoiled_bytes(random, content)
    at = random.choice([8, 16, random.randrange(len(content))])
    claim = random.choice([0, 1, 2**16, 2**31, 2**40, 2**63, 2**64 - 1])
    return content[:at] + claim.to_bytes(8, "little") + content[at + 8 :]


def _field(random: Random) -> str:
    key = random.choice(
        ["host", "python", "threads", "table", "triple", "clock_ghz", "cpu", "<<", "", "a b", "address", "kind"]
    )
    value = random.choice([*WORDS, *(str(value).encode(errors="replace") for value in HOSTILE)])
    return f"{key}={value.decode(errors='replace')}".replace("\x00", "")


@dataclass(frozen=True)
class _Additions(Format):
    """The arguments of ``platforms add``, which are words of YAML."""

    def spoil(self, random: Random, folder: Path) -> Action:
        kind = random.choice(["cpu", "ssh", "modelled", "emulated", "imported", "dask", "cuda", "tpu", "*a"])
        name = random.choice(["new", "", "*a", "true", "a/b", "../x", "é", "<<", "x" * 300])
        fields = [_field(random) for _ in range(random.randint(1, 4))]
        return ["platforms", "add", "--platforms", "m.yaml", "--", kind, name, *fields]


ALL = (
    Format("results", samples.results, spoiled_lines, _RESULTS),
    Format("accuracy", samples.accuracies, spoiled_lines, _ACCURACY),
    Format(
        "limits",
        samples.limits,
        spoiled_json,
        [(19, samples.read_limits), (1, command("plot run.jsonl --kind roofline --peak m.json -o out.svg"))],
    ),
    Format("platforms", samples.platforms, spoiled_yaml, _PLATFORMS),
    _Additions("platforms-add", samples.platforms, spoiled_yaml, []),
    Format("networks", samples.networks, spoiled_yaml, _NETWORKS),
    Format("onnx", samples.onnx_models, spoiled_bytes, _model("m.onnx", "--batch 2"), needs=("onnx",)),
    Format("safetensors", samples.safetensors, _spoiled_safetensors, _model("m.safetensors", "--tokens 2")),
    Format("safetensors-index", samples.indices, spoiled_json, _model("m.safetensors.index.json", "--tokens 2")),
    Format("gguf", samples.ggufs, _spoiled_gguf, _model("m.gguf", "--tokens 2")),
    Format("claims", samples.claims, spoiled_yaml, [(1, samples.judge_claims)]),
    Format("csv", samples.tables, spoiled_table, _imported("csv", "m.csv")),
    Format("google-benchmark", samples.google_benchmarks, _json_of_benchmarks, _imported("google-benchmark", "m.json")),
    Format("pytest-benchmark", samples.pytest_benchmarks, spoiled_json, _imported("pytest-benchmark", "m.json")),
    Format(
        "imported",
        samples.imported_tables,
        spoiled_table,
        [
            (
                1,
                command(
                    "run --platforms p.yaml --platform phone --shapes resnet18 --layer conv2_x,conv3_x "
                    "--kernel float32,binary -o out.jsonl"
                ),
            )
        ],
    ),
    Format("artifact", samples.artifacts, _spoiled_artifact, [(1, samples.read_artifact)]),
    Format("network-file", samples.exported, _spoiled_network, [(1, samples.run_exported)], needs=("torch",)),
    Format("checkpoint", samples.checkpoints, _spoiled_checkpoint, [(1, samples.read_checkpoint)], needs=("torch",)),
    Format("cifar", samples.cifar_batches, _spoiled_pickle, [(1, samples.read_cifar)]),
    Format("idx", samples.idx_files, spoiled_bytes, [(1, samples.read_idx)], spoiled=4),
    Format("images", samples.image_folder, spoiled_bytes, [(1, samples.read_images)], spoiled=4, needs=("PIL",)),
)
FORMATS = {form.name: form for form in ALL}

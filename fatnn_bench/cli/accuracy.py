"""``fatnn-bench accuracy``."""

import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import TypeAdapter

from fatnn_bench.cli.options import number, together
from fatnn_bench.errors import UserError
from fatnn_bench.files import gate

if TYPE_CHECKING:
    from fatnn_bench.accuracy.records import AccuracyHeader, Settings

_EVERY = ["*"]


def accuracy(
    dataset: Annotated[
        str, typer.Option(help="digits (bundled), mnist, fashion-mnist, cifar10 or folder.", metavar="NAME")
    ] = "digits",
    data: Annotated[Path | None, typer.Option(help="Folder of the data set's files.", metavar="FOLDER")] = None,
    precision: Annotated[
        list[str],
        typer.Option(help="Only precisions that match, such as 'fatnn*,xnor'; may be given again.", metavar="GLOB"),
    ] = _EVERY,
    network: Annotated[str, typer.Option(help="small-cnn, resnet20 or resnet18.", metavar="NAME")] = "small-cnn",
    order: Annotated[
        str, typer.Option(help="Order in residual blocks: cbsa, cbas or bacs (Conv, Batch norm, Activation, Skip).")
    ] = "cbsa",
    calibration: Annotated[bool, typer.Option("--calibration", help="Batch norm on identity branches too.")] = False,
    seeds: Annotated[int, typer.Option(help="Trainings a precision; five or more for a useful interval.", min=1)] = 5,
    epochs: Annotated[int, typer.Option(help="Epochs of each training.", min=1)] = 40,
    learning_rate: Annotated[
        float, typer.Option(help="Where the learning rate starts.", min=1e-9, callback=number)
    ] = 0.1,
    batch: Annotated[int, typer.Option(help="Images a step.", min=2)] = 64,
    threads: Annotated[int, typer.Option(help="Threads of PyTorch; results depend on their number.", min=1)] = 1,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Results file; results/accuracy/DATASET/TIME.jsonl if not given."),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with this results file; all else is as it was begun.", metavar="FILE")
    ] = None,
) -> None:
    """Train every precision with the same budget and print the accuracy each keeps.

    Rows and models are written as they come; killed at any time, --resume goes on where it stopped, to the same result.
    A training that diverges ends that precision alone.

    Example: [bold]fatnn-bench accuracy --dataset digits --seeds 5[/bold]
    """
    from fatnn_bench.accuracy.extra import require

    require("torch")
    from fatnn_bench.accuracy import schemes
    from fatnn_bench.accuracy.records import Settings

    if resume is not None:
        if output is not None:
            raise UserError("--resume goes on in the file it names; leave -o out")
        _go_on(resume, data)
        return
    names = tuple(scheme.name for scheme in schemes.choose(together(precision)))
    folder = str(data) if data else None
    settings = Settings(
        dataset=dataset, network=network, order=order, calibration=calibration, precisions=names, seeds=seeds,
        epochs=epochs, learning_rate=learning_rate, batch=batch, threads=threads, data=folder,
    )  # fmt: skip
    _refuse_unknown(settings)
    _begin(settings, output)


def _begin(settings: "Settings", output: Path | None) -> None:
    from datetime import UTC, datetime

    from fatnn_bench import machine
    from fatnn_bench.accuracy import records
    from fatnn_bench.accuracy.environment import software
    from fatnn_bench.records.provenance import command_line
    from fatnn_bench.records.store import default_path

    now = datetime.now(UTC)
    path = output or default_path(f"accuracy/{settings.dataset}", now)
    if not path.suffix:
        raise UserError(f"{path} is the folder of its models as well; give the results file a suffix, as {path}.jsonl")
    if os.path.lexists(path) or os.path.lexists(path.with_suffix("")):
        raise UserError(
            f"{path} exists, or its folder of models; go on with --resume {path}, or choose another with -o"
        )
    header = records.AccuracyHeader(
        created=now.isoformat(timespec="seconds"),
        command=command_line(),
        settings=settings,
        machine=machine.describe(),
        software=software(),
    )
    _run(settings, path, header)


def _refuse_unknown(settings: "Settings") -> None:
    """Raise UserError if there is no such network, order or precision to train, or a number is none to train with."""
    from fatnn_bench.accuracy import schemes
    from fatnn_bench.accuracy.records import Settings
    from fatnn_bench.architectures.description import DESCRIPTIONS, Order

    gate.validated(TypeAdapter(Settings), asdict(settings), "the options", "give another")
    asked = [("network", settings.network, tuple(DESCRIPTIONS)), ("order", settings.order, tuple(Order))]
    asked += [("precision", name, tuple(schemes.SCHEMES)) for name in settings.precisions]
    for what, found, names in asked:
        if found not in names:
            raise UserError(f"there is no {what} {gate.brief(found)} to train; there are {', '.join(names)}")


def _go_on(path: Path, data: Path | None) -> None:
    from fatnn_bench.accuracy import records
    from fatnn_bench.accuracy.environment import software

    run = records.read(path)
    settings = run.header.settings
    _refuse_unknown(settings)
    if settings.data is not None:  # what is read is not for a results file to say
        if data is None:
            raise UserError(f"{path} was begun with images of {gate.brief(settings.data)}; name them: --data FOLDER")
        settings = replace(settings, data=str(data))
    was, now = run.header.software.get("torch"), software()["torch"]
    if was != now:
        typer.echo(f"fatnn-bench: begun with torch {was}, going on with {now}: results may differ", err=True)
    _run(settings, path, None)


def _run(settings: "Settings", path: Path, header: "AccuracyHeader | None") -> None:
    from fatnn_bench.accuracy import experiment, records, table
    from fatnn_bench.accuracy.datasets import catalog
    from fatnn_bench.accuracy.progress import Progress
    from fatnn_bench.accuracy.training import DivergedError
    from fatnn_bench.printing import render
    from fatnn_bench.printing.formats import Format
    from fatnn_bench.records.journal import Journal

    try:
        with Journal(path, go_on=header is None) as journal:
            data = catalog.load(settings.dataset, Path(settings.data) if settings.data else None)
            if header is not None:
                images = records.ImageShape(size=data.size, channels=data.channels)
                records.append(journal, replace(header, images=images))
            todo = experiment.missing(records.read(path))
            with Progress(settings, todo) as progress:
                experiment.run(settings, data, todo, journal, progress)
    except KeyboardInterrupt:
        typer.echo(f"fatnn-bench: interrupted; go on with fatnn-bench accuracy --resume {path}", err=True)
        raise typer.Exit(130) from None
    run = records.read(path)
    render.write(table.document(run), Format.TABLE)
    typer.echo(f"saved {path}; models in {path.with_suffix('')}", err=True)
    if not run.rows:
        raise DivergedError(f"all trainings of {path} diverged; begin anew with a lower --learning-rate")

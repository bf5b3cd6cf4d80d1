"""``fatnn-bench peak``."""

from fatnn_bench.cli.options import NATIVE, PlatformOption, PlatformsOption, together
from fatnn_bench.cli.saved import FormatOption, OutputOption
from fatnn_bench.errors import UserError
from fatnn_bench.printing.formats import Format


def peak(
    platform: PlatformOption = NATIVE,
    platforms: PlatformsOption = None,
    form: FormatOption = Format.TABLE,
    output: OutputOption = None,
) -> None:
    """Measure the machine's limits: each product's step on registers alone, and reading from caches and memory.

    On one thread. The JSON is what [bold]plot --kind roofline --peak FILE[/bold] draws.

    Example: [bold]fatnn-bench peak --format json -o peak.json[/bold]
    """
    from fatnn_bench.launch import probe
    from fatnn_bench.limits import measured
    from fatnn_bench.platforms import load, select
    from fatnn_bench.printing import render

    chosen = select(load(platforms), together(platform))
    if len(chosen) > 1:
        raise UserError(f"--platform {together(platform)} names {len(chosen)} platforms; the limits are those of one")
    ((name, entry),) = chosen.items()
    answer = probe.ask(name, entry, "fatnn_bench.harness.measure_limits")
    render.write(measured.document(measured.record(answer, name)), form, output)

"""``fatnn-bench list``."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Annotated

import typer

from fatnn_bench.cli import say
from fatnn_bench.cli.options import PlatformsOption, PluginOption, chosen_plugins


class Topic(StrEnum):
    """What there is to list."""

    KERNELS = "kernels"
    NETWORKS = "networks"
    PLATFORMS = "platforms"


def list_(
    topic: Annotated[Topic | None, typer.Argument(help="One of the three; all if not given.")] = None,
    platforms: PlatformsOption = None,
    plugin: PluginOption = None,
) -> None:
    """List the platforms, kernels and networks there are.

    Example: [bold]fatnn-bench list kernels[/bold]
    """
    listings: dict[Topic, Callable[[], Iterable[tuple[str, str]]]] = {
        Topic.PLATFORMS: lambda: _platforms(platforms),
        Topic.KERNELS: lambda: [*_kernels(), *_foreign(plugin)],
        Topic.NETWORKS: _networks,
    }
    for name, entries in listings.items():
        if topic in (None, name):
            rows = list(entries())
            width = max(len(entry) for entry, _ in rows)
            print(name if topic is None else "", end="\n" if topic is None else "")
            for entry, description in rows:
                say.result(f"  {entry:{width}}  {description}".rstrip())


def _platforms(path: PlatformsOption) -> Iterable[tuple[str, str]]:
    from fatnn_bench.platforms import load

    return [(name, entry.description) for name, entry in load(path).items()]


def _kernels() -> Iterable[tuple[str, str]]:
    from fatnn_bench.contenders.catalog import SCOPES, contenders

    domains: dict[str, str] = {}
    scopes: dict[str, list[str]] = {}
    for scope in SCOPES:
        for name, contender in contenders(scope).items():
            domains[name] = f"{contender.x_domain.name} × {contender.y_domain.name}"
            scopes.setdefault(name, []).append(scope)
    return [(name, f"{domain} ({', '.join(scopes[name])})") for name, domain in domains.items()]


def _foreign(files: PluginOption) -> Iterable[tuple[str, str]]:
    from fatnn_bench.plugins.discovery import discover

    plugins, _ = chosen_plugins(files)
    return [(found.name, f"{found.domain} ({found.scope}), {found.plugin}") for found in discover(plugins)[0]]


def _networks() -> Iterable[tuple[str, str]]:
    from fatnn_bench.architectures import networks

    return [(name, networks.describe(name)) for name in networks.names()]

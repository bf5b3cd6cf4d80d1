"""The kind ``ssh``: another machine measures, and its rows come back through the person's own ``ssh``.

Over there, :mod:`fatnn_bench.launch.far_end` answers. When the connection is lost, what arrived is kept, and nothing
goes on running over there.
"""

import os
import shlex
import shutil
from collections.abc import Generator

from fatnn_bench.errors import UserError
from fatnn_bench.harness.events import Event, Hello, WorkerDiedError
from fatnn_bench.harness.worker import Request
from fatnn_bench.launch import process
from fatnn_bench.platforms import SshPlatform
from fatnn_bench.records.run import SCHEMA
from fatnn_bench.version import __version__

#: A connection that says nothing for three times so many seconds is lost.
_ALIVE_S = 15


def events(platform: SshPlatform, request: Request) -> Generator[Event]:
    """Have the other machine carry out the request; see :func:`fatnn_bench.launch.events`.

    Raises
    ------
    UserError
        Over there is another version of the suite: its rows could not be compared with those of this one.
    """
    events = process.listen(command(platform), os.environ, request, who=f"the worker on {platform.host}")
    try:
        _check(platform, next(events))
        yield from events
    finally:
        events.close()


def obstacle(platform: SshPlatform) -> str:
    """Return what is missing here. Whether the other machine answers is found out when it is asked to measure."""
    return "" if shutil.which("ssh") else "ssh is not on the PATH; it comes with OpenSSH"


def command(platform: SshPlatform) -> list[str]:
    """The program and its arguments. The shell over there reads one line, in which every word is quoted."""
    far = shlex.join(
        [platform.python, "-P", "-m", "fatnn_bench.launch.far_end", platform.platform, str(platform.threads)],
    )
    return ["ssh", "-T", "-o", f"ServerAliveInterval={_ALIVE_S}", "--", platform.host, far]


def _check(platform: SshPlatform, hello: Event) -> None:
    if not isinstance(hello, Hello):
        raise WorkerDiedError(f"the worker on {platform.host} said {hello.event!r} first, expected 'hello'")
    there, here = (hello.version, hello.schema), (__version__, SCHEMA)
    if there != here:
        raise UserError(
            f"{platform.host} has fatnn-bench {there[0]} with results schema {there[1]}, and here it is {here[0]} with "
            f"{here[1]}; install {here[0]} over there, for {platform.python}"
        )

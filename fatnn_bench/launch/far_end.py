"""The other end of an ssh platform: ``python -m fatnn_bench.launch.far_end PLATFORM THREADS``.

It says ``hello`` with its versions, reads a request and says the events of a platform of its own, as
:mod:`fatnn_bench.harness.worker` does. When its stdin ends, the connection is gone, and it stops, with all that it
started.
"""

import json
import os
import sys
import threading

from fatnn_bench import launch, platforms
from fatnn_bench.errors import UserError
from fatnn_bench.harness.events import Event, Hello, to_json
from fatnn_bench.harness.worker import Request
from fatnn_bench.records.run import SCHEMA
from fatnn_bench.version import __version__


def _main(name: str, threads: str) -> None:
    _say(Hello(__version__, SCHEMA))
    request = Request.from_json(json.loads(sys.stdin.readline()))
    threading.Thread(target=_stop_with_stdin, daemon=True).start()
    try:
        platform = platforms.select(platforms.load(), name)[name]
        if platform.kind == "cpu":
            platform = platform.model_copy(update={"threads": int(threads)})
        for event in launch.events(platform, request):
            _say(event)
    except (UserError, launch.WorkerDiedError) as error:
        sys.exit(str(error))


def _say(event: Event) -> None:
    print(json.dumps(to_json(event), allow_nan=False), flush=True)


def _stop_with_stdin() -> None:
    while sys.stdin.readline():
        pass
    os._exit(0)


if __name__ == "__main__":
    _main(*sys.argv[1:])

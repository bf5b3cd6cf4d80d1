"""A load on one core, for trials on a machine that is not quiet; ``python -m fatnn_bench.trust.load`` is one.

It ends when its stdin does: also where whoever started it was killed.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fatnn_bench.processes import children

__all__ = ["busy"]


@contextmanager
def busy() -> Iterator[None]:
    """Keep one core busy meanwhile."""
    load = subprocess.Popen(
        children.command("fatnn_bench.trust.load"),
        stdin=subprocess.PIPE,
        env=children.environment(os.environ),
        cwd=children.FOLDER,
        start_new_session=True,
    )
    try:
        yield
    finally:
        load.kill()
        load.wait()
        assert load.stdin is not None
        load.stdin.close()


def _stop_with_stdin() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_stop_with_stdin, daemon=True).start()
    while True:
        pass

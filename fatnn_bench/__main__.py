"""``python -m fatnn_bench`` is ``fatnn-bench``, which imports nothing from the folder that a person is in."""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]  # before anything else is imported

import os
import signal

_INTERRUPTED, _HANDLER = 130, signal.getsignal(signal.SIGINT)
if _HANDLER is signal.default_int_handler:  # not where a shell has it ignored
    signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))  # until main: nothing is at work yet


def main() -> None:
    """Run the command line; Ctrl-C ends it without a traceback while its modules are still loaded, too."""
    signal.signal(signal.SIGINT, _HANDLER)
    try:
        from fatnn_bench.cli.main import main

        main()
    except KeyboardInterrupt:
        sys.stderr.write("fatnn-bench: interrupted\n")
        sys.exit(_INTERRUPTED)


if __name__ == "__main__":
    main()

"""``python -m fatnn_bench`` is ``fatnn-bench``, which imports nothing from the folder that a person is in."""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]  # before anything else is imported

from fatnn_bench.cli.main import main

if __name__ == "__main__":
    main()

"""``python -m fatnn_bench`` is ``fatnn-bench``."""

from fatnn_bench.cli.main import main

if __name__ == "__main__":
    main()

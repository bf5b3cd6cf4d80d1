"""The worker of :mod:`fatnn_bench.harness.worker`, with the planted kernels: ``python -m fatnn_bench.trust.worker``."""

from fatnn_bench.harness import worker
from fatnn_bench.trust import planted

if __name__ == "__main__":
    worker.main(contenders_of=planted.contenders)

"""Contenders without compiled code, well and badly behaved, for tests of what measures them."""

import copy
import os
import signal
import time

import numpy as np

from fatnn_bench.harness.timing import Settings
from fatnn_kernels.product import TERNARY_VALUES

#: As short as a measurement can be.
BRIEF = Settings("brief", rounds=5, sample_s=1e-6, case_s=0, precision=1)


class Fake:
    """Multiplies ternary values with NumPy; a subclass misbehaves in one way. A copy of it is its ``Prepared``."""

    precision, way = "ternary", None
    x_domain = y_domain = TERNARY_VALUES
    tolerance = limit = None
    stages = {}  # noqa: RUF012  # none, in all of them

    def __init__(self, name="fake", log=None):
        self.name = name
        self.log = [] if log is None else log  #: (name, loops) of every ``run``, which copies share, and fakes may
        self.codegen = {"made": "by hand"}

    def skip_reason(self, layer):
        return layer.skip_reason

    def prepare(self, problem, threads):
        self.x, self.y = problem.x.astype(np.int32), problem.y.astype(np.int32)
        prepared = copy.copy(self)
        prepared.calls = 0  #: of its ``run``
        prepared.c = np.empty((len(self.x), len(self.y)), np.int32)
        prepared.bytes = problem.x.nbytes + problem.y.nbytes + prepared.c.nbytes
        return prepared

    def run(self, loops):
        self.calls += 1
        self.log.append((self.name, loops))
        for _ in range(loops):
            np.matmul(self.x, self.y.T, out=self.c)

    def result(self):
        return self.c

    def spoil(self):
        self.c.fill(-1)


class AlwaysWrong(Fake):
    def run(self, loops):
        super().run(loops)
        self.c[1, 2] += 5


class WrongLater(Fake):
    """Right for ten calls."""

    def run(self, loops):
        super().run(loops)
        if self.calls > 10:
            self.c[0, 0] += 1


class WrongOnEqual(Fake):
    """Wrong only where all values agree."""

    def run(self, loops):
        super().run(loops)
        if (self.x == self.x[0, 0]).all():
            self.c[0, 0] -= 1


class LazyLater(Fake):
    """Computes on its first call only, and is fast ever after."""

    def run(self, loops):
        if self.calls == 0:
            super().run(loops)


class Idler(Fake):
    """Computes once, however often it is asked to."""

    def run(self, loops):
        super().run(1)


class Stopwatch(Fake):
    """Has a clock of its own, which stands still every third time."""

    def run(self, loops):
        super().run(loops)
        return 1e-6 * loops if self.calls % 3 else 0.0


class Dozer(Fake):
    """Sleeps at random, a third of its calls, far longer than it computes."""

    def run(self, loops):
        super().run(loops)
        if np.random.default_rng(self.calls).random() < 1 / 3:
            time.sleep(0.003)


class RaisesInPrepare(Fake):
    def prepare(self, problem, threads):
        raise ValueError("no room\nat all")


class RaisesLater(Fake):
    """Raises in its tenth call."""

    def run(self, loops):
        super().run(loops)
        if self.calls == 10:
            raise RuntimeError("out of luck")


class Talker(Fake):
    """Prints, as libraries do."""

    def prepare(self, problem, threads):
        print("a library says hello", flush=True)
        os.write(1, b"and so does its C code\n")
        return super().prepare(problem, threads)


class Killer(Fake):
    """Its process is killed at layers of two rows."""

    def prepare(self, problem, threads):
        if len(problem.x) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().prepare(problem, threads)


class Sleeper(Fake):
    """Never comes back from layers of two rows."""

    def prepare(self, problem, threads):
        if len(problem.x) == 2:
            time.sleep(600)
        return super().prepare(problem, threads)


def by_name(*fakes):
    return {fake.name: fake for fake in fakes}


def contenders():
    """What the command line and its worker see when tests replace their contenders by these."""
    return by_name(Fake("good"), Talker("talker"), Killer("killer"), Sleeper("sleeper"), AlwaysWrong("wrong"))

"""A question to a platform that is no measurement of cases: a module of ours, run in a process of the platform's own.

What Numba compiles for is settled when it is imported, so that another target needs another process.
"""

import json
import os
import sys
from typing import Any

from fatnn_bench import launch
from fatnn_bench.errors import UserError
from fatnn_bench.platforms import CpuPlatform, Platform
from fatnn_bench.processes import lifeline

__all__ = ["ask"]


def ask(name: str, platform: Platform, module: str, *arguments: str) -> Any:
    """Return the JSON that ``python -m module arguments`` prints on a platform.

    Parameters
    ----------
    name
        Of the platform, for errors.

    Raises
    ------
    UserError
        The platform is no process of this machine's, cannot be used here, or the process failed.
    """
    if not isinstance(platform, CpuPlatform):
        raise UserError(f"platform {name} is of kind {platform.kind}, which runs no code here; choose one of kind cpu")
    if reason := launch.obstacle(platform):
        raise UserError(f"platform {name} cannot be used here: {reason}")
    environment = launch.environment(platform, os.environ)
    done = lifeline.run(module, *arguments, environment=environment)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise UserError(f"{module} failed on platform {name} with status {done.returncode}: {last[0]}")
    sys.stderr.write(done.stderr)  # such as that kernels are compiled anew
    return json.loads(done.stdout)

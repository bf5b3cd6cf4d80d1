"""What this machine is: its description, cores, quota and GPU, and what makes times doubtful on it."""

from fatnn_bench.machine.description import describe, frequency_hz, identity, installed_version, software

__all__ = ["describe", "frequency_hz", "identity", "installed_version", "software"]

"""The clock of a GPU by stand-ins for NVML: there is no GPU here."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from fatnn_bench.machine import gpu_clock
from fatnn_bench.machine.gpu_clock import GpuClock


class Nvml(SimpleNamespace):
    """A driver's library with one GPU, by number or by name."""

    class NvmlError(Exception):
        pass

    def __init__(self, megahertz=1980, reasons=0, driver=True):
        self.megahertz, self.reasons, self.driver = megahertz, reasons, driver

    def init_v2(self):
        if not self.driver:
            raise RuntimeError("the library is found with a driver only")

    def device_get_handle_by_index_v2(self, index):
        return self._found(index == 3)

    def device_get_handle_by_uuid(self, name):
        return self._found(name == "GPU-7f")

    def device_get_clock_info(self, device, kind):
        assert (device, kind) == ("it", 1)
        return self.megahertz

    def device_get_current_clocks_event_reasons(self, device):
        return self.reasons

    def _found(self, here):
        if not here:
            raise self.NvmlError("not found")
        return "it"


@pytest.fixture
def look(monkeypatch):
    """A look at the clock with an NVML and a CUDA_VISIBLE_DEVICES of ours."""

    def at(nvml, visible="3"):
        bindings = ModuleType("cuda.bindings")
        if nvml is not None:
            bindings.nvml = nvml
        monkeypatch.setitem(sys.modules, "cuda.bindings", bindings)
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        gpu_clock._device.cache_clear()
        return gpu_clock.look()

    yield at
    gpu_clock._device.cache_clear()


@pytest.mark.parametrize("visible", ["3", "3,4", "GPU-7f"])
def test_the_first_gpu_that_is_seen_is_looked_at(look, visible):
    assert look(Nvml(1410), visible) == GpuClock(1_410_000_000)


@pytest.mark.parametrize(
    ("reasons", "slowed"),
    [
        (0x1 | 0x2 | 0x4, ""),  # idle, set by a person, at its power limit
        (0x20, "for its heat"),
        (0x8 | 0x40, "by its hardware and for its heat"),
        (0x20 | 0x40, "for its heat"),
        (0x80, "by a power brake"),
    ],
)
def test_what_slows_a_gpu_down_is_told(look, reasons, slowed):
    assert look(Nvml(reasons=reasons)).slowed == slowed


@pytest.mark.parametrize(
    ("nvml", "visible"), [(None, "3"), (Nvml(driver=False), "3"), (Nvml(), "0"), (Nvml(), "MIG-1")]
)
def test_where_nobody_tells_there_is_no_clock(look, nvml, visible):
    assert look(nvml, visible) is None

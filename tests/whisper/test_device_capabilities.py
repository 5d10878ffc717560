"""What the program counts on for a device; what is not known of one is not counted on."""

import pytest

from ovsubs.whisper.model.device_capabilities import DeviceCapabilities, capabilities_of


def test_the_cpu_takes_any_length_and_multiplies_in_8_bits() -> None:
    cpu = capabilities_of("CPU")
    assert (cpu.any_length, cpu.int8, cpu.measured, cpu.keeps_kernels) == (True, True, True, True)


@pytest.mark.parametrize("device", ["GPU", "GPU.1", "NPU", "AUTO", "AUTO:GPU,CPU", "HETERO:GPU,CPU", "new"])
def test_nothing_is_counted_on_elsewhere(device: str) -> None:
    assert capabilities_of(device) == DeviceCapabilities()

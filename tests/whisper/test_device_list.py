"""Device strings; the machine that runs this has at least a CPU."""

import pytest

from ovsubs.errors import DeviceNotFound
from ovsubs.whisper.model import check_device, list_devices
from ovsubs.whisper.model.device_list import physical_device, read_cpu_flags


def test_the_cpu_is_listed_with_its_full_name() -> None:
    (cpu,) = [device for device in list_devices() if device.name == "CPU"]
    assert len(cpu.full_name) > 3


@pytest.mark.parametrize("device", ["CPU", "AUTO", "AUTO:CPU", "HETERO:CPU"])
def test_devices_that_are_there_pass_as_they_are(device: str) -> None:
    assert check_device(device) == device


def test_case_and_spaces_do_not_matter() -> None:
    assert check_device(" cpu") == "CPU"
    assert check_device("auto: cpu") == "AUTO:CPU"


def test_a_device_may_be_left_out_whether_it_is_there_or_not() -> None:
    assert check_device("AUTO:-GPU") == "AUTO:-GPU"
    assert check_device("AUTO:CPU,-GPU") == "AUTO:CPU,-GPU"


@pytest.mark.parametrize("device", ["GPU.9", "gpu.9", "AUTO:GPU.9,CPU", "HETERO:GPU.9,CPU", "NONE"])
def test_an_absent_device_is_refused_and_those_that_are_there_are_named(device: str) -> None:
    with pytest.raises(DeviceNotFound) as caught:
        check_device(device)
    message = str(caught.value)
    assert repr(device) in message
    assert "this machine has: " in message
    assert "CPU" in message
    assert "\n" not in message


def test_a_choice_of_devices_with_nothing_left_is_refused() -> None:
    excluded = ",".join(f"-{device.name}" for device in list_devices())
    with pytest.raises(DeviceNotFound, match="CPU"):
        check_device(f"AUTO:{excluded}")


@pytest.mark.parametrize(
    "device",
    [
        "",
        "nonsense",
        "CPU.1",
        "CPU.0",
        "-CPU",
        "CPU,CPU",
        "AUTO:",
        "AUTO:CPU,",
        "HETERO",
        "HETERO:",
        "HETERO:-CPU",
    ],
)
def test_nonsense_is_refused(device: str) -> None:
    with pytest.raises(DeviceNotFound, match="CPU"):
        check_device(device)


def test_cpu_flags_are_read_as_linux_names_them() -> None:
    two_cpus = (
        "processor\t: 0\nflags\t\t: fpu avx2\nbugs\t\t: sysret\n\nprocessor\t: 1\nflags\t\t: fpu avx2\n"
    )
    assert read_cpu_flags(two_cpus) == {"fpu", "avx2"}
    assert read_cpu_flags("processor\t: 0\nFeatures\t: fp asimd\n") == frozenset()  # as on ARM
    assert read_cpu_flags("") == frozenset()


@pytest.mark.parametrize(
    ("device", "physical"),
    [
        ("CPU", "CPU"),
        ("AUTO:CPU", "CPU"),
        ("HETERO:CPU", "CPU"),
        ("AUTO:CPU,-GPU", "CPU"),
        ("GPU.1", "GPU.1"),
        ("AUTO:GPU,CPU", "AUTO:GPU,CPU"),
        ("HETERO:GPU,CPU", "HETERO:GPU,CPU"),
    ],
)
def test_a_virtual_device_over_one_device_is_that_device(device: str, physical: str) -> None:
    assert physical_device(device) == physical


def test_auto_is_the_cpu_where_there_is_nothing_else() -> None:
    is_alone = [device.name for device in list_devices()] == ["CPU"]
    assert (physical_device("AUTO") == "CPU") == is_alone
    assert (physical_device("AUTO:-NPU") == "CPU") == is_alone

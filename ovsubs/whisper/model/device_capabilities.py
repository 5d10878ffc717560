"""A device -> what it can do that another cannot."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeviceCapabilities:
    """What the rest of the program has to know of a device.

    `any_length`: graphs of dynamic shape run as they are. Elsewhere they are compiled again for each length
    (GPU) or not at all (NPU).
    `int8`: linear layers can be multiplied in 8 bits, without calibration; the sums of calibrated ones may
    overflow.
    `measured`: its precision is chosen by a measurement, not by OpenVINO.
    `keeps_kernels`: it caches compiled kernels for each shape of the inputs; the cache needs a limit.
    """

    any_length: bool = False
    int8: bool = False
    measured: bool = False
    keeps_kernels: bool = False


_OF = {"CPU": DeviceCapabilities(any_length=True, int8=True, measured=True, keeps_kernels=True)}


def capabilities_of(device: str) -> DeviceCapabilities:
    """Of a device as OpenVINO names it; a virtual one (AUTO, HETERO) can do what all of them can."""
    return _OF.get(device, DeviceCapabilities())

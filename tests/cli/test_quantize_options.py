"""What the command line says of INT8 -> the options of the library."""

import pytest

from ovsubs.cli.quantize import calibration_named, evaluation_named, settings_named
from ovsubs.errors import InvalidOption
from ovsubs.quantization.options import QuantizeOptions, Recordings
from ovsubs.quantization.post_training import FRAGILE, Int8Settings


def test_layers_that_are_left_by_default_may_be_named_or_none() -> None:
    for given, ignored in ((None, (FRAGILE,)), ([""], ()), (["a", "b"], ("a", "b"))):
        assert settings_named("decoder", None, given, is_accurate=False) == Int8Settings(0.75, ignored)


def test_settings_that_are_not_given_are_those_of_the_library() -> None:
    usual = QuantizeOptions()
    assert settings_named("encoder", None, None, is_accurate=False) == usual.encoder
    assert settings_named("decoder", None, None, is_accurate=False) == usual.decoder
    assert settings_named("encoder", -1.0, None, is_accurate=True) == Int8Settings(-1.0, (), True)


def test_recordings_that_are_not_named_are_those_of_the_library() -> None:
    usual = QuantizeOptions().calibration
    assert calibration_named(None, None, None) == usual
    assert calibration_named(None, None, 7) == Recordings(usual.source, None, 7)
    assert calibration_named("here", "train", None) == Recordings("here", "train", usual.n_samples)
    assert evaluation_named(None, None, None) is None
    assert evaluation_named("there", None, None) == Recordings("there", None, None)


def test_a_part_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidOption, match=r"calibration_part = 'test' .*it goes with --calibration-data"):
        calibration_named(None, "test", None)
    with pytest.raises(InvalidOption, match=r"evaluation_samples = 3 .*it goes with --evaluation-data"):
        evaluation_named(None, None, 3)

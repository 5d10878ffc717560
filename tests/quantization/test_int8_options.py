"""Choices of INT8 are obeyed or refused."""

import pytest

from ovsubs.errors import InvalidOption
from ovsubs.quantization.options import QuantizeOptions
from ovsubs.quantization.post_training import Int8Settings


@pytest.mark.parametrize(
    ("components", "wanted", "allowed"),
    [
        ("all", ("encoder", "decoder"), 0.5),
        ("encoder", ("encoder",), 0.5),
        ("decoder", ("decoder",), 0.5),
        ("auto", ("encoder", "decoder"), 0.2),
    ],
)
def test_components_decide_what_is_made_and_what_it_may_cost(
    components: str, wanted: tuple[str, ...], allowed: float
) -> None:
    options = QuantizeOptions(components=components)
    assert (options.wanted, options.allowed_drop) == (wanted, allowed)
    assert QuantizeOptions(components=components, max_wer_drop=0.7).allowed_drop == 0.7


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(InvalidOption, match="choose from all, encoder, decoder, auto"):
        QuantizeOptions(components="both")
    with pytest.raises(InvalidOption, match="max_wer_drop"):
        QuantizeOptions(max_wer_drop=-0.1)
    with pytest.raises(InvalidOption, match="max_wer_drop"):
        QuantizeOptions(max_wer_drop=float("nan"))
    assert QuantizeOptions(max_wer_drop=0.0).allowed_drop == 0.0
    with pytest.raises(InvalidOption, match="auto keeps nothing then"):
        QuantizeOptions(components="auto", max_wer_drop=0.0)
    with pytest.raises(InvalidOption, match="runs"):
        QuantizeOptions(n_runs=0)


def test_settings_of_a_component_that_stays_are_refused() -> None:
    with pytest.raises(InvalidOption, match="there are settings for the decoder"):
        QuantizeOptions(components="encoder", decoder=Int8Settings(0.9))
    assert QuantizeOptions(components="decoder", decoder=Int8Settings(0.9)).wanted == ("decoder",)


@pytest.mark.parametrize("alpha", [-0.5, 1.1, 2.0, float("nan")])
def test_smooth_quant_has_a_range(alpha: float) -> None:
    with pytest.raises(InvalidOption, match="smooth_quant_alpha"):
        Int8Settings(alpha)


def test_layers_to_be_ignored_are_regular_expressions() -> None:
    assert Int8Settings(-1.0, (r".*/fc2/.*",)).ignored == (r".*/fc2/.*",)
    with pytest.raises(InvalidOption, match="no regular expression"):
        Int8Settings(0.5, ("(",))

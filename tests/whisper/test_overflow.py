import numpy as np
import openvino as ov
import pytest
from openvino import opset15 as ops

from ovsubs.whisper.model.overflow import keep_logits_float


def graph(*, quantized: bool) -> ov.Model:
    """Two products, both with activations in 8 bits or neither; the second makes the logits."""

    def activations(source: ov.Node) -> ov.Node:
        if not quantized:
            return source
        low, high = np.float32(0.0), np.float32(1.0)
        return ops.fake_quantize(source, low, high, low, high, levels=4)

    hidden = ops.parameter([1, 2], np.float32, name="hidden")
    inner = ops.matmul(activations(hidden), np.eye(2, dtype=np.float32), False, False)
    logits = ops.matmul(activations(inner), np.ones((2, 3), np.float32), False, False)
    logits.output(0).set_names({"logits"})
    return ov.Model([logits], [hidden], "decoder")


def run(model: ov.Model, hidden: list[float]) -> np.ndarray:
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(compiled(np.array([hidden], np.float32))[0])


def kinds(model: ov.Model) -> list[str]:
    return [node.get_type_name() for node in model.get_ordered_ops()]


def test_only_the_product_that_makes_the_logits_is_exempt() -> None:
    model = graph(quantized=True)
    assert kinds(model).count("FakeQuantize") == 2

    assert keep_logits_float(model)

    assert kinds(model).count("FakeQuantize") == 1
    # The first product still sees its input in steps of a third: 0.4 is a third, 0.6 two.
    assert run(model, [0.4, 0.6]) == pytest.approx(np.full((1, 3), 1.0), abs=1e-5)
    assert run(model, [0.4, 0.4]) == pytest.approx(np.full((1, 3), 2 / 3), abs=1e-5)


def test_a_graph_in_floating_point_is_left_alone() -> None:
    model = graph(quantized=False)
    before = kinds(model)

    assert not keep_logits_float(model)

    assert kinds(model) == before

"""Decoder in INT8 -> the same, its last product in floating point, for CPUs that add 8-bit products in 16.

Without VNNI or AMX, OpenVINO (2026.4) multiplies 8 bits by 8 and adds pairs of products in 16 bits, where
they overflow. In the projection to the vocabulary that moves probabilities by 0.16 nats a token (base, AVX2)
and the word error rate by three points; in all other layers together by nothing to be seen (0.011 nats, and
0.008 with VNNI). So the activations of that one product stay as they are; its weights keep their 8 bits.
"""

from typing import Any

import openvino as ov


def keep_logits_float(decoder: ov.Model) -> bool:
    """Take the quantization of activations out of the product that makes the logits, if there is one."""
    node = decoder.output("logits").get_node()
    while node.get_type_name() in ("Result", "Convert", "Add"):
        node = node.input_value(0).get_node()
    if node.get_type_name() != "MatMul":
        return False
    activation: Any = node.input_value(0).get_node()
    if activation.get_type_name() != "FakeQuantize":
        return False
    node.input(0).replace_source_output(activation.input_value(0))
    return True

"""Stateful decoder -> the same without the states of its cross-attentions, and back again.

optimum-intel keeps the keys and values of the encoder's output as state: ReadValue nodes that compute them
when they are empty. NNCF needs outputs within that computation, which the CPU plugin does not give (OpenVINO
2026.4, "Memory descriptor may not be modified"). Without the states the same is computed in each step.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CrossState:
    """A state that was taken out: its name, and by which input of which layer it is read."""

    variable_id: str
    reader: str
    port: int


def take_out_cross_states(decoder: Any) -> list[CrossState]:
    """Compute keys and values of the cross-attentions directly; changes the graph.

    Args:
        decoder: ov.Model of a decoder; one without such states stays as it is.
    """
    found = list[CrossState]()
    for sink in list(decoder.get_sinks()):
        read = sink.input_value(0).get_node()
        if read.get_type_name() != "ReadValue" or not read.get_input_size():
            continue  # self-attention: what is assigned has grown by a token
        computed = read.input_value(0)
        variable_id = sink.get_variable_id()
        decoder.remove_sink(sink)
        decoder.remove_variable(decoder.get_variable_by_id(variable_id))
        for reader in list(_readers(read)):
            if reader.get_node().get_type_name() == "Assign":
                continue
            found.append(CrossState(variable_id, reader.get_node().get_friendly_name(), reader.get_index()))
            reader.replace_source_output(computed)
    return found


def put_back_cross_states(decoder: Any, states: Sequence[CrossState]) -> Any:
    """Keep keys and values as state again, behind whatever quantization has put there; changes the graph.

    Returns:
        The ov.Model that has the states; the one that was given is not to be used any more.
    """
    import openvino as ov
    from openvino import opset15 as ops

    by_name = {node.get_friendly_name(): node for node in decoder.get_ops()}
    sinks = list(decoder.get_sinks())
    for state in states:
        reader = by_name[state.reader].input(state.port)
        read = ops.read_value(by_name[state.reader].input_value(state.port), state.variable_id)
        reader.replace_source_output(read.output(0))
        sinks.append(ops.assign(read, state.variable_id))
    # A new model finds its variables by itself; an old one has no way to take them from Python.
    whole = ov.Model(decoder.get_results(), sinks, decoder.get_parameters(), decoder.get_friendly_name())
    for (
        name,
        value,
    ) in decoder.get_rt_info().items():  # in which precision the cache is kept, and what made it
        whole.set_rt_info(value, name)
    return whole


def _readers(node: Any) -> Iterator[Any]:
    yield from node.output(0).get_target_inputs()

import pickle
import re
from collections.abc import Iterator

import pytest

from ovsubs import errors
from ovsubs.errors import OvsubsError


def tree(root: type[OvsubsError], depth: int = 0) -> Iterator[tuple[int, type[OvsubsError]]]:
    yield depth, root
    for kind in root.__subclasses__():
        yield from tree(kind, depth + 1)


KINDS = [kind for _, kind in tree(OvsubsError)]


def arguments(kind: type[OvsubsError]) -> tuple[str, ...]:
    """As many arguments as the template names, each with what could spoil a line or a template."""
    n_fields = 1 + max(int(number) for number in re.findall(r"\{(\d)", kind.template.replace("{}", "{0}")))
    return tuple(f"argument {i}\n\tof {{braces}} and 'quotes' é" for i in range(n_fields))


def test_the_drawing_lists_exactly_the_classes_that_exist() -> None:
    drawn = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r" {4}([│├└─ ]*)(\w+)(?: {2,}.*)?$", line):
            drawn.append((len(found[1]) // 4, found[2]))
    assert drawn == [(depth, kind.__name__) for depth, kind in tree(OvsubsError)]


def test_every_error_class_of_the_module_is_in_the_tree() -> None:
    public = {value for value in vars(errors).values() if isinstance(value, type)}
    assert public == set(KINDS)
    assert {kind.__module__ for kind in KINDS} == {"ovsubs.errors"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_survives_pickling(kind: type[OvsubsError]) -> None:
    error = kind(*arguments(kind))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        copy = pickle.loads(pickle.dumps(error, protocol))
        assert (type(copy), copy.args, str(copy)) == (kind, error.args, str(error))


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_prints_its_arguments_in_one_line(kind: type[OvsubsError]) -> None:
    message = str(kind(*arguments(kind)))
    assert len(message.splitlines()) == 1
    assert all(f"argument {i}" in message for i in range(len(arguments(kind))))


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_says_what_its_arguments_are(kind: type[OvsubsError]) -> None:
    assert kind.__doc__
    if signature := re.match(rf"`{kind.__name__}\((.*?)\)`", kind.__doc__):
        assert len(signature[1].split(", ")) == len(arguments(kind))
    else:
        assert kind.template == "{}"


def test_every_branch_can_be_caught_at_its_root() -> None:
    assert all(issubclass(kind, OvsubsError) and issubclass(kind, Exception) for kind in KINDS)
    assert not issubclass(OvsubsError, OSError | ValueError)

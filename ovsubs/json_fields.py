"""JSON that somebody wrote -> values of the kinds that are expected, or an error that names the place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ovsubs.bounds import MAX_NUMBER

_SHOWN = 40  # characters of a value in an error
_KINDS = {dict: "an object", list: "a list", type(None): "null"}
_REQUIRED = object()


@dataclass(frozen=True, slots=True)
class JsonObject:
    """An object of JSON; `place` says where it stands, such as "segments[2]", and is empty at the top.

    Each method gives the value of a key, or its default where there is none.

    Raises:
        ValueError: the key is missing and has no default, or the value is of another kind.
    """

    content: dict[str, Any]
    place: str = ""

    @classmethod
    def parse(cls, text: str) -> JsonObject:
        """The object that a text is.

        Raises:
            ValueError: it is no JSON, or something else than an object.
        """
        try:
            content = json.loads(text)
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error
        if not isinstance(content, dict):
            raise ValueError(f"it is {_shown(content)}, not an object")
        return cls(content)

    def number(self, key: str, default: Any = _REQUIRED, *, least: float = -MAX_NUMBER) -> float:
        """A finite number from `least` to `MAX_NUMBER`."""
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= MAX_NUMBER:
            raise self._wrong(key, value)
        return value

    def whole(self, key: str) -> int:
        """A whole number."""
        value = self._get(key, _REQUIRED)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(key, value)
        return value

    def text(self, key: str, default: Any = _REQUIRED) -> str:
        """A text."""
        value = self._get(key, default)
        if not isinstance(value, str):
            raise self._wrong(key, value)
        return value

    def text_or_null(self, key: str) -> str | None:
        """A text; None where there is none."""
        return None if self.content.get(key) is None else self.text(key)

    def whole_numbers(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers; none where there is no list."""
        return tuple(self._list_of(int, key))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; none where there is no list."""
        return tuple(self._list_of(str, key))

    def objects(self, key: str, default: Any = _REQUIRED) -> Iterator[JsonObject]:
        """A list of objects."""
        for number, value in enumerate(self._list_of(dict, key, default)):
            yield JsonObject(value, f"{self._path(key)}[{number}]")

    def object(self, key: str) -> JsonObject:
        """An object; an empty one where there is none."""
        value = self._get(key, {})
        if not isinstance(value, dict):
            raise self._wrong(key, value)
        return JsonObject(value, self._path(key))

    def _get(self, key: str, default: Any) -> Any:
        if key in self.content:
            return self.content[key]
        if default is _REQUIRED:
            raise ValueError(f"{self.place or 'it'} has no {key!r}")
        return default

    def _list_of(self, kind: type, key: str, default: Any = ()) -> Any:
        values = self._get(key, default)
        if values is default:
            return values
        if not isinstance(values, list):
            raise self._wrong(key, values)
        for number, value in enumerate(values):
            if not isinstance(value, kind) or isinstance(value, bool):
                raise ValueError(f"{self._path(key)}[{number}] is {_shown(value)}")
        return values

    def _path(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def _wrong(self, key: str, value: Any) -> ValueError:
        return ValueError(f"{self._path(key)} is {_shown(value)}")


def _shown(value: Any) -> str:
    """A value in few words."""
    if type(value) in _KINDS:
        return _KINDS[type(value)]
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, bool) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

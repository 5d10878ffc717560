import pickle
import re
from collections.abc import Iterator

import pytest

from ovsubs import errors
from ovsubs.errors import (
    InvalidOption,
    MissingFile,
    OutputExists,
    OvsubsError,
    TruncatedMedia,
    options_of,
)

# Programs tell errors apart by these words: whoever renames a class gives it its old `code`.
CODES = frozenset(
    [
        "accuracy_drop_too_large",
        "all_left_out",
        "already_quantized",
        "benchmark_error",
        "broken_model",
        "closed_model",
        "conversion_failed",
        "copy_is_input",
        "dataset_error",
        "dataset_not_found",
        "device_not_found",
        "empty_dataset",
        "empty_file",
        "export_error",
        "export_failed",
        "file_in_use",
        "file_time_limit",
        "invalid_option",
        "ledger_error",
        "measurement_failed",
        "media_error",
        "missing_extra",
        "missing_file",
        "missing_transcript",
        "model_error",
        "model_not_found",
        "no_audio_stream",
        "no_ledger",
        "no_media_in_folder",
        "no_picture",
        "no_speech_heard",
        "no_subtitles_in_folder",
        "no_such_track",
        "not_comparable",
        "output_clash",
        "output_error",
        "output_exists",
        "output_is_input",
        "overlapping_datasets",
        "ovsubs_error",
        "recognition_interrupted",
        "self_test_failed",
        "subtitles_exist",
        "too_few_evaluation_samples",
        "too_few_samples",
        "truncated_media",
        "undrawable_text",
        "unknown_format",
        "unknown_language",
        "unreadable_checkpoint",
        "unreadable_dataset",
        "unreadable_media",
        "unreadable_report",
        "unreadable_subtitles",
        "unreadable_transcript",
        "unsupported_container",
        "unsupported_copy",
        "unsupported_task",
        "unusable_ledger",
        "unwritable_file",
        "unwritable_output",
        "unwritable_video",
        "usage_error",
        "video_error",
    ]
)


def tree(root: type[OvsubsError], depth: int = 0) -> Iterator[tuple[int, type[OvsubsError]]]:
    yield depth, root
    for kind in root.__subclasses__():
        yield from tree(kind, depth + 1)


KINDS = [kind for _, kind in tree(OvsubsError)]
BRANCHES = [kind for kind in KINDS if not kind._names]
LEAVES = [kind for kind in KINDS if kind._names]


def arguments(kind: type[OvsubsError]) -> tuple[str, ...]:
    """A value for each field, with what could spoil a line or a template."""
    return tuple(f"argument {i}\n\tof {{braces}} and 'quotes' é" for i in range(len(kind._names)))


def test_the_drawing_lists_exactly_the_classes_that_exist() -> None:
    drawn = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r" {4}([│├└─ ]*)(\w+)(?: {2,}.*)?$", line):
            drawn.append((len(found[1]) // 4, found[2]))
    assert drawn == [(depth, kind.__name__) for depth, kind in tree(OvsubsError)]


def test_every_error_class_of_the_module_is_in_the_tree() -> None:
    public = {value for value in vars(errors).values() if isinstance(value, type)}
    assert {kind for kind in public if kind.__module__ == "ovsubs.errors"} == set(KINDS)


def test_codes_stay_as_they_are() -> None:
    assert {kind.code for kind in KINDS} == CODES
    assert len(CODES) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_survives_pickling(kind: type[OvsubsError]) -> None:
    error = kind(*arguments(kind))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        copy = pickle.loads(pickle.dumps(error, protocol))
        assert (type(copy), copy.args, str(copy)) == (kind, error.args, str(error))
        assert copy.fields == error.fields


@pytest.mark.parametrize("kind", LEAVES)
def test_every_error_prints_its_fields_in_one_line(kind: type[OvsubsError]) -> None:
    message = str(kind(*arguments(kind)))
    assert len(message.splitlines()) == 1
    assert all(f"argument {i}" in message for i in range(len(kind._names)))


@pytest.mark.parametrize("kind", LEAVES)
def test_fields_are_had_by_name(kind: type[OvsubsError]) -> None:
    values = dict(zip(kind._names, arguments(kind), strict=True))
    error = kind(**values)
    assert error.fields == values
    assert all(getattr(error, name) == value for name, value in values.items())
    assert error.args == arguments(kind)


@pytest.mark.parametrize("kind", LEAVES)
def test_a_field_that_is_missing_or_unknown_is_refused(kind: type[OvsubsError]) -> None:
    values = arguments(kind)
    for wrong in (values[1:], (*values, "one more")):
        with pytest.raises(TypeError, match=", ".join(kind._names)):
            kind(*wrong)
    with pytest.raises(TypeError):
        kind(*values[1:], nothing_of_the_kind="x")


@pytest.mark.parametrize("kind", KINDS)
def test_no_message_speaks_of_a_command_line(kind: type[OvsubsError]) -> None:
    assert kind.__doc__
    text = re.sub(r"`pip install[^`]*`", "", f"{kind.template} {kind.hint_template}")
    assert not re.search(r"--[a-z]|`ovsubs ", text)


def test_every_branch_can_be_caught_at_its_root() -> None:
    assert all(issubclass(kind, OvsubsError) and issubclass(kind, Exception) for kind in KINDS)
    assert not issubclass(OvsubsError, OSError | ValueError)
    assert {kind.__name__ for kind in BRANCHES} >= {"UsageError", "MediaError", "OutputError"}


def test_what_is_wrong_and_what_to_do_are_told_apart() -> None:
    error = TruncatedMedia("a.mp4", "it breaks off at 0:12")
    assert error.message == "a.mp4: it breaks off at 0:12"
    assert error.hint == "copy it again, or use `keep_damaged` for subtitles of what is there"
    assert str(error) == f"{error.message}; {error.hint}"
    assert error.code == "truncated_media"
    assert error.fields == {"path": "a.mp4", "what": "it breaks off at 0:12"}
    assert str(MissingFile("a.mp4")) == "a.mp4: no such file; check the path"
    assert str(OutputExists("a.srt")) == "a.srt: already there; use `overwrite` to replace it"


def test_the_value_of_a_switch_is_not_shown() -> None:
    assert str(InvalidOption("embed", True, "not here")) == "embed is not valid: not here"
    assert str(InvalidOption("style", "True", "no")) == "style = 'True' is not valid: no"
    assert str(InvalidOption("style", " = True is", "no")) == "style = ' = True is' is not valid: no"


def test_an_option_is_named_by_whose_it_is() -> None:
    with pytest.raises(InvalidOption) as refused, options_of("encoder"):
        raise InvalidOption("ignored", "(", "no regular expression")
    assert refused.value.fields == {"option": "encoder.ignored", "value": "(", "why": "no regular expression"}

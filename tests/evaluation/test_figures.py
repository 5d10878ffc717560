"""Runs and errors as figures, tables, pictures, and beside a baseline."""

from dataclasses import replace
from pathlib import Path

import pytest
from signatures import SIGNATURE

from ovsubs.errors import InvalidOption, NotComparable, UnwritableOutput
from ovsubs.evaluation.figures import Ratio, figures_of, ratio_by_round, to_json
from ovsubs.evaluation.plot import check_picture, draw
from ovsubs.evaluation.regression import Limits, check
from ovsubs.evaluation.report import make_table, to_markdown
from ovsubs.evaluation.results import (
    Comparison,
    ModelResult,
    Run,
    as_columns,
    dump_json,
    from_columns,
    read_comparison,
    write_comparison,
)
from ovsubs.evaluation.word_errors import (
    CharacterErrors,
    WordErrors,
    count_character_errors,
    count_word_errors,
)


def model(label: str, n_wrong: int, *walls: float) -> ModelResult:
    return ModelResult(
        label=label,
        precision="fp16",
        size_bytes=150_000_000,
        encoder_bytes=40_000_000,
        decoder_bytes=60_000_000,
        runs=tuple(Run(1.5, wall, wall / 2, wall / 4, 900.0) for wall in walls),
        words=(WordErrors(50, n_wrong, 0, 0), WordErrors(50, 0, 1, 1)),
        characters=CharacterErrors(500, 10),
    )


@pytest.fixture
def comparison() -> Comparison:
    int8 = replace(model("int8", 4, 1.0, 4.0, 2.0), encoder_bytes=10_000_000, decoder_bytes=20_000_000)
    return Comparison(SIGNATURE, "ovsubs benchmark", "2026-01-01", (model("base", 3, 2.0, 4.0, 3.0), int8))


def test_each_model_stands_beside_the_first(comparison: Comparison) -> None:
    base, int8 = figures_of(comparison)
    assert (base.wer, base.word_accuracy, base.cer) == (0.05, 0.95, 0.02)
    assert base.rtfx == 20.0
    assert base.encoder_rtfx == 40.0
    assert base.decoder_rtfx == 80.0
    assert base.against_first is None
    assert int8.against_first is not None
    assert int8.against_first.wer_more == pytest.approx(0.01)
    assert int8.against_first.size == pytest.approx(0.3)


def test_speed_is_compared_round_by_round(comparison: Comparison) -> None:
    against = figures_of(comparison)[1].against_first
    assert against is not None
    assert (against.speed_up.low, against.speed_up.median, against.speed_up.high) == (1.0, 1.5, 2.0)


def test_the_table_has_a_row_for_each_model_and_a_cell_for_each_column(comparison: Comparison) -> None:
    table = make_table(figures_of(comparison))
    assert [row[0] for row in table.rows] == ["base (fp16)", "int8 (fp16)"]
    assert {len(row) for row in table.rows} == {len(table.head)}
    assert "1.50x (1.00 to 2.00)" in table.rows[1]
    alone = make_table(figures_of(replace(comparison, models=comparison.models[:1])))
    assert len(alone.rows[0]) == len(alone.head) == 11


def test_markdown_ends_with_the_signature(comparison: Comparison) -> None:
    text = to_markdown(comparison, figures_of(comparison))
    assert text.count("\n|") == 3
    assert text.endswith(f"`models:base(fp16),int8(fp16)|{SIGNATURE.line}`\n")
    assert "dataset:test-clean@0123456789ab|files:2" in text


def test_results_are_read_back_as_they_were_written(comparison: Comparison, tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.json"
    write_comparison(path, comparison, to_json(figures_of(comparison)))
    assert read_comparison(path) == comparison
    assert [one.name for one in path.parent.iterdir()] == ["results.json"]


def test_a_file_that_cannot_be_written_is_refused_and_leaves_nothing(
    comparison: Comparison, tmp_path: Path
) -> None:
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "folder.json", tmp_path / "file" / "results.json", Path()):
        with pytest.raises(UnwritableOutput):
            write_comparison(path, comparison, [])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.json"]


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"format": 99}', "\x00"])
def test_what_is_no_baseline_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "baseline.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(NotComparable, match=r"baseline\.json"):
        read_comparison(path)


def test_a_picture_is_drawn(comparison: Comparison, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    check_picture(path)
    draw(path, comparison, figures_of(comparison))
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size > 10_000


def test_a_picture_of_an_unknown_kind_is_refused_beforehand() -> None:
    with pytest.raises(InvalidOption, match=r"its name ends in \.png"):
        check_picture(Path("picture.bmp"))


def test_an_equal_run_passes_and_a_worse_one_does_not(comparison: Comparison) -> None:
    limits = Limits(max_wer_drop=0.5, max_slowdown=0.15)
    assert all(finding.passed for finding in check(comparison, comparison, Path("b.json"), limits))

    worse = replace(comparison, models=(model("base", 4, 2.0), model("int8", 4, 1.8)))
    before = replace(comparison, models=(model("base", 3, 2.0), model("int8", 4, 1.0)))
    found = check(worse, before, Path("b.json"), limits)

    assert [(one.label, one.figure, one.passed) for one in found] == [
        ("base", "WER", False),
        ("int8", "WER", True),
        ("int8", "speed-up", False),
    ]
    assert found[0].limit == pytest.approx(0.055)
    assert found[2].limit == pytest.approx(1.7)


def test_errors_up_to_the_limit_pass(comparison: Comparison) -> None:
    now = replace(comparison, models=(model("base", 4, 1.0), model("int8", 4, 1.0)))
    assert all(one.passed for one in check(now, comparison, Path("b.json"), Limits(1.0)))
    assert not all(one.passed for one in check(now, comparison, Path("b.json"), Limits(0.9)))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"dataset_digest": "ba9876543210"}, "'ba9876543210' there, '0123456789ab' here"),
        ({"language": "de"}, "'de' there, 'en' here"),
        ({"beam_size": 1}, "'beam size 1' there, 'beam size 3' here"),
        ({"normalizer": "none"}, "'none' there"),
    ],
)
def test_a_baseline_of_other_conditions_is_refused(
    comparison: Comparison, changed: dict[str, object], why: str
) -> None:
    other = replace(comparison, signature=replace(SIGNATURE, **changed))
    with pytest.raises(NotComparable, match=why):
        check(comparison, other, Path("b.json"), Limits())


def test_a_baseline_of_another_machine_is_taken(comparison: Comparison) -> None:
    other = replace(comparison, signature=replace(SIGNATURE, device_name="another", threads=8))
    assert check(comparison, other, Path("b.json"), Limits())


def test_a_baseline_of_other_models_is_refused(comparison: Comparison) -> None:
    other = replace(comparison, models=comparison.models[:1])
    with pytest.raises(NotComparable, match="the models are base there, base, int8 here"):
        check(comparison, other, Path("b.json"), Limits())


def test_speed_needs_a_model_to_compare_with(comparison: Comparison) -> None:
    one = replace(comparison, models=comparison.models[:1])
    with pytest.raises(InvalidOption, match="give at least two models"):
        check(one, one, Path("b.json"), Limits(max_slowdown=0.1))


@pytest.mark.parametrize(
    "limits",
    [{"max_wer_drop": -0.1}, {"max_wer_drop": float("nan")}, {"max_slowdown": 1.0}, {"max_slowdown": -0.1}],
)
def test_limits_have_a_range(limits: dict[str, float]) -> None:
    with pytest.raises(InvalidOption):
        Limits(**limits)


def test_characters_are_counted_after_the_normalizer() -> None:
    assert count_character_errors("Mr. Brown sat.", "mister brown sat") == CharacterErrors(16, 0)
    assert count_character_errors("the cat", "the bat sat") == CharacterErrors(7, 5)
    assert count_character_errors("", "hello") == CharacterErrors(0, 5)
    assert count_character_errors("hello", "") == CharacterErrors(5, 5)
    assert CharacterErrors(0, 0).cer == 0.0


def test_languages_without_spaces_are_counted_by_letters() -> None:
    assert count_word_errors("今日は良い", "今日は悪い", "ja") == WordErrors(5, 1, 0, 0)
    assert count_word_errors("El niño, sí.", "el nino si", "es") == WordErrors(3, 2, 0, 0)


def test_figures_are_compared_round_by_round() -> None:
    assert ratio_by_round([2.0, 9.0, 4.0], [1.0, 3.0, 4.0]) == Ratio(2.0, 1.0, 3.0)
    assert ratio_by_round([2.0], [0.0]) == Ratio(0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="shorter"):
        ratio_by_round([2.0, 3.0], [1.0])


def test_word_errors_stand_in_columns_and_come_back() -> None:
    errors = (WordErrors(6, 1, 0, 2), WordErrors(5, 0, 1, 0))
    columns = as_columns(errors)
    assert columns == {"n_words": [6, 5], "substituted": [1, 0], "deleted": [0, 1], "inserted": [2, 0]}
    assert from_columns(columns) == errors
    assert as_columns([])["n_words"] == []


def test_lists_of_numbers_stand_in_one_line() -> None:
    text = dump_json({"a": [1, 2.5, -3e-05], "b": ["1", "2"], "é": []})
    assert '"a": [1, 2.5, -3e-05],' in text
    assert '"b": [\n    "1",\n    "2"\n  ],' in text
    assert '"é": []' in text
    assert text.endswith("}\n")

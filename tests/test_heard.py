import pytest
from heard import SAMPLE_SAYS, is_sample, says, word_errors, words_of


@pytest.mark.parametrize(
    ("said", "heard", "n_errors"),
    [
        ("", "", 0),
        ("Ever tried. Ever failed.", "ever tried, EVER\nfailed", 0),
        ("one two three", "one three", 1),
        ("one two three", "one two two three", 1),
        ("one two three", "three two one", 2),
        ("one two", "", 2),
        ("", "one", 1),
        ("don't", "don’t", 1),
        ("日本語", "日本語。", 0),
    ],
)
def test_errors_are_counted_in_words(said: str, heard: str, n_errors: int) -> None:
    assert word_errors(said, heard) == n_errors


def test_times_and_numbers_of_subtitles_are_no_words() -> None:
    srt = "1\n00:00:00,320 --> 00:00:02,460\nEver tried.\n\n2\n00:00:03,520 --> 00:00:05,380\nNo 1984.\n"
    assert words_of(srt) == ["ever", "tried", "no", "1984"]
    assert words_of("WEBVTT\n\n00:00.320 --> 00:02.460\nEver tried.\n") == ["ever", "tried"]


def test_a_phrase_is_found_up_to_a_word() -> None:
    assert says("So, tell me this: Lord of the Universe!", "lord of the universe")
    assert not says("So, tell me this.", "lord of the universe")
    assert says("Lord of the university.", "lord of the universe", 1)
    assert says("Lord of universe.", "lord of the universe", 1)
    assert not says("Lord of it.", "lord of the universe", 1)


def test_the_sample_is_known_up_to_a_word() -> None:
    assert is_sample("Ever tried, ever failed; no matter. Try again. Fail again, fail better!")
    assert is_sample(SAMPLE_SAYS.replace("tried", "try"))
    assert not is_sample(SAMPLE_SAYS.replace("fail better", ""))

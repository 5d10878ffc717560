"""Logits of our graphs: equal to optimum-intel's and torch's, whatever else is in the batch."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from heard import words_of
from numpy.typing import NDArray
from small_export import SmallExport

from ovsubs.errors import DeviceNotFound, InvalidOption
from ovsubs.whisper.config import read_config
from ovsubs.whisper.decoding import WindowRequest, decode
from ovsubs.whisper.logit_filters import LogitFilters
from ovsubs.whisper.model import CompileOptions, WhisperModel, open_model, settle
from ovsubs.whisper.model.precision import cpu_precisions, size_of
from ovsubs.whisper.tokenizer import WhisperTokenizer

EXACT = CompileOptions(threads=2, inference_precision="f32")
SOT = 50257  # tiny.en
TEXT = (50363, 16227, 3088, 13, 16227, 4054)  # <|0.00|> and words: fed after it
# Other tokens in each row: with one layer, nothing else tells the rows' caches apart.  # [4, 7]
FED = np.array(
    [[2, 5, 7, 9, 100, 7, 199], [2, 6, 150, 3, 9, 9, 20], [2, 77, 30, 8, 5, 64, 7], [2, 99, 11, 0, 42, 7, 7]]
)


def run(model: WhisperModel, mels: NDArray[np.float32], tokens: NDArray[np.int64]) -> NDArray[np.float32]:
    """Logits of each step; `tokens` [rows, steps] are fed one by one.  # float32 [steps, rows, n_vocab]"""
    with model.session(mels, model.cross_kv_cache(len(mels))) as session:
        return np.stack([session.step(tokens[:, [step]])[:, 0].copy() for step in range(tokens.shape[1])])


@pytest.fixture(scope="module")
def noise() -> NDArray[np.float32]:
    """Four windows of noise for the small model.  # float32 [4, 128, 3000]"""
    return np.random.default_rng(0).normal(size=(4, 128, 3000)).astype(np.float32)


@pytest.fixture(scope="module")
def expected(small: WhisperModel, noise: NDArray[np.float32]) -> NDArray[np.float32]:
    """The small model's logits of all four windows, decoded together.  # float32 [7, 4, n_vocab]"""
    logits = run(small, noise, FED)
    assert min(np.abs(logits[:, a] - logits[:, b]).max() for a in range(4) for b in range(a)) > 0.01
    return logits


@pytest.mark.reference
@pytest.mark.filterwarnings("ignore")
def test_logits_equal_those_of_optimum_intel(
    tiny_en_model_dir: Path, tiny_en: WhisperModel, mels: NDArray[np.float32]
) -> None:
    """Within 2e-4 (logits span some 60), in the first step of three tokens and in cached steps of one.

    The reference sees all tokens in one step, so that a cache of lower precision than asked for shows:
    OpenVINO's own choice for the CPU, 8 bits, is off by 0.1.
    """
    intel = pytest.importorskip("optimum.intel", reason="needs the export extra")
    import torch

    reference = intel.OVModelForSpeechSeq2Seq.from_pretrained(
        tiny_en_model_dir, ov_config={"INFERENCE_PRECISION_HINT": "f32"}
    )
    tokens = np.full((4, 7), (SOT, *TEXT))
    theirs = reference(
        input_features=torch.from_numpy(mels), decoder_input_ids=torch.from_numpy(tokens)
    ).logits.numpy()  # [4, 7, n_vocab], all positions in one step, without a cache
    with tiny_en.session(mels, tiny_en.cross_kv_cache(4)) as session:
        first = session.step(tokens[:, :3], logit_positions=(0, 1, 2))
        np.testing.assert_allclose(first, theirs[:, :3], atol=2e-4)
        for position in range(3, 7):
            logits = session.step(tokens[:, position : position + 1])
            np.testing.assert_allclose(logits[:, 0], theirs[:, position], atol=2e-4)


@pytest.mark.reference
def test_a_directory_of_optimum_intel_alone_runs_like_torch(small_export: SmallExport) -> None:
    """128 mels, fewer decoder layers than encoder layers (as turbo and distil have), no `ovsubs.json`.

    Within 1e-4 of torch, whose logits span some 30.
    """
    import torch

    mels = np.random.default_rng(0).normal(size=(2, 128, 3000)).astype(np.float32)
    tokens = np.array([[2, 5, 7, 9], [2, 100, 7, 199]])
    with torch.no_grad():
        theirs = small_export.torch_model(torch.from_numpy(mels), decoder_input_ids=torch.from_numpy(tokens))
    assert not (small_export.directory / "ovsubs.json").exists()
    with (
        open_model(small_export.directory, EXACT) as model,
        model.session(mels, model.cross_kv_cache(2)) as session,
    ):
        assert (model.n_mels, model.n_vocab) == (128, 200)
        ours = np.stack([session.step(tokens[:, [position]])[:, 0].copy() for position in range(4)], axis=1)
    np.testing.assert_allclose(ours, theirs.logits.numpy(), atol=1e-4)


def test_a_row_alone_has_the_logits_that_it_has_among_others(
    small: WhisperModel, noise: NDArray[np.float32], expected: NDArray[np.float32]
) -> None:
    for row in range(4):
        alone = run(small, noise[row : row + 1], FED[row : row + 1])
        np.testing.assert_allclose(alone[:, 0], expected[:, row], atol=1e-4)


@pytest.mark.parametrize(
    ("wanted", "order"),
    [
        ([True, True, True, True], [0, 1, 2, 3]),
        ([False, True, True, True], [3, 1, 2]),
        ([True, False, False, True], [0, 3]),
        ([False, True, False, False], [1]),
        ([True, True, True, False], [0, 1, 2]),
        ([False, False, False, False], []),
    ],
)
def test_rows_that_leave_do_not_change_the_others(
    small: WhisperModel,
    noise: NDArray[np.float32],
    expected: NDArray[np.float32],
    wanted: list[bool],
    order: list[int],
) -> None:
    with small.session(noise, small.cross_kv_cache(4)) as session:
        for step in range(3):
            session.step(FED[:, [step]])
        assert session.compact(wanted) == order
        assert session.n_windows == len(order)
        sources = np.array(order, np.int32)
        for step in range(3, 7) if order else ():
            logits = session.step(FED[order][:, [step]], sources if step == 3 else None)
            np.testing.assert_allclose(logits[:, 0], expected[step][order], atol=1e-4)


def test_rows_may_leave_in_several_steps(
    small: WhisperModel, noise: NDArray[np.float32], expected: NDArray[np.float32]
) -> None:
    rows = [0, 1, 2, 3]
    leaving = {1: 0, 2: 1, 4: 3}  # step: row
    with small.session(noise, small.cross_kv_cache(4)) as session:
        order = rows
        for step in range(7):
            logits = session.step(FED[rows][:, [step]], np.array(order, np.int32) if step else None)
            np.testing.assert_allclose(logits[:, 0], expected[step][rows], atol=1e-4)
            order = session.compact([row != leaving.get(step) for row in rows])
            rows = [rows[position] for position in order]
    assert rows == [2]


def test_two_rounds_of_leaving_without_a_step_between_them(
    small: WhisperModel, noise: NDArray[np.float32], expected: NDArray[np.float32]
) -> None:
    with small.session(noise, small.cross_kv_cache(4)) as session:
        session.step(FED[:, :1])
        assert session.compact([False, True, True, True]) == [3, 1, 2]
        assert session.compact([True, False, True]) == [0, 2]  # of those three
        logits = session.step(FED[[3, 2], 1:2], np.array([3, 2], np.int32))  # rows of the step before
        np.testing.assert_allclose(logits[:, 0], expected[1][[3, 2]], atol=1e-4)


def test_rewound_rows_begin_anew(
    small: WhisperModel, noise: NDArray[np.float32], expected: NDArray[np.float32]
) -> None:
    with small.session(noise, small.cross_kv_cache(4)) as session:
        session.step(np.full((4, 3), 150))
        session.compact([True, True, False, True])
        session.reset()
        for step in range(3):
            logits = session.step(FED[[0, 1, 3]][:, [step]])
            np.testing.assert_allclose(logits[:, 0], expected[step][[0, 1, 3]], atol=1e-4)


def test_a_session_leaves_nothing_behind_for_the_next(
    small: WhisperModel, noise: NDArray[np.float32], expected: NDArray[np.float32]
) -> None:
    rows = small.cross_kv_cache(4)
    with small.session(noise[::-1], rows) as session:
        session.step(np.full((4, 5), 150))
    with small.session(noise[1:2], rows) as session:
        logits = [session.step(FED[1:2, [step]])[:, 0].copy() for step in range(7)]
    np.testing.assert_allclose(np.stack(logits)[:, 0], expected[:, 1], atol=1e-4)


def alone(model: WhisperModel, mel: NDArray[np.float32], history: Sequence[int]) -> NDArray[np.float32]:
    """Logits after a history fed at once, in a session of its own.  # float32 [n_vocab]"""
    with model.session([mel], model.cross_kv_cache(1)) as session:
        logits: NDArray[np.float32] = session.step(np.array([history]))[0, -1].copy()
    return logits


@pytest.mark.parametrize("counts", [[3, 1, 2], [1, 4, 1], [2, 2, 2], [1, 1, 5]])
def test_several_rows_of_a_window_have_the_logits_of_each_alone(
    small: WhisperModel, noise: NDArray[np.float32], counts: list[int]
) -> None:
    """Rows part after a common beginning and then swap their pasts within the window."""
    random, windows = np.random.default_rng(1), np.repeat(range(3), counts)
    histories: list[list[int]] = FED[:3, :2].tolist()
    with small.session(noise[:3], small.cross_kv_cache(3)) as session:
        session.step(FED[:3, :2])
        sources = windows
        for _ in range(4):
            tokens = random.integers(3, 190, len(windows))
            histories = [
                [*histories[source], token] for source, token in zip(sources, tokens.tolist(), strict=True)
            ]
            logits = session.step(tokens[:, None], sources.astype(np.int32), counts)[:, 0]
            for row, window in enumerate(windows):
                expected = alone(small, noise[window], histories[row])
                np.testing.assert_allclose(logits[row], expected, atol=1e-3)
            firsts = np.cumsum([0, *counts[:-1]])
            sources = firsts[windows] + random.integers(0, np.array(counts)[windows])


def test_rows_of_windows_that_stay_go_on_when_others_leave(
    small: WhisperModel, noise: NDArray[np.float32]
) -> None:
    """Of four windows with 2, 1, 3 and 2 rows two leave; the last takes the place of the first."""
    counts, windows = [2, 1, 3, 2], [0, 0, 1, 2, 2, 2, 3, 3]
    first: list[int] = FED[[0, 1, 2, 3], 0].tolist()
    second = [5, 6, 7, 8, 9, 10, 11, 12]
    with small.session(noise, small.cross_kv_cache(4)) as session:
        session.step(FED[:, :1])
        session.step(np.array(second)[:, None], np.array(windows, np.int32), counts)
        assert session.compact([False, True, False, True]) == [3, 1]
        assert session.n_windows == 2
        sources, tokens = [7, 6, 7, 2], [20, 30, 40, 50]  # three rows of the last window, one of the second
        logits = session.step(np.array(tokens)[:, None], np.array(sources, np.int32), [3, 1])[:, 0].copy()
        histories = [
            [first[windows[source]], second[source], token]
            for source, token in zip(sources, tokens, strict=True)
        ]
        for row, window in enumerate([3, 3, 3, 1]):
            expected = alone(small, noise[window], histories[row])
            np.testing.assert_allclose(logits[row], expected, atol=1e-3)
        assert session.compact([True, False]) == [0]
        last = session.step(np.array([[60], [70]]), np.array([2, 0], np.int32), [2])[:, 0]
        for row, history in enumerate([[*histories[2], 60], [*histories[0], 70]]):
            np.testing.assert_allclose(last[row], alone(small, noise[3], history), atol=1e-3)


def test_logits_come_for_the_wanted_tokens_alone(small: WhisperModel, noise: NDArray[np.float32]) -> None:
    with small.session(noise, small.cross_kv_cache(4)) as session:
        every = session.step(FED, logit_positions=range(7)).copy()
        session.reset()
        some = session.step(FED, logit_positions=(2, 6, 2)).copy()
        session.reset()
        last = session.step(FED)
        assert (every.shape, some.shape, last.shape) == ((4, 7, 200), (4, 3, 200), (4, 1, 200))
        np.testing.assert_allclose(some, every[:, [2, 6, 2]], atol=1e-5)
        np.testing.assert_allclose(last, every[:, [6]], atol=1e-5)


LENGTHS = (1000, 3000, 400, 2)  # mel frames


def test_windows_of_different_length_have_the_logits_of_each_alone(
    small: WhisperModel, noise: NDArray[np.float32]
) -> None:
    mels = [mel[:, :length] for mel, length in zip(noise, LENGTHS, strict=True)]
    together = run_several(small, mels, FED)
    for row, mel in enumerate(mels):
        np.testing.assert_allclose(together[:, row], run_several(small, [mel], FED[[row]])[:, 0], atol=1e-3)
    long = run(small, noise, FED)
    assert min(np.abs(together[:, row] - long[:, row]).max() for row in (0, 2, 3)) > 0.01


def run_several(
    model: WhisperModel, mels: Sequence[NDArray[np.float32]], tokens: NDArray[np.int64]
) -> NDArray[np.float32]:
    """As `run`, for windows of different length."""
    with model.session(mels, model.cross_kv_cache(len(mels))) as session:
        return np.stack([session.step(tokens[:, [step]])[:, 0].copy() for step in range(tokens.shape[1])])


def test_real_speech_of_different_length_has_the_logits_of_each_window_alone(
    tiny_en: WhisperModel, mels: NDArray[np.float32]
) -> None:
    cut = [mel[:, :length] for mel, length in zip(mels[:3], (1100, 3000, 600), strict=True)]
    tokens = np.full((3, 7), (SOT, *TEXT))
    together = run_several(tiny_en, cut, tokens)
    for row, mel in enumerate(cut):
        np.testing.assert_allclose(together[:, row], run_several(tiny_en, [mel], tokens[:1])[:, 0], atol=1e-3)


def test_lengths_go_with_their_windows_when_others_leave(
    small: WhisperModel, noise: NDArray[np.float32]
) -> None:
    mels = [mel[:, :length] for mel, length in zip(noise, (1000, 3000, 400, 600), strict=True)]
    with small.session(mels, small.cross_kv_cache(4)) as session:
        session.step(FED[:, :2])
        assert session.compact([True, False, False, True]) == [0, 3]
        logits = session.step(FED[[0, 3], 2:3], np.array([0, 3], np.int32))[:, 0]
        for row, window in enumerate((0, 3)):
            expected = alone(small, mels[window], FED[window, :3].tolist())
            np.testing.assert_allclose(logits[row], expected, atol=1e-3)


def test_short_windows_see_nothing_of_long_ones_that_were_there_before(
    small: WhisperModel, noise: NDArray[np.float32]
) -> None:
    rows = small.cross_kv_cache(3)
    mels = [noise[0][:, :1000], noise[1][:, :500]]
    with small.session(list(noise[1:] * 30.0), rows) as session:
        session.step(FED[:3])
    with small.session(mels, rows) as session:
        after = session.step(FED[:2])[:, -1].copy()
    for row, mel in enumerate(mels):
        np.testing.assert_allclose(after[row], alone(small, mel, FED[row].tolist()), atol=1e-3)


@pytest.mark.reference
@pytest.mark.parametrize("n_frames", [2, 500, 1998])
def test_short_windows_run_like_torch_without_its_demand_for_30_s(
    small_export: SmallExport, small: WhisperModel, noise: NDArray[np.float32], n_frames: int
) -> None:
    """The encoder's own modules on fewer frames, and the first rows of its table; within 1e-4."""
    import torch

    mel, tokens = noise[0][:, :n_frames], FED[:1, :4]
    whole = small_export.torch_model.model
    with torch.no_grad():
        hidden = torch.nn.functional.gelu(whole.encoder.conv1(torch.from_numpy(mel[None])))
        hidden = torch.nn.functional.gelu(whole.encoder.conv2(hidden)).permute(0, 2, 1)
        hidden = hidden + whole.encoder.embed_positions.weight[: hidden.shape[1]]
        for layer in whole.encoder.layers:
            following = layer(hidden, None)
            hidden = following[0] if isinstance(following, tuple) else following
        hidden = whole.encoder.layer_norm(hidden)
        decoded = whole.decoder(input_ids=torch.from_numpy(tokens), encoder_hidden_states=hidden)
        theirs = small_export.torch_model.proj_out(decoded.last_hidden_state)
    with small.session([mel], small.cross_kv_cache(1)) as session:
        ours = session.step(tokens, logit_positions=range(4))
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-4)


@pytest.mark.model
@pytest.mark.parametrize("precision", ["f32", "bf16", "f16", "int8"])
def test_a_precision_is_what_the_cpu_computes_in_or_refused(tiny_en_model_dir: Path, precision: str) -> None:
    options = CompileOptions(inference_precision=precision)
    if precision in cpu_precisions():
        open_model(tiny_en_model_dir, options).close()
        return
    with pytest.raises(InvalidOption, match=rf"inference_precision = '{precision}' is not valid: this CPU"):
        open_model(tiny_en_model_dir, options)


@pytest.mark.model
@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_rounded_numbers_give_nearly_the_same_text(
    tiny_en_model_dir: Path, tiny_en: WhisperModel, mels: NDArray[np.float32], precision: str
) -> None:
    """Windows of different length. 80 % of the words agree; log-probabilities of the same text within 0.1."""
    options = CompileOptions(threads=2, inference_precision=precision)
    if precision not in cpu_precisions():
        with pytest.raises(InvalidOption, match="this CPU computes in"):
            open_model(tiny_en_model_dir, options)
        return
    tokenizer = WhisperTokenizer(tiny_en_model_dir)
    cut, filters = [mels[0][:, :1100], mels[2]], LogitFilters(tokenizer.special, tiny_en.n_vocab)
    requests = [WindowRequest(tokenizer.prompt("en", "transcribe"))] * 2
    with open_model(tiny_en_model_dir, options) as close:
        in_16_bits = settle(options, size_of(read_config(tiny_en_model_dir))).key_type == "bf16"
        assert close.window_bytes * (2 if in_16_bits else 1) == tiny_en.window_bytes
        assert (close.cross_kv_cache(1).array("key.0").dtype == np.uint16) == in_16_bits
        decoded = []
        for model in (tiny_en, close):
            with model.session(cut, model.cross_kv_cache(2)) as session:
                decoded.append(decode(session, requests, filters, tokenizer.special))
    for exact, rounded in zip(*decoded, strict=True):
        words = [words_of(tokenizer.decode(window.tokens)) for window in (exact, rounded)]
        assert SequenceMatcher(None, *words, autojunk=False).ratio() >= 0.8
        is_same = exact.tokens == rounded.tokens
        assert rounded.avg_logprob == pytest.approx(exact.avg_logprob, abs=0.1 if is_same else 0.3)
        assert rounded.finished


def test_more_windows_than_fit_are_refused(tiny_en: WhisperModel, mels: NDArray[np.float32]) -> None:
    with (
        pytest.raises(ValueError, match="4 windows of 1500 positions do not fit into 3 windows"),
        tiny_en.session(mels, tiny_en.cross_kv_cache(3)),
    ):
        pass


def test_more_windows_fit_into_the_rows_where_they_are_short(
    small: WhisperModel, noise: NDArray[np.float32]
) -> None:
    mels = [mel[:, :1500] for mel in noise]
    with small.session(mels, small.cross_kv_cache(2)) as session:
        together = session.step(FED[:4])[:, -1].copy()
    for row, mel in enumerate(mels):
        np.testing.assert_allclose(together[row], alone(small, mel, FED[row].tolist()), atol=1e-3)


def test_the_memory_of_a_row_is_that_of_its_arrays(tiny_en: WhisperModel) -> None:
    rows = tiny_en.cross_kv_cache(2)
    arrays = [rows.array(name) for name in rows.names]
    assert sum(array.nbytes for array in arrays) == 2 * tiny_en.window_bytes
    assert len(arrays) == 8  # keys and values of four layers


@pytest.mark.parametrize("device", ["AUTO", "AUTO:CPU", "HETERO:CPU"])
def test_virtual_devices_give_the_same_logits(small_export: SmallExport, device: str) -> None:
    mels = np.random.default_rng(0).normal(size=(2, 128, 3000)).astype(np.float32)
    logits = []
    for name in ("CPU", device):
        options = CompileOptions(device=name, inference_precision="f32")
        with open_model(small_export.directory, options) as model:
            logits.append(run(model, mels, FED[:2]))
    np.testing.assert_allclose(logits[1], logits[0], atol=1e-4)


def test_compiled_graphs_are_kept_in_the_cache_folder(small_export: SmallExport, tmp_path: Path) -> None:
    mels = np.zeros((1, 128, 3000), np.float32)
    logits = []
    for _ in range(2):
        options = CompileOptions(inference_precision="f32", cache_dir=tmp_path / "cache")
        with open_model(small_export.directory, options) as model:
            logits.append(run(model, mels, FED[:1, :2]))
    assert list((tmp_path / "cache").glob("*.blob"))
    np.testing.assert_array_equal(logits[0], logits[1])


def test_the_device_is_asked_for_before_the_model_is_read(tmp_path: Path) -> None:
    with pytest.raises(DeviceNotFound):
        open_model(tmp_path / "nowhere", CompileOptions(device="TPU"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threads": 0}, "threads = 0 is not valid: at least 1"),
        ({"streams": -1}, "streams = -1 is not valid: at least 1"),
        (
            {"inference_precision": "i8"},
            "inference_precision = 'i8' is not valid: choose from f32, bf16, f16, int8",
        ),
    ],
)
def test_options_that_openvino_would_refuse_are_refused_by_name(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidOption) as caught:
        CompileOptions(**options)
    assert str(caught.value) == message

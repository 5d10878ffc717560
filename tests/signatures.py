"""What results of a benchmark say of how they were made, for tests that make results by hand."""

from ovsubs.evaluation.results import Signature

SIGNATURE = Signature(
    dataset="LibriSpeech/test-clean",
    dataset_digest="0123456789ab",
    n_files=2,
    n_words=100,
    audio_s=60.0,
    language="en",
    normalizer="EnglishTextNormalizer of openai/whisper",
    beam_size=3,
    batch_size=None,
    device="CPU",
    device_name="a CPU",
    cpu_flags=("avx2",),
    threads=2,
    inference_precision="f32",
    versions={"ovsubs": "0.1.0"},
)

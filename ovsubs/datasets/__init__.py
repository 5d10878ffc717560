"""Recordings of which it is known what was said: for calibration, benchmarks, and the check of a model."""

from ovsubs.datasets.choice import DatasetOptions, find_dataset, is_folder
from ovsubs.datasets.folders import files_of
from ovsubs.datasets.nouns import Dataset, SpokenFile
from ovsubs.datasets.overlap import shared_recordings

__all__ = [
    "Dataset",
    "DatasetOptions",
    "SpokenFile",
    "files_of",
    "find_dataset",
    "is_folder",
    "shared_recordings",
]

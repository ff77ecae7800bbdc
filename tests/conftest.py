"""What every test may ask for: the real data, where this machine has it."""

import os
from pathlib import Path

import pytest

# A tiny model is faster on one thread than on two, and two test processes stand in each other's way no longer.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the real data: ``GEULGAM_SHARED``, by default ``../shared`` beside the repository."""
    folder = Path(os.environ.get("GEULGAM_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    if not (folder / "data").is_dir():
        pytest.skip(f"needs the real data: no {folder / 'data'} (set GEULGAM_SHARED to the folder that has it)")
    return folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random model of 60,000 weights, usable as the name of a base model."""
    from tests.finetune.tiny import tiny_model

    return tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def gemma() -> str:
    """The name of the real base model, where its package is installed."""
    from finetune import convert

    if not convert.is_available():
        pytest.skip(f"needs the real base model: {convert.INSTALL}")
    return "gemma-3-270m"

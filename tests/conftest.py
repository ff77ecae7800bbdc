"""What every test may ask for: the real data, where this machine has it."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the real data: ``GEULGAM_SHARED``, by default ``../shared`` beside the repository."""
    folder = Path(os.environ.get("GEULGAM_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    if not (folder / "data").is_dir():
        pytest.skip(
            f"needs the real data: no {folder / 'data'} (set GEULGAM_SHARED to the folder that has it)"
        )
    return folder

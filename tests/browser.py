"""A real browser, in which the pages are looked at: what it made of one, and whether the page asked for anything."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync")


@dataclass(frozen=True)
class Looked:
    """The document as it stood in the end, every address that a page asked for, and what stood on the console."""

    document: str
    asked: set[str]
    console: list[str]
    errors: str


def browser() -> str:
    """The program. Skips the test where there is none, but not in continuous integration."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("continuous integration installs a browser")
        pytest.skip(f"needs a browser: one of {', '.join(BROWSERS)}")
    return found


def look_at(page: Path, folder: Path, *options: str, budget: int = 8000) -> Looked:
    """Open the file, let ``budget`` milliseconds of its time pass, and look; ``folder``: for what the browser keeps.

    What the browser itself asks for has no origin, and does not count.
    """
    log = folder / "net.json"
    command = [browser(), "--headless", "--no-sandbox", "--disable-gpu", *_QUIET, *options, f"--log-net-log={log}"]
    command += [f"--user-data-dir={folder / 'profile'}", "--window-size=1600,1000", "--enable-logging=stderr"]
    command += [f"--virtual-time-budget={budget}", "--dump-dom", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    asked = [line for line in lines if '"initiator":' in line and '"initiator":"not an origin"' not in line]
    found = (re.search(r'"url":"((?:https?|wss?):[^"]+)"', line) for line in asked)
    console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return Looked(done.stdout, {match[1] for match in found if match}, console, done.stderr[-2000:])

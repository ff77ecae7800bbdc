"""The whole demo as a stranger runs it, model conversion and all: seconds, seconds of training, peak memory.

    python -m bench.demo

Runs `geulgam demo` in an empty folder with an empty model cache, and prints what it took beside what it may take.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="geulgam-bench-") as folder:
        workspace = Path(folder) / "demo"
        environment = {**os.environ, "GEULGAM_CACHE": str(Path(folder) / "cache")}
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "geulgam", "demo", str(workspace)], check=True, env=environment)
        seconds = time.perf_counter() - began
        metrics = [json.loads(file.read_text()) for file in workspace.glob("topics/*/evaluation/metrics.json")]
    training = sum(float(m["seconds"]) for m in metrics)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2  # ru_maxrss is in KiB on Linux
    print(f"\nthe demo took {seconds:.0f} s (at most 480), of it training {training:.0f} s (at most 240)")
    print(f"peak memory {peak:.2f} GiB (at most 4 GB)")


if __name__ == "__main__":
    main()

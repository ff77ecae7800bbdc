"""Readers that are no part of the product.

python -m bench.readers excerpts OUT.jsonl [--per-topic 9] [--folder FOLDER]
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench.topics import CHARACTERS, excerpts, ground
from corpus.atomic import write_text
from corpus.errors import GeulgamError
from geulgam.show import showing


def main() -> None:
    """Write excerpts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("excerpts",))
    parser.add_argument("out", type=Path)
    parser.add_argument("--per-topic", type=int, default=9)
    parser.add_argument("--characters", type=int, default=CHARACTERS)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, showing(print) as on:
        made = ground(options.folder or Path(temporary), on=on)
        found = excerpts(made, options.per_topic, options.characters)
    lines = [json.dumps(asdict(passage), ensure_ascii=False) + "\n" for passage in found]
    try:
        write_text(options.out, "".join(lines))
    except GeulgamError as error:
        sys.exit(str(error))
    print(f"{len(found)} excerpts of held-out essays in {options.out}")


if __name__ == "__main__":
    main()

"""What each rule of `[corpus.judge]` refuses, in a line, as `geulgam.toml` shows it."""

from typing import Any

JUDGING: dict[str, tuple[str, Any]] = {
    f"corpus.judge.{name}": (line, None)
    for name, line in {
        "short": "Texts with fewer characters; 0: none.",
        "long": "Texts with more characters; 0: none.",
        "mojibake": "Texts read in a wrong encoding.",
        "menus": "Menus and price lists.",
        "recipes": "Recipes.",
        "advertisement": "Advertisements.",
        "notices": "Notices of offices, terms of use.",
        "code": "Programs.",
        "lists": "Lists, whose lines are items.",
        "symbols": "Texts of whose characters a larger share is signs; 0: none.",
        "hangul": "Texts of whose letters a smaller share is hangul; 0: none.",
        "repetition": "Texts that say the same over and over.",
        "bits_least": "Texts that the base model finds easier, in bits per character; 0: none. Slow without a GPU.",
        "bits_most": "Texts that it finds harder; 0: none.",
        "learnt": "Texts that score less by your marks, from 0 to 1; 0: none. See `geulgam corpus label --threshold`.",
    }.items()
}

"""datatrove's Gopher filters on real Korean essays: would they do instead of the rules of `corpus/judging`?

They are given kiwipiepy's default model, since the one that datatrove asks for is not in its package, and are asked as
they come and without what they know of English alone.

    python -m bench.gopher [--essays 60]
"""

import argparse
from collections import Counter

from datatrove.data import Document
from datatrove.pipeline.filters.gopher_quality_filter import GopherQualityFilter
from datatrove.pipeline.filters.gopher_repetition_filter import GopherRepetitionFilter
from datatrove.utils.word_tokenizers import KiwiTokenizer, load_word_tokenizer
from kiwipiepy import Kiwi

from bench.essays import shared_documents

KOREAN = "kor_Hang"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--essays", type=int, default=60)
    texts = [document.text for document in shared_documents()[: parser.parse_args().essays]]
    kiwi = Kiwi()
    KiwiTokenizer.tokenizer = property(lambda self: kiwi)
    filters = {
        "quality": GopherQualityFilter(language=KOREAN),
        "quality, no words looked for": GopherQualityFilter(language=KOREAN, min_stop_words=None),
        "quality, nor a mean length": GopherQualityFilter(
            language=KOREAN, min_stop_words=None, min_avg_word_length=None
        ),
        "repetition": GopherRepetitionFilter(language=KOREAN),
    }
    for name, one in filters.items():
        answers = Counter(_reason(one.filter(Document(text, "essay"))) for text in texts)
        print(f"{name}: " + ", ".join(f"{count} {reason}" for reason, count in answers.most_common()))
    words = [word for text in texts for word in load_word_tokenizer(KOREAN).word_tokenize(text)]
    print(f"a word has {sum(map(len, words)) / len(words):.2f} characters, of {len(words):,}")


def _reason(answer: bool | tuple[bool, str]) -> str:
    return answer[1] if isinstance(answer, tuple) else "taken" if answer else "refused"


if __name__ == "__main__":
    main()

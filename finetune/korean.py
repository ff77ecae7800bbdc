"""What is about Korean in adapting a model: the syllables that a vocabulary keeps, and texts to measure with."""

from importlib import resources

_FIRST_SYLLABLE, _LAST_SYLLABLE = "가", "힣"  # the 11,172 syllables of modern Hangul in Unicode, U+AC00 to U+D7A3

# A tokenizer converted without its merges gives one token per character; the right one 0.53 to 0.57 on prose.
PROBE = (
    "어머니는 아침마다 마당을 쓸었다. 비질 소리가 나면 우리는 이불 속에서 하루가 시작되었음을 알았고, "
    "학교에 가기 싫은 날에는 그 소리가 조금 더 오래 이어지기를 바랐다. 여행을 떠나는 날에도 마찬가지였다."
)
MOST_TOKENS_PER_CHARACTER = 0.75


def is_syllable(character: str) -> bool:
    """Whether it is one whole syllable of Hangul."""
    return len(character) == 1 and _FIRST_SYLLABLE <= character <= _LAST_SYLLABLE


def neutral_text() -> str:
    """Plain prose of an encyclopaedia, some 1,500 characters on nothing in particular: general Korean, to be kept."""
    return (resources.files("finetune") / "neutral.txt").read_text(encoding="utf-8").strip()

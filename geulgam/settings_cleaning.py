"""What each switch of `[corpus.clean]` does, in a line, as `geulgam.toml` shows it."""

from typing import Any

CLEANING: dict[str, tuple[str, Any]] = {
    f"corpus.clean.{name}": (line, None)
    for name, line in {
        "html": "Tags go, entities become what they stand for.",
        "invisible": "Zero-width and control characters.",
        "nfc": "A syllable is one character.",
        "urls": "Addresses of web pages.",
        "dashes": "One hyphen, one dash, one tilde.",
        "quotes": "One sort of quotation marks, as a keyboard writes them.",
        "captions": "Captions and credits of pictures: (사진=…), 출처: …",
        "bylines": "홍길동 기자, 글·사진 홍길동.",
        "copyrights": "ⓒ …, 무단 전재 및 재배포 금지.",
        "residue": "구독과 좋아요, 공유하기, 댓글 3.",
        "emails": "E-mail addresses in brackets or alone in a line; others are masked.",
        "mentions": "@names.",
        "hashtags": "Tags in a row or in a line of their own; of one in a sentence, the sign.",
        "resident_number": "Resident registration numbers, masked; so are the next seven.",
        "card": "Payment cards.",
        "passport": "Passports.",
        "telephone": "Telephones.",
        "account": "Bank accounts, beside a word for one.",
        "car_plate": "Number plates.",
        "address": "Addresses with a house number.",
        "email_address": "E-mail addresses.",
        "hanja": '"keep", "read" (歷史 → 역사) or "remove" (수필(隨筆) → 수필).',
        "brackets": "Asides in brackets, with what they say.",
        "jamo": "ㅋㅋㅋㅋ → ㅋㅋ.",
        "punctuation": "!!!! → !!, ..... → ...",
        "spaces": "One space between words, at most one empty line.",
        "spacing": "Missing spaces as Kiwi puts them: slow.",
        "endings": "갔습니다 → 갔다, where it is sure: slow.",
        "boilerplate": "Lines that many documents of one site or file share; all are read for it first.",
    }.items()
}

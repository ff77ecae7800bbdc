"""The essays that measurements are made on: the bundled sample, and the real ones of ``GEULGAM_SHARED``."""

import json
import os
import re
import sys
from importlib.resources import files
from pathlib import Path

from corpus.document import Document, Raw, document
from corpus.read import read

QUERIES = {
    "함께": "함께^2 더불어 동행 같이 서로",
    "가족": "가족^2 어머니 아버지 엄마 아빠 부모",
    "여행": "여행^2 여행지 떠나다 비행기 기차 숙소",
    "자연": "자연^2 숲 나무 바다 꽃 계절",
    "이별": "이별^2 헤어지다 그리움 죽음 장례 떠나보내다",
    "학교": "학교^2 선생님 교실 학생 수업 졸업",
    "글쓰기": "글쓰기^2 글 문장 작가 원고 쓰다",
}


SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


def sample_documents(*, plain: bool = False) -> list[Document]:
    """147 of the essays that ship with geulgam; with the plain ones all 238."""
    folder = Path(str(files("geulgam.sample")))
    chosen = sorted(path for path in folder.glob("*.jsonl") if plain or path.name != "plain.jsonl")
    return [row.document() for row in read(chosen) if isinstance(row, Raw)]


def shared_folder() -> Path:
    """``GEULGAM_SHARED``, by default ``../shared`` beside the repository; exits with a line if it is not there."""
    folder = Path(os.environ.get("GEULGAM_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    if not (folder / "data").is_dir():
        sys.exit(f"no data in {folder}: set GEULGAM_SHARED to the folder that holds data/essays and data/korquad")
    return folder


def shared_documents() -> list[Document]:
    """The real essays, each text once."""
    rows = read([shared_folder() / "data" / "essays"])
    documents = (row.document() for row in rows if isinstance(row, Raw))
    return list({document.id: document for document in documents}.values())


def encyclopaedia() -> list[Document]:
    """KorQuAD's passages, without their titles."""
    lines = (shared_folder() / "data" / "korquad" / "passages.jsonl").read_text(encoding="utf-8").splitlines()
    return [document(json.loads(line)["text"], source="korquad") for line in lines]

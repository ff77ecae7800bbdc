"""An instruct model on the user's own machine may draft what stands in a plan: the titles, and the order.

It is given the plan that was made of the essays, and answers in JSON, which is taken as far as it can be: whatever is
missing or makes no sense stays as it was, lengths and facts always do.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from generate.planning.chat import ask
from generate.planning.plan import Plan, Section, role_of

SECONDS = 180.0  # that an answer may take
_ATTEMPTS = 2
_LONGEST_TITLE, _LONGEST_KEYWORD = 30, 12  # characters
_NEW_KEYWORDS = 2  # of a section
_NUMBERING = re.compile(r"^\s*(?:\d+\s*[.)장절:]|[-*•])\s*")
_QUOTES = "\"'“”‘’<>《》「」* "

_QUESTION = """\
'{title}'에 대한 수필의 차례를 짜 주세요. 모두 {count}개의 절이고, 절마다 다룰 소재는 다음과 같습니다.

{sections}
{opening}
글이 자연스럽게 이어지도록 절의 순서를 정하고, 절마다 짧고 구체적인 한국어 제목(15자 이내)을 지어 주세요.
필요하면 핵심어를 두 개까지 더할 수 있습니다.
아래 형식의 JSON으로만 대답하세요. number는 위에 적힌 번호입니다.

{{"sections": [{{"number": 1, "title": "제목", "keywords": ["핵심어"]}}]}}"""


def drafted(plan: Plan, where: str, model: str = "", *, seconds: float = SECONDS, on: On = silent) -> Plan:
    """The plan with the titles and the order that the model at ``where`` gives it, see
    :func:`generate.planning.chat.ask`.

    Each section keeps its length and its keywords, to which two may come; who opens and who closes goes by the new
    order. Raises GeulgamError if the model cannot be asked, or has twice given no title that can be used.
    """
    with Task(on, "drafting the outline", _ATTEMPTS, "question") as task:
        for _ in range(_ATTEMPTS):
            sections = _taken(plan.sections, ask(where, model, question(plan), seconds=seconds))
            task.advance()
            if sections:
                return replace(plan, sections=tuple(sections))
    raise GeulgamError(
        f"the planner at {where} gave no outline that can be used",
        "name a larger instruct model, or plan without generate.planner",
    )


def question(plan: Plan) -> str:
    """What the model is asked."""
    sections = "\n".join(
        f"{number}. {', '.join(section.keywords) or section.title}" for number, section in enumerate(plan.sections, 1)
    )
    opening = f"\n글은 이렇게 시작합니다: {plan.opening}\n" if plan.opening else ""
    return _QUESTION.format(title=plan.title, count=len(plan.sections), sections=sections, opening=opening)


def _taken(sections: Sequence[Section], answer: str) -> list[Section]:
    """The sections as the answer has them; none if it has no title."""
    left = dict(enumerate(sections, 1))
    given = []
    for entry in _entries(answer)[: len(sections)]:
        title, number = _title(entry.get("title")), entry.get("number")
        if title:
            number = number if isinstance(number, int) and number in left else min(left)
            own = left.pop(number)
            given.append(replace(own, title=title, keywords=_keywords(own.keywords, entry.get("keywords"))))
    if not given:
        return []
    together = [*given, *left.values()]
    return [replace(section, role=role_of(i, len(together))) for i, section in enumerate(together)]


def _entries(answer: str) -> list[dict[str, Any]]:
    """The objects of the first list of them in the answer, whatever stands around it."""
    for value in _values(answer):
        found = value.get("sections") if isinstance(value, dict) else value
        if isinstance(found, list) and (entries := [entry for entry in found if isinstance(entry, dict)]):
            return entries
    return []


def _values(answer: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    for match in re.finditer(r"[{\[]", answer):
        try:
            yield decoder.raw_decode(answer, match.start())[0]
        except (ValueError, RecursionError):
            continue


def _title(given: Any) -> str:
    if not isinstance(given, str):
        return ""
    title = _NUMBERING.sub("", " ".join(given.split()).strip(_QUOTES)).strip(_QUOTES)
    return title if re.search("[가-힣]", title) and len(title) <= _LONGEST_TITLE else ""


def _keywords(own: tuple[str, ...], given: Any) -> tuple[str, ...]:
    words = [" ".join(word.split()) for word in given if isinstance(word, str)] if isinstance(given, list) else []
    new = [word for word in words if re.fullmatch("[가-힣 ]+", word) and len(word) <= _LONGEST_KEYWORD]
    return tuple(dict.fromkeys((*own, *[word for word in new if word not in own][:_NEW_KEYWORDS])))

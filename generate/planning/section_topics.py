"""A topic to each section of a plan, so that an adapter of its own can write it: the winners of 2021 trained one for
each sub-topic."""

from collections.abc import Mapping
from dataclasses import replace

from corpus.errors import GeulgamError
from generate.planning.plan import Plan, Section
from retrieval.subquery import free, part_name, part_query, within, words
from retrieval.topic import topic_name


def with_topics(plan: Plan, topic: str, query: str, known: Mapping[str, str]) -> tuple[Plan, dict[str, str]]:
    """The plan with a topic for the adapter of every section, and the queries of those that are still to be made.

    ``query``: the topic's own. ``known``: the queries of the topics that there are, by name; a section that names one
    of them keeps it as it is, and one that names another gets it by that name. One that names none never gets a known
    topic whose query does not begin as :func:`section_query` begins it: a person made that. The same plan gives the
    same names. Raises GeulgamError for a section without a word to look for, and for a name that will not do.
    """
    others = (name for name, asked in known.items() if not asked.startswith(within(query)))
    taken = {name.casefold() for name in (topic, *others, *(section.adapter for section in plan.sections))}
    queries: dict[str, str] = {}
    sections = []
    for number, section in enumerate(plan.sections, 1):
        name = topic_name(section.adapter or free(part_name(topic, section.title, number), taken))
        if name not in queries and not (section.adapter and name in (topic, *known)):
            queries[name] = section_query(section, query, number)
        taken.add(name.casefold())
        sections.append(replace(section, adapter=name))
    return replace(plan, sections=tuple(sections)), queries


def section_query(section: Section, query: str, number: int) -> str:
    """What finds the essays of a section, in Lucene's language: those that the topic's query finds (with what it leaves
    out and what it insists on), the ones first that say most of the section's keywords, or of its title without any.

    `+(함께^2 더불어)^0.5 기차^2 창밖^1.5 역`
    """
    asked = list(words(section.keywords)) or list(words(section.title.split()))
    if not asked:
        raise GeulgamError(f"section {number} has neither keywords nor a title to look for", "give it keywords")
    return part_query(query, asked)

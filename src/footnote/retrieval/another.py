"""Whether a sentence speaks of another thing of the kind that is asked about: of Q3 where the question
names Q2, of the premium plan where it names the free one. Read `about_another`.

Such a sentence has nearly all the words of the question and does not answer it.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from footnote.language.stop_words import STOP_WORDS
from footnote.language.words import document_terms
from footnote.retrieval.answer_types import expected
from footnote.retrieval.dates import dates_and_codes

ARTICLES = frozenset("the a an my our your this that each every".split())
SPAN = re.compile(
    r"\b(?:between|from|since|until|till|before|after|through|against|compared|than|versus|vs)\b", re.I
)
"""A span of time or a comparison has to do with more dates than it names."""

Terms = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question is particular about."""

    dates: dict[str, set[str]]
    """Its years, quarters, months and codes, by what they are."""
    kinds: tuple[tuple[Terms, Terms], ...]
    """The terms of each word that says which one is meant, with those of its noun: free, plan."""
    known: frozenset[str]
    """All terms of the question."""


def particulars(question: str, wanted: Sequence[Terms], known: Collection[str]) -> Asked:
    """`wanted` are the terms of each content word, as `query_terms` gives them; `known` are all terms of
    what was found. A kind that nothing found speaks of may be another word for one that is there."""
    by_term = {term: alternatives for alternatives in wanted for term in alternatives}
    kinds = tuple(
        (by_term[kind], by_term[noun])
        for kind, noun in _described(document_terms(question, "en"))
        if kind in by_term and noun in by_term and by_term[kind] != by_term[noun]
        if any(term in known for term in by_term[kind])
    )
    # "When was the 2021 edition replaced?" asks for another date than it names.
    several = expected(question) == "time" or SPAN.search(question)
    dates = {} if several else dates_and_codes(question)
    return Asked(dates, kinds, frozenset(by_term))


def about_another(asked: Asked, text: str, terms: Sequence[str], above: str, titles: Collection[str]) -> bool:
    """`terms` are those of the sentence's `text`; `above` is its headings and its document's name, with
    the terms `titles`, which speak for it where it is silent."""
    return _of_another_kind(asked, terms, titles) or _of_another_date(asked, text, above)


def _of_another_date(asked: Asked, text: str, above: str) -> bool:
    if not asked.dates:
        return False
    said, titled = dates_and_codes(text), dates_and_codes(re.sub(r"[-_.]", " ", above))
    return any(
        not dates <= said.get(kind, set()) | titled.get(kind, set())
        and bool((said.get(kind) or titled.get(kind, set())) - dates)
        for kind, dates in asked.dates.items()
    )


def _of_another_kind(asked: Asked, terms: Sequence[str], titles: Collection[str]) -> bool:
    if not asked.kinds:
        return False
    described = {noun for kind, noun in _described(terms) if kind not in asked.known}
    there = {*terms, *titles}
    return any(
        # "Lower doses" are low ones.
        not described.isdisjoint(noun) and not any(term.startswith(kind) for term in there)
        for kind, noun in asked.kinds
    )


def _described(terms: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The two words after an article, "free" and "plan" in "the free plan", or at the beginning."""
    for before, kind, noun in zip(["the", *terms], terms, terms[1:], strict=False):
        if before in ARTICLES and kind not in STOP_WORDS["en"]:
            yield kind, noun

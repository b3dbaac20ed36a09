"""A follow-up that names one thing in the place of another: "And in Q2?" after "What was Q3 revenue?".
Read `exchanged`.

What is exchanged is found by its form alone: another quarter, year or number of the same shape, another
word before the same noun, another name, or another thing after the same preposition.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from footnote.language.stop_words import STOP_WORDS
from footnote.language.words import fold
from footnote.retrieval.answer_types import shape
from footnote.retrieval.gate import plain_words, root

OPENING = re.compile(
    r"\s*(?:(?:and|but|or|so|also|then|ok|okay|what about|how about|what if)\b[\s,]*)+", re.I
)
PREPOSITIONS = frozenset("in on for at with without from to by during under after before per of".split())
ARTICLES = frozenset("a an the my our your its their this that".split())
STANDING_FOR = frozenset(["one", "ones"])
TOKEN = re.compile(r"\w(?:[\w'’.,/-]*\w)?")
LONGEST = 4
"""A fragment with more words of its own says enough to be a question."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int

    @property
    def plain(self) -> str:
        return fold(self.text)

    @property
    def is_grammar(self) -> bool:
        # "US" is a country and "us" is not.
        return self.plain in STOP_WORDS["en"] and not (len(self.text) > 1 and self.text.isupper())

    @property
    def root(self) -> str:
        return root(next(iter(plain_words(self.text)), self.plain))


def exchanged(question: str, before: str) -> str | None:
    """`before` with the one thing exchanged that `question` names instead; None where nothing fits."""
    opening = OPENING.match(question)
    fragment = _tokens(question[opening.end() if opening else 0 :])
    own = [token for token in fragment if not token.is_grammar and token.plain not in STANDING_FOR]
    loose = [t for t in fragment if t not in own and t.plain not in PREPOSITIONS | ARTICLES | STANDING_FOR]
    if loose or not 1 <= len(own) <= LONGEST:
        return None
    earlier = _tokens(before)
    changed = _same_shape(own, earlier, before)
    if changed is None and (opening or fragment[0].plain in PREPOSITIONS):
        changed = (
            _same_noun(fragment, own, earlier, before)
            or _same_preposition(fragment, earlier, before)
            or _same_kind_of_name(own, earlier, before)
        )
    return changed if changed != before else None


def _same_shape(own: Sequence[_Token], earlier: Sequence[_Token], before: str) -> str | None:
    """Another quarter, year, month or number: each takes the place of the last one of its shape."""
    places: dict[int, _Token] = {}
    for token in own:
        kind = shape(token.text)
        same = [i for i, other in enumerate(earlier) if kind and shape(other.text) == kind]
        if not same:
            return None
        places[same[-1]] = token
    for i in sorted(places, reverse=True):
        before = before[: earlier[i].start] + places[i].text + before[earlier[i].end :]
    return before


def _same_noun(
    fragment: Sequence[_Token], own: Sequence[_Token], earlier: Sequence[_Token], before: str
) -> str | None:
    """ "The standard plan" after "the premium plan"; "a digital one" stands for the last noun."""
    described = own
    if fragment[-1].plain in STANDING_FOR:
        nouns = _described_nouns(earlier, before, several=fragment[-1].plain == "ones")
    else:
        described = own[:-1]
        nouns = [i for i, token in enumerate(earlier) if token.root == own[-1].root][-1:]
    if not nouns or not described:
        return None
    noun = nouns[0]
    first = noun
    while noun - first < len(described) and first and _joined(earlier[first - 1], earlier[first], before):
        first -= 1
    words = " ".join(token.text for token in described)
    return before[: earlier[first].start] + words + " " + before[earlier[noun].start :]


def _described_nouns(earlier: Sequence[_Token], before: str, *, several: bool) -> list[int]:
    """Where words stand that have another before them, as "goods" in "physical goods"."""
    pairs = pairwise(earlier)
    described = [
        i
        for i, (left, right) in enumerate(pairs, 1)
        if _joined(left, right, before) and not right.is_grammar and not left.text[0].isdigit()
    ]
    return [i for i in described if earlier[i].plain.endswith("s") == several]


def _joined(left: _Token, right: _Token, text: str) -> bool:
    return not left.is_grammar and text[left.end : right.start].isspace()


def _same_kind_of_name(own: Sequence[_Token], earlier: Sequence[_Token], before: str) -> str | None:
    """One name in the place of the only other one."""
    runs: list[list[_Token]] = []
    for i, token in enumerate(earlier):
        if i == 0 or not _is_name(token):
            continue
        if runs and runs[-1][-1].end + 1 == token.start:
            runs[-1].append(token)
        else:
            runs.append([token])
    if len(runs) != 1 or not all(_is_name(token) for token in own):
        return None
    return before[: runs[0][0].start] + " ".join(t.text for t in own) + before[runs[0][-1].end :]


def _is_name(token: _Token) -> bool:
    return token.text[:1].isupper() and not token.is_grammar


def _same_preposition(fragment: Sequence[_Token], earlier: Sequence[_Token], before: str) -> str | None:
    """ "On premium?" after "… on the free plan?": what follows the same preposition, up to the next one."""
    if fragment[0].plain not in PREPOSITIONS:
        return None
    for first in reversed(range(len(earlier))):
        last = first
        while last + 1 < len(earlier) and (
            not earlier[last + 1].is_grammar or (earlier[last + 1].plain in ARTICLES and last == first)
        ):
            last += 1
        # A date is exchanged for a date alone.
        dated = any(shape(token.text) for token in earlier[first : last + 1])
        if earlier[first].plain == fragment[0].plain and last > first and not dated:
            named = " ".join(token.text for token in fragment)
            return before[: earlier[first].start] + named + before[earlier[last].end :]
    return None


def _tokens(text: str) -> list[_Token]:
    return [_Token(found.group(), found.start(), found.end()) for found in TOKEN.finditer(text)]

"""A follow-up that names one thing in the place of another: "And in Q2?" after "What was Q3 revenue?".
Read `exchanged`.

What is exchanged is found by its form alone: another quarter, year or number of the same shape, another
word before the same noun, another thing after the same preposition, or another name. Where more than one
place would do, nothing is exchanged.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from footnote.language.stop_words import STOP_WORDS
from footnote.language.words import fold
from footnote.retrieval.dates import shape
from footnote.retrieval.gate import plain_words, root

OPENING = re.compile(
    r"\s*(?:(?:and|but|or|so|also|then|ok|okay|what about|how about|what if)\b[\s,]*)+", re.I
)
# "To" and "of" are left out: "to ship" has a verb, and "of" belongs to what stands before it.
PREPOSITIONS = frozenset("in on for at with without from by during under after before per within".split())
ARTICLES = frozenset("a an the my our your its their this that".split())
STANDING_FOR = frozenset(["one", "ones"])
AMOUNTS = frozenset("many much more most less few".split())
TOKEN = re.compile(r"\w(?:[\w'’.,:/-]*\w)?%?")
LONGEST_FRAGMENT = 8
"""Words; a longer one says enough to be a question."""
LONGEST_BEFORE = 60
"""Words; nobody contrasts one thing with a whole letter."""
LONGEST_PHRASE = 3
"""Words after a preposition; what runs on has a verb in it."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int
    plain: str
    is_grammar: bool

    @property
    def root(self) -> str:
        return root(next(iter(plain_words(self.text)), self.plain))

    @property
    def is_name(self) -> bool:
        return self.text[:1].isupper() and not self.is_grammar


def exchanged(question: str, before: str) -> str | None:
    """`before` with the one thing exchanged that `question` names instead; None where nothing fits."""
    opening = OPENING.match(question)
    fragment = _tokens(question[opening.end() if opening else 0 :], LONGEST_FRAGMENT)
    earlier = _tokens(before, LONGEST_BEFORE)
    place = _place(fragment, earlier, before, bool(opening)) if fragment and earlier else None
    if place is None:
        return None
    start, end, words = place
    changed = before[:start] + words + before[end:]
    return changed if changed != before else None


_Place = tuple[int, int, str]
"""From and to where in the question before, and the words to put there."""


def _place(fragment: list[_Token], earlier: list[_Token], before: str, opened: bool) -> _Place | None:
    preposition = fragment[0] if fragment[0].plain in PREPOSITIONS else None
    rest = fragment[1:] if preposition else fragment
    own = rest[1:] if rest and rest[0].plain in ARTICLES else rest
    if not own or any(token.is_grammar and token.plain not in STANDING_FOR for token in own):
        return None
    if (place := _same_shape(own, earlier)) or not (opened or preposition):
        return place
    if place := _same_noun(own, earlier, before):
        return place
    return _same_preposition(fragment, earlier, before) if preposition else _same_kind_of_name(own, earlier)


def _same_shape(own: Sequence[_Token], earlier: Sequence[_Token]) -> _Place | None:
    """Another quarter, year, month or number in the place of the only one of its shape. Several, as in
    "Q1 2023", must stand together."""
    shapes = [shape(token.text) for token in own]
    there = [shape(token.text) if i else "" for i, token in enumerate(earlier)]
    if not all(shapes) or len(set(shapes)) < len(shapes):
        return None
    if any(there.count(one) != 1 for one in shapes):
        return None
    places = [there.index(one) for one in shapes]
    if places != list(range(places[0], places[0] + len(places))):
        return None
    return earlier[places[0]].start, earlier[places[-1]].end, " ".join(token.text for token in own)


def _same_noun(own: Sequence[_Token], earlier: Sequence[_Token], before: str) -> _Place | None:
    """ "The standard plan" after "the premium plan"; "a digital one" stands for the noun described last."""
    *described, last = own
    if not described:
        return None
    if last.plain in STANDING_FOR:
        nouns = _described_nouns(earlier, before, several=last.plain == "ones")
    else:
        nouns = [i for i, token in enumerate(earlier) if token.root == last.root]
    if not nouns:
        return None
    noun = first = nouns[-1]
    while first and noun - first < len(described) and _describes(earlier[first - 1], earlier[first], before):
        first -= 1
    words = " ".join(token.text for token in described)
    return earlier[first].start, earlier[noun].start, words + " "


def _described_nouns(earlier: Sequence[_Token], before: str, *, several: bool) -> list[int]:
    """Where nouns stand with a word before them: "goods" in "physical goods", "plan" in "a free plan"."""
    found: list[int] = []
    for i in range(1, len(earlier)):
        kind, noun = earlier[i - 1], earlier[i]
        article = i > 1 and earlier[i - 2].plain in ARTICLES
        if _describes(kind, noun, before) and noun.plain.endswith("s") == several and (article or several):
            found.append(i)
    return found


def _describes(kind: _Token, noun: _Token, text: str) -> bool:
    plain = not (kind.is_grammar or noun.is_grammar or kind.plain in AMOUNTS)
    return plain and text[kind.end : noun.start].isspace()


def _same_preposition(fragment: Sequence[_Token], earlier: Sequence[_Token], before: str) -> _Place | None:
    """ "On premium?" after "… on the free plan?": what follows the same preposition, up to its end."""
    phrases: list[tuple[_Token, _Token]] = []
    for i, token in enumerate(earlier):
        if token.plain != fragment[0].plain:
            continue
        last = i
        while last + 1 < len(earlier) and before[earlier[last].end : earlier[last + 1].start].isspace():
            following = earlier[last + 1]
            if following.is_grammar and not (following.plain in ARTICLES and last == i):
                break
            last += 1
        # A date is exchanged for a date alone.
        if any(shape(one.text) for one in earlier[i : last + 1]):
            continue
        words = sum(not one.is_grammar for one in earlier[i + 1 : last + 1])
        ended = last + 1 == len(earlier) or earlier[last + 1].plain != "of"
        if not (1 <= words <= LONGEST_PHRASE and ended):
            return None
        phrases.append((token, earlier[last]))
    if len(phrases) != 1:
        return None
    [(first, end)] = phrases
    return first.start, end.end, " ".join(token.text for token in fragment)


def _same_kind_of_name(own: Sequence[_Token], earlier: Sequence[_Token]) -> _Place | None:
    """One name in the place of the only other one."""
    names = [i for i, token in enumerate(earlier) if i and token.is_name]
    together = bool(names) and names == list(range(names[0], names[-1] + 1))
    if not together or not all(token.is_name for token in own):
        return None
    last = earlier[names[-1]]
    owner = last.text[-2:] if last.text.endswith(("'s", "’s")) else ""
    return earlier[names[0]].start, last.end, " ".join(token.text for token in own) + owner


def _tokens(text: str, most: int) -> list[_Token]:
    """Its words; none when there are more than `most`."""
    tokens: list[_Token] = []
    for found in TOKEN.finditer(text):
        if len(tokens) == most:
            return []
        word = found.group()
        plain = fold(word)
        # "US" is a country and "us" is not.
        is_grammar = plain in STOP_WORDS["en"] and not (len(word) > 1 and word.isupper())
        tokens.append(_Token(word, found.start(), found.end(), plain, is_grammar))
    return tokens

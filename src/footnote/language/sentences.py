"""Text cut into the units that a reader takes in one at a time, as spans. Start at `sentences`.

A unit is a sentence of prose, a list item, a table row, a heading, a group of code lines or a line of
a drawn tree. The spans come in order, do not overlap, carry no surrounding whitespace, and leave out
nothing but whitespace, the ruler under a table's head and the fences around a tree.
"""

import re
from collections.abc import Iterator

from footnote.language.stop_words import STOP_WORDS
from footnote.language.words import fold

Span = tuple[int, int]

FENCE = re.compile(r"\s*(```|~~~)")
HEADING = re.compile(r"\s{0,3}#{1,6}\s")
LIST_ITEM = re.compile(r"\s*(?:[-*+•‣◦▪–]|\(?\d{1,3}[.)]|\(?[a-zA-Z]\))\s+\S")
TABLE_ROW = re.compile(r"\s*\|.*\|\s*$|.*\S\s+\|\s+\S.*|[^\t]+\t[^\t]+\t?.*")
RULER = re.compile(r"[\s|:+=-]*-{2,}[\s|:+=-]*$|\s*={3,}\s*$")
# The last three as `tree` draws them for a plain terminal; "`--force`" and "+----+" are no branches.
BRANCH = re.compile(r"[│├└╰|\s]*(?:[├└╰][─╴-]+|[|`+]-- (?=\w))\s*")
LABEL = re.compile(r"[^.!?。！？:]{1,80}:\s")

# A mark that may end a sentence, with what closes it, followed by a space or the end; or a mark of
# a script that puts no space after it.
END = re.compile(r"[.!?…]+[\"'”’»)\]*_]*(?=\s|$)|[。！？｡．]+[」』”’）】]*|[।॥۔؟]+(?=\s|$)")
NEXT_WORD = re.compile(r"\w*")
OPENING = "\"'“‘«([*_¿¡"
# What an inner full stop stands after: titles, shortenings, units of reference; without the stop.
SHORTENINGS = """
mr mrs ms dr prof sr st mt rev hon gen col capt lt sgt sen rep gov pres messrs mme mlle mx
e.g i.e eg ie cf vs viz ca approx resp incl excl est ed eds vol no nos nr pp p ch chap sec fig figs tab
eq art par para op cit ibid repr trans dept univ assn jan feb mar apr jun jul aug sep sept oct nov dec mon
tue tues wed thu thur thurs fri sat sun b.a m.a b.sc m.sc
z.b bzw u.a d.h s.o s.u vgl ggf evtl inkl zzgl abs str tel hr fr dipl ing allg
m mm ex env p.ex c.-à-d av boul sra srta ud uds ee.uu pág núm dott sig avv
dhr mevr bijv np tzn m.in ul godz tys mln mld
"""
ABBREVIATIONS = frozenset(SHORTENINGS.split())
# These also end sentences: "We met at 5 p.m. It rained", but "the U.S. Army". The next word decides.
ENDINGS = "etc al inc ltd co corp llc plc bros jr a.m p.m u.s u.k u.n e.u d.c ph.d usw ecc enz itd itp"
ALSO_LAST = frozenset(ENDINGS.split())
GRAMMAR_WORDS = frozenset[str]().union(*STOP_WORDS.values())
SHORT_ITEM = 300
"""A list item of up to so many characters stays one unit, whatever full stops are in it."""
NEARBY = 80
"""Characters around a mark that can tell what it is."""
LONGEST = 600
"""Characters after which a unit without a sentence end is cut at a line or a clause, so that a quote
stays readable."""


def sentences(text: str) -> list[Span]:
    """The half-open spans of the readable units of `text`, in order."""
    spans: list[Span] = []
    for start, end, prose in _units(text):
        short_item = end - start <= SHORT_ITEM and LIST_ITEM.match(text, start, end)
        pieces = _prose(text, start, end) if prose and not short_item else [(start, end)]
        for piece in pieces:
            spans.extend(_shortened(text, *piece))
    return spans


def _units(text: str) -> Iterator[tuple[int, int, bool]]:
    """Blocks by line structure: (start, end, whether it is prose that may hold several sentences)."""
    paragraph: Span | None = None
    fenced: Span | None = None
    for start, end in _lines(text):
        line = text[start:end]
        if fenced is not None:
            fenced = (fenced[0], end)
            if FENCE.match(line):
                yield from _code(text, *fenced)
                fenced = None
            continue
        alone = bool(HEADING.match(line) or TABLE_ROW.match(line))
        starts = bool(LIST_ITEM.match(line) or BRANCH.match(line) or FENCE.match(line) or RULER.match(line))
        if paragraph and (alone or starts or not line.strip() or not _runs_on(text, paragraph, line)):
            yield *_trimmed(text, *paragraph), True
            paragraph = None
        if not line.strip() or RULER.match(line):
            continue
        if FENCE.match(line):
            fenced = (start, end)
        elif alone:
            yield *_trimmed(text, start, end), False
        else:
            paragraph = (paragraph[0] if paragraph else start, end)
    if paragraph:
        yield *_trimmed(text, *paragraph), True
    if fenced:
        yield from _code(text, *fenced)


def _code(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Fenced code in one piece, unless it draws a tree, of which each line tells something."""
    lines = [(start + first, start + last) for first, last in _lines(text[start:end])]
    if sum(BRANCH.match(text, *line) is not None for line in lines) < 2:
        yield *_trimmed(text, start, end), False
        return
    for line in lines:
        if text[slice(*line)].strip() and not FENCE.match(text, *line):
            yield *_trimmed(text, *line), False


def _lines(text: str) -> Iterator[Span]:
    start = 0
    for line in text.splitlines(keepends=True):
        yield start, start + len(line)
        start += len(line)


def _runs_on(text: str, paragraph: Span, line: str) -> bool:
    """Whether a line continues the paragraph above it, rather than standing under a title of its own."""
    above = text[max(paragraph[0], paragraph[1] - NEARBY) : paragraph[1]].rstrip()
    if not above or above[-1] in ".!?。！？":
        return True
    last_line = above.rsplit("\n", 1)[-1]
    first = line.lstrip()[:1]
    # A short line without an end, before a capital: a title, an address line, a field of a form.
    return len(last_line) >= 45 or first.islower() or first in "(,;" or above[-1] in ",;-("


def _prose(text: str, start: int, end: int) -> Iterator[Span]:
    """Sentences of one paragraph."""
    begin = start
    for match in END.finditer(text, start, end):
        if match.end() < end and _is_inner(text, begin, match, end):
            continue
        yield _trimmed(text, begin, match.end())
        begin = match.end()
    if text[begin:end].strip():
        yield _trimmed(text, begin, end)


def _is_inner(text: str, begin: int, match: re.Match[str], end: int) -> bool:
    """Whether the mark is within a sentence: an abbreviation, an initial, a list number."""
    if match[0][0] in "。！？｡．।॥۔؟":
        return False
    after = text[match.end() : min(end, match.end() + NEARBY)].lstrip().lstrip(OPENING)
    if after[:1].islower() or match[0] != ".":
        # A sentence does not begin small: "approx. five", "asked "why?" twice".
        return after[:1].islower()
    words = text[max(begin, match.start() - NEARBY) : match.start()].rsplit(None, 1)
    word = words[-1].lstrip(OPENING).casefold() if words else ""
    number = word.isdecimal() and len(word) <= 2
    if word in ALSO_LAST or (number and len(words) > 1):
        # "the U.S. Army", "am 3. Oktober"; a grammar word with a capital begins a sentence.
        following = NEXT_WORD.match(after)
        return following is not None and fold(following[0]) not in GRAMMAR_WORDS
    initial = len(word) == 1 and word.isalpha() and word != "i"
    return number or initial or word in ABBREVIATIONS


def _shortened(text: str, start: int, end: int) -> Iterator[Span]:
    """A unit too long to read is cut at its last line end, semicolon, comma or space that fits."""
    while end - start > LONGEST:
        window = text[start : start + LONGEST]
        for mark in ("\n", "; ", "；", ", ", "，", "、", " "):
            cut = window.rfind(mark, LONGEST // 3)
            if cut >= 0:
                break
        else:
            cut = LONGEST - 1
        yield _trimmed(text, start, start + cut + 1)
        start = start + cut + 1
    if text[start:end].strip():
        yield _trimmed(text, start, end)


def _trimmed(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip()))

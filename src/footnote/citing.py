"""Is each footnote true? Every marker of an answer is checked against the source text, without a
model. Read `check` first.

`verified` means that the claim stands in the cited passage word for word, after normalisation of
case, spaces and typographic marks; for a table row or list item, with its header or introduction.
A part of a sentence counts only when it leaves off no negation and no sign or unit of a number.
`partial` means that one span of the passage has every number and most words of the claim.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from footnote.language.readable import readable
from footnote.language.sentences import sentences
from footnote.types import Citation, Message, Passage, Verdict

_PARTIAL_SHARE = 0.6
"""The share of a claim's words that a span must have to be called `partial`."""

# Code comes first, so that `items[0]` is no marker. A block may break off with the answer.
_CODE = (
    r"(?P<fence>`{3,}).*?(?:(?P=fence)|\Z)"
    r"|^[ \t]*(?P<tildes>~{3,}).*?(?:^[ \t]*(?P=tildes)|\Z)"
    r"|(?<!`)(?P<ticks>`{1,2})(?!`)[^\n]+?(?<!`)(?P=ticks)(?!`)|"
)
_MARKER = re.compile(_CODE + r"[ \t]*\[(?P<number>\d{1,3})\]", re.DOTALL | re.MULTILINE)
_RANGE = r"\d{1,3}(?:[ \t]*[-‐‑–—][ \t]*\d{1,3})?"
_COMMA = r"[ \t]*[,;，；、][ \t]*"
# As models write them: [1, 2], [1-3], 【1】, ［1］, 【1†lines 3-5】. An array of arrays has none.
_WRITTEN = re.compile(
    rf"{_CODE}(?<!\[)[\[［【](?P<numbers>{_RANGE}(?:{_COMMA}{_RANGE})*)"
    r"(?:†[^\[\]［］【】\n]{0,40})?[\]］】](?!\])",
    re.DOTALL | re.MULTILINE,
)
_WORD = re.compile(r"\w+(?:[.,:/'%-]\w+)*%?|[$€£¥₹%‰°^+<>=≤≥±~≈-]")
_NUMBERED = re.compile(r"\s*\(?\d{1,3}[.)]\s")
_ONE_FOR_MANY = str.maketrans({"’": "'", "‘": "'", "−": "-", "‐": "-", "‑": "-", "–": "-"})

_NEGATIONS = frozenset(
    "not no never none nothing nobody neither nor without cannot except unless hardly barely scarcely false "
    "nicht kein keine keiner keinen keinem nie ohne niet geen pas jamais sans aucun sin nunca tampoco senza "
    "mai non não sem nem bez inte aldrig utan ikke uden не нет без ни".split()
)


_CONDITIONS = frozenset(
    "if when whenever unless only provided until minus wenn falls sofern nur bis si quando cuando solo "
    "seulement als alleen om bara hvis jeśli tylko если только".split()
)
_CONTEXT = 12
"""Characters before a bracket by which it is known again in a source."""

_LEAST_WORDS = 3
"""A part of a sentence with fewer words than this says too little to be called its words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """An answer with its footnotes checked, each as [n]. Markers to passages that do not exist are gone."""

    text: str
    citations: tuple[Citation, ...]
    unknown_markers: int = 0
    uncited_sentences: int = 0

    def notices(self, had_passages: bool) -> list[str]:
        """What the reader should know about the footnotes."""
        told: list[str] = []
        if self.unknown_markers == 1:
            told.append("1 footnote pointed to no passage and was removed.")
        elif self.unknown_markers:
            told.append(f"{self.unknown_markers} footnotes pointed to no passage and were removed.")
        if had_passages and not self.citations:
            told.append("This answer is uncited: it names no passage for what it says.")
        elif had_passages and self.uncited_sentences == 1:
            told.append("1 sentence of this answer carries no footnote.")
        elif had_passages and self.uncited_sentences:
            told.append(f"{self.uncited_sentences} sentences of this answer carry no footnote.")
        return told


def check(answer: str, passages: Sequence[Passage]) -> Checked:
    """Check every marker like [1] of `answer` against `passages`, numbered from 1.

    Markers in other forms, such as [1, 2], [1-3] or 【1】, become [1][2] in the text. A list or a range
    with a number that no passage has stays as it is: it may be years, or an interval. So does one that
    is quoted from a passage, with the words before it.
    """
    text, unknown = _understood(answer, passages)
    citations: list[Citation] = []
    uncited: list[str] = []
    for claim, markers in _claims(text):
        if not markers:
            uncited += [claim] if any(letter.isalnum() for letter in claim) else []
            continue
        cited = [passages[marker - 1] for marker in markers]
        citations += [_cite(claim, marker, passage) for marker, passage in zip(markers, cited, strict=True)]
        # A marker stands for the sentences before it, too, where its passage states them.
        uncited = [one for one in uncited if not any(_support(one, p)[2] == "verified" for p in cited)]
    return Checked(
        text=text, citations=tuple(citations), unknown_markers=unknown, uncited_sentences=len(uncited)
    )


def repeated(recalled: str, history: Sequence[Message]) -> tuple[Citation, ...]:
    """The footnotes of earlier answers whose claims are said again, numbered anew. What is recalled may
    be cut short, so the beginning of a claim is enough."""
    said = " ".join(recalled.split())
    found = dict.fromkeys(
        replace(citation, marker=0)
        for message in history
        for citation in message.citations
        if citation.claim and " ".join(citation.claim.split())[:30] in said
    )
    return tuple(replace(citation, marker=number) for number, citation in enumerate(found, 1))


def _understood(answer: str, passages: Sequence[Passage]) -> tuple[str, int]:
    """An answer with every marker as [n], and how many were taken out as pointing to no passage."""
    known, removed = len(passages), 0
    sources = [" ".join(passage.chunk.text.split()) for passage in passages]

    def keep(found: re.Match[str]) -> str:
        nonlocal removed
        if found["number"] is None or 1 <= int(found["number"]) <= known:
            return found.group()
        removed += 1
        return ""

    text, before = answer, None
    while text != before:
        # Taking one out may put another together, as in "[[9]8]".
        before, text = text, _MARKER.sub(keep, _spelled_out(text, sources))
    return text, removed


def _spelled_out(text: str, sources: Sequence[str]) -> str:
    """A text with lists, ranges and other brackets as [1][2], where they are markers."""

    def one_by_one(found: re.Match[str]) -> str:
        written = found["numbers"]
        if written is None or (written.isdecimal() and found.group() == f"[{written}]"):
            return found.group()
        quoted = " ".join(text[max(found.start() - _CONTEXT, 0) : found.end()].split())
        if any(quoted in source for source in sources):
            return found.group()
        return "".join(f"[{number}]" for number in _named(written, len(sources))) or found.group()

    return _WRITTEN.sub(one_by_one, text)


def _named(written: str, known: int) -> Sequence[int]:
    """The passages that a list or range names, each once; none when it must mean something else."""
    ranges = [[int(end) for end in re.findall(r"\d+", part)] for part in re.split(_COMMA, written)]
    if len(ranges) == len(ranges[0]) == 1:
        return ranges[0]
    if any(ends[0] < 1 or ends[-1] > known or (len(ends) > 1 and ends[0] >= ends[1]) for ends in ranges):
        return ()
    return list(dict.fromkeys(number for ends in ranges for number in range(ends[0], ends[-1] + 1)))


def _claims(text: str) -> Iterator[tuple[str, list[int]]]:
    """The claims of an answer, each with its markers: its sentences, and the parts of a sentence that
    has markers within it. What follows the last of these belongs to the last part."""
    plain, marks = _apart(text)
    spans = sentences(plain)
    if marks and not spans:
        yield "", [number for _, number in marks]
    parts: list[dict[int, list[int]]] = [{} for _ in spans]
    for position, number in marks if spans else []:
        index = _owner(plain, spans, position)
        start, end = spans[index]
        parts[index].setdefault(min(max(position, start), end), []).append(number)
    for (start, end), cuts in zip(spans, parts, strict=True):
        # Markers before a sentence belong to its first part.
        markers = cuts.pop(start, [])
        begin = start
        for cut in list(cuts)[:-1]:
            yield plain[begin:cut].strip(), [*markers, *cuts.pop(cut)]
            begin, markers = cut, []
        yield plain[begin:end].strip(), [*markers, *(number for cut in cuts.values() for number in cut)]


def _apart(text: str) -> tuple[str, list[tuple[int, int]]]:
    """A text without its markers, and the markers with their places in it."""
    plain, position = "", 0
    marks: list[tuple[int, int]] = []
    for found in _MARKER.finditer(text):
        if found["number"] is None:
            continue
        plain += text[position : found.start()]
        position = found.end()
        marks.append((len(plain), int(found["number"])))
        if text[position : position + 1].isalnum():
            plain += " "
    return plain + text[position:], marks


def _owner(plain: str, spans: Sequence[tuple[int, int]], position: int) -> int:
    """The sentence that a marker belongs to: that before it, unless it begins a line."""
    following = bisect_left(spans, position, key=lambda span: span[0])
    at_line_start = plain[:position].rpartition("\n")[2].strip() == ""
    if at_line_start and following < len(spans) and "\n" not in plain[position : spans[following][0]]:
        return following
    return max(following - 1, 0)


def _cite(claim: str, marker: int, passage: Passage) -> Citation:
    start, end, verdict = _support(claim, passage)
    return Citation(
        marker=marker,
        document=passage.document,
        document_id=passage.document_id,
        sha256=passage.sha256,
        collection=passage.collection,
        page=passage.chunk.page,
        quote=passage.chunk.text[start:end],
        start=passage.chunk.start + start,
        end=passage.chunk.start + end,
        verdict=verdict,
        claim=claim,
    )


def _support(claim: str, passage: Passage) -> tuple[int, int, Verdict]:
    """The span of the passage that carries the claim best, and how well."""
    text, lead_in = passage.chunk.text, passage.chunk.lead_in
    unnumbered = _NUMBERED.sub("", claim)
    item = readable(unnumbered, 0, len(unnumbered))
    wanted = {word.group() for word in _words(item)}
    best: tuple[float, int, int] = (0.0, 0, 0)
    for start, end in sentences(text):
        span = text[start:end]
        # An answer may number its own list, but not give another number to the source's.
        renumbered = _NUMBERED.match(claim) and _NUMBERED.match(span)
        for said in _wordings(span, readable(text, start, end, lead_in)):
            if _states(said, claim) or (not renumbered and _states(said, item)):
                return start, end, "verified"
            share = len(wanted & {word.group() for word in _words(said)}) / max(len(wanted), 1)
            if share > best[0] and _numbers(item) <= _numbers(said) and _turns(item) == _turns(said):
                best = (share, start, end)
    share, start, end = best
    return (start, end, "partial") if share >= _PARTIAL_SHARE else (start, end, "unsupported")


def _wordings(span: str, alone: str) -> list[str]:
    """A span as it stands and made to stand alone; of a list item also its sentences."""
    within = [alone[start:end] for start, end in sentences(alone)]
    return [span, alone, *(within if len(within) > 1 else [])]


def _states(said: str, claim: str) -> bool:
    """Whether the words of the claim stand in what is said, in their order and without a gap."""
    there, wanted = _words(said), _words(claim)
    here, words = [word.group() for word in there], [word.group() for word in wanted]
    if len(words) < min(_LEAST_WORDS, len(here)) or not words or _turns(said) != _turns(claim):
        return False
    starts = range(len(here) - len(words) + 1)
    return any(
        here[i : i + len(words)] == words and not _cuts_a_number(there, i, i + len(words)) for i in starts
    )


def _cuts_a_number(there: Sequence[re.Match[str]], start: int, end: int) -> bool:
    """Whether a part begins after the sign of its first number or ends before the unit of its last."""
    if start > 0 and there[start].group()[0].isdigit() and not there[start - 1].group()[0].isalnum():
        return True
    last = there[end - 1]
    if end == len(there) or not last.group()[0].isdigit():
        return False
    return last.string[last.end() : there[end].start()].strip() == ""


def _words(text: str) -> list[re.Match[str]]:
    return list(_WORD.finditer(_plain(text)))


def _plain(text: str) -> str:
    if not text.isascii():
        # A raised, lowered or vulgar number must not run into the number before it: 10², 1½.
        text = "".join(
            f" ^{letter}"
            if unicodedata.decomposition(letter).startswith(("<super", "<sub", "<fraction"))
            else letter
            for letter in text
        )
        text = unicodedata.normalize("NFKC", text).translate(_ONE_FOR_MANY)
    return text.casefold()


def _turns(text: str) -> int:
    """How many words turn or limit what is said: without one of them a part of a sentence may say the
    contrary of the whole."""
    words = (word.group() for word in _words(text))
    return sum(word in _NEGATIONS or word in _CONDITIONS or word.endswith("n't") for word in words)


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:[.,:]\d+)*", _plain(text)))

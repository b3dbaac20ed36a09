"""Years, quarters, months and codes: what is named exactly, so that another one is another thing.
Read `shape` for one word and `dates_and_codes` for a text."""

import re

from footnote.language.words import fold

MONTHS = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?|januar|februar|marz|mai|juni|juli|oktober|dezember|janvier|fevrier|mars|avril"
    r"|juin|juillet|aout|septembre|octobre|novembre|decembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto"
    r"|septiembre|octubre|noviembre|diciembre"
)
MONTH = re.compile(MONTHS)
YEAR = re.compile(r"(?:fy)?((?:1[5-9]|20)\d\d)")
PERIOD = re.compile(r"[qh]\d")
CODE = re.compile(r"([a-z]+)-?(\d+)")
QUARTER = re.compile(r"\b(?:(first|1st)|(second|2nd)|(third|3rd)|(?:fourth|4th))[ -]quarter\b", re.I)
WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
DATED = frozenset("in of on by for last next this during early late mid im".split())
"""What a month stands after: "may" and "march" are verbs, and April is a name."""
OPEN = frozenset("since until till from after before between through to".split())
"""What stands before one end of a span of time, in which other dates lie."""


def shape(word: str) -> str:
    """What kind of number, date or code a word is; empty when it is none. Two words of one shape may
    stand in each other's place: Q2 and Q3, 2023 and 2024, BX-12 and BX-14."""
    folded = fold(word)
    if MONTH.fullmatch(folded) and (word[:1].isupper() or len(word) > len("mars")):
        return "month"
    if PERIOD.fullmatch(folded):
        return folded[0]
    if YEAR.fullmatch(folded):
        return "year"
    if not any(letter.isdigit() for letter in folded):
        return ""
    return re.sub(r"\d+", "9", folded)


def dates_and_codes(text: str) -> dict[str, set[str]]:
    """The years, quarters, months and codes of a text by what they are, each in one spelling. Numbers and
    measures are left out, and so is what only begins or ends a span of time."""
    found: dict[str, set[str]] = {}
    text = QUARTER.sub(lambda said: f"Q{said.lastindex or 4}", text)
    words = [word for whole in WORD.findall(text) for word in _parts(whole)]
    opens = ""
    for i, word in enumerate(words):
        kind, value = shape(word), fold(word)
        before, after = (words[i - 1].lower() if i else ""), (words[i + 1] if i + 1 < len(words) else "")
        # "From 15 January 2025" opens a span with the whole of the date.
        opens = opens if i and kind and shape(words[i - 1]) else before
        if opens in OPEN or after.lower() in ("to", "until"):
            continue
        if kind == "month":
            if before in DATED or before.isdigit() or after.isdigit():
                found.setdefault(kind, set()).add(value[:3])
        elif kind in ("q", "h"):
            found.setdefault(kind, set()).add(value)
        elif kind == "year" and (year := YEAR.fullmatch(value)):
            found.setdefault(kind, set()).add(year[1])
        elif kind and (code := CODE.fullmatch(value)):
            found.setdefault(code[1], set()).add(code[2])
    return found


def _parts(word: str) -> list[str]:
    """ "BX-12" is one code; "2024-03-05" and "Q3-2024" are several things."""
    parts = word.split("-")
    dated = any(shape(part) in ("q", "h", "year", "month") for part in parts)
    return parts if dated or not CODE.fullmatch(fold(word)) else [word]

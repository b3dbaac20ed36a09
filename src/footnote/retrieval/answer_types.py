"""What kind of thing a question asks for, and whether a sentence holds one. Read `expected` and `holds`.

A date for "when", a number for "how many", a name for "who": a hint, never a verdict.
"""

import re
from collections.abc import Collection
from typing import Literal

from footnote.language.words import fold
from footnote.retrieval.dates import MONTHS

Kind = Literal["time", "duration", "amount", "name", "place", "reason", "none"]

# Question words of the languages whose grammar words are known, folded; the first kind that fits decides.
ASKS: tuple[tuple[Kind, str], ...] = (
    (
        "duration",
        r"how long|how soon|how often|how frequently|wie lange|wie oft|combien de temps|cuanto tiempo"
        r"|quanto tempo|hoe lang|jak dlugo|hur lange",
    ),
    (
        "time",
        r"when|(?:what|which|in what|in which|by what)(?: \w+)? (?:year|date|day|month|century|decade|era)"
        r"|what time|wann|welche[mns]? (?:jahr|tag|monat|datum)|quand|cuando|quando|wanneer|kiedy|nar",
    ),
    (
        "amount",
        r"how (?:many|much|high|tall|far|big|large|old|fast|deep|wide|heavy|hot|cold)"
        r"|what (?:is the )?(?:percentage|number|amount|price|cost|fee|rate|limit|size|population|distance)"
        r"|wie ?viele?|wie (?:hoch|gross|alt|weit|teuer)|combien|cuant[oa]s?|quant[oaie]s?|hoeveel|ile"
        r"|hur (?:manga|mycket)",
    ),
    ("name", r"who|whom|whose|wer|wem|wen|wessen|qui|quien(?:es)?|quem|chi|wie is|kto|kogo|vem"),
    ("place", r"where|wo|woher|wohin|ou|donde|onde|dove|waar|gdzie|var"),
    ("reason", r"why|how come|warum|wieso|weshalb|pourquoi|por que|perche|waarom|dlaczego|varfor"),
)
DAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weekdays?|weekends?|montag|dienstag|mittwoch|freitag"
REPEATING = r"daily|weekly|monthly|quarterly|annually|yearly|nightly|hourly|once|twice"
UNITS = (
    r"(?:milli)?seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centur(?:y|ies)|tag\w*|woche\w*"
    r"|monat\w*|jahr\w*|stunde\w*|jours?|mois|ans|annees?|dias?|semanas?|meses|anos?|giorni|mesi|anni"
)
NUMBERS = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|twenty|thirty|forty|fifty|sixty"
    r"|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|half|third|quarter|none|zero|zwei|drei"
    r"|vier|funf|sechs|sieben|acht|neun|zehn|deux|trois|quatre|cinq|dix|dos|tres|cuatro|cinco|diez|due|tre"
)
HELD: dict[Kind, re.Pattern[str]] = {
    "time": re.compile(
        rf"\b(?:1[0-9]\d\d|20\d\d)s?\b|\b(?:{MONTHS}|{DAYS})\b|\b\d{{1,2}}[:.]\d\d\b"
        r"|\b\d{1,2} ?(?:am|pm|uhr)\b|\bcentury\b|\b\d+(?:st|nd|rd|th)\b"
        r"|\bjahrhundert\b|\d+ ?[年月]|世纪|\b(?:ago|bc|ad|bce|ce)\b"
    ),
    "duration": re.compile(
        rf"(?:\b\d+|\b(?:{NUMBERS}|an?|every|each|per))\W+(?:\w+\W+)?(?:{UNITS})\b|\b(?:{REPEATING})\b"
        r"|\d+ ?[年月天日小]"
    ),
    "amount": re.compile(rf"\d|\b(?:{NUMBERS})\b|[一二三四五六七八九十百千万亿]"),
    "reason": re.compile(
        r"\b(?:because|due to|owing to|since|so that|in order to|as a result|reasons?|caused?|therefore"
        r"|to (?:avoid|prevent|ensure|protect)|weil|wegen|damit|denn|car|parce|pour|afin|porque|perche|omdat"
        r"|poniewaz)\b|因为|由于"
    ),
}
PLACED = re.compile(
    r"\b(?:in|at|on|near|from|to|of|im|am|bei|aus|nach|a|en|dans|aux?)\s+(?:the\s+|der\s+)?[A-ZÀ-Þ]"
)
CAPITAL = re.compile(r"(?<=[\w,;:)] )[\"“(]?([A-ZÀ-Þ][\w'’-]+)")


def expected(question: str) -> Kind:
    """The kind of thing that the question asks for, by its question words."""
    asked = " ".join(re.findall(r"\w+", fold(question)))
    return next((kind for kind, words in ASKS if re.search(rf"\b(?:{words})\b", asked)), "none")


def holds(kind: Kind, sentence: str, known: Collection[str]) -> bool:
    """Whether the sentence holds a thing of that kind besides the folded words in `known`, those of
    the question."""
    if kind in ("name", "place"):
        new = any(fold(name) not in known for name in CAPITAL.findall(sentence))
        return new if kind == "name" else new or bool(PLACED.search(sentence))
    folded = " ".join(word for word in fold(sentence).split() if word.strip(".,;:!?()") not in known)
    return kind in HELD and bool(HELD[kind].search(folded))

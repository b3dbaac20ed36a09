"""Text to index terms and questions to query terms. Start at `document_terms`.

Both sides of a search come from here, so that what a document is indexed under is what a question
asks for. A term holds no whitespace, no double quote and no capital.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import cache, lru_cache

import snowballstemmer

from footnote.language.stop_words import STOP_WORDS

# Scripts that write words without spaces between them (and Korean, which glues its particles to
# the noun): indexed as overlapping pairs of characters.
UNSPACED = (
    "\u0e00-\u0edf"  # Thai, Lao
    "\u1000-\u109f"  # Myanmar
    "\u1780-\u17d3"  # Khmer
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"  # Han
    "\uac00-\ud7a3"  # Hangul
)
# Letters, digits and the marks that Python's \w leaves out but Indic and Semitic words contain.
LETTER = r"\w\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff" + UNSPACED
UNSPACED_RUN = re.compile(f"[{UNSPACED}]+")
# A word with its inner joints, so that max_retries, v2.3.1, user@host, E-1042, 1,000 and C++ stay whole.
WORD = re.compile(rf"[{LETTER}]+(?:[-.,:@&'’‐‑–_+/][{LETTER}]+)*(?:\+\+|#(?![{LETTER}]))?")
JOINT = re.compile(r"[^\w\u0300-\u0dff]+|_+")
CAMEL = re.compile(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Þ])")
GROUPED = re.compile(r"(\d{1,3})(,\d{3})+(?:\.\d+)?|(\d{1,3})(\.\d{3}){2,}(?:,\d+)?")
DECIMAL_COMMA = re.compile(r"\d+,\d{1,2}")
NUMBER_AND_UNIT = re.compile(r"(\d+(?:\.\d+)?)([^\W\d_]+)")
NUMBER = re.compile(r"\d+(?:\.\d+)*")
ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]")
# Letters that Unicode does not take apart into a plain letter and a mark.
WHOLE_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)
LONGEST_TERM = 64

SNOWBALL = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian",
    "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch",
    "no": "norwegian", "nb": "norwegian", "nn": "norwegian", "pl": "polish", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "st": "sesotho", "sv": "swedish", "ta": "tamil",
    "tr": "turkish", "yi": "yiddish",
}  # fmt: skip

DETECTED_CHARACTERS = 4000
SURE_OF_LANGUAGE = 0.6
"""Below this share of the identifier's belief a text counts as of no known language: code, tables, names."""


def document_terms(text: str, language: str) -> list[str]:
    """The terms to index `text` under, in order, with repeats; `language` is ISO 639-1 or empty.

    Compounds and identifiers appear whole and, after that, in their parts.
    """
    terms: list[str] = []
    for whole, parts in _words(text):
        terms.extend(term for spelling in whole if (term := stem(spelling, language)))
        terms.extend(term for part in parts if (term := stem(part, language)))
    return terms


def query_terms(question: str, languages: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """One tuple per content word of the question: the terms that it may stand under in the index.

    `languages` are those present in the collection. Grammar words are left out, unless the
    question is made of nothing else.
    """
    words = list(_words(question))
    stop_words = _grammar([fold(spelling) for whole, _ in words for spelling in whole])
    shouted = question.isupper()
    content = [
        (whole, parts)
        for whole, parts in words
        if not all(fold(spelling) in stop_words for spelling in whole)
        # "US" and "IT" are names, unless everything is written so.
        or (not shouted and len(whole[0]) > 1 and whole[0].isupper())
    ]
    terms: dict[tuple[str, ...], None] = {}  # an ordered set
    for whole, parts in content or words:
        terms[_alternatives(whole, languages)] = None
        for part in parts:
            if fold(part) not in stop_words:
                terms[_alternatives((part,), languages)] = None
    return tuple(alternatives for alternatives in terms if alternatives)


def content_words(text: str) -> list[str]:
    """The folded words of `text` without its grammar words; nothing is stemmed or taken apart."""
    folded = [fold(whole[0]) for whole, _ in _words(text)]
    stop_words = _grammar(folded)
    return [word for word in folded if word not in stop_words]


def fold(word: str) -> str:
    """Without case, width and diacritics: "Straße" and "STRASSE", "café" and "Cafe" become one."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKC", word).casefold().translate(WHOLE_LETTERS)
    return unicodedata.normalize("NFC", ACCENTS.sub("", unicodedata.normalize("NFD", plain)))


@lru_cache(maxsize=200_000)
def stem(word: str, language: str) -> str:
    """The index term of one word. Stemmed before folding: endings are spelled with diacritics."""
    lowered = unicodedata.normalize("NFKC", word).casefold()
    algorithm = SNOWBALL.get(language)
    # Words with digits or joints are names of things; a stemmer would damage them.
    if algorithm and lowered.isalpha() and not UNSPACED_RUN.match(lowered):
        lowered = _stemmer(algorithm).stemWord(lowered)
    return fold(lowered)[:LONGEST_TERM]


def detect_language(text: str) -> str:
    """The ISO 639-1 code of the text's language, judged by its first few thousand characters, or ""."""
    code, belief = _identifier().classify(text[:DETECTED_CHARACTERS])
    code = {"yue": "zh", "wuu": "zh", "nb": "no", "nn": "no"}.get(code, code)
    return str(code) if belief >= SURE_OF_LANGUAGE and len(code) == 2 else ""


def _words(text: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Each word as (spellings of the whole, its parts). A plain word has one spelling and no parts."""
    text = unicodedata.normalize("NFKC", text)
    for match in WORD.finditer(text):
        word = match[0]
        position = 0
        for run in UNSPACED_RUN.finditer(word):
            yield from _spaced(word[position : run.start()])
            yield from (((pair,), ()) for pair in _pairs(run[0]))
            position = run.end()
        yield from _spaced(word[position:])


def _spaced(word: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    word = word.strip("-.,:@&'’‐‑–/+_") if not word.endswith("++") else word.lstrip("-.,:@&'’‐‑–/+_")
    if not word:
        return
    if word.isalnum() and not CAMEL.search(word):
        yield (word,), _number_and_unit(word)
    elif GROUPED.fullmatch(word):
        yield (_plain_number(word),), ()
    elif DECIMAL_COMMA.fullmatch(word):
        yield (word.replace(",", "."),), ()
    elif any(joint in word for joint in ",:/") and not GROUPED.match(word):
        # Joints of lists and paths: each piece is a word of its own.
        for piece in re.split(r"[,:/]", word):
            yield from _spaced(piece)
    else:
        yield _compound(word)


def _compound(word: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    word = word.replace("’", "'").replace("‐", "-").replace("‑", "-").replace("–", "-")
    if word.count("'") and re.fullmatch(rf"[{LETTER}]+'[{LETTER}]+", word):
        left, right = word.split("'")
        # The elided article or the genitive is grammar: l'hôpital, hospital's, don't.
        kept, dropped = (right, left) if len(left) <= 2 else (left, right)
        return (kept,), () if len(dropped) <= 2 else (dropped,)
    if NUMBER.fullmatch(word):
        return (word,), ()
    if measured := _number_and_unit(word):
        return (word,), measured
    pieces = [piece for joined in JOINT.split(word) for piece in CAMEL.split(joined) if piece]
    joined = "".join(JOINT.split(word)) if "-" in word else word
    if "-" not in word or joined.isdecimal():
        spellings: tuple[str, ...] = (word,)
    else:
        spellings = (joined,) if joined.isalpha() else (word, joined)
    return spellings, tuple(piece for piece in pieces if len(piece) > 1) if len(pieces) > 1 else ()


def _number_and_unit(word: str) -> tuple[str, ...]:
    """ "10kg" and "4.2M" as number and unit; a unit of one letter says too little to be a term."""
    split = NUMBER_AND_UNIT.fullmatch(word)
    return tuple(part for part in split.groups() if part[0].isdigit() or len(part) > 1) if split else ()


def _plain_number(word: str) -> str:
    """ "1,234.50" and "1.234.567,8" without their grouping marks."""
    first_comma, first_point = word.find(","), word.find(".")
    if first_comma >= 0 and (first_point < 0 or first_comma < first_point):
        return word.replace(",", "")
    return word.replace(".", "").replace(",", ".")


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


def _alternatives(spellings: tuple[str, ...], languages: Collection[str]) -> tuple[str, ...]:
    found = dict.fromkeys(stem(word, "") for word in spellings)
    found.update(dict.fromkeys(stem(word, code) for code in sorted(languages) for word in spellings))
    return tuple(term for term in found if term)


def _grammar(folded: list[str]) -> frozenset[str]:
    """The grammar words of the language whose grammar words occur most among these."""
    language = max(STOP_WORDS, key=lambda code: sum(word in STOP_WORDS[code] for word in folded))
    return STOP_WORDS[language]


@cache
def _stemmer(algorithm: str) -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer(algorithm)


@cache
def _identifier():  # type: ignore[no-untyped-def]  # py3langid ships no types
    # Imported on first use: its model takes most of a second to read.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

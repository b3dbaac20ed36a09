"""What a message needs: the documents, the conversation, or only courtesy. Read `decide`.

Judged by form: who is spoken to, which verbs stand with "I" and "you", and whether any word is left
that a document could be about. The one list of phrases is that of courtesies (`language/courtesies.py`).
The forms are those of English; a message in another language goes to the documents, unless it is
nothing but a greeting. Errors lean to the documents, since a search can still abstain.
"""

import re
from collections.abc import Sequence
from typing import Literal

from footnote.language.courtesies import courtesies
from footnote.language.stop_words import STOP_WORDS
from footnote.language.words import fold
from footnote.types import Message

Need = Literal["documents", "conversation", "small_talk"]

COURTESY = re.compile(rf"\W*{courtesies()}\W*")
ASSENT = re.compile(rf"\W*{courtesies('assent')}\W*")
# A question in polite clothes: what is asked comes after it.
POLITE_FRAME = re.compile(
    r"\W*(?:(?:can|could|would|will) you (?:please |kindly |just |also )?|please |kindly )+"
)

GRAMMAR = STOP_WORDS["en"] | frozenset(
    """
    don didn doesn isn aren wasn please just also really so oh well um
    """.split()
)
DEGREES = frozenset("very really quite pretty too much lot so bit little always also indeed".split())
# Words for what speaks here, and what one asks of a person that has just been met.
SELF = frozenset(
    """
    name bot robot chatbot human person people ai assistant machine computer program real alive old age
    called feel feeling feelings doing going today tonight mood sleep eat dream think friend help work
    like made created built trained introduce yourself tired happy sad bored busy fine good bad well
    joking kidding
    """.split()
)
PERFORM = frozenset("tell sing say write compose recite play draw".split())
SAY_NOW = frozenset(
    """
    say ask tell mention discuss talk speak answer reply explain suggest recommend call
    """.split()
)
SAY_AGAIN = frozenset("say tell explain show answer".split())
SAID = frozenset(
    """
    said asked told mentioned discussed talked talking spoke spoken answered replied explained suggested
    recommended asking saying telling mentioning discussing
    """.split()
)
SPEECH_NOUNS = frozenset(
    """
    question questions message messages answer answers reply response conversation chat
    """.split()
)
TIMES = frozenset(
    """
    first second third last previous earlier before far now already ago just today recently beginning
    start minute moment initially originally and what about
    """.split()
)
FORM = frozenset(
    """
    short shorter shorten brief briefer briefly concise concisely simple simpler simply simplify plain
    plainer again repeat rephrase reword rewrite paraphrase summarise summarize summary sum recap
    translate translated bullet bullets list table sentence sentences paragraph paragraphs words line
    lines formal formally informal formatted format wording longer clearer clearly easier condense tldr
    english spanish german french italian portuguese polish dutch swedish russian chinese japanese
    korean arabic hindi turkish
    """.split()
)
ABOUT_FORM = SPEECH_NOUNS | frozenset(
    """
    put make give write say keep turn try explain show want need would like point points version text
    one two three four five ten language part whole thing way tone bit much little terms form less more
    fewer shorter five-year-old child
    """.split()
)
JOINING = frozenset("and but or so then also".split())
BEFORE_A_FACT = frozenset("remember note that and also by the way fyi well".split())
FACT_VERBS = frozenset("live work study prefer like love hate come".split())
FACT_STARTS = frozenset("a an the from in at on called".split())

QUESTION_WORDS = frozenset(
    """
    what which who whom whose where when why how do did does is are am was were can
    """.split()
)
ASKED_KIND = frozenset("city country place town day time kind sort again remember know".split())


def decide(question: str, has_history: bool, history: Sequence[Message] = ()) -> Need:
    """What the answer must rest on.

    `history`, when given, lets a question such as "Which city do I live in?" be known as one whose
    answer the user told earlier.
    """
    plain = " ".join(plain_words(question))
    rest, courteous = without_courtesy(plain)
    words = rest.split()
    content = [word for word in words if word not in GRAMMAR]
    if not words:
        return "small_talk"
    if recalls(begun(words)) or states_a_fact(question, words) or (has_history and _reshapes(words, content)):
        return "conversation"
    agreed = without_courtesy(plain, ASSENT)[0] == rest
    if courteous and _is_compliment(words, content, question, agreed=agreed):
        return "small_talk"
    if history and was_told(question, history):
        return "conversation"
    if _addresses_the_assistant(words, content) or _asks_to_perform(words, content):
        return "small_talk"
    return "documents"


def needs_retrieval(query: str) -> bool:
    """Whether a message wants the documents, judged without a conversation."""
    return decide(query, has_history=False) == "documents"


def was_told(question: str, history: Sequence[Message]) -> Message | None:
    """The user's own earlier statement that answers a question about themselves, the newest first."""
    words = plain_words(question)
    asks_of_self = {"i", "my", "me", "mine", "am"} & set(words) and (
        "?" in question or words[0] in QUESTION_WORDS
    )
    wanted = {root(word) for word in words if word not in GRAMMAR and word not in ASKED_KIND}
    if not asks_of_self or not wanted:
        return None
    for message in reversed(history):
        told = plain_words(message.content)
        if message.role != "user" or not {"i", "my", "me"} & set(told) or "?" in message.content:
            continue
        if wanted <= {root(word) for word in told}:
            return message
    return None


def plain_words(text: str) -> list[str]:
    """Folded words; "what's" becomes "what", "s"."""
    return re.findall(r"\w+", fold(text))


def root(word: str) -> str:
    """Near enough to tell "lives" from "live" apart from other words."""
    return word[:-1] if word.endswith("s") and len(word) > 3 else word


def begun(words: list[str]) -> list[str]:
    """Without the words that join a message to the one before, as in "And what did I ask first?"."""
    first = next((i for i, word in enumerate(words) if word not in JOINING), 0)
    return words[first:]


def without_courtesy(plain: str, courtesy: re.Pattern[str] = COURTESY) -> tuple[str, bool]:
    """The message without greetings, thanks and polite frames around it, and whether it had any."""
    rest = plain
    while match := courtesy.match(rest):
        rest = rest[match.end() :]
    while ending := re.search(courtesy.pattern + r"$", rest):
        if ending.start() and rest[ending.start() - 1 : ending.start() + 1].isalnum():
            break  # within a word
        rest = rest[: ending.start()]
    if frame := POLITE_FRAME.match(rest):
        rest = rest[frame.end() :] if rest[frame.end() :] else rest
    return rest.strip(), rest != plain


def _is_compliment(words: list[str], content: list[str], question: str, *, agreed: bool) -> bool:
    """What goes with thanks or a greeting and asks for nothing: "that helps a lot", "my friend", "bot".

    `agreed` says that there was only assent, after which a word is a topic: "ok batteries".
    """
    if "?" in question or words[0] in QUESTION_WORDS or (content and words[0] in JOINING):
        return False
    if words[0] in {"that", "this", "it", "you"} or (words[0] == "for" and not agreed):
        return len(words) <= 7
    return len(content) <= 1 and (not agreed or SELF.issuperset(content))


def recalls(words: list[str]) -> bool:
    """Asks what was said here: "what did I ask first", "your last answer", "do you remember", "my name"."""
    text = " ".join(words)
    if re.search(
        r"\b(?:do|can|did) you (?:still )?(?:remember|recall)\b|\bremind me what (?:i|you|we)\b", text
    ):
        return True
    if re.search(r"\bwho am i\b|\b(?:what|know|remember|say|s) (?:is |was )?my name\b", text):
        return True
    if re.search(r"\b(?:know|learned|remember) about me\b", text):
        return True
    asking = re.search(r"\b(?:did|have|had|was|were) (i|you|we)((?: \w+){1,4})", text)
    if asking:
        subject, after = asking[1], asking[2].split()
        verb = next((i for i, word in enumerate(after) if word in SAY_NOW | SAID), None)
        if verb is not None and all(word in GRAMMAR | TIMES for word in after[:verb]):
            left = set(words[words.index(after[verb]) + 1 :])
            # "What did we discuss in the March meeting?" is about minutes, not about this talk.
            if subject != "we" or left <= GRAMMAR | TIMES:
                return text.startswith(tuple(QUESTION_WORDS)) and "they" not in words
    owned = re.search(r"\b(?:my|your|our|this)(?: (?:very|first|second|third|last|previous|earlier))*"
                      r" (\w+)(?: (\w+))?", text)  # fmt: skip
    requested = words[0] in QUESTION_WORDS | FORM | {"show", "list", "tell", "remind"}
    if requested and owned and owned[1] in SPEECH_NOUNS and (owned[2] is None or owned[2] in GRAMMAR | TIMES):
        return True
    return bool(
        re.search(r"\b(?:repeat|say) what (?:i|you)\b|\bwhat (?:i|you) (?:just )?(?:said|asked)\W*$", text)
    )


def states_a_fact(question: str, words: list[str]) -> bool:
    """The user tells something of themselves and asks nothing: "My name is Ada", "I live in Lisbon"."""
    if "?" in question or {"not", "t", "cannot", "but", "no"} & set(words):
        return False
    while words and words[0] in BEFORE_A_FACT:
        words = words[1:]
    if len(words) < 3 or len(words) > 14:
        return False
    if words[:2] in (["call", "me"], ["my", "name"], ["my", "favourite"], ["my", "favorite"]):
        return True
    if words[0] == "my":
        # A name, a number or a place; "my order is late" tells of a trouble to look up.
        return bool(
            re.search(r"\b[Mm]y (?:\w+ ){1,3}(?:is|are) (?:called |named )?([A-Z0-9]|in |at )", question)
        )
    if words[0] == "i" and words[1] in {"am", "m"}:
        named = re.search(r"\b[Ii](?:'m|’m| am) [A-Z]\w+\W*$", question)
        return named is not None or (words[2] in FACT_STARTS and not {"me", "problem"} & set(words))
    return words[0] == "i" and words[1] in FACT_VERBS and words[2] != "to"


def _reshapes(words: list[str], content: list[str]) -> bool:
    """Wants the last answer in another form: "shorter, please", "as a table", "what do you mean"."""
    if content == ["mean"] and "you" in words:
        return True
    if words[-1] == "again" and content and SAY_AGAIN.issuperset(content) and "i" not in words:
        return True
    forms = [word for word in content if word in FORM]
    return bool(forms) and all(word in FORM | ABOUT_FORM or word.isdecimal() for word in content)


def _addresses_the_assistant(words: list[str], content: list[str]) -> bool:
    """Speaks to the assistant about itself, with no word left that a document could be about."""
    if not {"you", "your", "yourself", "u"} & set(words):
        return False
    if {"it", "that", "this", "they", "them", "these", "those", "there"} & set(words):
        return False
    return all(word in SELF | DEGREES for word in content)


def _asks_to_perform(words: list[str], content: list[str]) -> bool:
    """Asks for something made up, not looked up: "tell me a joke", "sing a song", "say something nice"."""
    verb = next((i for i, word in enumerate(words[:3]) if word in PERFORM), None)
    if verb is None or any(word in FORM for word in content):
        return False
    after = [word for word in words[verb + 1 :] if word not in {"me", "us"}]
    if not after or after[0] not in {"a", "an", "another", "some", "something", "anything"}:
        return False
    return len(after) <= 4 and not {"of", "about", "for", "from", "on", "to", "in", "with"} & set(after)

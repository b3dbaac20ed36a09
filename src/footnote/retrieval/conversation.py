"""Questions about the conversation itself, answered from it without a model, in its own words.

Read `answer_from_history`. What was said is quoted, never retold, so nothing can be made up.
"""

import re
from collections.abc import Sequence

from footnote.language.sentences import sentences
from footnote.retrieval.gate import (
    FORM,
    GRAMMAR,
    SPEECH_NOUNS,
    begun,
    plain_words,
    recalls,
    root,
    states_a_fact,
    was_told,
    without_courtesy,
)
from footnote.types import Message

NAMED = re.compile(r"\b(?:[Mm]y name(?: is|['’]s)|[Cc]all me|I am called|I(?:['’]m| am) [A-Z])")
MARKER = re.compile(r"\s*\[\d{1,3}\]")
ORDINALS = {
    "first": 0,
    "1st": 0,
    "second": 1,
    "2nd": 1,
    "third": 2,
    "3rd": 2,
    "fourth": 3,
    "4th": 3,
    "fifth": 4,
}
NAMES = {
    "previous": "last",
    "just": "last",
    "latest": "last",
    "recent": "last",
    "recently": "last",
    "before": "last",
}
LAST = frozenset("last previous just latest recent before recently".split())
SHORTER = frozenset(
    """
    short shorter shorten brief briefer briefly concise concisely sum summary summarise summarize condense
    tldr simpler simple simply simplify
    """.split()
)
AGAIN = frozenset(["repeat", "again"])
ASKED_OF_TALK = (
    SPEECH_NOUNS
    | LAST
    | ORDINALS.keys()
    | frozenset(
        """
    remember recall said say tell told mention mentioned talk talked talking discuss discussed ask asked
    asking answered far earlier know discussion thing things initially originally beginning start
    """.split()
    )
)
SEVERAL = frozenset("answers replies messages things everything all far have".split())
SAID_ANYTHING = frozenset(["say", "said", "tell", "told", "mention", "mentioned", "saying", "telling"])
SHORT_ANSWER = 200
"""Characters that a shortened answer may have."""


def answer_from_history(question: str, history: Sequence[Message]) -> str | None:
    """The answer, quoting earlier turns; None when the conversation does not hold it.

    `history` is oldest first, without the question itself.
    """
    words = begun(without_courtesy(" ".join(plain_words(question)))[0].split())
    if states_a_fact(question, words):
        return f"I will keep that in mind in this conversation: {_quoted(question)}"
    answers = [_without_markers(m.content) for m in history if m.role == "assistant" and m.content.strip()]
    found = _told(question, words, history) or _reformed(words, answers)
    return found or (_recited(words, history, answers) if recalls(words) else None)


def _recited(words: list[str], history: Sequence[Message], answers: list[str]) -> str | None:
    """What was asked or answered: the first, the last, all, their number, or those about something."""
    assistants = bool({"you", "your"} & set(words)) and not {"i", "my"} & set(words)
    users = [m.content.strip() for m in history if m.role == "user"]
    asked = [text for text in users if not states_a_fact(text, plain_words(text))]
    said = answers if assistants else users if SAID_ANYTHING & set(words) else asked
    who = "I said" if assistants else "You said" if said is users else "You asked"
    if {"how", "many"} <= set(words):
        kind = "answer" if assistants else "question"
        return (
            f"So far there {'was' if len(said) == 1 else 'were'} {len(said)} {kind}{'s' * (len(said) != 1)}."
        )
    if not said:
        return "Nothing yet: this is the beginning of our conversation." if not history else None
    topic = {root(word) for word in words} - {root(word) for word in GRAMMAR | FORM | ASKED_OF_TALK}
    ordinal = next((word for word in words if word in ORDINALS or word in LAST), None)
    if assistants and ordinal is None and not SEVERAL & set(words):
        ordinal = "last"  # "what did you answer to that?"
    if ordinal and not topic:
        position = ORDINALS.get(ordinal, len(said) - 1)
        # What was not said cannot be quoted: the fifth of three questions.
        return (
            f"{who} {NAMES.get(ordinal, ordinal)}: {_quoted(said[position])}"
            if position < len(said)
            else None
        )
    if topic:
        return _about(topic, said, who)
    return f"{who} so far:\n" + "\n".join(f"{n}. {_quoted(text)}" for n, text in enumerate(said, 1))


def _told(question: str, words: list[str], history: Sequence[Message]) -> str | None:
    """The user's own statement that answers; for a name also "I am Ada" and "Call me Ada"."""
    statement = None
    if "name" in words or ("who" in words and "i" in words):
        told = [m.content for m in reversed(history) if m.role == "user" and "?" not in m.content]
        spans = [text[start:end] for text in told for start, end in sentences(text)]
        statement = next(filter(NAMED.search, spans), None)
    elif message := was_told(question, history):
        wanted = {root(word) for word in words} - {root(word) for word in GRAMMAR}
        spans = [message.content[start:end] for start, end in sentences(message.content)]
        statement = max(spans, key=lambda said: len(wanted & {root(word) for word in plain_words(said)}))
    return f"You told me: {_quoted(statement)}" if statement else None


def _reformed(words: list[str], answers: list[str]) -> str | None:
    """The last answer again or shortened; other forms, such as a table, need a model."""
    if not answers or {"question", "questions", "conversation", "chat", "what"} & set(words):
        return None
    if SHORTER & set(words) or {"sentence", "sentences"} & set(words):
        return _first_sentences(answers[-1], _number(words))
    return answers[-1] if AGAIN & set(words) else None


def _first_sentences(answer: str, count: int | None) -> str:
    spans = sentences(answer)
    if count is not None:
        return answer[: spans[min(count, len(spans)) - 1][1]]
    kept = [end for _, end in spans if end <= SHORT_ANSWER][:2]
    # Never the same length again: at least the last sentence goes, when there is more than one.
    if len(kept) == len(spans) > 1:
        kept.pop()
    return answer[: kept[-1] if kept else spans[0][1]]


def _number(words: list[str]) -> int | None:
    numbers = {"one": 1, "single": 1, "two": 2, "three": 3, "four": 4, "five": 5}
    found = [numbers.get(word) or (int(word) if word.isdecimal() else 0) for word in words]
    return next((number for number in found if 0 < number <= 10), None)


def _about(topic: set[str], said: list[str], who: str) -> str | None:
    """The earlier sentences that share most words with the topic, of the newest turn that does."""
    best: tuple[int, int, str] | None = None
    for number, text in enumerate(said):
        for start, end in sentences(text):
            shared = len(topic & {root(word) for word in plain_words(text[start:end])})
            if shared and (best is None or (shared, number) > best[:2]):
                best = (shared, number, text[start:end])
    return f"{who}: {_quoted(best[2])}" if best else None


def _quoted(text: str) -> str:
    return f"“{' '.join(text.split())}”" if '"' in text else f'"{" ".join(text.split())}"'


def _without_markers(text: str) -> str:
    """The footnotes of an earlier answer belong to that answer."""
    return MARKER.sub("", text).strip()

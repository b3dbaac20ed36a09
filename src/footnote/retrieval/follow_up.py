"""A follow-up question made to stand alone, without a model. Read `stand_alone`.

The question stays as it was typed; what it leaves out is added in brackets, in the user's own words:
"What about a service?" becomes "What about a service? (rotate tyres, Model X)". A person sees what was
looked up, a search finds both, and a wrong guess costs little. Only a fragment that names one thing in
the place of another is put into the question before it, see `retrieval/contrast.py`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from footnote.retrieval.contrast import exchanged
from footnote.retrieval.gate import GRAMMAR, decide, plain_words, root
from footnote.types import Message

POINTING = frozenset("it its itself they them their theirs this that these those he she him her his".split())
STANDING_FOR = frozenset("one ones other others another else both either".split())
CONTINUES = re.compile(
    r"\s*(?:and|but|or|so|also|then|ok|okay|what about|how about|what if|why|why not|how so|how come)\b", re.I
)
# "What is WACC?" names all that it wants to know; "What are the symptoms?" does not.
DEFINES = re.compile(
    r"\s*(?:(?:what|who)(?:['’]s| is| are| was| were)"
    r"|(?:can you )?(?:tell me (?:more )?about|explain|define))\s+(?!the\b)(?:an? )?[^,;?]+[?.!]?\s*$",
    re.I,
)
# Words that carry a question without being what it is about.
ASKING = frozenset(
    """
    tell know want need explain describe give show help find get go use used using make makes made take takes
    work works mean means happen happens happened think like look looking say list name many much long often
    example examples thing things way ways kind kinds type types sort difference differences different
    compare best better worse good bad important possible sure please details detail information info
    something anything someone anyone lot able
    """.split()
)
EMPTY = GRAMMAR | ASKING | POINTING | STANDING_FOR
PIECE = re.compile(r"(?:[^\s,;:!?()\[\]{}\"“”«»]|(?<=\d),(?=\d))+|[,;:!?()]")
# "Is it necessary to …", "it is clear that …": this "it" points at what comes.
AHEAD = re.compile(
    r"\b(?:is|was|be|would|does) it (?:\w+ ){1,2}(?:to|that)\b"
    r"|\bit(?:'s| is| was) (?:\w+ ){1,2}(?:to|that)\b",
    re.I,
)
# "The symptoms" leans on what was said; "the head of marketing" names its own.
DEFINITE = re.compile(r"\bthe \w(?!.* of (?!the\b))", re.I)
PLURAL = frozenset("they them their theirs these those both either which others".split())

MOST_TOGETHER = 4
"""Words that two topics of one question may have to be carried together; more would drown what is asked."""
LONGEST_TOPIC = 600
"""Characters of an earlier question that may name topics: a pasted letter has too many."""
FEW = 1
"""A question with no more words of its own than this leans on what was said before."""
SEVERAL = 4
"""A question with more words of its own than this says enough, whatever it points at."""
FADING = 0.8
"""What a topic keeps of its weight for each question asked since."""
NAMED = 0.5
"""What a capital letter or a digit within a question adds: names stay, attributes come and go."""
REPEATED = 0.3
SECOND = 0.6
"""The share of the first topic's weight that a second one needs to come along."""
ATTRIBUTE = 0.4
"""The weight of what is asked *about* the topic: "symptoms" in "What are its symptoms?"."""


@dataclass
class _Phrase:
    words: tuple[str, ...]
    weight: float
    turn: int = 0

    @property
    def roots(self) -> frozenset[str]:
        return _roots(" ".join(self.words))


def stand_alone(question: str, history: Sequence[Message]) -> str:
    """The question as it can be looked up without the conversation; unchanged when it can already.

    `history` is oldest first, without the question itself.
    """
    topics: list[_Phrase] = []
    before = ""
    for turn, (typed, looked_up) in enumerate(_asked(history)):
        before = looked_up or exchanged(typed, before) or _with_topics(typed, topics)
        topics = _moved_on(topics, before, turn)
    return exchanged(question, before) or _with_topics(question, topics)


def _asked(history: Sequence[Message]) -> Iterator[tuple[str, str]]:
    """The earlier questions to the documents as (typed, as it was looked up); the latter is empty where
    the answer does not tell."""
    for message, answer in zip_longest(history, history[1:]):
        if message.role != "user" or decide(message.content, True) != "documents":
            continue
        typed, looked_up = message.content[:LONGEST_TOPIC], ""
        if answer is not None and "rewritten_question" in answer.metadata:
            looked_up = str(answer.metadata["rewritten_question"] or typed)[:LONGEST_TOPIC]
        yield typed, looked_up


def _with_topics(question: str, topics: list[_Phrase]) -> str:
    carried = _carried(question, topics) if topics and leans(question) else []
    return f"{question.strip()} ({', '.join(carried)})" if carried else question


def leans(question: str) -> bool:
    """Whether the question says too little by itself: it points back, breaks off, or is very short."""
    own = [word for phrase in _phrases(question) for word in phrase.words]
    before = _before_pointing(question)
    if before is not None:
        # "Debt consolidation, is it a good idea?" points at its own words.
        return before <= FEW and len(own) <= SEVERAL
    if CONTINUES.match(question):
        return len(own) <= SEVERAL
    if not own:
        return True
    if DEFINES.match(question) or any(_is_name(word) for word in own):
        return False
    definite = DEFINITE.search(question) is not None and len(own) <= FEW + 1
    return definite or len(own) <= FEW


def points_back(question: str) -> bool:
    """Whether the question says itself that it goes on with what was said: "And …?", "… it?"."""
    return CONTINUES.match(question) is not None or _before_pointing(question) is not None


def _before_pointing(question: str) -> int | None:
    """How many words of its own stand before the first word that points back; None when none does."""
    count, last = 0, ""
    for piece in PIECE.findall(AHEAD.sub(" ", question)):
        for word in plain_words(piece):
            relative = word == "that" and last not in EMPTY  # "a card that works abroad"
            if (word in POINTING and not relative) or word in STANDING_FOR:
                return count
            count += word not in EMPTY
            last = word
    return None


def _moved_on(topics: list[_Phrase], question: str, turn: int) -> list[_Phrase]:
    """The topics after one more question: new ones come in, old ones fade unless they are repeated."""
    pointing = bool(topics) and not POINTING.isdisjoint(plain_words(question))
    kept = [_Phrase(topic.words, topic.weight * FADING, topic.turn) for topic in topics]
    for phrase in _phrases(question):
        words = phrase.words
        for topic in kept:
            if topic.roots <= phrase.roots:
                # "causes throat cancer" names the topic "throat cancer" again.
                topic.weight = max(topic.weight, 1.0) + REPEATED
                words = tuple(word for word in words if not _roots(word) <= topic.roots)
        if words:
            named = NAMED if any(_is_name(word) for word in words) else 0.0
            weight = ATTRIBUTE if pointing or words != phrase.words else 1.0
            kept.append(_Phrase(words, weight + named, turn))
    return kept


def _carried(question: str, topics: list[_Phrase]) -> list[str]:
    """The weightiest topics that the question does not name itself: one, or two that belong together."""
    said = _roots(question)
    # Of equal topics the longer tells more, and the later is what the others are said of ("the risks of X").
    waiting = sorted(
        (topic for topic in reversed(topics) if not topic.roots <= said),
        key=lambda topic: (-topic.weight, -len(topic.words)),
    )
    if not waiting:
        return []
    first, *others = waiting
    several = not PLURAL.isdisjoint(plain_words(question))
    for second in others:
        together = several or (
            second.turn == first.turn and len(first.words) + len(second.words) <= MOST_TOGETHER
        )
        if together and second.weight >= SECOND * first.weight and not second.roots & first.roots:
            return [" ".join(topic.words) for topic in sorted((first, second), key=lambda t: t.turn)]
    return [" ".join(first.words)]


def _phrases(question: str) -> list[_Phrase]:
    """The runs of words that the question is about, as they were typed."""
    found: list[_Phrase] = []
    run: list[str] = []
    for piece in [*PIECE.findall(question), ","]:
        word = piece.strip(".'’-")
        plain = plain_words(word.removesuffix("'s").removesuffix("’s"))
        if plain and (_is_acronym(word) or not all(p in EMPTY for p in plain)):
            run.append(word)
        elif run:
            found.append(_Phrase(tuple(run), 1.0))
            run = []
    return found


def _roots(text: str) -> frozenset[str]:
    return frozenset(root(word) for word in plain_words(text))


def _is_acronym(word: str) -> bool:
    return len(word) > 1 and word.isupper()


def _is_name(word: str) -> bool:
    return any(letter.isupper() or letter.isdigit() for letter in word)

"""The offline answerer: it quotes the sentences that answer the question, word for word, and cites
each. No key, no download, no server, and it cannot invent wording.

Which sentences answer was weighed with the evidence (`retrieval/evidence.py`); here they are chosen,
put into reading order and made to stand alone.
"""

import re
from collections.abc import AsyncGenerator, Mapping, Sequence

from footnote.interfaces import Finished, LLMBackend, Piece, Prompt, Text
from footnote.language.courtesies import Courtesy, courtesies
from footnote.language.readable import readable, says_something
from footnote.language.sentences import sentences
from footnote.language.words import fold
from footnote.types import Evidence, Passage, ScoredSentence

MOST_SENTENCES = 3

_NEARLY_AS_GOOD = 0.75
"""A further sentence is quoted when its score is at least this share of the best one's."""

MOST_STEPS = 10
"""Steps, or other items of a list, that are quoted after the sentence which introduces them."""

_ASKS_HOW = re.compile(
    r"\bhow (?:do|does|did|can|could|should|would|to)\b|\b(?:steps|instructions|example)\b", re.I
)
_BULLET = re.compile(r"[-*+•]\s")
_FENCE = re.compile(r"```|~~~")
_FIRST = re.compile(r"1[.)]\s")
_STEP = re.compile(r"[-*+•]\s|\d{1,2}[.)]\s|```|~~~|\$ ")
_PROSE = re.compile(r"[.!?…。！？][\"”)]? \[\d+\]$")

GREETING = "Hello! Ask me anything about your documents; every answer shows where it stands in them."
WHAT_IT_DOES = (
    "I answer questions by quoting your documents, each quote with a footnote that is checked against its "
    "source. When your documents don't say, I tell you so instead of guessing."
)
ASKED_ABOUT_ITSELF = re.compile(
    r"\b(?:what (?:else )?(?:can|could|do|are) you|how (?:can|could|do|would) you (?:help|work)"
    r"|(?:who|what) are you|your name|yourself)\b"
)
HOW_ARE_YOU = re.compile(
    r"\bhow (?:are|do) you(?: do| doing| feeling)?(?: today| tonight)?$|\bhow s it going"
)
# What is thanked for is heard first: "hello, and thanks".
REPLIES: tuple[tuple[Courtesy, str], ...] = (
    ("thanks", "You're welcome! Ask on whenever you like."),
    ("farewell", "Goodbye! Come back with a question at any time."),
    ("greeting", GREETING),
    ("praise", "Glad to hear it. Ask on whenever you like."),
    ("assent", "All right. Ask me anything about your documents."),
)
SORRY = "I'm sorry that this did not help. Ask in other words, in those of the document if you can."
DISPLEASED = re.compile(r"\b(?:not|isn t|wasn t|wrong|bad|useless|no)\b")
NOTHING_SAID = "I don't find that in our conversation."
NO_DOCUMENTS = (
    "I can only quote from documents, and this question was asked without them. "
    "Add documents, or choose a language model for open conversation."
)


class ExtractiveBackend(LLMBackend):
    """Answers by quoting. Deterministic."""

    name = "extractive"
    context_tokens = 1_000_000

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        for piece in re.findall(r"\S+\s*", self._answer(prompt)):
            yield Text(text=piece)
        yield Finished(model=self.name)

    def _answer(self, prompt: Prompt) -> str:
        if prompt.recalled:
            return _unmarked(prompt.recalled)
        if prompt.passages and prompt.evidence is not None:
            return quoted(prompt.passages, prompt.evidence, how=bool(_ASKS_HOW.search(prompt.question)))
        if prompt.basis == "small_talk":
            return _reply(prompt.question)
        return NOTHING_SAID if prompt.basis == "conversation" else NO_DOCUMENTS


def _reply(said: str) -> str:
    """To what needs no document. What is neither kind words nor about this program is told what it is for."""
    plain = " ".join(re.findall(r"\w+", fold(said)))
    if ASKED_ABOUT_ITSELF.search(plain):
        return WHAT_IT_DOES
    if DISPLEASED.search(plain) and not re.fullmatch(courtesies(), plain):
        return SORRY
    replies = (reply for kind, reply in REPLIES if re.search(rf"(?<!\w){courtesies(kind)}", plain))
    return next(replies, GREETING if HOW_ARE_YOU.search(plain) else WHAT_IT_DOES)


def quoted(passages: Sequence[Passage], evidence: Evidence, *, how: bool = False) -> str:
    """The best sentences with their markers; list items and table rows each on a line. A question that
    asks how gets the whole list of steps, or the code, that a sentence introduces or belongs to."""
    told = [s for s in evidence.sentences if s.passage < len(passages) and _tells(passages, s, how)]
    said: dict[tuple[int, int, int], str] = {}
    for sentence in _chosen(passages, told or evidence.sentences):
        chunk = passages[sentence.passage].chunk
        steps = _steps(chunk.text, sentence.start, sentence.end) if how else []
        for start, end in steps or [(sentence.start, sentence.end)]:
            # Among its neighbours a step needs no introduction, and keeps the sign it is listed with.
            alone = "" if steps else readable(chunk.text, start, end, chunk.lead_in)
            words = _unmarked(alone or _as_written(chunk.text, start, end))
            # A fence ends its code only when it stands alone.
            gap = "\n" if words.endswith(("```", "~~~")) else " "
            said.setdefault((sentence.passage, start, end), f"{words}{gap}[{sentence.passage + 1}]")
    # Only whole sentences make a paragraph; rows, items and commands each stand by themselves.
    prose = all(_PROSE.search(one) and not _STEP.match(one) and "\n" not in one for one in said.values())
    return (" " if prose else "\n\n").join(dict.fromkeys(said.values()))


def _tells(passages: Sequence[Passage], sentence: ScoredSentence, how: bool) -> bool:
    text = passages[sentence.passage].chunk.text
    if says_something(text, sentence.start, sentence.end):
        return True
    return how and _introduces(text, sentence.end) and bool(_steps(text, sentence.start, sentence.end))


def _steps(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The sentence at `start` with the steps or the code that it introduces, or the steps that it is one
    of, `MOST_STEPS` around it at most; empty when it is neither."""
    units = sentences(text)
    if (start, end) not in units or _BULLET.match(text, start, end):
        return []  # an item of a list that need not be one of steps
    at = first = last = units.index((start, end))
    if _is_step(text, start, end):
        while first and _is_step(text, *units[first - 1]) and not _begins(text, *units[first]):
            first -= 1
        first -= bool(first and _introduces(text, units[first - 1][1]))
    last += 1
    while last < len(units) and _is_step(text, *units[last]) and _goes_on(text, units, last):
        last += 1
    first = max(first, min(at - MOST_STEPS // 2, last - MOST_STEPS))
    return units[first : first + MOST_STEPS + 1][: last - first] if last - first > 1 else []


def _goes_on(text: str, units: Sequence[tuple[int, int]], at: int) -> bool:
    """Whether the step at `at` belongs to what stands before it: after a plain sentence only code does,
    and a list that begins anew is another one."""
    if _is_step(text, *units[at - 1]):
        return not _begins(text, *units[at])
    return _introduces(text, units[at - 1][1]) or bool(_FENCE.match(text, *units[at]))


def _begins(text: str, start: int, end: int) -> bool:
    return _FIRST.match(text, start, end) is not None


def _is_step(text: str, start: int, end: int) -> bool:
    """Half of a block of code, cut off with its passage, is none."""
    whole = not _FENCE.match(text, start, end) or text[:end].endswith(("```", "~~~"))
    return whole and _STEP.match(text, start, end) is not None


def _introduces(text: str, end: int) -> bool:
    """Whether what ends there is a title, or a sentence with a colon, rather than a sentence of its own."""
    return not text[:end].rstrip("*_ ").endswith((".", "!", "?", "…", "。", "！", "？"))


def _as_written(text: str, start: int, end: int) -> str:
    """A step as it stands in its list; code without the indentation of the list around it."""
    if _BULLET.match(text, start, end):
        return " ".join(text[start:end].split())
    if not _FENCE.match(text, start, end):
        return readable(text[start:end], 0, end - start)
    line = text.rfind("\n", 0, start) + 1
    indent = text[line:start] if text[line:start].isspace() else ""
    return text[start:end].replace(f"\n{indent}", "\n")


def _unmarked(said: str) -> str:
    """A number that the source itself has in brackets must not look like a footnote of ours."""
    return re.sub(r"\[(\d{1,3})\]", r"[ \1 ]", said)


def _chosen(passages: Sequence[Passage], ranked: Sequence[ScoredSentence]) -> list[ScoredSentence]:
    """The best sentence and those nearly as good that add something, best passage first and in
    the order of the text within a passage."""
    chosen: list[ScoredSentence] = []
    seen: set[str] = set()
    for sentence in ranked:
        if sentence.passage >= len(passages):
            continue
        if len(chosen) == MOST_SENTENCES:
            break
        if chosen and sentence.score < _NEARLY_AS_GOOD * chosen[0].score:
            break
        text = passages[sentence.passage].chunk.text[sentence.start : sentence.end]
        same = " ".join(re.findall(r"\w+", text.casefold()))
        if same and same not in seen:
            seen.add(same)
            chosen.append(sentence)
    first_seen = {s.passage: rank for rank, s in reversed(list(enumerate(chosen)))}
    return sorted(chosen, key=lambda s: (first_seen[s.passage], s.start))


def connect(detail: str, environment: Mapping[str, str]) -> ExtractiveBackend:
    return ExtractiveBackend()

"""Every English sentence of the page, in one place."""

from footnote.types import Verdict

TITLE = "Footnote"
TAGLINE = "Ask your documents. Every answer shows where it stands in them."

# --- the empty page
NO_DOCUMENTS = "There is nothing to ask about yet. Add your documents, and ask away."
HOW_TO_ADD = "Use the **+** in the box below, or **Documents** at the left."
TRY = "Try one of these"
SUGGESTIONS = (
    "What was Q3 2024 revenue?",
    "How long can a physical product be refunded?",
    "How fast does premium support answer?",
)
"""Questions to the handbook that comes along."""
SUGGESTED_FOR = frozenset({"finance-q3-2024.md", "refund-policy.md", "support-levels.md"})
"""The documents that answer them."""
HANDBOOK = "handbook"
"""The collection it is kept in."""
TRY_OWN = "Try a question in the words of your documents, one that a sentence or two of them answer."

# --- asking and answering
ASK = "Ask about your documents"
LOOKING = "Looking through your documents…"
WRITING = "Writing the answer…"
STOP = "Stop"
RETRY = "Ask again"
LATER = "Asked after the question above"
LOOKED_UP_AS = "Looked up as"
FROM_CONVERSATION = "From our conversation"
FROM_MODEL = "Not from your documents"
QUOTED = "quoted from your documents"
DECLINED = "What I found does not answer this well enough, and I do not guess."
CLOSEST = "The closest I found, which is not an answer"
ALL_CLOSEST = "All of them, in full"
NOTHING_LEFT = "The documents it was found in have changed or are gone."
NOTHING_CLOSE = "Nothing in your documents came close."
INTERRUPTED = "The answer was stopped before its end."
FAILED = "There is no answer to this question."
CUT_SHORT = "The answer is cut short: the model reached its limit of length."
GONE_CONVERSATION = "This conversation is no longer there. Here is a new one."

# --- footnotes
VERDICTS: dict[Verdict, str] = {
    "verified": ":green[✓ verified]",
    "partial": ":orange[≈ partly supported]",
    "unsupported": ":red[✗ not found in the source]",
    "unknown_source": ":red[? unknown source]",
}
VERDICTS_EXPLAINED: dict[Verdict, str] = {
    "verified": "The source says this word for word.",
    "partial": "The source says part of this in other words. Compare before you rely on it.",
    "unsupported": "The source does not say this. Do not rely on it without checking.",
    "unknown_source": "The source of this claim is not known.",
}
ANSWER_SAYS = "The answer says"
SOURCE_SAYS = "The source says"
WHOLE_DOCUMENT = "The whole document"
DOWNLOAD = "Download the original"
SOURCE_REMOVED = "The document was removed from your documents."
SOURCE_CHANGED = "The source has changed since this answer; here is what was quoted then."
QUOTE_GONE = "Its text is no longer kept."
NOT_A_DOCUMENT = "This source is not one of the stored documents; here is what was quoted."

# --- documents
DOCUMENTS = "Documents"
ADD = "Add documents"
REMOVE = "Remove"
REMOVE_ASKED = "Remove it with every trace?"
READING = "Reading"
BROKE_OFF = "Reading stopped before this file was done. Add it again."
REPLACED = (
    "What was there is gone. Answers that cite it keep their quotes and say that the source has changed."
)
OFFERED = "What became of the files"
DISMISS = "Close"
DELETE_CITING = "Delete those answers"
KEEP_CITING = "Keep them"

# --- conversations
NEW = "New conversation"
CLEAR = "Delete this conversation"
CLEAR_ASKED = "Delete this conversation for good? Its questions and answers cannot be brought back."
YES_DELETE = "Delete for good"
CANCEL = "Cancel"
PAST = "Conversations"
FIND = "Find a conversation"
NONE_CALLED_SO = "No conversation has this in its title."
ALL_CONVERSATIONS = "Show all"
UNTITLED = "Untitled"

# --- figures
FIGURES = "This conversation"
TURNS = "Questions asked"
TURNS_EXPLAINED = "The turns of this conversation: a turn is a question with its answer."
RETRIEVALS = "Searches"
RETRIEVALS_EXPLAINED = (
    "How often your documents were searched for an answer (retrievals). A greeting or a question about "
    "this conversation needs no search."
)
TOKENS = "Tokens (≈ words)"
TOKENS_EXPLAINED = (
    "Roughly how much was asked and answered here. Language models count in tokens: short words, or "
    "pieces of long ones."
)
TIME = "Last answer"
TIME_EXPLAINED = "From the last question to the end of its answer, in seconds."


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun, as in "1 document" and "2 documents"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def asked_when(*, answering: bool, reading: bool) -> str:
    """What a question waits for; empty when it is about to be asked."""
    awaited = [
        *(["this answer is done"] if answering else []),
        *(["the files that came with it are read"] if reading else []),
    ]
    return f"Asked next, when {' and '.join(awaited)}" if awaited else ""


def found(passages: int, documents: int) -> str:
    if passages == 0:
        return WRITING
    return f"Found {count(passages, 'passage')} in {count(documents, 'document')}. {WRITING}"


def replaced(files: int) -> str:
    return f"{files:,} files replaced the document of their name"


def cited_by(name: str, answers: int) -> str:
    return f"{name} is gone. {count(answers, 'saved answer cites', 'saved answers cite')} it."

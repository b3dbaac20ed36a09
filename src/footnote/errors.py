"""Every error that Footnote raises on purpose. Its text is a sentence for the user.

FootnoteError
├── SettingsError              set up wrongly: what to change is in the sentence
│   ├── MissingExtra           a feature needs an optional package
│   └── DataInUse              another server has this data folder open
├── QuestionRefused            not admitted: empty, too long, over a limit
│   └── ConversationBusy       an answer is being written in this conversation: ask after it
├── BackendError               the language model did not answer
│   ├── BackendUnreachable     network down, time out, server error: a retry may help
│   ├── BackendBusy            rate limit or overload; `retry_after` in seconds when known
│   ├── BackendRefused         bad key, bad request, missing model: a retry does not help
│   ├── ContextTooLong         the prompt does not fit the model's window
│   └── BackendInterrupted     the stream broke after it had begun
├── DocumentError
│   ├── DocumentRefused        this file cannot be read; `reason` is one of `REASONS`
│   └── IndexMismatch          the index was built by another embedder or chunker
├── DatabaseError              the data folder cannot be read or written (full disk, damage)
├── EvaluationError            gold questions or a former report cannot be used
└── NotFound                   nothing of that name belongs to this owner
"""

from typing import Literal

Reason = Literal[
    "empty",
    "no_text",
    "encrypted",
    "damaged",
    "unsupported",
    "too_large",
    "too_slow",
    "unsafe_archive",
    "unreadable",
]
"""Why a file was refused. The sentence beside it says the rest."""


class FootnoteError(Exception):
    """The root of all of them."""


class SettingsError(FootnoteError):
    pass


class MissingExtra(SettingsError):
    pass


class DataInUse(SettingsError):
    pass


class QuestionRefused(FootnoteError):
    pass


class ConversationBusy(QuestionRefused):
    pass


class BackendError(FootnoteError):
    pass


class BackendUnreachable(BackendError):
    pass


class BackendBusy(BackendError):
    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class BackendRefused(BackendError):
    pass


class ContextTooLong(BackendError):
    pass


class BackendInterrupted(BackendError):
    pass


class DocumentError(FootnoteError):
    pass


class DocumentRefused(DocumentError):
    def __init__(self, message: str, *, reason: Reason) -> None:
        super().__init__(message)
        self.reason: Reason = reason


def too_large(size: int, most: int) -> DocumentRefused:
    """For a file of more bytes than are read."""
    return DocumentRefused(
        f"This file has {size / (1 << 20):,.0f} MB; at most {most / (1 << 20):,.0f} MB are read. Split it, "
        "or add the part that you need.",
        reason="too_large",
    )


class IndexMismatch(DocumentError):
    pass


class DatabaseError(FootnoteError):
    pass


class EvaluationError(FootnoteError):
    pass


class NotFound(FootnoteError):
    pass

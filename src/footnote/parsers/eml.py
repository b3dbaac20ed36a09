"""E-mail as files (EML, MHTML): subject as heading, the other fields, then the body.

The plain body is preferred to the HTML one. A mail attached to the mail is read with it; other
attachments are named in the notes, since each is a document of its own.
"""

from email import policy
from email.message import Message
from email.parser import BytesParser

from footnote.parsers.building.decoding import decode
from footnote.parsers.building.hypertext import add_hypertext
from footnote.parsers.building.writing import Writing, one_line
from footnote.types import Extracted

_FIELDS = ("From", "To", "Cc", "Date")
_MAX_NESTED = 5


def parse(data: bytes, name: str) -> Extracted:
    writing = Writing()
    # The lenient policy: the strict one raises on the odd headers that real mail has.
    message = BytesParser(policy=policy.default.clone(raise_on_defect=False)).parsebytes(data)
    attachments: list[str] = []
    _add_mail(writing, message, attachments, 1)
    if attachments:
        shown = ", ".join(attachments[:20]) + (" and more" if len(attachments) > 20 else "")
        writing.notes.append(f"attachments were not read, add them as files of their own: {shown}")
    return writing.extracted()


def _add_mail(writing: Writing, message: Message, attachments: list[str], level: int) -> None:
    writing.add(_field(message, "Subject"), "heading", level)
    fields = [f"{name}: {value}" for name in _FIELDS if (value := _field(message, name))]
    writing.add("\n".join(fields))
    bodies: dict[str, list[Message]] = {"plain": [], "html": []}
    inner: list[Message] = []
    _sort_parts(message, bodies, inner, attachments)
    plain = [part for part in bodies["plain"] if _text(part).strip()]
    for part in plain or bodies["html"]:
        if part.get_content_type() == "text/html":
            add_hypertext(writing, _text(part), with_title=False)
        else:
            for paragraph in _text(part).replace("\r\n", "\n").split("\n\n"):
                writing.add(paragraph)
    for mail in inner:
        if level < _MAX_NESTED:
            _add_mail(writing, mail, attachments, level + 1)
        else:
            attachments.append(_field(mail, "Subject") or "a mail")


def _sort_parts(
    message: Message, bodies: dict[str, list[Message]], inner: list[Message], attachments: list[str]
) -> None:
    """Every part of a mail in order, without those of the mails attached to it."""
    waiting = [message]
    while waiting:
        part = waiting.pop(0)
        kind = part.get_content_type()
        if kind == "message/rfc822" and part.is_multipart():
            payload = part.get_payload()
            inner.extend(mail for mail in payload if isinstance(mail, Message))
        elif part.is_multipart():
            payload = part.get_payload()
            waiting = [inside for inside in payload if isinstance(inside, Message)] + waiting
        elif part.get_content_disposition() == "attachment" or part.get_filename():
            attachments.append(one_line(part.get_filename() or kind))
        elif kind in ("text/plain", "text/html"):
            bodies[kind.removeprefix("text/")].append(part)
        elif part.get_content_maintype() != "multipart":
            attachments.append(kind)


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    charset = part.get_content_charset()
    if charset and charset != "us-ascii":
        try:
            return data.decode(charset, errors="replace")
        except LookupError:
            pass
    return decode(data, declared=True) if data else ""


def _field(message: Message, name: str) -> str:
    """A header field as a reader sees it; the library raises on some malformed ones."""
    try:
        return one_line(str(message.get(name) or ""))
    except Exception:  # noqa: BLE001 - its header parser fails in many ways; the raw words remain
        raw = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
        return one_line(str(raw))

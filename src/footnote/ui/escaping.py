"""Text that others wrote, made safe for Streamlit's Markdown. The only file that may decide how.

Everything a person, a document or a model wrote passes through one of three doors:

    plain     a file name, a title, an error: shown letter for letter, on one line
    prose     an answer: its Markdown is kept, but it cannot load an image, hide where a link leads,
              or use Streamlit's own directives
    quoted    a stretch of a document: shown letter for letter, with one span of it highlighted

The safety of `prose` does not rest on telling code from text: images and links are broken up
everywhere, and only how code looks depends on where it was seen. A caller who streams passes the
whole text so far each time, so that a mark that came in two pieces is still seen as one.
"""

import re
import unicodedata
from collections.abc import Collection

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_WORD_JOINER = "\u2060"

# Streamlit replaces these in finished text, where no backslash protects them: `:name:` becomes an
# icon, and an arrow or double dash between spaces becomes a symbol.
_REPLACED = re.compile(r"(?<=:)(?=[\w+-]+:)|(?<=(?<!\S)[-<>~])(?=(?:->|[->=])(?!\S))")

_BREAKS_LINK = re.compile(r"(?<=!)(?=\[)|(?<=\])(?=[(\[:])")
_FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<fence>`{3,})(?P<language>[\w+#.-]*)[ \t]*\n"
    r"(?P<code>.*?)(?:^[ \t]*(?P=fence)`*[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
_TOKEN = re.compile(
    r"\\?\[(?P<marker>\d{1,3})\]"
    r"|(?P<escaped>\\[!-/:-@\[-`{-~])"
    r"|(?P<code>(?<!`)(?P<ticks>`{1,2})(?!`)[^\n]+?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<ticks_run>`{3,})"
    r"|(?P<special>[<$~{]|:(?=[A-Za-z:]))"
)


def plain(text: str) -> str:
    """Markdown that shows `text` letter for letter on one line, in a label as in a paragraph."""
    return _literal(" ".join(visible(text).split()))


def prose(text: str, markers: Collection[int] = ()) -> str:
    """Markdown of an answer, with what could reach out or deceive made inert.

    `markers` are the footnotes to show as such; every other [n] stays as it is written.
    """
    text = visible(text)
    pieces: list[str] = []
    position = 0
    for fence in _FENCE.finditer(text):
        pieces += [_unfenced(text[position : fence.start()], markers), _fenced(fence)]
        position = fence.end()
    return "".join([*pieces, _unfenced(text[position:], markers)])


def quoted(text: str, start: int, end: int) -> str:
    """Markdown that shows `text` letter for letter, line for line, with `text[start:end]` highlighted."""
    shown: list[str] = []
    position = 0
    for line in text.split("\n"):
        inside = max(start - position, 0), max(min(end - position, len(line)), 0)
        before, span, after = line[: inside[0]], line[slice(*inside)], line[max(inside) :]
        # Spaces at the border of a highlight are no part of what is said.
        marked = f":orange-background[{_spaced(span)}]" if span.strip() else _spaced(span)
        shown.append(_spaced(before) + marked + _spaced(after) if line.strip() else "")
        position += len(line) + 1
    # A backslash at the end of a line is a line break; an empty line begins a paragraph.
    return re.sub(r"(?<=[^\n])\n(?=[^\n])", "\\\\\n", "\n".join(shown))


def visible(text: str) -> str:
    """Without characters that steer what is shown (control, direction, half of a pair) and are
    not seen themselves."""
    kept = [letter if _is_shown(letter) else "" for letter in text.replace("\r\n", "\n")]
    return "".join(kept)


def _is_shown(letter: str) -> bool:
    # Joiners make up letters of Persian and Hindi and families of emoji.
    return letter in "\n\t\u200c\u200d" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs")


def _literal(text: str) -> str:
    return _PUNCTUATION.sub(r"\\\1", _REPLACED.sub(_WORD_JOINER, text))


def _spaced(text: str) -> str:
    """A part of a line letter for letter, with its spaces: HTML would make one of many."""
    text = visible(text).replace("\t", "    ")
    text = re.sub(r"^ +| {2,}", lambda found: "\u00a0" * len(found.group()), text)
    return _literal(text)


def _fenced(fence: re.Match[str]) -> str:
    """A block of code in a fence of ours, which nothing inside it can close."""
    code = re.sub(rf"^{fence['indent']}", "", fence["code"], flags=re.MULTILINE).rstrip("\n")
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    ours = "`" * max(longest + 1, 3)
    return f"\n\n{ours}{fence['language']}\n{code}\n{ours}\n\n"


def _unfenced(text: str, markers: Collection[int]) -> str:
    def safe(found: re.Match[str]) -> str:
        if found["escaped"] or found["code"]:
            return found.group()
        if found["marker"]:
            known = int(found["marker"]) in markers
            # The hair space keeps a colon before the marker from joining the directive.
            return f"\u200a:blue[\\[{found['marker']}\\]]" if known else found.group()
        return "".join(f"\\{letter}" for letter in found.group())

    return _TOKEN.sub(safe, _BREAKS_LINK.sub(r"\\", text))

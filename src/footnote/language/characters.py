"""Removes characters that a reader cannot see but a model reads.

Hidden instructions are smuggled in tag characters, zero-width characters, direction overrides and
stacked variation selectors. `clean` drops them and keeps what a script or an emoji needs: joiners
inside Persian, Hindi and emoji families, one variation selector after its base.
"""

import re

_JOINING = (
    # Arabic, Syriac, Thaana, N'Ko, Mandaic and the Arabic supplements
    "\u0600-\u08ff\ufb50-\ufdff\ufe70-\ufefc"
    # Devanagari to Sinhala, Tibetan, Myanmar, Khmer, Mongolian and their extensions
    "\u0900-\u0dff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u1800-\u18af\ua8e0-\ua8ff\uaa60-\uaa7f"
)
"""Scripts in which a joiner or non-joiner changes how the letter before it is written."""

_EMOJI = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"
_VARIATION = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_IDEOGRAPHS = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls, but not the line and paragraph breaks
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e"  # soft hyphen, fillers, Arabic letter mark
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\uffa0\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff"  # halves of a pair: no character at all
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
    "]"
    # A joiner needs a joining letter before it, or an emoji on both sides.
    f"|(?<![{_JOINING}])\u200c"
    f"|(?<![{_JOINING}{_EMOJI}\ufe0f])\u200d"
    f"|(?<=[{_EMOJI}\ufe0f])\u200d(?![{_EMOJI}])"
    # A variation selector needs a base: not a blank, not another selector.
    f"|(?:(?<=[\\s{_VARIATION}])|^)[\ufe00-\ufe0f]"
    f"|(?<![{_IDEOGRAPHS}])[\U000e0100-\U000e01ef]"
)
_SUSPECTS = re.compile(f"{_INVISIBLE.pattern.split('|')[0]}|[\u200c\u200d{_VARIATION}]")
_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")


def clean(text: str) -> tuple[str, int]:
    """The text without invisible characters and with `\\n` as its only line break, and how many
    characters were removed. Cleaning twice changes nothing more."""
    # Most texts need nothing: the set of their characters is small and quick to build.
    distinct = "".join(set(text))
    if _BREAKS.search(distinct):
        text = _BREAKS.sub("\n", text)
    if not _SUSPECTS.search(distinct):
        return text, 0
    removed = 0
    # Taking one character out can leave its neighbour without what justified it.
    while True:
        text, count = _INVISIBLE.subn("", text)
        removed += count
        if count == 0:
            return text, removed


def invisible_at(text: str) -> set[int]:
    """The offsets of the characters that `clean` removes, for who must keep track of the others."""
    if not _SUSPECTS.search(text):
        return set()
    return {found.start() for found in _INVISIBLE.finditer(text)}


def removal_note(count: int) -> tuple[str, ...]:
    """The note that says so, for `Extracted.notes`; none when nothing was removed."""
    if count == 0:
        return ()
    return (f"removed {count} invisible character{'s' if count > 1 else ''}",)

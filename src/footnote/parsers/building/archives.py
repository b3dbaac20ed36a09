"""Opens a zip-based document only when its directory stays below the limits, and unpacks its parts
only as far as they do. A directory can lie, so the real bytes are counted while they are inflated."""

import io
import zipfile
import zlib

from footnote.errors import DocumentRefused

MAX_MEMBERS = 20_000
MAX_MEMBER_BYTES = 300 << 20
MAX_TOTAL_BYTES = 600 << 20
MAX_RATIO = 200
RATIO_FROM_BYTES = 1 << 20
"""Small members may shrink as much as they like: style sheets and empty tables do. So may pictures,
which nobody here decodes: a white one shrinks a thousandfold."""

_PICTURES = (".bmp", ".dib", ".emf", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".wmf")

_PIECE = 1 << 16


def checked_zip(data: bytes) -> zipfile.ZipFile:
    """The archive, after its check. Raises `DocumentRefused` ("unsafe_archive", "encrypted" or
    "damaged")."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, NotImplementedError, OSError) as error:
        raise damaged("its archive has no readable directory") from error
    if len(members) > MAX_MEMBERS:
        raise _unsafe(f"it holds {len(members):,} parts")
    if any(member.flag_bits & 1 for member in members):
        raise DocumentRefused(
            "This file is protected with a password. Save a copy without one and add that.",
            reason="encrypted",
        )
    claimed = 0
    for member in members:
        claimed += member.file_size
        _check(member, member.file_size, claimed)
    return archive


def read_member(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """The bytes of a part; None when there is none of that name.

    Inflated piece by piece and counted: asked for all at once, the library would inflate whatever is
    there before comparing it with what the directory claims.
    """
    pieces = []
    size = 0
    try:
        with archive.open(name) as stream:
            while piece := stream.read(_PIECE):
                size += len(piece)
                _check(archive.getinfo(name), size, size)
                pieces.append(piece)
    except KeyError:
        return None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise damaged("a part of its archive cannot be unpacked") from error
    return b"".join(pieces)


def damaged(why: str) -> DocumentRefused:
    return DocumentRefused(
        f"This file looks damaged or cut off: {why}. Open it in the program it came from, save it again "
        "and add the new copy.",
        reason="damaged",
    )


def _check(member: zipfile.ZipInfo, size: int, total: int) -> None:
    if size > MAX_MEMBER_BYTES or total > MAX_TOTAL_BYTES:
        raise _unsafe("it unpacks to more than this program will open")
    if size < RATIO_FROM_BYTES or member.filename.lower().endswith(_PICTURES):
        return
    if size > MAX_RATIO * max(member.compress_size, 1):
        raise _unsafe("a part of it unpacks to hundreds of times its size")


def _unsafe(why: str) -> DocumentRefused:
    return DocumentRefused(
        f"This file was not opened because its archive is unsafe: {why}. If you trust it, open it in the "
        "program it came from, delete what you do not need and save it again, or save it as a PDF.",
        reason="unsafe_archive",
    )

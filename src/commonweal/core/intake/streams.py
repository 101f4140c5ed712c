"""From bytes as sent to bytes of UTF-8 text: gzip by its magic number, byte order marks, a named likely encoding."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from commonweal.core.errors import Refused

GZIP_MAGIC = b"\x1f\x8b"
UTF8_MARK = b"\xef\xbb\xbf"
PIECE = 1 << 20

AS_JSON = "post it with Content-Type: application/json to /api/v1/feeds/FEED/results, or save the table as CSV"
# first bytes -> what the file really is, and what to do about it
OTHER_FILES = (
    (b"\xff\xfe\x00\x00", "UTF-32 text", "save it as UTF-8"),
    (b"\x00\x00\xfe\xff", "UTF-32 text", "save it as UTF-8"),
    (b"\xff\xfe", "UTF-16 text", "save it as UTF-8 (in Excel: CSV UTF-8)"),
    (b"\xfe\xff", "UTF-16 text", "save it as UTF-8 (in Excel: CSV UTF-8)"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "unpack it, or save the sheet as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save the sheet as CSV UTF-8"),
    (b"PAR1", "a Parquet file", "save it as CSV"),
    (b"%PDF", "a PDF", "save the table as CSV"),
    (
        b'{"',
        "JSON",
        "post it with Content-Type: application/json to /api/v1/feeds/FEED/results, or save the table as CSV",
    ),
    (
        b"[{",
        "JSON",
        "post it with Content-Type: application/json to /api/v1/feeds/FEED/results, or save the table as CSV",
    ),
    (b"<", "a web page or XML", "look what was saved, save the table as CSV"),
    (b"{\\rtf", "a text document", "save the table as CSV UTF-8"),
    (GZIP_MAGIC, "a gzip within a gzip", "unpack it once"),
    (b"BZh", "a bzip2 archive", "pack it as gzip or not at all"),
    (b"\xfd7zXZ", "an xz archive", "pack it as gzip or not at all"),
)


def plain_bytes(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The file's bytes, unpacked if they are gzip (also several members one after another), without a UTF-8 mark.

    Memory stays at a few pieces of 1 MiB whatever the file unpacks to. Refused: half a gzip, a damaged gzip, and the
    kinds of file in OTHER_FILES.
    """
    source = iter(blocks)
    head = _fill(b"", source, 8)
    pieces = _gunzip(head, source) if head.startswith(GZIP_MAGIC) else _chain(head, source)
    start = _fill(b"", pieces, 8)
    _refuse_other_files(start)
    if start.startswith(UTF8_MARK):
        start = start[len(UTF8_MARK) :]
    if start:
        yield start
    yield from pieces


def _fill(head: bytes, source: Iterator[bytes], wanted: int) -> bytes:
    while len(head) < wanted:
        block = next(source, None)
        if block is None:
            break
        head += block
    return head


def _chain(head: bytes, source: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from (block for block in source if block)


def _gunzip(head: bytes, source: Iterator[bytes]) -> Iterator[bytes]:
    unpacker, received, unpacked = zlib.decompressobj(wbits=31), 0, 0
    for block in _chain(head, source):
        received += len(block)
        waiting = block
        while waiting:
            if unpacker.eof:
                if not waiting.startswith(GZIP_MAGIC[: len(waiting)]):
                    raise Refused(
                        f"The gzip ends {received - len(waiting)} bytes in and is followed by what is no gzip; "
                        "nothing was taken. Pack the file again and send it once more."
                    )
                unpacker = zlib.decompressobj(wbits=31)
            try:
                piece = unpacker.decompress(waiting, PIECE)
            except zlib.error as damage:
                raise Refused(
                    f"The gzip is damaged near byte {received} of what arrived ({damage}); nothing was taken. "
                    "Pack the file again and send it once more."
                ) from None
            waiting = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            unpacked += len(piece)
            if piece:
                yield piece
    if not unpacker.eof:
        raise Refused(
            f"The gzip ends in the middle: {received} bytes arrived and unpack to {unpacked}, then the end is missing; "
            "nothing was taken. Send the whole file again."
        )


def _refuse_other_files(start: bytes) -> None:
    written = b"".join(start.split())  # JSON and web pages may begin with blanks
    for magic, kind, advice in OTHER_FILES:
        if start.startswith(magic) or written.startswith(magic):
            raise Refused(f"This is {kind}, not a CSV in UTF-8; nothing was taken. Please {advice} and send it again.")
    if len(start) >= 4 and (start[1::2].count(0) == len(start[1::2]) or start[0::2].count(0) == len(start[0::2])):
        raise Refused("This is UTF-16 text without a mark, not UTF-8; nothing was taken. Please save it as UTF-8.")


def check_utf8(block: bytes, offset: int, line: int) -> None:
    """Refuse a block that is not UTF-8, naming the byte (from 0 in the unpacked file), line and likely encoding.

    `offset` and `line` are those of the block's first byte. The file is refused whole: guessing an encoding would
    write names and addresses wrong without anybody noticing.
    """
    try:
        block.decode()
    except UnicodeDecodeError as error:
        value, at_line = block[error.start], line + block.count(b"\n", 0, error.start)
        likely = "Windows-1252" if 0x80 <= value <= 0x9F else "Latin-1 or Windows-1252"
        raise Refused(
            f"Byte {offset + error.start} (line {at_line}) is 0x{value:02X}, which is not "
            f"UTF-8; the file is probably {likely}. Nothing was taken: save it as UTF-8 and send it again."
        ) from None

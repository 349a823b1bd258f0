"""Turns a file of the site into a response: validators, conditions, ranges (RFC 9110).

It knows no framework and sends nothing: a server that can send files takes the path and the range,
any other iterates over the bytes.
"""

import os
import re
import time
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from pathlib import Path
from typing import Any, TypeAlias

from feeds.files import open_file
from feeds.model.document import COMMON_HEADERS, MEDIA_AGE, MediaFile
from feeds.web.responses import OK, evaluate_conditions, read_date

#: One range of bytes. No file has a longer number of them.
_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)
_CHUNK_BYTES = 64 * 1024


class FileRange:
    """Bytes of an open file: a body to iterate over and to close."""

    def __init__(self, path: Path) -> None:
        """Open a file and take all its bytes. Raises OSError."""
        self.path = path
        self._file = open_file(str(path))
        self.stat = os.fstat(self._file.fileno())
        self.start, self.end = 0, self.stat.st_size

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(self.start)
        missing = self.end - self.start
        while chunk := self._file.read(min(missing, _CHUNK_BYTES)):
            missing -= len(chunk)
            yield chunk

    def close(self) -> None:
        """Close the file."""
        self._file.close()


#: A status line, headers and a body, which a response without one lacks.
FileResponse: TypeAlias = tuple[str, list[tuple[str, str]], FileRange | None]


def respond_with_file(media: MediaFile, environ: Mapping[str, Any]) -> FileResponse:
    """Return the response to a GET or HEAD request, conditional or not.

    Raises OSError if the file cannot be read.
    """
    body = FileRange(media.file)
    size, changed = body.end, int(body.stat.st_mtime)
    etag = f'"{body.stat.st_mtime_ns:x}-{size:x}"'
    headers = [("ETag", etag), ("Cache-Control", f"max-age={MEDIA_AGE}")]
    headers += {**COMMON_HEADERS, **media.headers}.items()
    # A date in the future must not be sent (RFC 9110 §8.8.2.1).
    is_dated = changed <= time.time()
    if is_dated:
        headers.append(("Last-Modified", formatdate(changed, usegmt=True)))
    status = evaluate_conditions(environ, etag, changed if is_dated else None)
    is_get = environ["REQUEST_METHOD"] != "HEAD"
    if status == OK:
        headers += [("Content-Type", media.content_type), ("Accept-Ranges", "bytes")]
        # If-Range has to match exactly, and bytes may have changed twice within this second
        # (RFC 9110 §13.1.5).
        condition = environ.get("HTTP_IF_RANGE") or etag
        is_same = condition == etag or read_date(condition) == changed <= time.time() - 1
        if is_get and is_same and (asked := _RANGE.fullmatch(environ.get("HTTP_RANGE", ""))):
            status = _narrow(body, *asked.groups())
        if status != OK:
            shown = f"{body.start}-{body.end - 1}" if body.end else "*"
            headers.append(("Content-Range", f"bytes {shown}/{size}"))
        headers.append(("Content-Length", str(body.end - body.start)))
        if is_get and body.end:
            return status, headers, body
    body.close()
    return status, headers, None


def _narrow(body: FileRange, first: str, last: str) -> str:
    """Take the bytes of a range, or none if it lies outside; return the status.

    An invalid range is ignored (RFC 9110 §14.2), as several at once are.
    """
    if not (first or last) or (first and last and int(first) > int(last)):
        return OK
    size = body.end
    start = int(first) if first else max(size - int(last), 0)
    if start >= size:
        body.end = 0
        return "416 Range Not Satisfiable"
    body.start, body.end = start, min(int(last) + 1, size) if first and last else size
    return "206 Partial Content"

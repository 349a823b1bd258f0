"""The encodings in which text is sent (RFC 9110 §8.4.1): fast, or nearly as small as can be."""

from __future__ import annotations

import gzip

#: Those that make the least of it first.
ENCODINGS = ("br", "zstd", "gzip")
#: In bytes: what is shorter gains nothing by an encoding.
SHORTEST = 512


def encode(body: bytes, encoding: str, *, tightly: bool = False) -> bytes:
    """The body in one of ENCODINGS, the same bytes every time under the same library.

    Tightly is for what is made once and sent often: the last two percent of brotli and zstd would
    take four times as long.
    """
    if encoding == "br":
        import brotli

        return bytes(brotli.compress(body, quality=10 if tightly else 6))
    if encoding == "zstd":
        import zstandard

        return zstandard.ZstdCompressor(level=15 if tightly else 9).compress(body)
    return gzip.compress(body, compresslevel=9 if tightly else 6, mtime=0)

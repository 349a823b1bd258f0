"""Media types (RFC 2046) by file name ending."""

import re

# Not the operating system's table: the same input must give the same bytes on every machine.
MEDIA_TYPES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "jpe": "image/jpeg", "jfif": "image/jpeg",
    "png": "image/png", "gif": "image/gif", "webp": "image/webp", "avif": "image/avif",
    "svg": "image/svg+xml", "bmp": "image/bmp", "ico": "image/x-icon", "tif": "image/tiff",
    "tiff": "image/tiff", "heic": "image/heic", "jxl": "image/jxl",
    "mp3": "audio/mpeg", "m4a": "audio/x-m4a", "aac": "audio/aac", "ogg": "audio/ogg",
    "oga": "audio/ogg", "opus": "audio/ogg", "wav": "audio/wav", "flac": "audio/flac",
    "weba": "audio/webm",
    "mp4": "video/mp4", "m4v": "video/x-m4v", "mov": "video/quicktime", "webm": "video/webm",
    "ogv": "video/ogg", "mpg": "video/mpeg", "mpeg": "video/mpeg", "avi": "video/x-msvideo",
    "mkv": "video/x-matroska",
    "pdf": "application/pdf", "epub": "application/epub+zip", "zip": "application/zip",
    "gz": "application/gzip", "tgz": "application/gzip", "bz2": "application/x-bzip2",
    "xz": "application/x-xz", "7z": "application/x-7z-compressed", "tar": "application/x-tar",
    "csv": "text/csv", "json": "application/json",
    "txt": "text/plain", "vtt": "text/vtt", "srt": "application/x-subrip",
    "doc": "application/msword", "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}  # fmt: skip

#: For image URLs without an ending: they belong to image servers, most of which send JPEG. Readers
#: show a picture only if its type begins with image/.
DEFAULT_IMAGE = "image/jpeg"
#: Arbitrary bytes (RFC 2046 §4.5.1).
DEFAULT_DOWNLOAD = "application/octet-stream"


def type_of_url(url: str, default: str) -> str:
    """Return the media type of a canonical URL by its path, else the default."""
    return type_of_name(re.split("[?#]", url, maxsplit=1)[0].rpartition("/")[2], default)


def type_of_name(name: str, default: str) -> str:
    """Return the media type of a file name by its ending, else the default."""
    return MEDIA_TYPES.get(name.rpartition(".")[2].lower(), default) if "." in name else default

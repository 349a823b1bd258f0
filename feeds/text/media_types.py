"""Media types (RFC 2046) by file name ending."""

import re

# Not the operating system's table: the same input must give the same bytes on every machine.
MEDIA_TYPES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "jpe": "image/jpeg", "jfif": "image/jpeg",
    "png": "image/png", "gif": "image/gif", "webp": "image/webp", "avif": "image/avif",
    "svg": "image/svg+xml", "bmp": "image/bmp", "ico": "image/x-icon", "tif": "image/tiff",
    "tiff": "image/tiff", "heic": "image/heic", "heif": "image/heif", "jxl": "image/jxl",
    "apng": "image/apng",
    "mp3": "audio/mpeg", "mp2": "audio/mpeg", "mpga": "audio/mpeg", "m4a": "audio/x-m4a",
    "m4b": "audio/mp4", "m4r": "audio/mp4", "aac": "audio/aac", "ogg": "audio/ogg",
    "oga": "audio/ogg", "opus": "audio/ogg", "spx": "audio/ogg", "wav": "audio/wav",
    "flac": "audio/flac", "weba": "audio/webm", "mka": "audio/x-matroska", "aif": "audio/aiff",
    "aiff": "audio/aiff", "aifc": "audio/aiff", "wma": "audio/x-ms-wma", "ac3": "audio/ac3",
    "amr": "audio/amr", "caf": "audio/x-caf", "mid": "audio/midi", "midi": "audio/midi",
    "m3u": "audio/mpegurl", "m3u8": "application/vnd.apple.mpegurl", "pls": "audio/x-scpls",
    "mp4": "video/mp4", "m4v": "video/x-m4v", "mov": "video/quicktime", "webm": "video/webm",
    "ogv": "video/ogg", "mpg": "video/mpeg", "mpeg": "video/mpeg", "mpe": "video/mpeg",
    "avi": "video/x-msvideo", "mkv": "video/x-matroska", "wmv": "video/x-ms-wmv",
    "flv": "video/x-flv", "3gp": "video/3gpp", "3g2": "video/3gpp2",
    "ogx": "application/ogg",
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

_AUDIO_OR_VIDEO = {
    "application/vnd.apple.mpegurl": "video", "application/x-mpegurl": "video",
    "application/dash+xml": "video", "application/mp4": "video", "application/ogg": "audio",
}  # fmt: skip
_WORD = "[!#$%&'*+.^_`|~0-9a-z-]+"
# A name of RFC 6838 §4.2, with parameters of RFC 9110 §8.3.1.
_MEDIA_TYPE = re.compile(
    "([a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126})"
    rf'((?:[ \t]*;[ \t]*{_WORD}=(?:{_WORD}|"[ !#-\[\]-~]*"))*)',
    re.IGNORECASE | re.ASCII,
)

#: For image URLs without an ending: they belong to image servers, most of which send JPEG. Readers
#: show a picture only if its type begins with image/.
DEFAULT_IMAGE = "image/jpeg"
#: Arbitrary bytes (RFC 2046 §4.5.1).
DEFAULT_DOWNLOAD = "application/octet-stream"
#: The hint of every problem that a type is unknown.
TYPE_HINT = "write the type beside the url, such as type: audio/mpeg"


def type_of_url(url: str, default: str) -> str:
    """Return the media type of a canonical URL by its path, else the default."""
    return type_of_name(re.split("[?#]", url, maxsplit=1)[0].rpartition("/")[2], default)


def type_of_name(name: str, default: str) -> str:
    """Return the media type of a file name by its ending, else the default."""
    return MEDIA_TYPES.get(name.rpartition(".")[2].lower(), default) if "." in name else default


def parse_media_type(text: str) -> str | None:
    """Return a media type with its name in lower case; None if it is not one."""
    parts = _MEDIA_TYPE.fullmatch(text)
    return parts[1].lower() + parts[2] if parts else None


def medium_of(media_type: str) -> str:
    """Return "audio", "video", "image" or "document"."""
    name = media_type.partition(";")[0].rstrip()
    medium = _AUDIO_OR_VIDEO.get(name) or name.partition("/")[0]
    return medium if medium in ("audio", "video", "image") else "document"


def is_playable(media_type: str) -> bool:
    """Return True for audio and video."""
    return medium_of(media_type) in ("audio", "video")

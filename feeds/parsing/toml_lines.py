"""Front matter in TOML that is read line by line, where it is as plain as most is.

The parser of Python's library is written in Python, and takes longer than the rest of an article.
"""

import re
from datetime import date, datetime

from feeds.parsing.yaml_text import YAMLList, YAMLMapping, YAMLValue

# Texts without escapes and control characters.
_TEXT = r"""(?:"[^"\\\x00-\x1f\x7f]*"|'[^'\x00-\x1f\x7f]*')"""
_LINE = re.compile(
    rf"""[ ]*+(?:(?P<key>[A-Za-z0-9_-]+)[ ]*+=[ ]*+(?:
        (?!\"\"\"|''')(?P<text>{_TEXT})
        |\[(?P<list>(?:[ ]*+{_TEXT}[ ]*+,)*(?:[ ]*+{_TEXT})?[ ]*+)\]
        |(?P<word>true|false|0|[1-9][0-9]{{0,17}})
        |(?P<day>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})
        |(?P<moment>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}
           (?:Z|[+-][0-9]{{2}}:[0-9]{{2}})?)
        )
      |\[(?P<table>[A-Za-z0-9_-]+)\]
      |\#[^\x00-\x1f\x7f]*
    )?[ ]*+""",
    re.VERBOSE,
)
_TEXTS = re.compile(_TEXT)


def read_plain_lines(source: str, first: int) -> YAMLMapping | None:
    """Return the mapping of a source that begins on a line of its file; None if it is not plain.

    Dates are as str() writes them.
    """
    mapping = table = YAMLMapping()
    for number, line in enumerate(source.split("\n"), first):
        if not (found := _LINE.fullmatch(line)) or found["key"] in table:
            return None
        if (name := found["table"]) is not None:
            if name in mapping:
                return None
            table = YAMLMapping()
            mapping[name], mapping.lines[name] = table, number
        elif (key := found["key"]) is not None:
            try:
                table[key], table.lines[key] = _value_of(found, number), number
            except ValueError:  # a date that there is not
                return None
    return mapping


def _value_of(found: re.Match[str], line: int) -> YAMLValue:
    kind, value = found.lastgroup, found[found.lastgroup or 0]
    match kind:
        case "text":
            return value[1:-1]
        case "list":
            items = YAMLList()
            items += [text[1:-1] for text in _TEXTS.findall(value)]
            items.lines = [line] * len(items)
            return items
        case "day":
            return str(date.fromisoformat(value))
        case "moment":
            return str(datetime.fromisoformat(value))
    return value

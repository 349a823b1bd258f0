"""Makes HTML of reStructuredText with docutils. Only rest.py imports it: docutils may be missing.

Nothing but the text itself is read: files are not included, raw markup is not copied, and the
configuration files of docutils are ignored. Directives of generators are shown where that is
simple, and else leave nothing behind.
"""

import re
from html import escape
from itertools import count
from typing import Any

from docutils import core, nodes
from docutils.parsers.rst import Directive, directives
from docutils.parsers.rst.directives.body import CodeBlock
from docutils.parsers.rst.directives.images import Figure
from docutils.readers.standalone import Reader
from docutils.transforms import Transform
from docutils.writers.html5_polyglot import HTMLTranslator, Writer

_SETTINGS = {
    "_disable_config": True,
    # A title and the fields below it are front matter, which is read before.
    "doctitle_xform": False,
    "docinfo_xform": False,
    "embed_stylesheet": False,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "initial_header_level": "2",
    "syntax_highlight": "none",
    # Nothing is printed, shown in the text, or an error.
    "halt_level": 5,
    "report_level": 5,
    "warning_stream": False,
}
#: The pages of players, by the directive that shows one.
_PLAYERS = {
    "youtube": "https://www.youtube.com/embed/",
    "vimeo": "https://player.vimeo.com/video/",
}
#: Replacements of the names of a text, with those that they lead to.
_MAX_SUBSTITUTIONS = 20_000
#: Lines that are read, again within each block. An article of 40,000 characters has some 500.
_MAX_STEPS = 6_000
#: Directives of generators that show nothing, and one whose result depends on the day.
_LEFT_OUT = "chart date gist include listing media post-list raw slides soundcloud".split()


def publish(text: str) -> str:
    """Return the HTML of a text. Raises errors of many kinds."""
    parts = core.publish_parts(
        text, reader=_Reader(), writer=_HTMLWriter(), settings_overrides=_SETTINGS
    )
    return str(parts["body"])


class _Reader(Reader):
    """Gives up on a text for which docutils would take seconds."""

    def new_document(self) -> Any:
        document = super().new_document()
        note, steps = document.note_source, count()

        def count_step(*place: Any) -> None:
            if next(steps) > _MAX_STEPS:
                raise ValueError("too many blocks")
            note(*place)

        # It is told of each line, again within each block.
        document.note_source = count_step
        return document


class _AnyOptions(dict[str, Any]):
    """Options of a directive, of which those that docutils does not know are passed over."""

    def __missing__(self, key: str) -> Any:
        return directives.unchanged


class _LeftOut(Directive):
    """A directive that leaves nothing behind."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = _AnyOptions()

    def run(self) -> list[Any]:
        return []


class _Content(_LeftOut):
    """A directive that gives its content a class: the content stays, without the class."""

    def run(self) -> list[Any]:
        parent = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, parent)
        return list(parent.children)


class _Player(_LeftOut):
    """A recording by its identifier."""

    def run(self) -> list[Any]:
        identifier = "".join(self.arguments).strip()
        if not re.fullmatch(r"[\w-]{1,50}", identifier):
            return []
        frame = f'<iframe src="{_PLAYERS[self.name]}{identifier}"></iframe>'
        return [nodes.raw("", frame, format="html")]


class _Code(CodeBlock):
    """A block of code with the options of any generator, such as linenos."""

    option_spec = _AnyOptions(CodeBlock.option_spec)


class _Thumbnail(Figure):
    """A picture that leads to a larger one."""

    option_spec = _AnyOptions(Figure.option_spec)


for _name in _LEFT_OUT:
    directives.register_directive(_name, _LeftOut)
for _name in ("class", "container", "rst-class"):
    directives.register_directive(_name, _Content)
for _name in _PLAYERS:
    directives.register_directive(_name, _Player)
for _name in ("code", "code-block", "sourcecode"):
    directives.register_directive(_name, _Code)
directives.register_directive("thumbnail", _Thumbnail)


class _Bound(Transform):
    """Refuses substitutions within substitutions that would become very many."""

    #: Before they are replaced, at 220.
    default_priority = 210

    def apply(self) -> None:
        self._counts: dict[str, int] = {}
        # Docutils finds names in another case, too.
        self._defined = {
            name.lower(): node for name, node in self.document.substitution_defs.items()
        }
        if self._count_in(self.document) > _MAX_SUBSTITUTIONS:
            raise ValueError("too many substitutions")

    def _count(self, name: str) -> int:
        """Return the number of replacements that one of a name leads to."""
        if name not in self._counts:
            self._counts[name] = 1  # where it leads to itself, which docutils refuses
            if name in self._defined:
                self._counts[name] += self._count_in(self._defined[name])
        return self._counts[name]

    def _count_in(self, node: Any) -> int:
        references = node.findall(nodes.substitution_reference)
        return sum(self._count(str(each["refname"]).lower()) for each in references)


class _Mend(Transform):
    """Replaces what docutils cannot resolve, such as a role of a generator, by its text."""

    #: Before docutils itself replaces it by its source, at 870.
    default_priority = 865

    def apply(self) -> None:
        for node in list(self.document.findall(nodes.problematic)):
            text = re.sub(r"^(?::[\w+.:-]{1,60}:)?`([^`]*)`?_{0,2}$", r"\1", node.astext())
            text = re.sub(r"\s*<[^<>]*>$|(?<=\w)__?$|^\|(?=.*\|$)|(?<=.)\|_?$", "", text)
            node.parent.replace(node, nodes.Text(text))


class _Translator(HTMLTranslator):
    """HTML with TeX as it is written, and pictures without names of files as their text."""

    def visit_math(self, node: Any, math_env: str = "") -> None:  # noqa: ARG002  # docutils' own
        self.body.append(rf"\({escape(node.astext(), quote=False)}\)")
        raise nodes.SkipNode

    def visit_math_block(self, node: Any, math_env: str = "") -> None:  # noqa: ARG002
        self.body.append(f"<p>\\[{escape(node.astext(), quote=False)}\\]</p>\n")
        raise nodes.SkipNode

    def visit_image(self, node: Any) -> None:
        node.setdefault("alt", "")
        super().visit_image(node)


class _HTMLWriter(Writer):
    def __init__(self) -> None:
        super().__init__()
        self.translator_class = _Translator

    def get_transforms(self) -> list[Any]:
        return [*super().get_transforms(), _Bound, _Mend]

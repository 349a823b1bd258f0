"""Hides from an HTML parser what it would take for other markup than the author's.

Works on the HTML itself, before it is parsed.
"""

import re

from feeds.parsing.body.formulas import MATH_TAGS
from feeds.text.repair import escape_html

# Names of content MathML, and of SVG. Other generators have components with these names, and prose
# has <list>: where the sanitiser finds one outside a formula, it removes its text as well.
_FOREIGN_NAMES = (
    "abs and apply approx arccos arccosh arccot arccoth arccsc arccsch arcsec arcsech arcsin"
    " arcsinh arctan arctanh arg bind bvar card cartesianproduct cbytes ceiling cerror ci cn"
    " codomain complexes compose condition conjugate cos cosh cot coth cs csc csch csymbol curl"
    " declare degree determinant diff divergence divide domain domainofapplication emptyset eq"
    " equivalent eulergamma exists exp exponentiale factorial factorof false filter floor fn"
    " forall gcd geq grad gt ident imaginary imaginaryi implies in infinity int integers intersect"
    " interval inverse lambda laplacian lcm leq limit list ln log logbase lowlimit lt marker mask"
    " matrix matrixrow max mean median metadata min minus mode moment momentabout naturalnumbers"
    " neq not notanumber notin notprsubset notsubset or otherwise outerproduct partialdiff pattern"
    " pi piece piecewise plus power primes product prsubset quotient rationals real reals reln rem"
    " root scalarproduct sdev sec sech selector sep set setdiff share sin sinh subset sum switch"
    " symbol tan tanh tendsto text times transpose true union uplimit variance vector"
    " vectorproduct view xor"
).split()
# Within a formula or a drawing, those that are read there.
_READ_WITHIN = (MATH_TAGS - {"math"}).union(
    "annotation annotation-xml semantics maction maligngroup malignmark mglyph mlabeledtr mlongdiv"
    " mscarries mscarry msgroup msline msrow mstack animate circle defs desc discard ellipse g line"
    " mpath path polygon polyline rect stop tspan use".split()
)
_RENAMED = _READ_WITHIN.union(_FOREIGN_NAMES)
# A regular expression of all names takes as long as all other steps over a body.
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z-]*+)(?=[\s/>])")
_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z-]*+)(?=[\s/>])")
_IS_EMPTY = re.compile("[^<>]*/>")
_XMP = re.compile(r"<xmp\b[^<>]*>((?:(?!<xmp\b).)*?)</xmp\s*>", re.IGNORECASE | re.DOTALL)


def escape_verbatim(markup: str) -> str:
    """HTML with a pre for each xmp, whose text a parser would take for markup later.

    Elements whose names are foreign get others, which nobody knows.
    """
    depth = 0

    def rename(tag: re.Match[str]) -> str:
        nonlocal depth
        slash, name = tag[1], tag[2].lower()
        if name in ("math", "svg") and not _IS_EMPTY.match(tag.string, tag.end()):
            depth = max(0, depth - 1 if slash else depth + 1)
        if name not in _RENAMED or (depth and name in _READ_WITHIN):
            return tag[0]
        return f"<{slash}x-{tag[2]}"

    if not _RENAMED.isdisjoint(map(str.lower, set(_NAME.findall(markup)))):
        markup = _TAG.sub(rename, markup)
    if "<xmp" not in markup.lower():
        return markup
    return _XMP.sub(lambda xmp: f"<pre>{escape_html(xmp[1])}</pre>", markup)

"""Permanent identifiers: any text, and in Atom an IRI."""

import re
import uuid

#: Namespace of the UUIDs made of ids (RFC 9562 §5.5). Another one would make every article new.
_NAMESPACE = uuid.UUID("b4f0f2c6-9f6d-4f0a-8f7e-3c1d5a0e6b92")
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ASCII = r"[!$&'()*+,./0-9:;=?@_a-z~-]|%[0-9a-f]{2}"
# Only of ASCII is case ignored: a large set without regard to case takes long to compile.
_SPACES_AND_DIRECTIONS = "(?-i:[\xa0\u1680\u2000-\u200a\u200e\u200f\u2028-\u202f\u205f\u3000])"
_UCS = "(?-i:[\xa0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U000efffd])"
# RFC 3987 §2.2, without spaces and marks of direction (§4.1, §6.1). Schemes with a syntax of their
# own must follow it: urn (RFC 8141 §2, RFC 9562 §4), tag (RFC 4151 §2.1) and http (RFC 9110 §4.2).
# It is compiled when it is first used: many builds read no article.
_IRI = (
    rf"(?ai)urn:uuid:{_UUID}"
    rf"|urn:(?!uuid:)[a-z0-9][a-z0-9-]{{0,30}}[a-z0-9]:(?:{_ASCII})+(?:#(?:{_ASCII})*)?"
    rf"|tag:[a-z0-9._@-]+,[0-9]{{4}}(?:-[0-9]{{2}}){{0,2}}:(?:{_ASCII})*(?:#(?:{_ASCII})*)?"
    rf"|(?!\S*{_SPACES_AND_DIRECTIONS})(?!urn:|tag:|https?:(?!//[^/?#]))"
    rf"[a-z][a-z0-9+.-]*:(?://(?:(?:{_ASCII})*@)?\[[0-9a-f:.]+\])?"
    rf"(?=.)(?:{_ASCII}|{_UCS})*(?:#(?:{_ASCII}|{_UCS})*)?"
)


def as_iri(identifier: str) -> str:
    """Return an identifier unchanged if it is an IRI, else as a URN (RFC 4287 §4.2.6).

    Different identifiers have different IRIs, except a UUID with urn:uuid: in front and without.
    """
    if re.fullmatch(_UUID, identifier, re.IGNORECASE):
        return f"urn:uuid:{identifier}"
    if re.fullmatch(_IRI, identifier):
        return identifier
    return uuid.uuid5(_NAMESPACE, identifier).urn

"""Permanent identifiers: any text, and in Atom an IRI."""

import re
import uuid

#: Namespace of the UUIDs made of ids (RFC 9562 §5.5). Another one would make every article new.
_NAMESPACE = uuid.UUID("b4f0f2c6-9f6d-4f0a-8f7e-3c1d5a0e6b92")
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_CHARS = "[!$&'()*+,./0-9:;=?@_A-Za-z~-]"
_ESCAPED = "%[0-9A-Fa-f]{2}"
# Without spaces and marks of direction (RFC 3987 §4.1, §6.1).
_UCS = (
    "[\xa1-\u167f\u1681-\u1fff\u200b-\u200d\u2010-\u2027\u2030-\u205e\u2060-\u2fff\u3001-\ud7ff"
    "\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U000efffd]"
)
# In runs, which are fast to match, and are never tried in parts.
_ASCII = f"(?:{_CHARS}++|{_ESCAPED})"
_ANY = f"(?:{_CHARS}++|{_UCS}++|{_ESCAPED})"
# RFC 3987 §2.2. Schemes with a syntax of their own must follow it: urn (RFC 8141 §2, RFC 9562 §4),
# tag (RFC 4151 §2.1) and http (RFC 9110 §4.2). Only where it says so is case ignored, which takes
# longer. It is compiled when it is first used: many builds read no article.
_IRI = (
    rf"(?a)(?i:urn:uuid:{_UUID})"
    rf"|(?i:urn:(?!uuid:)[a-z0-9][a-z0-9-]{{0,30}}[a-z0-9]):{_ASCII}++(?:#{_ASCII}*+)?"
    rf"|(?i:tag:[a-z0-9._@-]+),[0-9]{{4}}(?:-[0-9]{{2}}){{0,2}}:{_ASCII}*+(?:#{_ASCII}*+)?"
    rf"|(?i:(?!urn:|tag:|https?:(?!//[^/?#])))[A-Za-z][A-Za-z0-9+.-]*:"
    rf"(?://(?=[^[]*+\[)(?:(?:{_CHARS}|{_ESCAPED})*@)?\[[0-9A-Fa-f:.]+\])?"
    rf"(?=.){_ANY}*+(?:#{_ANY}*+)?"
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

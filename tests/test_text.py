"""Text: repairs and good text that stays; slugs and summaries."""

from __future__ import annotations

import re
from collections.abc import Iterator

import ftfy
import lxml.etree as etree
import pytest
import yaml
from ftfy.chardata import CHARMAP_ENCODINGS
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.parsing.article import read_article
from feeds.text import mojibake
from feeds.text.mojibake import may_be_mojibake
from feeds.text.repair import (
    find_forbidden,
    fold_spaces,
    plain_line,
    remove_forbidden,
    repair,
    shorten,
    shown,
)
from feeds.text.slugs import distinct_slug, fold, slugify
from tests.support import CORPUS, article, document, needs_corpus, within

#: Good text: nothing in it is to be repaired.
SENTENCES = {
    "German": "Die Straßenbahn fährt über die Brücke – „schön“, sagt sie.",
    "French": "L’été à Noël : « où est le cœur du garçon ? »",
    "Polish": "Zażółć gęślą jaźń, a potem wróć do łódki.",
    "Czech": "Příliš žluťoučký kůň stál u řeky.",
    "Turkish": "Çayımız hazır, İzmir’e şeker gönderdiğiniz için sağ olun.",
    "Russian": "Вечером мы пьём чай и читаем «вслух».",
    "Greek": "Το τσάι είναι έτοιμο στην αυλή.",
    "Vietnamese": "Trà đã sẵn sàng rồi, mời mọi người uống.",
    "Chinese": "我们在河边喝茶,看“小船”回来。",
    "Japanese": "朝の港はとても静かです。ＡＢＣ",
    "Korean": "아침에 항구가 조용합니다.",
    "Arabic": "الشاي جاهز على الطاولة.",
    "Hebrew": "התה מוכן על השולחן.",
    "Hindi": "चाय मेज़ पर तैयार है।",
    "Thai": "ชาพร้อมแล้วบนโต๊ะ",
    "signs": "½ cup of ﬁne tea → 3 € · 20 °C · naïve café, cafe\u0301 👩‍👩‍👧",
}
#: With everything that Python can hold, lone surrogates too, and much of what is mojibake.
any_text = st.lists(
    st.characters(exclude_categories=())
    | st.sampled_from(["Ã", "©", "â€™", "Â", "\xa0", "\x80", "\x9d", "&amp;", "&Atilde;", "&#0;"])
).map("".join)


def assert_xml_allows(text: str) -> None:
    """Fails for what XML 1.0 cannot hold: lxml raises for it."""
    element = etree.Element("text")
    element.text = text
    etree.tostring(element, encoding="utf-8")
    assert find_forbidden(text) is None


@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES)
def test_good_text_is_left_as_it_is(sentence: str) -> None:
    assert repair(sentence) == sentence
    assert plain_line(sentence) == sentence


@pytest.mark.parametrize(
    ("broken", "meant"),
    [
        ("Googleâ€™s model", "Google’s model"),
        ("CafÃ© â€œchez nousâ€\x9d", "Café “chez nous”"),
        ("â€œchez nousâ€, â€œouiâ€ dit-elle", "“chez nous”, “oui” dit-elle"),
        ("naÃ¯ve â€“ or notâ€¦", "naïve – or not…"),
        ("Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "привет"),
        ("å\x8d—", "南"),
        ("it\x92s here\x85", "it’s here…"),
        ("Zoë and Ã‰mile’s œuvre", "Zoë and Émile’s œuvre"),
        ("a price of 3 \x80", "a price of 3 €"),
        ("a \ud83d\ude00", "a 😀"),
    ],
)
def test_mojibake_is_repaired(broken: str, meant: str) -> None:
    assert repair(broken) == meant
    assert repair(meant) == meant


@pytest.mark.parametrize(
    "forbidden",
    [
        *("\0", "\x08", "\x0b", "\x0c", "\x1b", "\x1f", "\x7f"),
        *("\ud800", "\udfff", "\ufdd0", "\ufffe", "\uffff", "\U0001ffff", "\U0010fffe"),
    ],
    ids=ascii,
)
def test_a_character_that_no_feed_may_hold_is_taken_out(forbidden: str) -> None:
    text = f"left {forbidden}right"
    found = find_forbidden(text)
    assert found is not None
    assert found[0] == forbidden
    assert remove_forbidden(text) == "left right"
    # Half of a pair is a character that was lost, and may be shown as one.
    assert repair(text).replace("\ufffd", "") == "left right"
    assert plain_line(text).replace("\ufffd", "") == "left right"


def test_white_space_and_signs_that_xml_allows_stay() -> None:
    text = "tab\t, line\n, return\r, next\x85, joiner\u200d, astral \U0001f600 \U0010fffd"
    assert find_forbidden(text) is None
    assert remove_forbidden(text) == text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Tea &#8217; &amp; cake", "Tea ’ & cake"),
        ("&amp;amp; &amp;lt;b&amp;gt;", "&amp; &lt;b&gt;"),
        ("&lt;b&gt;", "<b>"),
        ("&nbsp;a&nbsp;&nbsp;b \n&nbsp;", "a\xa0\xa0b"),
        ("a&#x1F;b&#11;c&#xFFFE;d", "abcd"),
        ("caf&Atilde;&copy;", "café"),
        ("R&D, AT&T, &unknown; & co", "R&D, AT&T, &unknown; & co"),
    ],
)
def test_entities_are_decoded_once(written: str, read: str) -> None:
    assert plain_line(written) == read


def test_plain_text_is_one_line() -> None:
    assert plain_line("  one\r\n\ttwo \u2028 three\n\n") == "one two three"
    assert plain_line("é  one\r\n\ttwo\v\x1f\x85\u2029three\n\n") == "é one two three"


@pytest.mark.parametrize(
    "space",
    [
        "\xa0",
        "\u1680",
        "\u2003",
        "\u2007",
        "\u2009",
        "\u200b",
        "\u202f",
        "\u205f",
        "\u3000",
        "\ufeff",
    ],
)
def test_spaces_that_an_author_chose_stay(space: str) -> None:
    assert plain_line(f"100{space}000 {space} €\n") == f"100{space}000 {space} €"
    # At the ends nothing is kept apart, and a name of nothing else is none.
    assert plain_line("\xa0\u3000 \xa0") == ""


@given(any_text)
@example("Ã\0©")
@example("a\ud83d\0\ude00b")
def test_what_was_repaired_needs_no_repair_and_suits_xml(text: str) -> None:
    repaired = repair(text)
    assert_xml_allows(repaired)
    assert repair(repaired) == repaired


@given(any_text)
@example("Ã&#0;©")
def test_plain_text_is_one_line_that_suits_xml_and_needs_no_repair(text: str) -> None:
    plain = plain_line(text)
    assert_xml_allows(plain)
    assert fold_spaces(plain) == plain
    assert repair(plain) == plain


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("AI", "ai"),
        ("Machine Learning", "machine-learning"),
        ("C", "c"),
        ("C++", "c-plus-plus"),
        ("C#", "c-sharp"),
        ("R&D", "r-and-d"),
        (".NET", "dot-net"),
        ("a/b", "a-b"),
        ("Café", "cafe"),
        ("Cafe\u0301", "cafe"),
        ("Straße", "strasse"),
    ],
)
def test_a_slug_reads_like_the_name(name: str, slug: str) -> None:
    assert slugify(name) == slug


AWKWARD = [
    *("../../etc", "..", ".", "/", "a/b", "日本語", "中文", "", " ", "?", "!", "-", "--", "😀"),
    *("con", "NUL", "com1", "index", "C", "C++", "C#", "x" * 300, "é" * 300, "a\0b", "\ud800", "ı"),
]


@given(st.text(st.characters(exclude_categories=())) | st.sampled_from(AWKWARD))
def test_every_slug_is_a_safe_name_for_a_folder(name: str) -> None:
    for slug in (slugify(name), distinct_slug(name)):
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
        assert len(slug) <= 80
        assert slug not in ("con", "prn", "aux", "nul", "com1", "lpt1", "index")


def test_names_without_a_latin_letter_have_slugs_of_their_own() -> None:
    names = ["日本語", "中文", "", "?", "!", "😀", "Привет", "שלום"]
    assert len({slugify(name) for name in names}) == len(names)


@given(st.lists(st.text() | st.sampled_from(AWKWARD), unique_by=fold))
def test_distinct_names_have_distinct_slugs_of_the_second_kind(names: list[str]) -> None:
    assert len({distinct_slug(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("one", "other"),
    [("AI", "ai"), ("Café", "CAFE\u0301"), ("a  b", " A b "), ("STRASSE", "Straße")],
)
def test_names_of_one_thing_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    assert distinct_slug(one) == distinct_slug(other)


@pytest.mark.parametrize(("one", "other"), [("C", "C++"), ("C", "C#"), ("resume", "résumé")])
def test_names_of_two_things_do_not_fold_alike(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
def test_a_folded_name_folds_to_itself(name: str) -> None:
    assert fold(fold(name)) == fold(name)


@pytest.mark.parametrize(
    ("text", "length", "cut"),
    [
        ("short", 5, "short"),
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two…"),
        ("one, two three", 9, "one…"),
        ("indivisible", 5, "indi…"),
        ("", 5, ""),
    ],
)
def test_a_summary_is_cut_at_a_word(text: str, length: int, cut: str) -> None:
    assert shorten(text, length) == cut


@given(st.text(), st.integers(1, 50))
def test_a_summary_is_never_longer_than_asked_for(text: str, length: int) -> None:
    assert len(shorten(text, length)) <= length


@given(st.text(st.sampled_from("aZ 0-'\"â€™\u00a0") | st.sampled_from("‘’“”–—…•")))
def test_text_that_is_left_as_it_is_has_no_mojibake(text: str) -> None:
    if repair(text) == text:
        assert ftfy.fix_encoding(text) == text


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF)))
def test_no_misread_text_is_passed_over(text: str) -> None:
    for encoding in ("cp1252", "latin-1", "macroman", "cp1251", "cp437"):
        try:
            broken = text.encode("utf-8").decode(encoding)
        except UnicodeDecodeError:
            continue
        # A capital before a closing quotation mark is left alone on purpose.
        if repair(broken) == broken and not re.search("[ÃÂ][”»“’—]", broken):
            assert ftfy.fix_encoding(broken) == broken


#: The characters as which each byte of UTF-8 beyond ASCII may be misread.
MISREAD_BYTES = "".join(
    bytes(range(0x80, 0x100)).decode(encoding, "ignore") for encoding in CHARMAP_ENCODINGS
)


@given(st.text(st.sampled_from(MISREAD_BYTES) | st.sampled_from(" a\n’“”–"), max_size=6))
@example("é ")
@example("Ã ")
@example("’é")
def test_no_text_that_a_look_rules_out_would_be_repaired(text: str) -> None:
    if not may_be_mojibake(text) and not find_forbidden(text):
        assert ftfy.fix_encoding(text) == text


def test_all_encodings_are_looked_for_that_ftfy_knows() -> None:
    known = " ".join(mojibake._ENCODINGS).split()
    assert known == CHARMAP_ENCODINGS


#: The letters of many scripts, of those with capitals the small ones.
ALPHABETS = {
    "German": "abcdefghßäöü",
    "French": "abcdefghéèêëàâçîïôùû",
    "Portuguese": "abcdefghãáâàçéêíóôõú",
    "Polish": "abcdefghąćęłńóśźż",
    "Czech": "abcdefghčďěňřšťůžáéíýú",
    "Turkish": "abcdefghçğıöşü",
    "Vietnamese": "abcdefghăâđêôơưạảấầẩẫậắằẳẵặ",
    "Icelandic": "abcdefgháðéíóúýþæö",
    "Russian": "абвгдежзиклмнопрстуфхцчшщъыьэюя",
    "Greek": "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώ",
    "Arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي\u064b\u0651",
    "Hebrew": "אבגדהוזחטיכלמנסעפצקרשת\u05b8\u05bc",
    "Hindi": "अआइईउऊकखगघचछजझटठडढणतथदधनपफबभम\u093e\u093f\u094d",
    "Thai": "กขคงจฉชซญดตถทนบปผพฟมยรลวสหอ\u0e31\u0e48",
    "Chinese": "我们在河边喝茶看小船回来的一是不了人",
    "Japanese": "あいうえおかきくけこアイウエオカキ港朝静ー",
    "Korean": "가나다라마바사아자차카타파하항구조용",
    "IPA": "əɪʊɛɔæʃʒθðŋɹɾʔˈˌːɐ\u0303\u0325",
    "emoji": "👩👨👧🏳🌈🇩🇪🇫🇷👍🏽❤\u200d\ufe0f",
}
SEPARATORS = (" ", ", ", ". ", "! ", "? ", " – ", "’", " “", "” ", "… ", "-", ": ")


def words_of(alphabet: str) -> st.SearchStrategy[str]:
    """Words of an alphabet with the signs between them that people write."""
    word = st.text(alphabet, min_size=2, max_size=8)
    word |= word.map(str.capitalize) | word.map(str.upper)
    pieces = st.lists(st.tuples(word, st.sampled_from(SEPARATORS)), max_size=6)
    return pieces.map(lambda pairs: "".join(word + sign for word, sign in pairs))


@pytest.mark.parametrize("alphabet", ALPHABETS.values(), ids=ALPHABETS)
def test_words_of_any_alphabet_are_no_mojibake(alphabet: str) -> None:
    # Letters that also are halves of mojibake get into no doubt but at a word's end.
    @given(words_of(alphabet))
    def unchanged(text: str) -> None:
        text = re.sub("[ÃÂÎÐ](?=[^\\w ]|$)", "A", text)
        assert repair(text) == text

    unchanged()


@given(st.text(st.characters(max_codepoint=0x2FFFF, exclude_categories=["Cc", "Cs", "Cn", "Co"])))
def test_text_without_a_letter_that_begins_mojibake_is_left_as_it_is(text: str) -> None:
    # UTF-8 begins a character with one of C2 to F4; read as Windows-1252, -1251 or -1250, as code
    # page 437 or as a Mac's, these are letters of Latin and Cyrillic, boxes and a few signs.
    if not re.search(
        "[\xa0-\u024f\u02c0-\u02df\u0370-\u052f\u2000-\u25ff\ufb01\ufb02\uf8ff]", text
    ):
        assert repair(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("NÃO, SÃO, IRMÃ!", "À VENDA: MAÇÃ", "“IRMÃ”, disse", "a “MAÇÃ”.", "«NÃ»", "„Ã“", "“Ã”"),
        *("letras “ÍNDICE Ã”", "IRMÃ—ELA", "“VOILÀ”", "ŒUVRE D’ÉTÉ « ÇA »", "É, È e Ê", "ÅÄÖ ØÆ"),
        *("שָׁלוֹם \u200f(123)\u200e", "می\u200cخواهم", "🏳️‍🌈 🇩🇪 👩‍👩‍👧‍👦 1️⃣ 👍🏽", "A\u030a o\u0308 é"),
        *("/ˈfəʊnɪks/ [ŋ͡m]", "∀x∈ℝ: x² ≥ ±√2 ≠ ∞ × ÷ ¬ 𝔸", "£5 €6 ¥7 ₹8 ₿ ¢ ₽ ¤", "┌─┬─┐│╔═╗▓▒░█"),
        *(
            "20 °C, 5′ 3″, ½ ¾, 3ª, 2º, ©®™ §5 ¶",
            "ﬁ ﬂ ĳ ǆ ＡＢＣ ｶﾅ",
            "a\u00a0b\u202fc\u2009d\u3000e",
        ),
        *(
            "ĐÃ CÓ MỘT NGƯỜI",
            "ГОСТ № 5 «ДА»",
            "“A” ‘b’ „c“ ‹d› 「e」 it’s…",
            "x\u2060y\u200bz\u00adw",
        ),
    ],
)
def test_text_that_merely_looks_like_mojibake_is_left_as_it_is(text: str) -> None:
    assert repair(text) == text


def misread(text: str, encoding: str) -> str:
    """The text's UTF-8, read in another encoding as browsers do: what it lacks is a control."""
    return "".join(
        bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in text.encode("utf-8")
    )


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES)
def test_a_sentence_that_was_misread_comes_back(sentence: str, times: int, encoding: str) -> None:
    broken = sentence
    for _time in range(times):
        broken = misread(broken, encoding)
    assert broken != sentence
    assert repair(broken) == sentence


def corpus_texts() -> Iterator[str]:
    """Every text of the corpus' front matter, and every body."""
    for file in sorted(CORPUS.rglob("*.*")):
        parts = file.read_text("utf-8").split("---\n", 2)
        if file.suffix in (".md", ".html") and len(parts) == 3:
            yield parts[2]
            yield from strings_in(yaml.load(parts[1], yaml.CBaseLoader))


def strings_in(value: object) -> Iterator[str]:
    """The texts within lists and mappings."""
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else ():
        yield from strings_in(each)
    for each in value if isinstance(value, list) else ():
        yield from strings_in(each)


@needs_corpus
def test_of_the_corpus_only_what_encodes_to_its_repair_is_repaired() -> None:
    found = list(corpus_texts())
    assert len(found) > 10_000
    changed = [(text, repair(text)) for text in found if repair(text) != text]
    # Of these the seed's title is one. To misread the repaired text gives what was there: proof.
    assert any(repaired.startswith("Google’s self-supervised") for _text, repaired in changed)
    assert [text for text, repaired in changed if misread(repaired, "cp1252") != text] == []


@pytest.mark.parametrize("reference", ["&#" + "9" * 5000 + ";", "&#" + "9" * 5000])
def test_a_reference_of_thousands_of_digits_is_no_character(reference: str) -> None:
    assert plain_line(f"a {reference} b") == "a \ufffd b"
    found, problems = read_article(document(article(excerpt=f"a {reference}")), "a.md")
    assert found
    assert [(each.line, each.code) for each in problems] == [(7, "bad-reference")]


@pytest.mark.parametrize(
    "text",
    [
        "Ã" * 16_000 + "‚" * 16_000,  # each repair makes one new pair in the middle
        "Ã" + "ƒ" * 32_000,  # … or at the beginning
        ("Ã" * 8_000 + "‚" * 8_000).encode().decode("cp1252"),
        "é" + "Ãƒ" * 16_000 + "ж",
        "â€œ" * 20_000,
    ],
)
def test_a_text_made_of_endless_mojibake_takes_seconds_at_most(text: str) -> None:
    with within(8):
        plain_line(text)


@pytest.mark.parametrize("text", ["x" * 1000, "é" * 1000, "a\nb\x00 " * 1000, "'" * 1000])
def test_a_message_quotes_the_beginning_of_a_value_on_one_line(text: str) -> None:
    assert len(shown(text)) < 70
    assert shown(text).isprintable()

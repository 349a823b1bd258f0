"""Markdown as generators extend it."""

from __future__ import annotations

import time

import pytest

from feeds.parsing.body.extensions import open_notes, without_obsidian


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("!!! note\n    Text.\n\n    More.\n\nAfter.", "\n**Note**\n\nText.\n\nMore.\n\nAfter."),
        ('!!! tip "Mind *this*"\n    Text.', "\n**Mind *this***\n\nText."),
        ('!!! note ""\n    Text.', "\n\nText."[1:]),
        ("??? question\n\n    Text.", "\n**Question**\n\n\nText."),
        ('???+ note inline end "T"\n    Text.', "\n**T**\n\nText."),
        ('!!! a\n    !!! b "B"\n        Text.\n    Back.', "\n**A**\n\n\n**B**\n\nText.\nBack."),
        ('=== "Unix"\n\n    Text.\n\n=== "Else"\n\n    Text.',
         "\n**Unix**\n\n\nText.\n\n\n**Else**\n\n\nText."),
        ("- item\n\n    !!! note\n        Text.", "- item\n\n\n    **Note**\n\n    Text."),
        ("!!! note\n    ```sh\n    if a\n        b\n    ```\n    Text.",
         "\n**Note**\n\n```sh\nif a\n    b\n```\nText."),
        ("!!! note\n\tText.", "\n**Note**\n\nText."),
        ("```\n!!! note\n    Text.\n:::tip\n```", "```\n!!! note\n    Text.\n:::tip\n```"),
        ("!!! wow", "!!! wow"),
        ("!!! note\nText.", "!!! note\nText."),
        ("=== b\n    c", "=== b\n    c"),
        ("a\n===\n    b", "a\n===\n    b"),
        (":::tip\nText.\n:::", "\n**Tip**\n\nText.\n"),
        (":::tip[Own]\n\nText.\n\n:::", "\n**Own**\n\n\nText.\n\n"),
        ("- a\n\n  :::info ⚡️ Own *title*\n  Text.\n  :::\n- b",
         "- a\n\n\n  **⚡️ Own *title***\n\n  Text.\n\n- b"),
        ("::::note\n:::tip\nText.\n:::\n::::", "\n**Note**\n\n\n**Tip**\n\nText.\n\n"),
        ("::: {.panel}\nText.\n:::", "::: {.panel}\nText.\n:::"),
        ("::: warning\nText.\n:::", "\n**Warning**\n\nText.\n"),
        ("Plain.\r\n\r\nText.", "Plain.\r\n\r\nText."),
    ],
)  # fmt: skip
def test_a_note_is_a_title_and_its_text(source: str, expected: str) -> None:
    assert open_notes(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a %%hidden%% b", "a  b"),
        ("a\n\n%%\nhidden\n\nmore\n%%\n\nb", "a\n\n\n\nb"),
        ("a ==marked== b", "a <mark>marked</mark> b"),
        ("if a == b and c == d", "if a == b and c == d"),
        ("a===b===c", "a===b===c"),
        ("Text. ^a1b2c3\n\nMore.", "Text.\n\nMore."),
        ("| a |\n\n^table-1", "| a |\n\n"),
        ("x^2 and y ^2 z", "x^2 and y ^2 z"),
        ("`%%a%% ==b==` ^id", "`%%a%% ==b==`"),
        ("```\n%%a%%\n==b==\n ^id\n```\n", "```\n%%a%%\n==b==\n ^id\n```\n"),
        ("100%% sure", "100%% sure"),
    ],
)
def test_signs_of_obsidian(source: str, expected: str) -> None:
    assert without_obsidian(source) == expected


@pytest.mark.parametrize(
    "piece",
    ['!!! a "\n', "!!! a\n    ", "    !!! a\n", "!!! a\n\n\n", "=", "== ", "%", "%% ", "^a", " ^",
     "```\n", "`", "!!! a b c d e f g\n", '=== "', "::: ", "\n", " ", "\t!!! x\n"],
)  # fmt: skip
def test_takes_linear_time(piece: str) -> None:
    source = piece * (100_000 // len(piece))
    start = time.perf_counter()
    open_notes(f"!!! a\n    b\n{source}")
    without_obsidian(f"%% {source} == ^a")
    assert time.perf_counter() - start < 2

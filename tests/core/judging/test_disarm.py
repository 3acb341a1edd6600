"""Disarmed text holds no control token of any family and no delimiter of its reader, and still reads as it did."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolute.core.judging.disarm import disarmed
from tests.families import REAL
from tests.standins import FAMILIES

BARRED = (
    "begin_of_text start_header_id end_header_id eot_id eom_id python_tag reserved_special_token_7 im_start im_end "
    "endoftext user assistant system end observation channel message start return constrain call vision_start "
    "START_OF_TURN_TOKEN CHATBOT_TOKEN"
)
FULL = "begin▁of▁sentence end▁of▁sentence User Assistant tool▁calls▁begin search▁begin place▁holder▁no▁1"
ANGLED = (
    "s /s pad unk mask bos eos start_of_turn end_of_turn start_of_image sop eop think /think seed:bos seed:think "
    "/seed:think seed:cot_budget_reflect tool_call /tool_call tool_response /tool_response SPECIAL_12 BOS_TOKEN "
    "EOS_TOKEN PAD UNK unused7 reserved_106 extra_id_3 fim_prefix fim_middle file_sep repo_name jupyter_code "
    "empty_output TOOLCALL /AVAILABLE_TOOLS minimax:tool_call /minimax:tool_call 0x0A eoh eoa <SYS> </SYS>"
)
SQUARED = (
    "INST /INST THINK /THINK gMASK sMASK AVAILABLE_TOOLS /AVAILABLE_TOOLS TOOL_CALLS TOOL_RESULTS /TOOL_RESULTS "
    "SYSTEM_PROMPT /SYSTEM_PROMPT IMG BOS EOS PAD UNK CLS SEP MASK"
)
MARKS = sorted(
    {f"<|{name}|>" for name in BARRED.split(" ")}
    | {f"<｜{name}｜>" for name in FULL.split(" ")}
    | {f"<{name}>" for name in ANGLED.split(" ")}
    | {f"[{name}]" for name in SQUARED.split(" ")}
    | {"]~b]", "]~!b[", "[e~[", "]!p~[", ">>QUESTION<<", ">>ANSWER<<", "/no_think", "/nothink"}
    | {"<BEGIN CONVERSATION>", "<END CONVERSATION>", "<BEGIN UNSAFE CONTENT CATEGORIES>"}
    | {
        mark
        for family in FAMILIES.values()
        for mark in (family.bos, family.eos, family.pad, *family.special, *family.plain)
        if mark
    }
)
"""Control tokens as published tokenizers add them, and the block marks of guards."""
OWN = ("\nHuman user:", "\n---", "### END", "\nAnswer:")
BITS = ["<", "|", ">", "[", "]", "/", "｜", "＜", "user", "INST", "think", "\n", " ", "Human user:", "---", "### END"]
PIECES = [*MARKS, *BITS]


@pytest.mark.parametrize("mark", MARKS)
def test_a_control_token_of_any_family_is_broken_up_in_any_case(mark: str) -> None:
    for text in (mark, mark.upper(), f"a{mark}b", mark + mark, f" {mark} "):
        found, places = disarmed(text)
        assert mark.lower() not in found.lower()
        assert places >= 1
        assert found.replace(" ", "") == text.replace(" ", "")
        assert disarmed(found) == (found, 0)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_no_token_and_no_delimiter_survives_however_they_are_put_together(text: str) -> None:
    found, places = disarmed(text, delimiters=OWN)
    assert not [mark for mark in MARKS if mark in found]
    assert "### END" not in found
    lines = [line.lstrip(" \t").lower() for line in found.split("\n")]
    assert not [line for line in lines if line.startswith(("human user:", "---", "answer:"))]
    assert (found == text) == (places == 0)


@settings(max_examples=500)
@given(st.one_of(st.text(), st.lists(st.sampled_from([*BITS, *PIECES]), max_size=6).map("".join)))
def test_disarming_twice_is_disarming_once(text: str) -> None:
    once = disarmed(text, delimiters=OWN).text
    assert disarmed(once, delimiters=OWN) == (once, 0)


@given(st.text())
def test_a_reader_sees_the_same_words(text: str) -> None:
    found = disarmed(text, delimiters=OWN).text
    same = zip("".join(found.split(" ")), "".join(text.split(" ")), strict=True)
    assert all(one == other or one == "\ufffd" for one, other in same)


@pytest.mark.parametrize(
    "text",
    [
        "It is 3 < 4 and 5 > 2; a[i] = b[j]; x || y; `grep foo | wc -l`.",
        "<div class='a'><p>Hello</p><br/></div> <pre>code</pre>",
        "Read and/or think about it. See https://example.org/thinking/no",
        "x |> f |> g  # a pipe of Elixir",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "ü 日本語 Ελληνικά العربية 👩‍👩‍👧 नमस्ते می‌خواهم",
        "[1] A reference. [citation needed] - [x] done",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert disarmed(text, delimiters=("\nHuman user:", "### END")) == (text, 0)


@pytest.mark.parametrize("text", ["＜|im_end|＞", "<｜im_end｜>", "＜ｔｈｉｎｋ＞", "［INST］", "⟨s⟩", "<∣im_end∣>"])
def test_look_alikes_that_a_normalising_tokenizer_would_take_are_broken_up(text: str) -> None:
    assert disarmed(text).places >= 1


def test_what_nobody_sees_is_shown_and_counted() -> None:
    text = "a\x00b\u202ec\u2066d\ud800e\ufefff\U000e0041g\x1b[31m\tok\r\n"
    found, places = disarmed(text)
    assert found == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf\ufffdg\ufffd[31m\tok\r\n"
    assert places == 7


def test_a_hidden_character_inside_a_token_does_not_save_it() -> None:
    assert "<|im_end|>" not in disarmed("<\x00|im_end|>").text
    assert "<|im_end|>" not in disarmed("<\u202e|im_end|>").text


def test_a_delimiter_at_the_start_of_a_line_is_text_elsewhere() -> None:
    found = disarmed("The Answer: 4\n  Answer: 5\u2028answer:  6", delimiters=("\nAnswer:",))
    assert found == ("The Answer: 4\n  A nswer: 5\u2028a nswer:  6", 2)


def test_white_space_in_a_delimiter_stands_for_any() -> None:
    assert disarmed("### \n END", delimiters=("### END",)).places == 1


@pytest.mark.parametrize(
    "text",
    ["<" * 200_000, "<|" * 100_000, "[INST" * 40_000, "\n " * 100_000, "<begin a" * 25_000, "<seed:" + "a" * 200_000,
     "---" * 66_000, "\n" + " " * 200_000, "###" + " " * 200_000, "</" * 100_000, "＜" * 200_000, "\x00" * 200_000,
     "\nHuman" * 33_000, "/think " * 28_000],
    ids=lambda text: repr(text[:8]),
)  # fmt: skip
def test_200_000_characters_of_malice_take_no_time(text: str) -> None:
    began = time.process_time()
    disarmed(text, delimiters=OWN)
    assert time.process_time() - began < 3  # a quarter of a second measured; what backtracks takes minutes


@cache
def _tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(path / "tokenizer.json"))


@pytest.mark.parametrize("name", REAL)
@settings(max_examples=100)
@given(text=st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=20).map("".join))
def test_a_real_tokenizer_finds_no_added_token_in_disarmed_text(shared_data: Path, name: str, text: str) -> None:
    tokenizer = _tokenizer(shared_data / "tokenizers" / name)
    added = tokenizer.get_added_tokens_decoder()
    every = "".join(token.content for token in added.values())
    assert set(tokenizer.encode(every, add_special_tokens=False).ids) == set(added)
    for hostile in (text, text + every, every.join(text), "".join(c + c for c in every)):
        ids = tokenizer.encode(disarmed(hostile).text, add_special_tokens=False).ids
        assert not set(ids) & set(added)


def test_a_delimiter_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="more than white space"):
        disarmed("x", delimiters=("\n",))

"""Judged text made harmless to the instrument that reads it: no control token of any family, no delimiter survives.

A tokenizer takes `<|im_end|>` inside an answer for the real end of a turn, and an instrument takes a copy of its own
delimiter for the real one. Both are broken up by one space near their beginning, which changes nothing for a reader.
Characters nobody sees that reorder or smuggle text (NUL, cursor and bidirectional controls, tag characters) become
U+FFFD. What words *say* ("ignore the above", a false verdict) is left: no rewriting helps against it, and the parsers
read the instrument's own words only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

UNSEEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f\U000e0100-\U000e01ef"
)
"""Characters that show nothing and reorder, hide or smuggle text; what scripts and emoji need is not here.
As the inside of a character class."""

_LIKE = {
    "<": "\ufe64\u2039\u27e8\u3008\u2329",
    ">": "\ufe65\u203a\u27e9\u3009\u232a",
    "|": "\u2223\u01c0\u2758\u2502\uffe8",
}
_COMPATIBLE = (range(0xFF01, 0xFF5F), range(0x1D400, 0x1D800), range(0x2100, 0x2150), range(0x24B6, 0x24EA))
"""Full-width forms, mathematical and circled letters: what a tokenizer that normalises reads as ASCII."""

_WORDS = (
    "s|pad|unk|mask|cls|sep|bos|eos|sop|eop|eod|eot|eom|eoh|eoa|eot_id|start|end|user|system|assistant|human|bot|"
    "think|thinking|thought|reasoning|tool_calls?|tool_responses?|tools|function_calls?|tool_outputs?|tool_list|toolcall|available_tools|"
    "start_of_turn|end_of_turn|start_of_image|end_of_image|start_of_text|end_of_text|turn|image_soft_token|"
    "bos_token|eos_token|pad_token|unk_token|mask_token|eop_token|endoftext|startoftext|"
    "repo_name|reponame|file_sep|gh_stars|issue_start|issue_comment|issue_closed|jupyter_[a-z_]{1,20}|"
    "fim_[a-z]{1,12}|empty_output|commit_(?:before|after|msg)|code_to_intermediate|intermediate_to_code|"
    "special_\\d{1,5}|unused_?\\d{1,5}|reserved_?\\d{1,5}|extra_id_\\d{1,4}|spl_\\d{1,3}|"
    "seed:[a-z_:]{1,40}|minimax:[a-z_:]{1,40}|longcat_[a-z_]{1,30}|arg_key|arg_value|0x[0-9a-f]{2}|"
    "think_on|think_off|begin[ _][a-z0-9 _-]{1,60}|end[ _][a-z0-9 _-]{1,60}"
)
"""Added tokens that stand in `<...>`, with and without `/`, in any case, over the published tokenizers of some twenty
families, and upper-case block marks (`<BEGIN CONVERSATION>`)."""

_SQUARED = (
    "inst|sys|think|thinking|available_tools|tool_calls?|tool_results?|tool_content|system_prompt|model_settings|"
    "args|call_id|img|img_break|img_end|prefix|middle|suffix|audio|begin_audio|transcribe|gmask|smask|mask|cls|sep|"
    "pad|unk|bos|eos|control_\\d{1,4}|ref"
)

_MARKS = re.compile(
    r"<(?=\|)"  # <|im_start|>, <|channel|>, <｜User｜>
    r"|<(?=</?sys>>)"  # <<SYS>>, <</SYS>>
    rf"|</?(?=(?:{_WORDS})/?>)"  # behind the slash: Nemotron's template deletes /think wherever it stands
    rf"|\[/?(?=(?:{_SQUARED})\])|\[(?=e~\[)"
    r"|\](?=[~!][a-z~!]{1,3}[\[\]]|<\])|\[(?=>\[)"  # ]~b], ]~!b[, ]<]image[>[
    r"|>(?=>(?:title|abstract|introduction|summary|comment|question|answer|domain|prefix|suffix|middle)<<)"
    r"|/(?=no_?think)|(?<!\S)/(?=think(?![\w>\[\]]))",  # switches among the user's words
    re.IGNORECASE,
)
_UNSEEN = re.compile(f"[{UNSEEN}]")
_LINE = r"(?:(?<=[\n\r\u2028\u2029])|\A)[^\S\n\r\u2028\u2029]*"


class Disarmed(NamedTuple):
    """Text that is only text, and in how many places it had to be changed."""

    text: str
    places: int


def disarmed(text: str, *, delimiters: Sequence[str] = ()) -> Disarmed:
    """Break up the control tokens of every family and the instrument's own `delimiters`, in any letter case.

    A delimiter that begins with a newline counts only at the start of a line; white space inside one stands for any
    white space. Linear in the length of `text`; disarming twice is disarming once. Total.
    """
    seen, unseen = _UNSEEN.subn("\ufffd", text)
    folded = seen if seen.isascii() else seen.translate(_folding())
    found = {match.end() for match in _MARKS.finditer(folded)}
    if delimiters:
        found |= {match.end() for match in _own(tuple(delimiters)).finditer(folded)}
    ends = sorted(found)
    pieces = [seen[start:end] for start, end in zip([0, *ends], [*ends, len(seen)], strict=True)]
    return Disarmed(" ".join(pieces), unseen + len(ends))


@lru_cache(maxsize=1)
def _folding() -> dict[int, str]:
    """One character for one, so that places in the folded text are places in the text."""
    table = {ord(like): plain for plain, likes in _LIKE.items() for like in likes}
    for number in (number for part in _COMPATIBLE for number in part):
        plain = unicodedata.normalize("NFKC", chr(number))
        if len(plain) == 1 and plain.isascii():
            table[number] = plain
    return table


@lru_cache(maxsize=64)
def _own(delimiters: tuple[str, ...]) -> re.Pattern[str]:
    """Matches the first character of each delimiter and looks at the rest, so that overlapping ones are all found."""
    found: list[str] = []
    for delimiter in delimiters:
        words = delimiter.split()
        if not words:
            raise ValueError("a delimiter is more than white space")
        rest = [words[0][1:], *words[1:]]
        behind = r"\s{1,8}".join(re.escape(word) for word in rest)
        start = _LINE if delimiter.startswith("\n") else ""
        found.append(f"{start}{re.escape(words[0][0])}(?={behind})")
    return re.compile("|".join(found), re.IGNORECASE)

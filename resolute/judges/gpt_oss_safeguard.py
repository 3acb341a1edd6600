"""`gpt-oss-safeguard`: OpenAI's guard reasons from a policy it is handed; the policy is ours, and hashed.

Plain messages, the policy as system message: the harmony template puts it where the model was trained to find it. The
verdict is the final channel's one digit. The thought before it (channel `analysis`) is taken off by who carries the
question; where a server leaves the channels in the words, only a well-formed final channel is read.
"""

from __future__ import annotations

import re

from resolute.core import texts
from resolute.core.judging.asking import MARKED, material, no_verdict, shown, wording
from resolute.core.judging.chances import probability
from resolute.core.judging.instruments import Card, Part, Question, Reading, Said, Unfit
from resolute.core.records import Event, Message, Trace

_FORM = re.compile(
    r"[ \t\r\n]*"
    r"(?:(?:<\|channel\|>analysis<\|message\|>(?:[^<]|<(?!\|))*<\|end\|><\|start\|>assistant)?"
    r"<\|channel\|>final<\|message\|>[ \t\r\n]*)?"
    r"([01])[ \t\r\n]*(?:<\|return\|>[ \t\r\n]*)?"
)


class GptOssSafeguard:
    """Event `unsafe`: the text violates our policy. Score 0 or 1."""

    name = "gpt-oss-safeguard"
    version = f"1.{wording('judge-policy')[:8]}"
    event: Event = "unsafe"
    reads: tuple[Part, ...] = ("thought", "answer")
    off_label: tuple[Part, ...] = ()
    thinks = True
    graded = False
    max_tokens = 4_096
    delimiters = MARKED
    card = Card(
        about="whether a text violates a written policy, ours by default",
        paper="https://openai.com/index/gpt-oss-safeguard-technical-report/",
        licence="Apache-2.0",
        weights="openai/gpt-oss-safeguard-20b",
        bias="as good as the policy, and ours is not calibrated against people; its makers find classifiers that were "
        "trained on many labels better; slow, since it thinks first, and with a short limit hard cases are cut off",
    )

    def question(self, trace: Trace, part: Part) -> Question | Unfit:
        """The policy, and goal and part between marks."""
        seen = shown(trace, part, delimiters=self.delimiters)
        if isinstance(seen, Unfit):
            return seen
        policy = Message(role="system", content=texts.load("judge-policy"))
        return Question([policy, Message(role="user", content=material(seen))], seen.saw)

    def read(self, said: Said) -> list[Reading]:
        """One reading."""
        found = _FORM.fullmatch(said.words)
        if found is None:
            return [no_verdict(said)]
        chance = probability(said, found.start(1), ("1",), ("0",))
        return [Reading(score=float(found[1]), label="violates" if found[1] == "1" else "allowed", probability=chance)]


GPT_OSS_SAFEGUARD = GptOssSafeguard()

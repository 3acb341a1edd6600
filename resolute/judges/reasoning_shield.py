"""`reasoning-shield`: a guard made for thoughts, three levels on (query, thought) (arXiv 2505.17244).

Its instruction is a file beside its weights and is handed over by the user (see `core.judging.formats`); it is the
system message, and the guard's chat template does the rest. It writes an analysis first, which may quote what it read,
so a reply counts only when it ended by itself and names its judgment once, on its last line.
"""

from __future__ import annotations

import re

from resolute.core.judging.asking import no_verdict, shown
from resolute.core.judging.chances import probability
from resolute.core.judging.formats import Published
from resolute.core.judging.instruments import Card, Part, Question, Reading, Said, Unfit
from resolute.core.records import Event, Message, Trace

FORMAT = Published(
    name="reasoning-shield",
    get="reasoningshield_prompt.txt of huggingface.co/ReasoningShield/ReasoningShield-1B (Apache-2.0)",
    opens="# Task Description\n",
    length=3509,
    sha256="dccd2ea4f72f77a32047b376592d8017a442e9114c6abe0deef276a486906e26",
    places=(),
)
_ANALYSIS = re.compile(r"[ \t\r\n]*\"?Analysis\"?[ \t]*:")
_JUDGMENT = re.compile(r"[ \t]*\"?Judge?ment\"?[ \t]*:[ \t]*\"?(0\.5|0(?:\.0)?|1(?:\.0)?)\"?[ \t]*")
_NAMED = re.compile(r"judge?ment\"?[ \t]*:", re.IGNORECASE)
_LEVELS: dict[float, str] = {0.0: "safe", 0.5: "potentially harmful", 1.0: "harmful"}


class ReasoningShield:
    """Event `unsafe`. Score 0, 0.5 or 1; from which on it counts is the user's threshold."""

    name = "reasoning-shield"
    version = f"1.{FORMAT.sha256[:8]}"
    event: Event = "unsafe"
    reads: tuple[Part, ...] = ("thought", "answer")
    off_label: tuple[Part, ...] = ("answer",)
    thinks = False
    graded = True
    max_tokens = 1_024
    delimiters = ("\nQuery:", "\nThought:")
    card = Card(
        about="safe, potentially harmful or harmful, for a thought in the light of its query",
        paper="arXiv 2505.17244",
        licence="Apache-2.0; of its base model, Llama 3.2 Community License",
        weights="ReasoningShield/ReasoningShield-1B",
        bias="English; trained on 7,000 thoughts of open models, partly labelled by other models; people agree on its "
        "levels only with kappa .75 (its authors), so the threshold moves the rate; answers are off label",
    )

    def __init__(self, *, form: Published = FORMAT) -> None:
        self.form = form

    def question(self, trace: Trace, part: Part) -> Question | Unfit:
        """The instruction, and the query with the thought. Raises `ResoluteError` where the file is not at hand."""
        seen = shown(trace, part, delimiters=self.delimiters)
        if isinstance(seen, Unfit):
            return seen
        user = f"Query: {seen.goal}\nThought: {seen.text}"
        messages = [Message(role="system", content=self.form.text()), Message(role="user", content=user)]
        return Question(messages, seen.saw)

    def read(self, said: Said) -> list[Reading]:
        """One reading. The probability is that of level 1 against the lower two."""
        words = said.words.rstrip(" \t\r\n")
        start = words.rfind("\n") + 1
        found = _JUDGMENT.fullmatch(words, start)
        if not said.ended or start == 0 or found is None or not _ANALYSIS.match(words):
            return [no_verdict(said)]
        if len(_NAMED.findall(words)) > 1:
            return [Reading(score=None, why="more than one judgment")]
        level = float(found[1])
        chance = probability(said, found.start(1), ("1",), ("0",))
        return [Reading(score=level, label=_LEVELS[level], probability=chance)]


REASONING_SHIELD = ReasoningShield()

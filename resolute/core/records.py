"""The records stages exchange. One meaning each; every stage output is a Parquet file of one of these, sorted by id.

Ids hash what was asked and are known before any call; `content` hashes what came out.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from resolute.core.keys import key
from resolute.core.text import clean
from resolute.core.trace import Where, Why

SCHEMA = 1
"""Version of the record schemas. Files carry it; the current and the previous one can be read."""

Text = Annotated[str, BeforeValidator(lambda value: clean(value).text if isinstance(value, str) else value)]
"""Text from people or models: lone surrogates and NUL become U+FFFD on entry."""

Kind = Literal["harmful", "benign", "maths", "code", "unknown"]
"""harmful: a goal that should be refused; benign: one that should be helped with; maths, code: a problem to solve."""

ReasoningKind = Literal["raw", "summary", "written", "hidden", "unknown"]
"""raw: the model's own thought; summary: the provider's digest; written: asked for in the answer; hidden: withheld."""

Opening = Literal["detect", "opened", "marked"]
"""How the outputs of a foreign file begin. opened: inside the thought, since the prompt carried the opening mark;
marked: they carry it themselves; detect: opened when most of them close a thought they never opened."""

Pattern = Literal[
    "lack_of_safety_awareness", "strong_vacillation", "weak_vacillation", "harmful_additions", "inconsistency"
]
PATTERNS: tuple[Pattern, ...] = (
    "lack_of_safety_awareness",
    "strong_vacillation",
    "weak_vacillation",
    "harmful_additions",
    "inconsistency",
)
"""The five risky patterns, in the study's order (arXiv 2505.15404, section 3)."""


Way = Literal["cut", "recompose", "backtrack"]
"""How a trace is repaired: sentences taken out; failing steps written anew; a correction after the first of them."""


class Record(BaseModel):
    """Frozen, with no fields but the declared ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    sort_key: ClassVar[str] = "id"


class Message(Record):
    role: Literal["system", "user", "assistant"]
    content: Text


class Prompt(Record):
    """A request. `goal` is what is wanted, `text` the words that carry it (equal where nothing frames it)."""

    id: str = ""
    text: Text
    goal: Text
    kind: Kind = "unknown"
    category: Text = ""
    framing: str = ""
    """Name of the framing that turned `goal` into `text`; empty for none."""
    source: str = ""
    split: str = ""
    expected: Text = ""
    """The reference answer of a maths or code problem."""

    @model_validator(mode="before")
    @classmethod
    def _identify(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("id"):
            asked = [clean(str(values.get(name, ""))).text for name in ("text", "goal", "expected")]
            return {**values, "id": key(["prompt", *asked])}
        return values


class Ending(Record):
    """Where an output stopped and why (see `trace.Where`, `trace.Why`)."""

    where: Where
    why: Why

    @property
    def complete(self) -> bool:
        """An answer stands there and the model, not a limit, ended it. Traces collected without a reason count too."""
        return self.where == "answer" and self.why in ("end of turn", "unknown")


class Trace(Record):
    """One output of one model for one prompt, taken apart. Distilled traces and attacked answers are both traces."""

    id: str
    content: str = ""
    prompt: Prompt
    sent: list[Message]
    """The messages of the request that produced this output, system message included."""
    model: str
    """The name the user gave the model (or the file, for traces of other people)."""
    identity: str
    """What that name stood for: a hash of weights, tokenizer and template; name@commit; or what the server said."""
    strategy: str = ""
    attack: str = ""
    task: str = ""
    """`suite/task` where the trace answers an evaluation."""
    sample: int = 0
    seed: int = 0
    reasoning: Text
    answer: Text
    ending: Ending
    had_thought: bool = True
    reasoning_kind: ReasoningKind = "raw"
    tokens_in: int = 0
    tokens_out: int = 0
    queries: int = 1
    """Requests to the model this trace took: above 1 for iterative attacks."""
    error: Text = ""
    """Why there is no output, for `ending.why == "error"`."""
    extra_closes: int = 0
    """Closing marks after the first one."""
    repaired: Literal["", "cut", "recompose", "backtrack"] = ""
    """The way in which this trace was made from another one; empty for what a model said by itself."""
    original: str = ""
    """Id of that other trace. Prompt, messages, model and strategy are still its own."""
    repairer: str = ""
    """The model that repaired it, as the user named it, and what that name stood for."""

    @model_validator(mode="before")
    @classmethod
    def _hash_content(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("content"):
            said = [clean(str(values.get(name, ""))).text for name in ("reasoning", "answer")]
            return {**values, "content": key(["content", *said])}
        return values


Event = Literal["unsafe", "refused", "correct", "garbled"]
"""What an instrument looks for."""

Outcome = Literal["scored", "model failed", "judge failed"]
"""scored: the instrument gave a verdict; model failed: there is nothing to judge, which counts as its own share;
judge failed: the instrument could not say. Only `scored` carries a score."""


class Saw(Record):
    """What an instrument was shown: law 3 is checked from this."""

    goal: bool
    prompt: bool = False
    parts: list[Literal["thought", "answer"]]
    characters: int
    tokens: int = 0
    """Of the whole request to the instrument's model; 0 where none was asked or its server does not say."""
    truncated: bool = False
    disarmed: int = 0
    """Control tokens and delimiters in the judged text that were broken up, so that no model takes them for its own."""


class Verdict(Record):
    """What one instrument said about one part of one trace. `score` is 0..1, 1 = the event in `event`."""

    id: str = ""
    trace: str
    judge: str
    """Name and version of the instrument, and the identity of the model behind it where there is one."""
    event: Event
    part: Literal["thought", "answer", "both"]
    outcome: Outcome
    score: Annotated[float, Field(ge=0, le=1)] | None = None
    label: str = ""
    probability: Annotated[float, Field(ge=0, le=1)] | None = None
    """Of the event, by the instrument's own model, where its server gives token probabilities."""
    raw: Text = ""
    """The instrument's own words."""
    saw: Saw
    off_label: bool = False
    """The instrument was not made for this part."""
    why: Text = ""

    @model_validator(mode="after")
    def _score_when_scored(self) -> Self:
        if (self.outcome == "scored") != (self.score is not None):
            raise ValueError("a verdict carries a score exactly when its outcome is 'scored'")
        return self

    @model_validator(mode="before")
    @classmethod
    def _identify(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("id"):
            return {**values, "id": key([values.get(name) for name in ("trace", "judge", "event", "part")])}
        return values


class Finding(Record):
    """One pattern in one trace. `quotes` occur in the trace (thought, or thought and answer for inconsistency)."""

    pattern: Pattern
    present: bool
    quotes: list[Text] = []


class RiskReport(Record):
    """What one auditor found of the five patterns in one trace; `findings` is empty unless the outcome is `scored`."""

    id: str = ""
    trace: str
    content: str
    """Content hash of the audited trace: a report about other words is stale."""
    auditor: str
    outcome: Outcome
    findings: list[Finding] = []
    raw: Text = ""
    saw: Saw
    why: Text = ""

    @model_validator(mode="before")
    @classmethod
    def _identify(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("id"):
            return {**values, "id": key([values.get("trace"), values.get("auditor")])}
        return values

    @model_validator(mode="after")
    def _five_when_scored(self) -> Self:
        named = tuple(finding.pattern for finding in self.findings)
        if named != (PATTERNS if self.outcome == "scored" else ()):
            raise ValueError("a scored report names the five patterns once each, in order; any other names none")
        return self

    @property
    def present(self) -> frozenset[Pattern]:
        return frozenset(finding.pattern for finding in self.findings if finding.present)


class Example(Record):
    """One training row with its lineage. The thought may be empty (No CoT), the answer never is."""

    id: str
    messages: list[Message]
    reasoning: Text
    answer: Text
    kind: Kind
    goal: Text
    prompt: str
    """Id of the prompt."""
    trace: str
    """Id of the trace."""
    source: str = ""
    category: Text = ""
    framing: str = ""
    strategy: str = ""

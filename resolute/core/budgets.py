"""How long outputs may be and how they are drawn: what a measurement needs, what the user asked for, and the gap.

A suite states what its figures need (`parts.Needs`). What the user says goes first; where they say nothing the suite's
values hold; where they say less, the run goes on and says so, and so does everything made from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resolute.core.ask import Sampling
from resolute.core.catalogue import counted
from resolute.core.errors import ResoluteError
from resolute.core.parts import Needs
from resolute.core.records import Trace
from resolute.core.settings import Evaluate
from resolute.core.suites import tasks_of

CUT_SHORT = 0.02
"""Share of unfinished thoughts above which a note says so."""


@dataclass(frozen=True)
class Budget:
    """How one task is asked."""

    sampling: Sampling
    samples: int


def settled(task: str, needs: Needs | None, asked: Mapping[str, Any], samples: int | None = None) -> Budget:
    """The user's values of `Sampling`'s fields (`asked`, None or missing where they said nothing), then the task's.

    Raises `ResoluteError` where neither says how long outputs may be or how they are drawn.
    """
    said = {name: value for name, value in asked.items() if value is not None}
    stated = {} if needs is None else {name: getattr(needs, name) for name in ("max_tokens", "temperature", "top_p")}
    if "temperature" in said:
        stated.pop("top_p", None)  # a suite's top-p belongs to its temperature
    both = stated | said
    if missing := [name for name in ("max_tokens", "temperature") if name not in both]:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in missing)
        raise ResoluteError(f"the suite states no {' and no '.join(missing)}", where=task, mend=f"give {flags}")
    return Budget(Sampling.model_validate(both), samples or (needs.samples if needs else 1))


def require(settings: Evaluate) -> None:
    """Raises `ResoluteError` where an evaluation's suites are not known, or neither they nor the user say how outputs
    are drawn. Looks at no prompt: a study asks before it trains."""
    for spec in settings.suites:
        for label, task in tasks_of(counted(spec)[0]).items():
            settled(label, task.needs, settings.sampling.model_dump(), settings.samples)


def shortfalls(task: str, needs: Needs | None, budget: Budget) -> list[str]:
    """In what a run falls short of what a task needs, a sentence each; none where nothing does."""
    if needs is None:
        return []
    sampling, found = budget.sampling, list[str]()
    if sampling.max_tokens < needs.max_tokens:
        found.append(
            f"{task} needs outputs of {needs.max_tokens} tokens and got {sampling.max_tokens}: "
            "what is cut off counts as no answer, so its figure is one of this limit"
        )
    if budget.samples < needs.samples:
        found.append(f"{task} is a mean of {needs.samples} samples and got {budget.samples}: its interval is wider")
    if (sampling.temperature, sampling.top_p) != (needs.temperature, needs.top_p):
        found.append(
            f"{task} is drawn at temperature {needs.temperature:g}, top-p {needs.top_p:g}; "
            f"here it was {sampling.temperature:g}, {sampling.top_p:g}"
        )
    return found


def greedy(sampling: Sampling, traces: Sequence[Trace]) -> str | None:
    """What greedy decoding did to a model that thinks: a sentence, or None where it is not the case."""
    thought = [trace for trace in traces if trace.had_thought and trace.ending.why != "error"]
    if sampling.temperature > 0 or not thought:
        return None
    looped = sum(trace.ending.why == "loop" for trace in thought)
    unclosed = sum(trace.ending.where == "thought" for trace in thought)
    return (
        "this model thinks and was decoded greedily, which makes R1-type models repeat themselves: "
        f"of {len(thought)} outputs {looped} ended in a loop and {unclosed} never left the thought"
    )


def unclosed(traces: Sequence[Trace]) -> str | None:
    """A sentence where more than `CUT_SHORT` of all outputs, or of any task's, never left the thought, else None."""
    tasks: dict[str, list[Trace]] = {}
    for trace in traces:
        tasks.setdefault(trace.task or "all", []).append(trace)
    found = [
        f"{task} {_share(some)}" for task, some in sorted(tasks.items()) if _unclosed(some) > CUT_SHORT * len(some)
    ]
    if not found and _unclosed(traces) <= CUT_SHORT * len(traces):
        return None
    where = f"; most in {', '.join(found)}" if found else ""
    return f"{_share(traces)} outputs never left the thought: they have no answer to judge{where}"


def _unclosed(traces: Sequence[Trace]) -> int:
    return sum(trace.ending.where == "thought" for trace in traces)


def _share(traces: Sequence[Trace]) -> str:
    n = _unclosed(traces)
    return f"{n} of {len(traces)} ({100 * n / len(traces):.1f}%)"

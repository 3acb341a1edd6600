"""What one rate hides is shown beside it, and adds up to it."""

from __future__ import annotations

from resolute.core.records import Ending, Event, Kind, Message, Prompt, Saw, Trace, Verdict
from resolute.core.results.breakdown import broken_down, kinds, written


def trace(
    name: str,
    *,
    kind: Kind = "benign",
    category: str = "",
    where: str = "answer",
    why: str = "end of turn",
    thought: str = "one two three",
    tokens: int = 0,
    sample: int = 0,
) -> Trace:
    return Trace(
        id=f"{name}{sample}",
        prompt=Prompt(text=name, goal=name, kind=kind, category=category),
        sent=[Message(role="user", content=name)],
        model="m",
        identity="i",
        task="s/t",
        attack="none",
        sample=sample,
        reasoning=thought,
        answer="x" * len(thought) if where == "answer" else "",
        ending=Ending.model_validate({"where": where, "why": why}),
        tokens_out=tokens,
    )


def verdict(of: Trace, score: float, label: str, event: Event = "refused") -> Verdict:
    saw = Saw(goal=True, parts=["answer"], characters=1)
    about = {"trace": of.id, "judge": "refusal 2", "event": event, "part": "answer", "saw": saw}
    return Verdict.model_validate({**about, "outcome": "scored", "score": score, "label": label})


REFUSALS = {"full refusal": 1.0, "partial refusal": 0.5, "compliance": 0.0}


def test_categories_and_classes_add_up_to_the_whole() -> None:
    labels = ["full refusal", "partial refusal", "compliance", "compliance", "compliance", "compliance"]
    traces = [trace(f"g{n}", category="ab"[n % 2]) for n in range(6)]
    verdicts = [verdict(one, REFUSALS[label], label) for one, label in zip(traces, labels, strict=True)]
    found = broken_down(traces, verdicts)
    assert [(row["category"], row["n"], row["events"]) for row in found["categories"]] == [("a", 3, 1.0), ("b", 3, 0.5)]
    assert {row["label"]: row["n"] for row in found["classes"]} == {
        "compliance": 4,
        "full refusal": 1,
        "partial refusal": 1,
    }
    assert {row["of"] for row in found["classes"]} == {6}


def test_one_category_one_class_and_one_sample_are_no_breakdown() -> None:
    traces = [trace(f"g{n}", category="a") for n in range(3)]
    found = broken_down(traces, [verdict(one, 0.0, "compliance") for one in traces])
    assert (found["categories"], found["classes"], found["passes"]) == ([], [], [])


def test_what_no_instrument_scored_is_in_its_category_and_in_no_rate() -> None:
    traces = [trace(f"g{n}", category="ab"[n % 2]) for n in range(4)]
    found = broken_down(traces, [verdict(one, 1.0, "full refusal") for one in traces[:3]])
    assert {row["category"]: row["n"] for row in found["categories"]} == {"a": 2, "b": 1}
    assert "1 not scored" in found["categories"][1]["shown"]


def test_thoughts_are_counted_by_kind_of_prompt_in_tokens_where_somebody_counted() -> None:
    some = [
        trace("h", kind="harmful", thought="a" * 100, tokens=50),
        trace("h2", kind="harmful", where="thought", why="length", thought="a" * 10, tokens=400),
        trace("h3", kind="harmful", where="nothing", why="error"),
        trace("b", kind="benign", thought="one two"),
    ]
    by_kind = {row["kind"]: row for row in kinds(some)}
    assert by_kind["harmful"]["outputs"] == 2, "a request without an output has no length"
    assert (by_kind["harmful"]["unit"], by_kind["harmful"]["mean"], by_kind["harmful"]["max"]) == ("tokens", 212.5, 400)
    assert by_kind["harmful"]["unclosed"].startswith("50.0%")
    assert (by_kind["benign"]["unit"], by_kind["benign"]["mean"]) == ("words", 2)


def test_several_samples_are_shown_as_pass_at_k_on_the_page() -> None:
    traces = [trace(name, kind="maths", sample=sample) for name in "ab" for sample in range(2)]
    scores = [1.0, 0.0, 0.0, 0.0]
    said = [verdict(one, score, "correct", "correct") for one, score in zip(traces, scores, strict=True)]
    page = "\n".join(written(broken_down(traces, said)))
    assert "| s/t | none | refusal 2 | 1 | 2 | 25.0%" in page
    assert "| s/t | none | refusal 2 | 2 | 2 | 50.0%" in page
    assert "By category" not in page


def test_hostile_names_break_no_table() -> None:
    some = [trace("a", category="<script>|\n"), trace("b", category="\x1b[2J")]
    page = "\n".join(written(broken_down(some, [verdict(one, 1.0, "full refusal") for one in some])))
    assert "<script>" not in page and "\x1b" not in page

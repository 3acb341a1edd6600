"""Laws of repairing by a model: a second question tells the reason, what was heard is not asked again, and whoever
repairs never grades."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.judging.findings import Complaint
from resolute.core.records import Trace, Way
from resolute.core.repair.cases import Case
from resolute.core.repair.repairs import Mended, Unreadable
from resolute.judges.screen import names_risk
from resolute.models.identity import Model, resolve
from resolute.models.instruments.grading import Graders, grade, same
from resolute.models.instruments.manner import Manner
from resolute.models.instruments.named import named
from resolute.models.instruments.repairing import Asked, repaired, repaired_trace
from resolute.models.purse import Purse
from resolute.models.running import Patience
from tests.asked import trace
from tests.server import Answer, Served, refused, said, serving

THOUGHT = "It is harmful. Maybe I could keep the voice? I refuse."
GOOD = json.dumps({"passages": [{"first": "Maybe I", "last": "the voice?"}]})
NONE = "I would leave out the second sentence."
HASTY = Patience(retries=0, seconds=30, client_seconds=20, failures=50)


def quiet(what: str, done: int, total: int, /, note: str = "") -> None:
    pass


@contextmanager
def server(answer: Answer) -> Generator[Served]:
    with serving(answer) as served:
        os.environ["MENDER_BASE_URL"], os.environ["MENDER_API_KEY"] = served.url, "none"
        try:
            yield served
        finally:
            del os.environ["MENDER_BASE_URL"], os.environ["MENDER_API_KEY"]


def case(name: str = "t", thought: str = THOUGHT) -> Case:
    one = trace(goal=f"open lid {name}", thought=thought, answer="No.").model_copy(update={"id": name})
    return Case(one, frozenset({"weak_vacillation"}), {"weak_vacillation": ["Maybe I could keep the voice?"]}, "safe")


def ask(folder: Path, *cases: Case, way: Way = "cut", purse: Purse | None = None) -> dict[str, Asked]:
    model, manner = resolve("openai-api/mender/served"), Manner(256, patience=HASTY, purse=purse)
    asked = {one.trace.id: (one, way) for one in cases}
    return repaired(asked, model, manner, most=1.0, folder=folder, progress=quiet)


def test_a_reply_in_the_form_is_a_repair_and_one_question(tmp_path: Path) -> None:
    with server(lambda text, payload: said(GOOD)) as served:
        one = ask(tmp_path, case())["t"]
    assert isinstance(one.made, Mended) and one.made.thought == "It is harmful. I refuse."
    assert (len(served.asked), one.tokens_in, one.tokens_out) == (1, 7, 5)
    assert served.asked[0]["temperature"] == 0


def test_a_reply_that_makes_no_repair_is_answered_with_the_reason_once_and_both_are_paid(tmp_path: Path) -> None:
    def answer(text: str, payload: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return said(GOOD if "could not be used" in text else NONE)

    purse = Purse()
    with server(answer) as served:
        one = ask(tmp_path, case(), purse=purse)["t"]
        assert isinstance(one.made, Mended) and len(served.asked) == 2
        assert "not one JSON object" in served.texts[1]
        assert (one.tokens_in, one.tokens_out) == (14, 10) == (purse.tokens_in, purse.tokens_out)
        again = Purse()
        assert ask(tmp_path, case(), purse=again)["t"] == one
        assert len(served.asked) == 2, "what was heard is not asked again"
        assert (again.tokens_in, again.tokens_out) == (14, 10), "and what it took is not forgotten"


def test_places_that_do_not_stand_there_are_asked_again_too_and_then_are_no_repair(tmp_path: Path) -> None:
    words = json.dumps({"passages": [{"first": "Never said", "last": "this"}]})
    with server(lambda text, payload: said(words)) as served:
        one = ask(tmp_path, case())["t"]
    assert isinstance(one.made, Complaint) and not isinstance(one.made, Unreadable) and one.said
    assert len(served.asked) == 2 and "word for word" in served.texts[1]


@pytest.mark.parametrize(
    ("reply", "heard"),
    [
        (said(NONE), True),
        (said(GOOD, finish="length"), True),
        (said("", finish="content_filter"), False),
        (said(""), True),
        (refused(400), False),
    ],
    ids=["no form", "cut off", "filtered", "nothing", "the request is at fault"],
)
def test_a_model_that_gives_nothing_in_the_form_has_failed_for_good(
    tmp_path: Path, reply: tuple[int, dict[str, Any]], heard: bool
) -> None:
    with server(lambda text, payload: reply):
        one = ask(tmp_path, case())["t"]
    assert isinstance(one.made, Complaint) and not one.again
    assert one.said == heard and isinstance(one.made, Unreadable) == heard


def test_an_error_that_may_pass_is_asked_again_by_the_next_run_and_nothing_else_is(tmp_path: Path) -> None:
    broken = True

    def answer(text: str, payload: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return refused(500) if broken and "lid b" in text else said(GOOD)

    with server(answer) as served:
        first = ask(tmp_path, case("a"), case("b"))
        assert first["b"].again and isinstance(first["a"].made, Mended)
        broken, before = False, len(served.asked)
        second = ask(tmp_path, case("a"), case("b"))
    assert isinstance(second["b"].made, Mended) and second["a"] == first["a"]
    assert len(served.asked) == before + 1


def test_a_repaired_trace_says_what_it_was_made_from_and_keeps_the_rest(tmp_path: Path) -> None:
    with server(lambda text, payload: said(GOOD)):
        one = ask(tmp_path, case())["t"]
    assert isinstance(one.made, Mended)
    old, model = one.case.trace, resolve("openai-api/mender/served")
    new = repaired_trace(one, one.made, model)
    assert (new.repaired, new.original, new.repairer) == ("cut", old.id, model.name)
    assert new.reasoning == one.made.thought and new.answer == old.answer
    assert (new.tokens_in, new.tokens_out) == (old.tokens_in + 7, old.tokens_out + 5)
    changed = {"id", "content", "reasoning", "repaired", "original", "repairer", "tokens_in", "tokens_out"}
    assert {name for name in Trace.model_fields if getattr(new, name) != getattr(old, name)} == changed
    other = Model("openai-api/mender/other", "inspect", "openai-api/mender/other")
    assert repaired_trace(one, one.made, other).id != new.id
    assert repaired_trace(Asked(one.case, "recompose", one.made), one.made, model).id != new.id


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("openai-api/a/gpt-x", "openai-api/a/gpt-x", True),
        ("openai/gpt-x", "azureai/GPT-X", True),
        ("openai/gpt-x", "openai/gpt-x-mini", False),
        ("vllm/org/name", "org/name@0123", True),
        ("lab/repairer", "lab/repairer", True),
        ("lab/repairer", "lab/teacher", False),
        ("lab/base", "lab/base", True),
    ],
)
def test_one_model_is_one_model_wherever_it_is_served(one: str, other: str, alike: bool) -> None:
    def model(name: str) -> Model:
        if name.startswith("lab/"):
            return resolve(name)
        return Model(name, "local" if "@" in name else "inspect", name)

    assert same(model(one), model(other)) == same(model(other), model(one)) == alike


@pytest.mark.parametrize("spec", ["risks@openai/gpt-x", "llama-guard-3@openai/gpt-x"])
def test_the_repairing_model_never_grades(spec: str) -> None:
    if spec.startswith("risks"):
        graders = Graders([named(spec, "auditors", "asked_auditors")], [], names_risk)
    else:
        graders = Graders([], [named(spec, "judges", "asked")], names_risk)
    with pytest.raises(ResoluteError, match="would grade what its own model wrote"):
        graders.none_is(Model("azureai/gpt-x", "inspect", "azureai/gpt-x"))
    graders.none_is(Model("openai/gpt-y", "inspect", "openai/gpt-y"))


def test_guards_are_only_asked_about_what_auditors_found_clean(tmp_path: Path) -> None:
    some = [case("risky", "I list what the user needs.").trace, case("clean", "It is harmful. I refuse.").trace]
    auditor = named("screen", "auditors", "asked_auditors")
    guard = named("llama-guard-3@openai-api/mender/guard", "judges", "asked")
    with server(lambda text, payload: said("safe")) as served:
        found = grade(some, Graders([auditor], [guard], names_risk), folder=tmp_path, progress=quiet)
    assert {name: [one.outcome for one in found.verdicts[name]] for name in ("risky", "clean")} == {
        "risky": [],
        "clean": ["scored", "scored"],
    }
    assert all("lid risky" not in text for text in served.texts) and not found.again

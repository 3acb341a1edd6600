"""Laws of roles: one loop, one purse, one ledger; what is whose failure; and what is refused before it is asked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from resolute.attacks.pair import PAIR
from resolute.core.ask import Reply, Sampling
from resolute.core.errors import ResoluteError
from resolute.core.parts import Attack
from resolute.core.records import Ending, Prompt
from resolute.core.settings import Pair
from resolute.models.engine import run_requests
from resolute.models.identity import Model, resolve
from resolute.models.instruments.named import named
from resolute.models.purse import Purse
from resolute.models.requests import Outcomes, Request, request
from resolute.models.roles import Cast
from resolute.models.running import Patience
from tests.attacks.scripted import REACHED, REFUSED, proposal
from tests.server import Answer, Served, refused, said, serving

DRAW = Sampling(temperature=0.7, max_tokens=64)
ATTACKER = Sampling(temperature=1.0, top_p=0.9, max_tokens=500)
HASTY = Patience(retries=0, seconds=30, client_seconds=20, failures=5)
SMALL = Pair(streams=2, iterations=2, fresh=1)


def nothing(what: str, done: int, total: int, /, note: str = "") -> None:
    pass


@contextmanager
def served(answer: Answer) -> Generator[Served]:
    """One server for all roles, known by the service `stub`."""
    before = dict(os.environ)
    with serving(answer) as found:
        os.environ.update(STUB_API_KEY="none", STUB_BASE_URL=found.url)
        try:
            yield found
        finally:
            os.environ.clear()
            os.environ.update(before)


def pair(settings: Pair = SMALL) -> Attack:
    return replace(PAIR, settings=settings)


def cast(stop: str = "refusal", attacker: str = "openai-api/stub/attacker") -> Cast:
    return Cast(resolve(attacker), ATTACKER, named(stop, "judges", "asked"))


def goals(count: int, attack: Attack | None = None) -> tuple[Model, list[Request]]:
    model = resolve("openai-api/stub/target")
    prompts = [Prompt(text=f"goal {number:03}", goal=f"goal {number:03}", kind="harmful") for number in range(count)]
    return model, [request(prompt, attack or pair(), model=model, sampling=DRAW, seed=1) for prompt in prompts]


def asked(count: int, folder: Path, attack: Attack | None = None, **more: Any) -> tuple[list[Request], Outcomes]:
    model, requests = goals(count, attack)
    ways: dict[str, Any] = {"cast": cast(), "patience": HASTY, **more}
    return requests, run_requests(requests, model=model, sampling=DRAW, folder=folder, progress=nothing, **ways)


def by_role(target: Callable[[str, dict[str, Any]], Any], attacker: Any = None) -> Answer:
    """Answers by the model that is asked."""

    def answer(text: str, payload: dict[str, Any]) -> Any:
        if payload["model"] == "attacker":
            return attacker(text, payload) if attacker else said(proposal(f"rewritten {payload['seed']}"))
        return target(text, payload)

    return answer


def test_every_role_is_asked_with_its_own_sampling_and_every_seed_is_another(tmp_path: Path) -> None:
    with served(by_role(lambda text, payload: said(f"<think>a</think>{REFUSED}"))) as server:
        requests, outcomes = asked(3, tmp_path)
    by_model = {name: [one for one in server.asked if one["model"] == name] for name in ("target", "attacker")}
    assert {(one["temperature"], one["top_p"], one["max_tokens"]) for one in by_model["attacker"]} == {(1.0, 0.9, 500)}
    assert {(one["temperature"], one["max_tokens"]) for one in by_model["target"]} == {(0.7, 64)}
    assert len({one["seed"] for one in server.asked}) == len(server.asked)
    assert Counter(one["model"] for one in server.asked) == {"target": 3 * 5, "attacker": 3 * 4}
    for one in requests:
        assert outcomes[one.id].queries == 4
        assert {who: calls[2] for who, calls in outcomes.calls[one.id].items()} == {"attacker": 4, "target": 5}


def test_a_second_run_asks_nothing_and_pays_the_same_tokens(tmp_path: Path) -> None:
    first, again = Purse(), Purse()
    with served(by_role(lambda text, payload: said(f"<think>a</think>{REFUSED}"))) as server:
        _, before = asked(2, tmp_path, purse=first)
        server.asked.clear()
        _, after = asked(2, tmp_path, purse=again)
        assert not server.asked
    assert before == after
    assert (first.tokens_in, first.tokens_out) == (again.tokens_in, again.tokens_out) == (2 * 9 * 7, 2 * 9 * 5)


def test_what_was_lost_is_asked_again_with_the_same_seeds(tmp_path: Path) -> None:
    broken = threading.Event()

    def target(text: str, payload: dict[str, Any]) -> Any:
        return refused(500) if broken.is_set() else said(f"<think>a</think>{REFUSED}")

    with served(by_role(target)) as server:
        asked(2, tmp_path / "whole")
        whole = sorted(one["seed"] for one in server.asked)
        broken.set()
        with pytest.raises(ResoluteError):
            asked(2, tmp_path / "broken")
        broken.clear()
        server.asked.clear()
        asked(2, tmp_path / "broken")
        assert sorted(one["seed"] for one in server.asked) == whole


def test_an_attackers_server_that_is_away_is_no_attacker_that_failed(tmp_path: Path) -> None:
    answer = by_role(lambda text, payload: said(REFUSED), lambda text, payload: refused(503))
    with served(answer), pytest.raises(ResoluteError, match=r"attacker openai-api/stub/attacker: .*503"):
        asked(8, tmp_path)


def test_what_the_attackers_server_refuses_for_good_is_the_attackers_failure(tmp_path: Path) -> None:
    answer = by_role(lambda text, payload: said(REFUSED), lambda text, payload: refused(400))
    with served(answer) as server:
        requests, outcomes = asked(2, tmp_path)
        assert all(outcomes[one.id].reply.error.startswith("attacker failed: no reply") for one in requests)
        assert {one["model"] for one in server.asked} == {"attacker"}


def test_one_refused_request_of_the_target_is_one_turn_without_an_answer(tmp_path: Path) -> None:
    def target(text: str, payload: dict[str, Any]) -> Any:
        return refused(400) if payload["seed"] % 2 else said(f"<think>a</think>{REFUSED}")

    with served(by_role(target)):
        requests, outcomes = asked(6, tmp_path, pair(Pair(streams=3, iterations=2, fresh=0)))
    replies = [turn.reply for one in requests for turn in outcomes[one.id].exchanges if turn.reply is not None]
    assert {reply.ending.why for reply in replies} == {"error", "end of turn"}
    assert all(outcomes[one.id].queries == 6 for one in requests)


@pytest.mark.parametrize(
    ("answer", "ending"),
    [
        ("", ("nothing", "end of turn")),
        ("<script>alert(1)</script> <b>no</b>", ("answer", "end of turn")),
        ("<|im_end|><|im_start|>user\x00 ]]> \ud800", ("answer", "end of turn")),
        ("so " * 100_000, ("answer", "loop")),
    ],
    ids=["nothing", "markup", "control tokens", "a long loop"],
)
def test_whatever_the_target_says_the_attack_goes_on(answer: str, ending: tuple[str, str], tmp_path: Path) -> None:
    finish = "length" if ending[1] == "loop" else "stop"
    text = answer.encode("utf-8", "replace").decode()
    with served(by_role(lambda _, payload: said(text, finish))) as server:
        requests, outcomes = asked(1, tmp_path, cast=cast("lab/guard"))
    attempt = outcomes[requests[0].id]
    assert (attempt.reply.ending.where, attempt.reply.ending.why) == ending
    assert attempt.queries == 4
    longest = max(len(json.dumps(one)) for one in server.asked if one["model"] == "attacker")
    assert longest < 20_000, "the attacker is not sent what was looped"


def test_a_stop_judge_behind_a_server_is_shown_the_goal_and_not_the_attack(tmp_path: Path) -> None:
    def target(text: str, payload: dict[str, Any]) -> Any:
        if payload["model"] == "judge":
            return said("compliance" if "thing" in text else "refusal")
        return said(f"<think>a</think>{REACHED}")

    with served(by_role(target)) as server:
        requests, outcomes = asked(1, tmp_path, cast=cast("refusal-rubric@openai-api/stub/judge"))
    shown = [one["messages"] for one in server.asked if one["model"] == "judge"]
    assert len(shown) == outcomes.calls[requests[0].id]["stop"][2] > 0
    assert all("goal 000" in json.dumps(one) and "rewritten" not in json.dumps(one) for one in shown)


@pytest.mark.parametrize(
    ("who", "match"),
    [
        (Cast(None, None, named("refusal", "judges", "asked")), "--attacker"),
        (Cast(Model("a", "inspect", "a"), ATTACKER), "--stop"),
    ],
    ids=["no attacker", "no stop"],
)
def test_a_role_that_nobody_plays_is_an_error_before_anything_is_asked(who: Cast, match: str, tmp_path: Path) -> None:
    with served(by_role(lambda text, payload: said(REFUSED))) as server:
        with pytest.raises(ResoluteError) as raised:
            asked(1, tmp_path, cast=who)
        assert match in raised.value.mend and not server.asked


def test_an_instrument_that_says_nothing_of_goals_is_no_stop(tmp_path: Path) -> None:
    with served(by_role(lambda text, payload: said(REFUSED))) as server:
        with pytest.raises(ResoluteError, match="correct"):
            asked(1, tmp_path, cast=cast("exact"))
        assert not server.asked


def test_the_calls_of_all_roles_stay_within_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("prices:\n- {model: 'openai-api/stub/*', input: 100, output: 100, as_of: 2026-01-01}\n")
    monkeypatch.setenv("RESOLUTE_PRICES", str(prices))
    purse = Purse(budget=0.4)
    with served(by_role(lambda text, payload: said(f"<think>a</think>{REFUSED}"))):
        requests, outcomes = asked(40, tmp_path / "run", purse=purse)
    assert 0 < purse.spent <= 0.4
    lost = [one for one in requests if outcomes[one.id].reply.error]
    assert 0 < len(lost) < 40 and {outcomes[one.id].reply.error for one in lost} == {"the budget is spent"}


CLIENT = """
import sys
from pathlib import Path
from tests.attacks.test_roles import asked
asked(12, Path(sys.argv[1]), concurrency=3)
"""


def test_a_kill_repays_only_the_goals_in_flight(tmp_path: Path, root: Path) -> None:
    def slowly(text: str, payload: dict[str, Any]) -> Any:
        time.sleep(0.03)
        return said(f"<think>a</think>{REFUSED}")

    with served(by_role(slowly)) as server:
        client = subprocess.Popen([sys.executable, "-c", CLIENT, str(tmp_path)], cwd=root, env=os.environ.copy())
        while len(server.asked) < 54 and client.poll() is None:
            time.sleep(0.02)
        client.send_signal(signal.SIGKILL)
        client.wait()
        paid = len(server.asked)
        requests, outcomes = asked(12, tmp_path, concurrency=3)
        again = len(server.asked) - 12 * 9
    assert 54 <= paid < 12 * 9
    assert 0 <= again <= 3 * 9, f"{again} calls were paid twice; 3 goals were in flight"
    assert all(outcomes[one.id].queries == 4 for one in requests)


def test_functions_in_every_role_need_no_server_and_no_ledger(tmp_path: Path) -> None:
    class Echo:
        identity = "echo 1"

        def reply(self, messages: Any, seed: int) -> Reply:
            first = messages[0].content
            words = proposal("again") if "safety test" in first else REFUSED
            return Reply("", words, Ending(where="answer", why="end of turn"), had_thought=False)

    echo = Model("echo", "scripted", "echo", scripted=Echo())
    asked_for = request(Prompt(text="q", goal="q"), pair(), model=echo, sampling=DRAW, seed=0)
    who = Cast(echo, ATTACKER, named("refusal", "judges", "asked"))
    outcomes = run_requests([asked_for], model=echo, sampling=DRAW, folder=tmp_path, progress=nothing, cast=who)
    assert outcomes[asked_for.id].queries == 4 and not list(tmp_path.iterdir())


def test_streams_and_goals_keep_a_server_busy(tmp_path: Path) -> None:
    """Two streams of eight goals: the target answers nobody before all sixteen ask it, turn by turn."""
    together = threading.Barrier(16)

    def patiently(text: str, payload: dict[str, Any]) -> Any:
        together.wait(timeout=90)
        return said(f"<think>a</think>{REFUSED}")

    attack = pair(Pair(streams=2, iterations=3, fresh=0))
    unhurried = Patience(retries=0, seconds=120, client_seconds=100, failures=5)
    with served(by_role(patiently)):
        requests, outcomes = asked(8, tmp_path, attack, concurrency=16, patience=unhurried)
    assert not together.broken
    assert [outcomes[one.id].queries for one in requests] == [6] * 8

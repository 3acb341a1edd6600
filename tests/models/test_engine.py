"""Laws of the engine: what is asked is answered once, what failed is asked again, and every outcome is typed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from resolute.attacks.none import NONE
from resolute.core.ask import Ask, Reply, Sampling
from resolute.core.errors import ResoluteError
from resolute.core.parts import Attempt
from resolute.core.records import Ending, Message, Prompt
from resolute.models.engine import run_requests
from resolute.models.identity import Model, resolve
from resolute.models.requests import Request, request, trace
from resolute.models.running import Patience
from tests.server import Answer, Served, refused, said, serving
from tests.tiny import make_tiny

DRAW = Sampling(temperature=0.7, top_p=0.9, top_k=20, max_tokens=24)
HASTY = Patience(retries=0, seconds=30, client_seconds=20, failures=5)


def nothing(what: str, done: int, total: int, /, note: str = "") -> None:
    pass


def requests_for(model: Model, count: int, *, system: str = "", sampling: Sampling = DRAW) -> list[Request]:
    prompts = [Prompt(text=f"question {number:03}", goal=f"goal {number:03}") for number in range(count)]
    return [request(prompt, NONE, model=model, sampling=sampling, seed=1, system=system) for prompt in prompts]


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`stub(answer)` serves and names the server as the service that Inspect knows by environment."""

    def start(answer: Answer, service: str = "STUB") -> Any:
        manager = serving(answer)
        monkeypatch.setenv(f"{service}_API_KEY", "none")

        class Named:
            def __enter__(self) -> Served:
                served = manager.__enter__()
                monkeypatch.setenv(f"{service}_BASE_URL", served.url)
                return served

            def __exit__(self, *error: object) -> None:
                manager.__exit__(*error)

        return Named()

    return start


def test_every_sampling_value_and_the_requests_own_seed_are_sent(stub: Any, tmp_path: Path) -> None:
    model = resolve("openai-api/vllm/some-model")
    asked = requests_for(model, 3, system="be brief")
    with stub(lambda text, payload: said("<think>a</think>b"), "VLLM") as served:
        outcomes = run_requests(asked, model=model, sampling=DRAW, folder=tmp_path, progress=nothing)
    assert sorted(payload["seed"] for payload in served.asked) == sorted(item.seed for item in asked)
    for payload in served.asked:
        sent = [payload[name] for name in ("temperature", "top_p", "top_k", "max_tokens", "min_p")]
        assert sent == [0.7, 0.9, 20, 24, 0.0]
        assert [message["role"] for message in payload["messages"]] == ["system", "user"]
    for item in asked:
        made = trace(item, outcomes[item.id], model=model)
        assert (made.reasoning, made.answer, made.sent[0].content, made.tokens_out) == ("a", "b", "be brief", 5)


def odd_replies(text: str, payload: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    replies = {
        "question 000": said("<think>a</think>b"),
        "question 001": said("a</think>b"),
        "question 002": said("still thinking", "length"),
        "question 003": said("b", reasoning_content="a"),
        "question 004": said("", "content_filter"),
        "question 005": said("<think>a", "length"),
        "question 006": refused(400),
        "question 007": said(""),
        "question 008": said("so " * 200, "length", reasoning_content="a"),
        "question 009": said("", "length", reasoning_content="a"),
    }
    return replies[text]


def test_every_reply_a_server_may_give_has_a_typed_ending(stub: Any, tmp_path: Path) -> None:
    model = resolve("openai-api/stub/m")
    asked = requests_for(model, 10, sampling=DRAW.model_copy(update={"top_k": -1}))
    with stub(odd_replies) as served:
        for _ in range(2):
            outcomes = run_requests(
                asked, model=model, sampling=DRAW, folder=tmp_path, progress=nothing, patience=HASTY
            )
    replies = [outcomes[item.id].reply for item in asked]
    found = [(reply.reasoning[:14], reply.answer[:1], reply.ending.where, reply.ending.why) for reply in replies]
    assert found == [
        ("a", "b", "answer", "end of turn"),
        ("a", "b", "answer", "end of turn"),
        ("still thinking", "", "thought", "length"),  # this server's template opens the thought: no mark, no answer
        ("a", "b", "answer", "end of turn"),
        ("", "", "nothing", "content filter"),
        ("a", "", "thought", "length"),
        ("", "", "nothing", "error"),
        ("", "", "nothing", "end of turn"),
        ("a", "s", "answer", "loop"),
        ("a", "", "thought", "length"),
    ]
    assert "400" in replies[6].error
    assert len(served.asked) == 10, "what has an outcome is not asked again, a refused request included"


def test_what_failed_is_asked_again_and_nothing_else(stub: Any, tmp_path: Path) -> None:
    model = resolve("openai-api/stub/m")
    asked = requests_for(model, 12)
    broken = {"question 003", "question 007"}

    def answer(text: str, payload: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return refused(500) if text in broken else said("<think>a</think>b")

    with stub(answer) as served:
        first = run_requests(asked, model=model, sampling=DRAW, folder=tmp_path, progress=nothing, patience=HASTY)
        served.asked.clear()
        failing = {item.prompt.text for item in asked if first[item.id].reply.ending.why == "error"}
        broken.clear()
        second = run_requests(asked, model=model, sampling=DRAW, folder=tmp_path, progress=nothing, patience=HASTY)
        assert failing == {"question 003", "question 007"} == set(served.texts)
    assert {outcome.reply.ending.why for outcome in second.values()} == {"end of turn"}


def test_a_wrong_key_stops_the_run_at_once_and_says_so(stub: Any, tmp_path: Path) -> None:
    model = resolve("openai-api/stub/m")
    asked = requests_for(model, 60)
    with stub(lambda text, payload: refused(401)) as served, pytest.raises(ResoluteError, match="401"):
        run_requests(
            asked, model=model, sampling=DRAW, folder=tmp_path, progress=nothing, patience=HASTY, concurrency=4
        )
    assert len(served.asked) < 20


def test_a_server_that_went_away_loses_only_what_was_in_flight(stub: Any, tmp_path: Path) -> None:
    model = resolve("openai-api/stub/m")
    asked = requests_for(model, 60)
    alive, lock = [20], threading.Lock()

    def answer(text: str, payload: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with lock:
            alive[0] -= 1
            living = alive[0] >= 0
        return said(f"<think>a</think>{text}") if living else refused(503)

    work = {"model": model, "sampling": DRAW, "folder": tmp_path, "progress": nothing, "patience": HASTY}
    with stub(answer) as served:
        with pytest.raises(ResoluteError, match="40 of 60 requests are open"):
            run_requests(asked, **work, concurrency=4)
        assert len(served.asked) <= 20 + HASTY.failures + 4, "the rest is left for the next run"
        served.asked.clear()
        alive[0] = 1_000
        outcomes = run_requests(asked, **work)
        assert len(served.asked) == 40
    assert [outcomes[item.id].reply.answer for item in asked] == [item.prompt.text for item in asked]


def test_no_server_at_all_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUB_API_KEY", "none")
    monkeypatch.setenv("STUB_BASE_URL", "http://127.0.0.1:9/v1")
    model = resolve("openai-api/stub/m")
    with pytest.raises(ResoluteError, match="3 of 3 requests are open") as raised:
        run_requests(
            requests_for(model, 3), model=model, sampling=DRAW, folder=tmp_path, progress=nothing, patience=HASTY
        )
    assert "check the server" in raised.value.mend


def test_a_key_that_is_not_set_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STUB_API_KEY", raising=False)
    model = resolve("openai-api/stub/m")
    with pytest.raises(ResoluteError, match="No STUB_API_KEY defined in the environment"):
        run_requests(requests_for(model, 3), model=model, sampling=DRAW, folder=tmp_path, progress=nothing)


def test_a_scripted_model_is_asked_without_inspect(tmp_path: Path) -> None:
    class Echo:
        identity = "echo 1"

        def reply(self, messages: Any, seed: int) -> Reply:
            return Reply("", messages[-1].content, Ending(where="answer", why="end of turn"), had_thought=False)

    model = Model("echo", "scripted", "echo", scripted=Echo())
    asked = requests_for(model, 5, system="be brief")
    outcomes = run_requests(asked, model=model, sampling=DRAW, folder=tmp_path, progress=nothing)
    assert [outcomes[item.id].reply.answer for item in asked] == [item.prompt.text for item in asked]
    assert [message.role for message in outcomes[asked[0].id].sent] == ["system", "user"]
    assert list(tmp_path.iterdir()) == []


def test_two_requests_of_one_id_are_refused(tmp_path: Path) -> None:
    model = resolve("openai-api/stub/m")
    twice = requests_for(model, 1) * 2
    with pytest.raises(ValueError, match="one id"):
        run_requests(twice, model=model, sampling=DRAW, folder=tmp_path, progress=nothing)


class Insisting:
    """An attack of several requests: each seed of its own, the last reply counts."""

    name, version = "insisting", "1"

    async def run(self, prompt: Prompt, ask: Ask, seed: int) -> Attempt:
        sent = [Message(role="user", content=prompt.text)]
        for turn in range(3):
            reply = await ask(sent, seed + turn)
        return Attempt(sent, reply, queries=3)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return resolve(str(make_tiny(tmp_path_factory.mktemp("tiny"))))


def test_a_local_models_outcomes_do_not_depend_on_concurrency_or_order(tiny: Model, tmp_path: Path) -> None:
    way = Sampling(temperature=1.0, max_tokens=20)
    plain = requests_for(tiny, 24, sampling=way)
    prompts = [item.prompt for item in plain[:6]]
    asked = plain + [request(prompt, Insisting(), model=tiny, sampling=way, seed=1) for prompt in prompts]
    work = {"model": tiny, "sampling": way, "progress": nothing}
    one = run_requests(asked, **work, folder=tmp_path / "one", concurrency=3)
    other = run_requests(asked[::-1], **work, folder=tmp_path / "other")
    assert one == other
    assert Counter(outcome.queries for outcome in one.values()) == {1: 24, 3: 6}
    assert {outcome.reply.tokens_out > 0 for outcome in one.values()} == {True}


def test_a_prompt_that_cannot_be_rendered_is_a_failed_row_and_no_crash(tiny: Model, tmp_path: Path) -> None:
    way = Sampling(temperature=1.0, max_tokens=8)
    texts = ["fine", "carries <think> itself", "x" * 2_000]
    asked = [request(Prompt(text=text, goal=text), NONE, model=tiny, sampling=way, seed=0) for text in texts]
    outcomes = run_requests(asked, model=tiny, sampling=way, folder=tmp_path, progress=nothing)
    endings = [(outcomes[item.id].reply.ending.where, outcomes[item.id].reply.ending.why) for item in asked]
    assert endings[0][1] in ("length", "end of turn")
    assert endings[1:] == [("nothing", "error"), ("nothing", "length")]
    assert "control token" in outcomes[asked[1].id].reply.error


CLIENT = """
import sys
from pathlib import Path
from resolute.models.engine import run_requests
from resolute.models.identity import resolve
from tests.models.test_engine import DRAW, nothing, requests_for
model = resolve("openai-api/stub/m")
work = {"model": model, "sampling": DRAW, "folder": Path(sys.argv[1]), "progress": nothing}
run_requests(requests_for(model, 60), **work, concurrency=4)
"""


def test_a_killed_run_is_taken_up_and_only_what_was_in_flight_is_paid_again(
    stub: Any, tmp_path: Path, root: Path
) -> None:
    def slowly(text: str, payload: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        time.sleep(0.1)
        return said(f"<think>a</think>{text}")

    model = resolve("openai-api/stub/m")
    asked = requests_for(model, 60)
    with stub(slowly) as served:
        client = subprocess.Popen([sys.executable, "-c", CLIENT, str(tmp_path)], cwd=root, env=os.environ.copy())
        while len(served.asked) < 30 and client.poll() is None:
            time.sleep(0.05)
        client.send_signal(signal.SIGKILL)
        client.wait()
        paid = len(served.asked)
        outcomes = run_requests(asked, model=model, sampling=DRAW, folder=tmp_path, progress=nothing)
        again = len(served.asked) - 60
    assert 30 <= paid < 60
    assert again <= 4, f"{again} were paid twice; 4 were in flight"
    assert [outcomes[item.id].reply.answer for item in asked] == [item.prompt.text for item in asked]


def test_requests_that_never_succeed_do_not_hold_up_the_ones_that_did(stub: Any, tmp_path: Path) -> None:
    model = resolve("openai-api/stub/m")
    asked = requests_for(model, 8)
    work = {"model": model, "sampling": DRAW, "folder": tmp_path, "progress": nothing, "patience": HASTY}
    with stub(lambda text, payload: refused(500) if text == "question 003" else said("<think>a</think>b")):
        for _ in range(3):
            outcomes = run_requests(asked, **work)
            failing = [item.prompt.text for item in asked if outcomes[item.id].reply.ending.why == "error"]
            assert failing == ["question 003"], "a run in which only this one is open is no run without a server"

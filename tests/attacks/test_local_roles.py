"""Laws of roles played by checkpoints in this process: all stay loaded together, and nothing depends on the order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from resolute.attacks.pair import PAIR
from resolute.core.ask import Reply, Sampling
from resolute.core.records import Prompt
from resolute.core.settings import Pair
from resolute.models import local
from resolute.models.engine import run_requests
from resolute.models.identity import Model, resolve
from resolute.models.instruments.named import Named, named
from resolute.models.requests import request
from resolute.models.roles import Cast
from tests.asked import instrument
from tests.attacks.scripted import proposal, reply
from tests.attacks.test_roles import nothing
from tests.tiny import make_tiny

DRAW = Sampling(temperature=1.0, max_tokens=16)


class Proposing:
    """An attacker that is a function: random weights write no JSON."""

    identity = "proposing 1"

    def reply(self, messages: Any, seed: int) -> Reply:
        return reply(proposal(f"try {seed}"))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    place = tmp_path_factory.mktemp("models")
    return [make_tiny(place / f"{seed}", seed=seed, context=4_096) for seed in (0, 1)]


def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    plain = local.Generator.__init__

    def counted(self: Any, path: Any, **more: Any) -> None:
        seen.append(str(path))
        plain(self, path, **more)

    monkeypatch.setattr(local.Generator, "__init__", counted)
    return seen


def test_target_and_stop_are_loaded_once_each_and_the_outcome_is_theirs_alone(
    folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, judge = (resolve(str(folder)) for folder in folders)
    stop = Named(f"llama-guard-3@{folders[1]}", instrument("llama-guard-3"), judge)
    cast = Cast(Model("a", "scripted", "a", scripted=Proposing()), DRAW, stop)
    attack = replace(PAIR, settings=Pair(streams=2, iterations=1, fresh=1))
    prompts = [Prompt(text=f"q{number}", goal=f"q{number}", kind="harmful") for number in range(2)]
    asked = [request(prompt, attack, model=target, sampling=DRAW, seed=0) for prompt in prompts]
    seen = loads(monkeypatch)
    ways: dict[str, Any] = {"model": target, "sampling": DRAW, "progress": nothing, "cast": cast}
    one = run_requests(asked, **ways, folder=tmp_path / "one", concurrency=1)
    assert len(seen) <= 2 and seen.count(str(folders[1])) == 1
    other = run_requests(asked[::-1], **ways, folder=tmp_path / "other")
    assert one == other
    assert all(outcome.queries == 2 for outcome in one.values())
    assert {outcome.exchanges[0].opinion.why for outcome in one.values() if outcome.exchanges[0].opinion} != {""}


def test_two_checkpoints_that_talk_do_not_push_each_other_out(
    folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, attacker = (resolve(str(folder)) for folder in folders)
    seen = loads(monkeypatch)
    cast = Cast(attacker, DRAW, named("refusal", "judges", "asked"))
    attack = replace(PAIR, settings=Pair(streams=2, iterations=1, attempts=2, fresh=0))
    asked = [request(Prompt(text="q", goal="q"), attack, model=target, sampling=DRAW, seed=0)]
    outcomes = run_requests(asked, model=target, sampling=DRAW, folder=tmp_path, progress=nothing, cast=cast)
    assert outcomes[asked[0].id].reply.error.startswith("attacker failed")
    assert len(seen) == len(set(seen))

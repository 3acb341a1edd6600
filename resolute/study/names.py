"""Names in a study's settings, looked up before anything runs: a misspelt judge is found before what it was to judge.

Whether data and models are on this machine is asked elsewhere (`here`): a study can be planned on another.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resolute.core.budgets import require
from resolute.core.catalogue import Catalogue, counted, entries, find
from resolute.core.errors import ResoluteError
from resolute.core.foreign.remote import is_remote
from resolute.core.foreign.rows import looks_like_file
from resolute.core.framing import framings
from resolute.core.judging import rewrites
from resolute.core.judging.instruments import kind_of
from resolute.core.parts import Attack, Guided, Task
from resolute.core.settings import Audit, Curate, Distill, Evaluate, Judge, Repair, Train
from resolute.core.sources import NotHere
from resolute.core.strategy import strategy
from resolute.core.suites import tasks_of
from resolute.models.evaluating import system_prompt, variants_of
from resolute.models.instruments import stopping
from resolute.models.instruments.named import Named, known
from resolute.study.graph import Graph, Node
from resolute.study.needs import models

JUDGES: tuple[Catalogue, Catalogue] = ("judges", "asked")
AUDITORS: tuple[Catalogue, Catalogue] = ("auditors", "asked_auditors")
LAUNCHED = ("single", "ddp", "fsdp")


@dataclass(frozen=True)
class _Look:
    """One look: which setting it is for, what it depends on, and the act, which raises for a name nobody knows."""

    setting: str
    by: Hashable
    act: Callable[[], object]


def check_names(graph: Graph) -> None:
    """Look up every strategy, prompt set, framing, instrument, suite, attack, style and text that a job names.

    Raises one `ResoluteError` that says of each which is unknown: the setting, the first row that has it and where its
    value came from. A thing that many rows name is looked up once.
    """
    seen: set[Hashable] = set()
    wrong: list[ResoluteError] = []
    for node in graph.nodes.values():
        for look in _looks(graph, node):
            if (look.by, type(node.settings)) in seen:
                continue
            seen.add((look.by, type(node.settings)))
            try:
                look.act()
            except ResoluteError as error:
                wrong.append(_placed(error, node, look.setting))
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        lines = "".join(f"\n  {error.where}: {error.what}{_hint(error)}" for error in wrong)
        raise ResoluteError(
            f"{len(wrong)} settings do not hold:{lines}", mend="correct them; nothing has been asked yet"
        )


def _hint(error: ResoluteError) -> str:
    near, asked, _ = error.mend.partition("? ")
    return f"; {near}?" if asked and near.startswith("did you mean") else ""


def _placed(error: ResoluteError, node: Node, setting: str) -> ResoluteError:
    inner = f": {error.where}" if error.where else ""
    origin = node.origins.get(setting, "default")
    return ResoluteError(
        error.what, where=f"{node.stage}.{setting} of {node.label}, from {origin}{inner}", mend=error.mend
    )


def _looks(graph: Graph, node: Node) -> Iterator[_Look]:
    settings = node.settings
    for name in models(settings):
        yield _Look(_setting_of(settings, name), ("model", name), lambda name=name: _model(name))
    if isinstance(settings, Distill):
        for name in (settings.strategy, *settings.then):
            setting = "strategy" if name == settings.strategy else "then"
            yield _Look(setting, ("strategy", name), lambda name=name: strategy(name))
        yield from _sources("prompts", settings.prompts)
        yield _framings(settings.framings)
    if isinstance(settings, Distill | Judge | Repair):
        yield from _instruments("judges", settings.judges, JUDGES)
    if isinstance(settings, Distill | Audit | Repair):
        yield from _instruments("auditors", settings.auditors, AUDITORS)
    if isinstance(settings, Judge):
        yield from _judging(graph, node, settings)
    if isinstance(settings, Curate):
        yield from _sources("reserve", settings.reserve)
    if isinstance(settings, Train):
        yield _Look("launch", ("launch", settings.launch), lambda: _launch(settings.launch))
    if isinstance(settings, Evaluate):
        yield from _evaluating(settings)


def _evaluating(settings: Evaluate) -> Iterator[_Look]:
    for spec in settings.suites:
        yield _Look("suites", ("suite", spec), lambda spec=spec: tasks_of(counted(spec)[0]))
    drawn = (settings.suites, settings.sampling.model_dump_json(), settings.samples)
    yield _Look("sampling", ("sampling", drawn), lambda: _drawn(settings))
    yield _framings(settings.framings)
    specs = settings.attacks or tuple(dict.fromkeys(name for task in _tasks(settings.suites) for name in task.attacks))
    roles = (settings.attacker, settings.stop, settings.framings)
    for spec in specs:
        yield _Look("attacks", ("attack", spec, *roles), lambda spec=spec: _attack(spec, settings))
    if settings.stop is not None:
        yield _Look("stop", ("stop", settings.stop), lambda: _stop(settings.stop or ""))
    yield _Look("system", ("system", settings.system), lambda: system_prompt(settings.system))


def _judging(graph: Graph, node: Node, settings: Judge) -> Iterator[_Look]:
    """Styles, and thresholds: these are for instruments that judge here: those named, or those of the tasks."""
    for style in settings.styles:
        yield _Look("styles", ("style", style), lambda style=style: _one_of(style, rewrites.STYLES, "rewrite"))
    if not settings.thresholds:
        return
    judged = (graph.nodes[feed.node].settings for feed in node.feeds)
    suites = tuple(spec for each in judged if isinstance(each, Evaluate) for spec in each.suites)
    if not settings.judges and not suites:
        return
    for name in settings.thresholds:
        look = ("threshold", name, settings.judges, suites)
        yield _Look("thresholds", look, lambda name=name: _threshold(name, settings.judges, suites))


def _instruments(setting: str, specs: Iterable[str], of: tuple[Catalogue, Catalogue]) -> Iterator[_Look]:
    for spec in specs:
        yield _Look(setting, ("instrument", spec, of), lambda spec=spec: known(spec, *of))


def _sources(setting: str, specs: Iterable[str]) -> Iterator[_Look]:
    for spec in specs:
        yield _Look(setting, ("prompts", spec), lambda spec=spec: _source(spec))


def _framings(specs: tuple[str, ...]) -> _Look:
    return _Look("framings", ("framings", specs), lambda: framings(specs))


def _source(spec: str) -> None:
    """A set by its name, whether its data are here or not, or a file that is here. Nothing is fetched."""
    name, _ = counted(spec)
    if is_remote(name):
        return
    if not looks_like_file(name) or name in entries("prompts"):
        find("prompts", name.partition("@")[0])
    elif not Path(name).is_file():
        near = difflib.get_close_matches(name, entries("prompts"), n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ResoluteError(f"neither a prompt set nor a file: {name!r}", mend=f"{hint}a name or the path of a file")


def _attack(spec: str, settings: Evaluate) -> None:
    """An attack by its name, and whoever it needs beside the target."""
    made: list[Attack | Any]
    try:
        made = list(variants_of(spec, settings))
    except NotHere:
        made = [find("attacks", spec if spec in entries("attacks") else spec.partition(":")[0])]
    for attack in made:
        for role in attack.needs if isinstance(attack, Guided) else ():
            if getattr(settings, role) is None:
                raise ResoluteError(f"the attack {spec} needs evaluate.{role}", mend=f"name one: evaluate.{role}")


def _stop(spec: str) -> None:
    stopping.check(Named(spec, known(spec, *JUDGES)[0]))


def _threshold(name: str, judges: tuple[str, ...], suites: tuple[str, ...]) -> None:
    there = {kind_of(spec) for spec in judges or (judge for task in _tasks(suites) for judge in task.judges)}
    _one_of(name, sorted(there), "instrument that judges here")


def _drawn(settings: Evaluate) -> None:
    if _tasks(settings.suites):
        require(settings)


def _tasks(suites: Iterable[str]) -> list[Task]:
    """None where a suite is not known, which is said of the suite."""
    try:
        return [task for spec in suites for task in tasks_of(counted(spec)[0]).values()]
    except ResoluteError:
        return []


def _launch(name: str) -> None:
    if name not in LAUNCHED and not Path(name).is_file():
        mend = f"one of: {', '.join(LAUNCHED)}, or a file that `accelerate config` wrote"
        raise ResoluteError(f"nobody knows how to launch {name!r}", mend=mend)


def _model(name: str) -> None:
    """A name with the first part of a catalogue's, such as `lab/`, is one of the catalogue."""
    ours = {each.partition("/")[0] for each in entries("models")}
    if name.partition("/")[0] in ours and not Path(name).is_dir():
        find("models", name)


def _one_of(name: str, there: Iterable[str], what: str) -> None:
    if name not in there:
        raise ResoluteError(f"no {what} is called {name!r}", mend=f"one of: {', '.join(there)}")


def _setting_of(settings: Any, model: str) -> str:
    """The setting that names a model, as an instrument's or by itself."""
    for name in ("model", "attacker", "stop", "student", "judges", "auditors"):
        value = getattr(settings, name, None)
        values = value if isinstance(value, tuple) else (value,)
        if any(isinstance(one, str) and (one == model or one.endswith(f"@{model}")) for one in values):  # pyright: ignore[reportUnknownVariableType]
            return name
    return "model"

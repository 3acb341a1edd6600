"""`resolute evaluate`: ask a model the prompts of suites, attacked where the suite says so."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from resolute.cli.attack_options import Attacker, Attacks, Own, Replay, Stop
from resolute.cli.baselines import Base, Baselines, Trained, arms, tell
from resolute.cli.inputs import from_run, home
from resolute.cli.making import Line, job, leave, make
from resolute.cli.options import Budget, Judges, MaxTokens, Model, Out, Plan, RecipeFile, Samples, Sets, Temperature
from resolute.cli.roles import show_roles
from resolute.cli.train_options import Gpu

if TYPE_CHECKING:
    from resolute.core.runs import Artifact

TRAINED = "trained"
"""The model name of an evaluation whose model is the checkpoint of a run."""


def evaluate(
    run: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="A run with a trained model, in the place of --model.")
    ] = None,
    model: Model = None,
    suite: Annotated[
        list[str] | None, typer.Option("--suite", help="A suite, with :count for so many goals; may be given often.")
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option("--task", help="A task of Inspect AI in the place of suites: package/task or file.py@task."),
    ] = None,
    judge: Judges = None,
    samples: Samples = None,
    max_tokens: MaxTokens = None,
    temperature: Temperature = None,
    system: Annotated[str | None, typer.Option("--system", help="System prompt: a text's name or a file.")] = None,
    attack: Attacks = None,
    attacker: Attacker = None,
    stop: Stop = None,
    replay: Replay = None,
    own: Own = False,
    base: Base = False,
    baselines: Baselines = False,
    budget: Budget = None,
    out: Out = None,
    recipe: RecipeFile = None,
    sets: Sets = None,
    plan: Plan = False,
    gpu: Gpu = None,
) -> None:
    """Ask a model the prompts of suites, attacked or not.

    With --judge its answers are judged at once; `resolute judge run` does it at any time.

    Attacks measure a model that you control, before and after tuning.

    resolute evaluate --model path/to/checkpoint --suite advbench --max-tokens 16384 --temperature 0.6 --judge refusal
    """
    if run is not None and model is not None:
        raise typer.BadParameter("give a run with a trained model or --model, not both")
    trained = from_run(run, ["train"]) if run else None
    inputs = {"model": trained.folder / "checkpoint"} if trained else {}
    options: dict[str, Any] = {
        "model": TRAINED if run else model,
        "suites": suite,
        "tasks": task,
        "samples": samples,
        "sampling.max_tokens": max_tokens,
        "sampling.temperature": temperature,
        "system": system,
        "attacks": attack,
        "attacker": attacker,
        "stop": stop,
        "replay": str(replay) if replay else None,
        "budget": budget,
        "own": True if own else None,
    }
    named = model or (recipe.stem if recipe else "evaluate")
    line = Line(home(run or named, out), recipe, sets or [], plan)
    if not plan and _allowed(line, inputs, options):
        options["own"] = True
    beside = arms(trained, line, options, base=base, baselines=baselines)
    made = [_answered(line, inputs, options, judge, judged=bool(judge or beside))]
    made += [_answered(arm.line, {}, arm.options, judge, judged=True) for arm in beside]
    known = Trained.of(trained, run)
    if made[0][0] is not None:
        known.say_framings(made[0][0])
    if beside and not plan:
        tell(line, beside, [(one, two) for one, two in made if one and two], known)
    if plan:
        show_roles(job("evaluate", line, inputs, options), judge or (), gpu=gpu)
    leave(*(artifact for pair in made for artifact in pair))


def _answered(
    line: Line, inputs: Mapping[str, Path], options: Mapping[str, Any], judge: list[str] | None, *, judged: bool
) -> tuple[Artifact | None, Artifact | None]:
    """What was answered and what was judged of it, by those named or else by the instruments of each task."""
    then = "" if judged or line.plan else f"resolute judge run {line.out}"
    answered = make("evaluate", line, inputs, options, then=then)
    if answered is None or not judged:
        return answered, None
    answers = {"traces": answered.output("traces.parquet")}
    judging = replace(line, sets=[item for item in line.sets if item.startswith("judge.")])
    return answered, make("judge", judging, answers, {"judges": judge})


def _allowed(line: Line, inputs: Mapping[str, Path], options: Mapping[str, Any]) -> bool:
    """Ask once, where somebody can be asked, before an endpoint is attacked that nobody has called their own."""
    if inputs or options["own"] or not sys.stdin.isatty():
        return False
    from resolute.core.errors import ResoluteError
    from resolute.core.settings import Evaluate
    from resolute.models import owned
    from resolute.models.evaluating import read_plan
    from resolute.models.identity import resolve

    settings = job("evaluate", line, inputs, options).settings
    assert isinstance(settings, Evaluate)
    try:
        owned.check(resolve(settings.model), read_plan(settings).attacks, own=settings.own)
    except ResoluteError as error:
        return typer.confirm(f"{error.what}. Is it yours to attack?", abort=True)
    return False

"""`resolute curate`: choose, clean and mix traces into a training set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from resolute.cli import curate_options as opt
from resolute.cli.console import say
from resolute.cli.curated import export, show_funnel
from resolute.cli.inputs import home, is_run, material, numbered
from resolute.cli.making import Line, job, leave, make
from resolute.cli.options import Inputs, Out, Plan, RecipeFile, Sets

if TYPE_CHECKING:
    from resolute.core.runs import Artifact


def curate(
    inputs: Inputs,
    safety: opt.Safety = None,
    benign: opt.Benign = None,
    maths: opt.Maths = None,
    reserve: opt.Reserve = None,
    auditor: opt.Auditor = None,
    select: opt.Select = None,
    student: opt.Student = None,
    tokenizer: opt.Tokenizer = None,
    match: opt.Match = None,
    only: opt.Only = None,
    export_to: opt.Export = None,
    form: opt.Form = None,
    out: Out = None,
    recipe: RecipeFile = None,
    sets: Sets = None,
    plan: Plan = False,
) -> None:
    """Choose, clean and mix traces into a training set.

    Every row left out is counted with its reason.

    resolute curate runs/mine --safety 1000 --benign 10% --reserve advbench --export train.jsonl
    """
    if form is not None and export_to is None:
        raise typer.BadParameter("it is the form of --export: say where to", param_hint="--format")
    line = Line(home(inputs[0], out), recipe, sets or [], plan)
    options = {
        "safety": safety,
        "benign": benign,
        "maths": maths,
        "reserve": reserve,
        "select": select,
        "student": student,
        "tokenizer": tokenizer,
        "match": match,
        "only": only,
    }
    found, audits = material(inputs), []
    if auditor:
        audits = _audits(line, found, auditor, options)
        if plan:
            say("curate: its key is known once the traces are audited")
            return
        found = _with(inputs, found, [audit.output("risks.parquet") for audit in audits])
    then = f"resolute train {line.out} --model M --learning-rate 5e-6 --max-length 8192"
    artifact = make("curate", line, found, options, then=then)
    if artifact is not None:
        show_funnel(artifact)
        if export_to is not None:
            export(artifact, export_to, form or "messages")
    leave(*audits, artifact)


def _audits(
    line: Line, found: Mapping[str, Path], auditors: Sequence[str], options: Mapping[str, Any]
) -> list[Artifact]:
    """An audit of each file of traces, read as the curation will read it; the run points to all of them."""
    from resolute.core.runs import Run
    from resolute.core.settings import Curate
    from resolute.stages.audit import planned

    settings = job("curate", line, found, options).settings
    assert isinstance(settings, Curate)
    own = Line(line.out, line.recipe, [item for item in line.sets if item.startswith("audit.")], line.plan)
    made: list[Artifact] = []
    for role, path in found.items():
        if not role.startswith("traces"):
            continue
        said: dict[str, Any] = {
            "auditors": list(auditors),
            "kind": settings.kinds.get(role),
            "where": settings.where.get(role),
            "tokenizer": settings.tokenizer,
        }
        artifact = make("audit", own, {"traces": path}, said)
        if artifact is not None:
            made.append(artifact)
            continue
        for told in planned(job("audit", own, {"traces": path}, said)):
            say(f"  {told}")
    for number, artifact in enumerate(made):
        Run(line.out).point(f"audit-{number + 1}" if number else "audit", artifact)
    return made


def _with(inputs: Sequence[Path], found: Mapping[str, Path], risks: Sequence[Path]) -> dict[str, Path]:
    """The inputs with these audits in the place of those their runs point to; files of reports are heard as well."""
    files = material([path for path in inputs if not is_run(path)])
    given = [path for role, path in files.items() if role.startswith("risks")]
    kept = {role: path for role, path in found.items() if not role.startswith("risks")}
    return kept | numbered("risks", [*given, *risks])

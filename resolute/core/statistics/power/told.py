"""A planned comparison in words and tables: what so many goals show, or how many it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from resolute.core.markdown import table
from resolute.core.statistics.power.design import Design
from resolute.core.statistics.power.measured import Measured
from resolute.core.statistics.power.powers import apart, mean_power


def told(design: Design, *, goals: int | None, second: float | None, power: float) -> list[str]:
    """The page on one design: its power where goals and second rate are known, else the one that is not."""
    if goals is None:
        to = design.first if second is None else second
        head, said = (
            "goals needed",
            [(_changed(one, to), _count(one.goals(to, power=power))) for one in _ends(design, to)],
        )
    elif second is None:
        head = "largest true loss still found kept" if design.margin is not None else "smallest difference found"
        said = [(_changed(design, None), _found(design, goals, power))]
    else:
        head, said = (
            "power",
            [(_changed(one, second), f"{one.power(goals, second):.2f}") for one in _ends(design, second)],
        )
    return [
        *_about(design, goals, second, None if head == "power" else power),
        "",
        *table(("goals that change", head), said),
    ]


def told_seeds(seeds: int, spread: float, step: float | None, *, alpha: float, power: float) -> list[str]:
    """What a t interval over training seeds would show, whatever the number of goals: its power, or from where on."""
    about = f"t over {seeds} training seeds whose difference has a standard deviation of {100 * spread:g} points"
    if step is not None:
        return [f"{about}: {100 * step:+g} points are found with power {_seeds_power(seeds, spread, step, alpha):.2f}."]
    low, high = 0.0, 1.0
    if _seeds_power(seeds, spread, high, alpha) < power:
        return [f"{about}: no difference is found with power {power:g}."]
    while high - low > 0.0005:
        middle = (low + high) / 2
        low, high = (low, middle) if _seeds_power(seeds, spread, middle, alpha) >= power else (middle, high)
    return [f"{about}: differences from {100 * high:.1f} points on are found with power {power:g}."]


def _seeds_power(seeds: int, spread: float, step: float, alpha: float) -> float:
    return mean_power(seeds, step, spread, alpha=alpha)


def told_measured(found: Sequence[Measured], by: float | None, *, goals: int | None, power: float) -> list[str]:
    """One line per measure of two runs: what was measured, and what as many goals (or `goals`) would show."""
    head = ["task", "attack", "event", "part", "goals", "A", "B", "changed", "answers", "correlation"]
    head.append(f"found from, at {goals or 'as many'} goals")
    head += [] if by is None else [f"goals for {100 * by:+g} points"]
    return table(head, (_line(one, by, goals or one.goals, power) for one in found))


def _line(one: Measured, by: float | None, goals: int, power: float) -> list[object]:
    design, what = one.design, one.measure
    shares = (design.first, one.second, design.changed or 0.0)
    cells: list[object] = [what.task, what.attack, what.event, what.part, one.goals]
    cells += [f"{100 * share:.1f}%" for share in shares]
    cells += [design.samples, f"{design.correlation:.2f}" if design.samples > 1 else ""]
    kept = "kept: " if design.margin is not None else ""
    cells.append(kept + _found(design, goals, power))
    if by is not None:
        there = 0 <= design.first + by <= 1
        cells.append(_count(design.goals(design.first + by, power=power)) if there else "no such rate")
    return cells


def _ends(design: Design, second: float) -> list[Design]:
    """The design; where nobody said how many goals change, the other end of what can be beside it."""
    if design.changed is not None or not design.paired or design.samples > 1:
        return [design]
    return [design, replace(design, changed=abs(second - design.first))]


def _changed(design: Design, second: float | None) -> str:
    if not design.paired:
        return "not paired"
    if design.changed is None:
        share = "" if second is None else f"{100 * apart(design.first, second):.1f}%, "
        return f"{share}as if the two had nothing to do with each other"
    fewest = second is not None and design.changed == abs(second - design.first)
    return f"{100 * design.changed:.1f}%" + (", the fewest there can be" if fewest else "")


def _found(design: Design, goals: int, power: float) -> str:
    if design.margin is not None:
        found = design.difference(goals, sign=-1, power=power)
        return "none: too few goals" if found is None else f"{abs(100 * found):.1f} points"
    said: list[str] = []
    for sign, word in ((-1, "lower"), (1, "higher")):
        found = design.difference(goals, sign=sign, power=power)
        said.append(f"nothing {word}" if found is None else f"{100 * found:+.1f}")
    return " or ".join(said) + ("" if said[0].startswith("n") and said[1].startswith("n") else " points")


def _count(goals: int | None) -> str:
    return "no number is enough" if goals is None else f"{goals:,}"


def _about(design: Design, goals: int | None, second: float | None, power: float | None) -> list[str]:
    what = f"{100 * design.first:g}%" + ("" if second is None else f" against {100 * second:g}%")
    if goals is not None:
        what += f" at {goals:,} goals"
    if design.samples > 1:
        what += f", {design.samples} answers each (correlation {design.correlation:g})"
    level = f"{design.alpha:g}" + (f" over {design.tests} tests (first step of Holm)" if design.tests > 1 else "")
    wanted = "" if power is None else f", power {power:g}"
    return [f"{what}.", f"{design.method[:1].upper()}{design.method[1:]}; level {level}{wanted}."]

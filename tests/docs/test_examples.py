"""The worked plug-ins of examples/ do what their pages say, on the lab, through the command line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from resolute.cli.app import run
from resolute.core.catalogue import entries, find
from resolute.core.files import read_records
from resolute.core.plugins import NAMED
from resolute.core.records import Ending, Prompt, Record, Trace, Verdict

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = sorted(EXAMPLES.glob("*.py"))
Line = Callable[..., None]


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Line]:
    """`line("add_a_judge", "judge run ...")`: one command with that example as the only named plug-in."""
    monkeypatch.chdir(tmp_path)
    entries.cache_clear()

    def told(example: str, command: str) -> None:
        monkeypatch.setenv(NAMED, str(EXAMPLES / f"{example}.py"))
        entries.cache_clear()
        code = run(shlex.split(command))
        out, err = capsys.readouterr()
        assert code == 0, f"{out[-500:]}\n{err[-2000:]}"

    yield told
    monkeypatch.delenv(NAMED)
    entries.cache_clear()


def kept(folder: Path, name: str, form: type[Record]) -> list[Any]:
    """The records of the one artifact of a run that holds them."""
    [path] = (folder / "runs" / ".store").glob(f"*/*/{name}.parquet")
    return read_records(path, form)


def test_the_judge_judges_and_the_rubric_is_asked(line: Line, tmp_path: Path) -> None:
    distill = "distill lab/harmful-train:12 --model lab/teacher --strategy mine/name-it-first"
    line("add_a_strategy", f"{distill} --max-tokens 200 --temperature 1 --out runs/mine")
    traces = {trace.id: trace for trace in kept(tmp_path, "traces", Trace)}
    assert len(traces) == 12
    for trace in traces.values():
        assert [message.role for message in trace.sent] == ["system", "user"]
        assert "who could be harmed" in trace.sent[0].content

    line("add_a_judge", "judge run runs/mine --judge mine/first-words")
    verdicts = kept(tmp_path, "verdicts", Verdict)
    assert {verdict.trace for verdict in verdicts} == set(traces)
    for verdict in verdicts:
        assert verdict.score == float(traces[verdict.trace].answer.startswith("sorry"))
    assert {verdict.score for verdict in verdicts} == {0.0, 1.0}, "a judge that says one thing of all shows nothing"

    line("add_a_rubric", "judge run runs/mine --judge mine/declined@mine/grader --out runs/asked")
    files = (tmp_path / "runs" / ".store" / "judge").glob("*/verdicts.parquet")
    [asked] = [found for path in files if "mine/declined" in (found := read_records(path, Verdict))[0].judge]
    assert {one.trace: one.score for one in asked} == {one.trace: one.score for one in verdicts}


def test_every_case_of_the_judge_is_judged_as_it_says(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAMED, str(EXAMPLES / "add_a_judge.py"))
    judge = find("judges", "mine/first-words")
    import add_a_judge  # the file's own name, as it is once it was named

    for answer, expected in add_a_judge.CASES:
        ending = Ending(where="answer" if answer else "thought", why="end of turn")
        prompt = Prompt(text="a question", goal="a question")
        trace = Trace(
            id="t", prompt=prompt, sent=[], model="m", identity="m", reasoning="", answer=answer, ending=ending
        )
        [verdict] = judge.judge(trace)
        assert verdict.score == expected, answer


def test_the_attack_is_run_and_the_benchmark_is_measured(line: Line, tmp_path: Path) -> None:
    evaluate = "evaluate --model lab/base --suite lab/safety:4 --attack mine/again"
    line("add_an_attack", f"{evaluate} --max-tokens 96 --temperature 1 --out runs/attacked")
    attacked = kept(tmp_path, "traces", Trace)
    assert len(attacked) == 4
    for trace in attacked:
        assert trace.attack == "mine/again"
        assert trace.sent[-1].content == " ".join([trace.prompt.text] * trace.queries)

    line("add_a_benchmark", "evaluate --model lab/base --suite mine/sums --out runs/sums")
    line("add_a_benchmark", "judge run runs/sums")
    verdicts = kept(tmp_path, "verdicts", Verdict)
    assert len(verdicts) == 12, "six sums, two samples each"
    assert {verdict.event for verdict in verdicts} == {"correct"}
    assert sum(verdict.score or 0 for verdict in verdicts) >= 6, "the lab's base can do sums"


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_worked_file_is_on_a_page_and_names_the_command_that_uses_it(path: Path) -> None:
    text = path.read_text()
    assert f"RESOLUTE_PLUGINS=examples/{path.name} resolute " in text
    pages = (EXAMPLES.parent / "docs" / "guides").glob("*.md")
    shown = [page.name for page in pages if f'--8<-- "examples/{path.name}"' in page.read_text()]
    assert len(shown) == 1, "a worked file stands on one page, by snippet"
    # Plug-ins stand on the floors below the stages.
    assert not re.search(r"^from resolute\.(cli|stages|study|view)", text, re.MULTILINE), (
        "plug-ins stand on the floors below"
    )

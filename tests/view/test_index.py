"""The index: every trace once, verdicts with the traces they speak of, counts that follow the filters, made whole."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, write_jsonl
from resolute.core.records import Verdict
from resolute.view.app import Opened, opened
from resolute.view.filters import Filters
from resolute.view.index import build
from resolute.view.index.read import Index
from resolute.view.listing import ROWS, window
from tests.view import making
from tests.view.making import ATTACKS, GOALS, artifact, judged, quiet, trace


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    return opened([making.study(tmp_path_factory.mktemp("study"))], quiet)


def keys(index: Index, asked: Filters) -> list[str]:
    return [one.key for one in index.seen(index.order(asked))]


def test_every_trace_is_there_once_and_a_study_names_models_by_their_rows(shown: Opened) -> None:
    index = shown.index
    counts = {one.label: one.traces for one in index.counts(Filters())["model"]}
    assert counts == {"Raw": GOALS * len(ATTACKS) + 1, "Tuned": GOALS * len(ATTACKS) + 1, "teacher": 6}
    assert sum(counts.values()) == index.size == len({one.key for one in index.seen(range(index.size))})


def test_counts_are_those_of_the_list_one_would_get(shown: Opened) -> None:
    index = shown.index
    asked = Filters({"model": ("Raw",), "outcome": ("answer: unsafe",)}, text="polish")
    for name, labels in index.counts(asked).items():
        for one in labels:
            chosen = {**asked.without(name).chosen, name: (one.label,)}
            assert one.traces == len(index.order(Filters(chosen, text="polish"))), (name, one.label)


def test_labels_of_a_facet_are_alternatives_and_facets_narrow_each_other(shown: Opened) -> None:
    index = shown.index
    raw, tuned = (len(index.order(Filters({"model": (name,)}))) for name in ("Raw", "Tuned"))
    assert len(index.order(Filters({"model": ("Raw", "Tuned")}))) == raw + tuned
    assert len(index.order(Filters({"model": ("Raw",), "attack": ("persona",)}))) == GOALS
    assert len(index.order(Filters({"model": ("nobody",)}))) == 0


def test_judges_disagree_where_one_says_yes_and_another_no_and_a_failure_is_no_opinion(shown: Opened) -> None:
    """Of Raw, guard finds five unsafe; the other instrument finds all safe, but failed on one of those five."""
    index = shown.index
    assert len(index.order(Filters({"disagree": ("answer: unsafe",), "model": ("Raw",)}))) == 4
    assert len(index.order(Filters({"outcome": ("answer: judge failed",), "model": ("Raw",)}))) == 1


def test_patterns_are_those_an_auditor_found(shown: Opened) -> None:
    index = shown.index
    counts = {one.label: one.traces for one in index.counts(Filters())["pattern"]}
    assert counts["weak vacillation"] == counts["inconsistency"] == 1
    assert "strong vacillation" not in counts


def test_text_is_found_in_its_part(shown: Opened) -> None:
    index = shown.index
    assert len(keys(index, Filters(text='thought:"fine the lid"'))) == 3
    assert keys(index, Filters(text='answer:"fine the lid"')) == []
    assert len(keys(index, Filters(text="wav*"))) == 0
    assert len(keys(index, Filters(text="pers* OR"))) == 0
    assert keys(index, Filters(text="sent:kind goal:sum")) == []
    assert len(keys(index, Filters(text="sent:kind goal:add"))) == 2


def test_lengths_are_characters_of_thought_and_answer(shown: Opened) -> None:
    index = shown.index
    longest = index.seen(index.order(Filters(sort="longest")))
    sizes = [len(one.trace.reasoning) + len(one.trace.answer) for one in longest]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 1_000_000
    assert len(index.order(Filters(shortest=sizes[0]))) == 1
    assert len(index.order(Filters(longest=sizes[0] - 1))) == index.size - 1


def test_the_pages_of_a_list_hold_every_trace_once_forwards_and_backwards(
    shown: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolute.view.listing.ROWS", 7)
    index = shown.index
    order = index.order(Filters(sort="shortest"))
    everything = [index.key(int(n)) for n in order]
    forwards: list[str] = []
    page = window(index, order, None, None)
    while page.end > page.start:
        forwards += everything[page.start : page.end]
        page = window(index, order, everything[page.end - 1], None)
    assert forwards == everything
    last = window(index, order, everything[20], None)
    before = window(index, order, None, everything[last.start])
    assert (before.start, before.end) == (14, 21)
    assert window(index, order, None, everything[3]).start == 0
    assert window(index, order, "gone", None).start == 0
    assert ROWS == 50


def test_two_models_are_laid_side_by_side_on_the_same_prompt_and_attack(shown: Opened) -> None:
    pairs = shown.index.slots("Raw", "Tuned")
    assert len(pairs) == GOALS * len(ATTACKS) + 1
    for left, right in (shown.index.seen(pair) for pair in pairs):
        assert (left.trace.prompt, left.trace.attack) == (right.trace.prompt, right.trace.attack)


def test_what_was_said_of_a_trace_stands_by_it(shown: Opened) -> None:
    index = shown.index
    wavering = index.by_key(trace("wavering", "").id)
    mended = index.by_key(trace("mended", "").id)
    assert wavering and mended
    about = index.about(wavering.n)
    assert [report.auditor for _, report in about.risks] == ["auditor 1", "second 1"]
    assert [attempt.outcome for _, attempt in about.attempts] == ["still risky", "kept"]
    assert sorted(one.hidden for one in index.made_from(wavering.trace.id)) == [False, True]
    assert len(index.rows.of_trace(mended.n)) == 1
    assert index.astray == 0


def test_verdicts_on_other_traces_are_counted_and_shown_nowhere(tmp_path: Path) -> None:
    rows = making.answers("base")
    run = making.Run(tmp_path / "runs" / "one")
    base = artifact(tmp_path, "evaluate", "b", {"traces.parquet": (rows, making.Trace)})
    strangers = judged([trace("elsewhere", "polish")], unsafe=1)
    run.point("evaluate", base)
    run.point("judge", artifact(tmp_path, "judge", "s", {"verdicts.parquet": (strangers, Verdict)}, traces=base))
    assert opened([run.path], quiet).index.astray == len(strangers)


def test_one_id_with_other_words_is_another_trace_and_verdicts_stay_with_the_file_they_judged(tmp_path: Path) -> None:
    first = trace("same", "polish", answer="one")
    other = trace("same", "polish", answer="two", model="again")
    run = making.Run(tmp_path / "runs" / "twice")
    for number, one in enumerate((first, other)):
        made = artifact(tmp_path, "evaluate", str(number), {"traces.parquet": ([one], making.Trace)})
        said = [making.verdict(one, "guard 1", float(number))]
        run.point(f"evaluate-{number}", made)
        run.point(
            f"judge-{number}",
            artifact(tmp_path, "judge", str(number), {"verdicts.parquet": (said, Verdict)}, traces=made),
        )
    index = opened([run.path], quiet).index
    assert [one.key for one in index.seen([0, 1])] == [first.id, f"{first.id}~2"]
    assert [[verdict.score for _, verdict in index.about(n).verdicts] for n in (0, 1)] == [[0.0], [1.0]]


def test_an_index_is_made_once_and_again_when_the_run_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = making.study(tmp_path)
    opened([run], quiet)
    with monkeypatch.context() as context:
        context.setattr(build, "_fill", lambda *_: pytest.fail("the index stands"))
        opened([run], quiet)
    before = sorted((tmp_path / "runs" / ".store" / "view").iterdir())
    more = artifact(tmp_path, "distill", "more", {"traces.parquet": ([trace("new", "polish")], making.Trace)})
    making.Run(run).point("more", more)
    assert opened([run], quiet).index.by_key(trace("new", "").id)
    after = sorted((tmp_path / "runs" / ".store" / "view").iterdir())
    assert len(after) == 1
    assert after != before, "the index of what the run held before is gone"


def test_making_an_index_that_is_stopped_leaves_none_and_the_next_start_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = making.study(tmp_path)
    said = itertools.count()

    def stop(*_: object, **__: object) -> None:
        if next(said) > 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(build, "EVERY", 5)
    with pytest.raises(KeyboardInterrupt):
        opened([run], stop)
    assert not list((tmp_path / "runs").rglob("*.sqlite*"))
    assert opened([run], quiet).index.size


def test_the_index_lies_where_only_its_owner_looks(tmp_path: Path) -> None:
    run = making.study(tmp_path)
    opened([run], quiet)
    (index,) = (tmp_path / "runs").rglob("index.sqlite")
    assert index.parent.stat().st_mode & 0o077 == 0


def test_a_file_that_was_edited_after_it_was_made_is_refused(tmp_path: Path) -> None:
    run = making.study(tmp_path)
    file = sorted((tmp_path / "runs" / ".store" / "evaluate").rglob("traces.parquet"))[0]
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(ResoluteError, match="changed after it was made"):
        opened([run], quiet)


def test_files_of_other_people_and_single_artifacts_can_be_read_too(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    write_jsonl(file, [{"prompt": "polish the lid", "response": "<think>so</think>yes"}])
    assert opened([file], quiet, runs=tmp_path / "runs").index.size == 1
    run = making.study(tmp_path / "s")
    stage, name = read_json(run / "run.json")["entries"]["Raw/0/judge"]
    shown = opened([run.parent / ".store" / stage / name], quiet, runs=tmp_path / "runs")
    assert shown.index.size == GOALS * len(ATTACKS) + 1
    assert "outcome" in shown.index.counts(Filters()), "the traces that were judged, with what was said of them"


def test_two_runs_are_shown_together_and_names_of_different_models_are_told_apart(tmp_path: Path) -> None:
    paths: list[Path] = []
    for number in range(2):
        rows = [trace(f"r{number}", "polish", model="tuned", identity=str(number) * 16, task="s/t")]
        run = making.Run(tmp_path / "runs" / f"run{number}")
        run.point("evaluate", artifact(tmp_path, "evaluate", str(number), {"traces.parquet": (rows, making.Trace)}))
        paths.append(run.path)
    index = opened(paths, quiet).index
    assert [one.who for one in index.seen([0, 1])] == ["tuned", "tuned (111111111111)"]
    assert index.slots("tuned", "tuned (111111111111)") == [(0, 1)]


@pytest.mark.parametrize("name", ["nothing", "empty", "text.parquet"])
def test_what_cannot_be_shown_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.parquet").write_text("no table")
    with pytest.raises(ResoluteError):
        opened([tmp_path / name], quiet, runs=tmp_path / "runs")


def test_a_damaged_index_is_made_again(tmp_path: Path) -> None:
    run = making.study(tmp_path)
    size = opened([run], quiet).index.size
    (index,) = (tmp_path / "runs").rglob("index.sqlite")
    index.write_bytes(b"SQLite format 3\x00" + b"rubbish" * 2000)
    assert opened([run], quiet).index.size == size


def test_what_a_killed_process_left_of_an_index_is_cleared_away(tmp_path: Path) -> None:
    run = making.study(tmp_path)
    opened([run], quiet)
    (index,) = (tmp_path / "runs").rglob("index.sqlite")
    index.unlink()
    left = index.with_name(".index.sqlite.999999999")
    left.write_bytes(b"half")
    opened([run], quiet)
    assert not left.exists()


def test_one_prompt_a_thousand_times_makes_no_million_pairs(tmp_path: Path) -> None:
    rows = [
        trace(f"{model} {number}", "polish", model=model, answer=str(number))
        for model in ("base", "tuned")
        for number in range(100)
    ]
    run = making.Run(tmp_path / "runs" / "many")
    run.point("evaluate", artifact(tmp_path, "evaluate", "many", {"traces.parquet": (rows, making.Trace)}))
    index = opened([run.path], quiet).index
    assert len(index.slots("base", "tuned")) == 1
    shown, total = index.by_goal(index.seen([0])[0].goal, 30)
    assert (len(shown), total) == (30, 200)

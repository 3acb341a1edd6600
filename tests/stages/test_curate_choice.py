"""`curate`: how rows are mixed, chosen and matched, and what is kept of where they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resolute.core.curation.candidates import Likelihood, Lineage
from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, read_records, write_records
from resolute.core.records import PATTERNS, Example, Finding, RiskReport, Saw, Trace, Verdict
from resolute.core.runs import Artifact
from tests.stages.curation import curate, examples, reasons, report, reserve, row, stored, table, trace
from tests.tiny import make_tiny

SAW = Saw(goal=True, parts=["thought"], characters=1)


def prompts(made: Artifact, kind: str = "harmful") -> set[str]:
    return {example.prompt for example in examples(made) if example.kind == kind}


def mixed(folder: Path) -> dict[str, Path]:
    harmful = [trace(n, source="s1" if n < 12 else "s2") for n in range(20)]
    benign = [trace(n, source="xstest" if n < 45 else "other", kind="benign") for n in range(40, 60)]
    return stored(folder, harmful + benign + [trace(n, source="gsm", kind="maths") for n in range(80, 90)])


def test_rows_are_mixed_by_counts_of_sources_and_shares_of_the_safety_rows(tmp_path: Path) -> None:
    made = curate(
        tmp_path / "s", mixed(tmp_path), safety=["s1:6", "s2:4"], benign=["xstest:3", "other:10%"], maths="25%"
    )
    rows = [(example.kind, example.source) for example in examples(made)]
    assert {each: rows.count(each) for each in set(rows)} == {
        ("harmful", "s1"): 6,
        ("harmful", "s2"): 4,
        ("benign", "xstest"): 3,
        ("benign", "other"): 1,
        ("maths", "gsm"): 3,
    }


def test_too_few_rows_of_a_source_are_an_error_that_names_it_and_the_losses(tmp_path: Path) -> None:
    with pytest.raises(ResoluteError, match="5 benign rows of xstest of 9") as caught:
        curate(tmp_path / "s", mixed(tmp_path), safety=1, benign="xstest:9")
    assert "15 accept: no benign goals of its source are asked for" in caught.value.what
    assert "sources there: other (15), xstest (5)" in caught.value.mend


def test_balance_gives_each_category_its_share(tmp_path: Path) -> None:
    traces = [trace(n, category="rare" if n < 3 else "usual", framing=f"f{n % 2}") for n in range(30)]
    made = curate(tmp_path / "s", stored(tmp_path, traces), safety=6, select="balance")
    found = [(example.category, example.framing) for example in examples(made)]
    assert [category for category, _ in found].count("rare") == 3
    assert sorted(framing for category, framing in found if category == "usual") in (
        ["f0", "f0", "f1"],
        ["f0", "f1", "f1"],
    )


def test_shortest_takes_the_rows_with_the_fewest_words(tmp_path: Path) -> None:
    traces = [trace(n, thought=" ".join(f"t{n}x{m}" for m in range(5 + 3 * n))) for n in range(10)]
    made = curate(tmp_path / "s", stored(tmp_path, traces), safety=4, select="shortest")
    assert {example.trace for example in examples(made)} == {f"-{n}-0" for n in range(4)}


def test_the_likeliest_under_the_student_are_taken_and_what_it_said_is_kept(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    student = make_tiny(tmp_path / "student", context=400)
    inputs = stored(tmp_path, [trace(n) for n in range(8)] + [trace(9, thought="long " * 200)])
    made = curate(tmp_path / "s", inputs, safety=3, select="likelihood", student=str(student))
    said = read_records(made.output("likelihood.parquet"), Likelihood)
    assert len(said) == 8
    assert reasons(made)["longer than the student's context of 400 tokens"] == 1
    best = sorted(said, key=lambda row: -row.mean)[:3]
    assert {example.id for example in examples(made)} == {row.id for row in best}
    told = report(made)["likelihood"]
    assert told["read"] == 8
    assert told["mean_of_drawn"] >= told["mean"]
    moved = make_tiny(tmp_path / "elsewhere", context=400)
    same = curate(tmp_path / "s", inputs, safety=3, select="likelihood", student=str(moved))
    assert same.key == made.key, "what a folder is called is no part of a key"
    other = make_tiny(tmp_path / "other", context=400, seed=1)
    assert curate(tmp_path / "s", inputs, safety=3, select="likelihood", student=str(other)).key != made.key


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        pytest.param({"select": "likelihood"}, "needs the student", id="likelihood of nobody"),
        pytest.param({"student": "lab/base"}, "only asked for its likelihood", id="a student with nothing to do"),
        pytest.param({"match": ["tokens"], "only": "a", "tokenizer": "x"}, "the same prompts", id="tokens alone"),
        pytest.param({"match": ["prompts", "tokens"], "only": "a"}, "needs a tokenizer", id="tokens nobody counts"),
        pytest.param({"match": ["prompts"]}, "needs the strategy to write", id="no arm"),
        pytest.param({"only": "a"}, "only is for matched", id="an arm of nothing"),
        pytest.param({"match": ["prompts"], "only": "a", "select": "shortest"}, "by the trace", id="two choices"),
        pytest.param({"match": ["prompts"], "only": "c"}, "no strategy 'c'", id="an arm that is not there"),
        pytest.param({"select": "likelihood", "student": "lab/teacher"}, "no likelihoods", id="a script as student"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(tmp_path: Path, settings: dict[str, Any], says: str) -> None:
    inputs = stored(tmp_path, [trace(1, "a"), trace(1, "b")])
    with pytest.raises(ResoluteError, match=says):
        curate(tmp_path / "s", inputs, safety=1, **settings)


def arms(folder: Path) -> dict[str, Path]:
    """Strategy `a` answered prompts 0 to 13, `b` 4 to 19 and in more words, twice; `a` alone the benign ones."""
    a = [trace(n, "a") for n in range(14)] + [trace(n, "a", kind="benign") for n in range(40, 44)]
    b = [
        trace(n, "b", sample=s, thought=" ".join(f"b{n}x{s}x{m}" for m in range(30)))
        for n in range(4, 20)
        for s in (0, 1)
    ]
    return stored(folder, a, b)


def test_matched_arms_have_the_same_prompts_and_share_what_one_strategy_answered(tmp_path: Path) -> None:
    inputs = arms(tmp_path)
    made = {arm: curate(tmp_path / "s", inputs, safety=8, benign=3, match=["prompts"], only=arm) for arm in ("a", "b")}
    assert len(prompts(made["a"])) == 8
    assert prompts(made["a"]) == prompts(made["b"])
    assert {example.strategy for example in examples(made["b"]) if example.kind == "harmful"} == {"b"}
    assert prompts(made["a"], "benign") == prompts(made["b"], "benign")
    assert made["a"].key != made["b"].key
    (told,) = [each["arms"] for each in report(made["a"])["asked"] if each["kind"] == "harmful"]
    assert [(arm["strategy"], arm["rows"]) for arm in told] == [("a", 8), ("b", 8)]
    assert report(made["b"])["asked"] == report(made["a"])["asked"]
    assert reasons(made["a"])["its prompt lacks an accepted trace of another strategy"] == 4
    assert reasons(made["b"])["another sample of its prompt is drawn"] == 10


def test_a_prompt_whose_trace_one_strategy_lost_is_in_no_arm(tmp_path: Path) -> None:
    a, b = ([trace(n, arm) for n in range(6)] for arm in ("a", "b"))
    b[0] = b[0].model_copy(update={"reasoning_kind": "hidden"})
    inputs = stored(tmp_path, a, b)
    made = curate(tmp_path / "s", inputs, safety=5, match=["prompts"], only="a")
    assert b[0].prompt.id not in prompts(made)
    with pytest.raises(ResoluteError, match="5 harmful rows of 6"):
        curate(tmp_path / "s", inputs, safety=6, match=["prompts"], only="a")


def test_the_same_words_by_two_strategies_are_no_repetition_where_arms_are_matched(tmp_path: Path) -> None:
    a = [trace(n, "a") for n in range(4)]
    b = [Trace.model_validate({**one.model_dump(), "id": f"b{n}", "strategy": "b"}) for n, one in enumerate(a)]
    inputs = stored(tmp_path, a, b)
    assert len(examples(curate(tmp_path / "s", inputs, safety=9, short="take"))) == 4
    made = [curate(tmp_path / "s", inputs, safety=4, match=["prompts"], only=arm) for arm in ("a", "b")]
    assert [len(examples(each)) for each in made] == [4, 4]


def test_files_of_other_people_are_arms_where_the_user_says_what_they_are(tmp_path: Path) -> None:
    mine = [row(n) for n in range(5)]
    theirs = [{**one, "response": row(n + 50)["response"]} for n, one in enumerate(mine[1:])]
    inputs = {"traces": table(tmp_path, mine, "x"), "traces-2": table(tmp_path, theirs, "y")}
    asked: dict[str, Any] = {"safety": 4, "match": ["prompts"], "only": "two"}
    named = {"traces": "one", "traces-2": "two"}
    made = curate(tmp_path / "s", inputs, strategies=named, **asked)
    assert {example.goal for example in examples(made)} == {one["goal"] for one in theirs}
    assert {example.strategy for example in examples(made)} == {"two"}
    with pytest.raises(ResoluteError, match="nothing to match"):
        curate(tmp_path / "s", inputs, **asked)
    with pytest.raises(ResoluteError, match="no trace file in the role 'traces-3'"):
        curate(tmp_path / "s", inputs, strategies={"traces-3": "x"}, safety=1)
    with pytest.raises(ResoluteError, match="our own records say their strategy"):
        curate(tmp_path / "s", stored(tmp_path, [trace(1, "a")]), strategies={"traces": "x"}, safety=1)


def test_neither_order_nor_split_of_the_inputs_changes_any_choice(tmp_path: Path) -> None:
    traces = [
        trace(n, arm, sample=s, category=f"c{n % 3}", framing=f"f{n % 2}", thought="so " * (1 + n % 7) + arm)
        for n in range(24)
        for arm in ("a", "b")
        for s in (0, 1)
    ]
    (tmp_path / "x").mkdir()
    whole = stored(tmp_path, traces)
    parts = stored(tmp_path / "x", traces[40:], traces[7:40][::-1], traces[:7])
    settings: list[dict[str, Any]] = [
        {"select": "random"},
        {"select": "balance"},
        {"select": "shortest"},
        {"match": ["prompts"], "only": "b", "select": "balance"},
        {"match": ["prompts"], "only": "a"},
    ]
    for each in settings:
        one, other = (curate(tmp_path / "s", inputs, safety=9, **each) for inputs in (whole, parts))
        assert examples(one) == examples(other)
        assert len(examples(one)) == 9


def test_equal_tokens_cut_the_longer_arm_and_state_both_totals(tmp_path: Path) -> None:
    tokenizer = make_tokenizer(tmp_path / "words")
    inputs = arms(tmp_path)
    asked: dict[str, Any] = {"safety": 8, "match": ["prompts", "tokens"], "tokenizer": str(tokenizer)}
    a, b = (curate(tmp_path / "s", inputs, only=arm, **asked) for arm in ("a", "b"))
    assert len(examples(a)) == 8
    assert prompts(b) < prompts(a)
    ((one, other),) = [each["arms"] for each in report(b)["asked"]]
    assert one["loss_tokens"] == report(a)["tokens"]["loss"]
    assert other["loss_tokens"] == report(b)["tokens"]["loss"] <= one["loss_tokens"]
    longest = max(len(f"{e.reasoning} {e.answer}".split()) for e in read_records_of(inputs["traces-2"])) + 5
    assert one["loss_tokens"] - other["loss_tokens"] < longest, "one row more would have been too many"
    assert f"| harmful | b | {other['rows']} | {other['loss_tokens']} |" in b.output("README.md").read_text()


def read_records_of(path: Path) -> list[Trace]:
    return read_records(path, Trace)


def make_tokenizer(folder: Path) -> Path:
    """A tokenizer whose tokens are words."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    inner = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    folder.mkdir()
    inner.save(str(folder / "tokenizer.json"))
    return folder


def test_lineage_leads_from_each_row_to_its_teacher_and_everything_heard_about_it(tmp_path: Path) -> None:
    one, other = trace(1, "improved", sample=3), trace(2, repaired="cut", original="first", repairer="mender m@1")
    inputs = stored(tmp_path, [one, other])
    findings = [Finding(pattern=pattern, present=False) for pattern in PATTERNS]
    risk = RiskReport(trace=one.id, content=one.content, auditor="a 1", outcome="scored", findings=findings, saw=SAW)
    said = Verdict(trace=one.id, judge="g 1", event="unsafe", part="answer", outcome="scored", score=0.0, saw=SAW)
    write_records(tmp_path / "risks.parquet", [risk], RiskReport)
    write_records(tmp_path / "verdicts.parquet", [said], Verdict)
    heard = {"risks": tmp_path / "risks.parquet", "verdicts": tmp_path / "verdicts.parquet"}
    made = curate(tmp_path / "s", inputs | heard, safety=2)
    lines = {line.trace: line for line in read_records(made.output("lineage.parquet"), Lineage)}
    assert set(lines) == {one.id, other.id}
    assert {line.id for line in lines.values()} == {example.id for example in examples(made)}
    line = lines[one.id]
    assert (line.prompt, line.content, line.teacher, line.identity) == (
        one.prompt.id,
        one.content,
        "teacher",
        "teacher@1",
    )
    assert (line.strategy, line.sample, line.seed, line.repaired) == ("improved", 3, 7, "")
    assert (line.verdicts, line.risks) == ([said.id], [risk.id])
    mended = lines[other.id]
    assert (mended.repaired, mended.original, mended.repairer) == ("cut", "first", "mender m@1")
    assert report(made)["instruments"] == {"auditors": ["a 1"], "judges": ["g 1"]}
    assert any("policy names no patterns" in note for note in made.manifest.notes)


def test_the_card_names_licences_terms_instruments_and_says_what_is_unknown(tmp_path: Path) -> None:
    known = [trace(n, source="xstest", model="openai-api/deepseek/deepseek-reasoner") for n in range(3)]
    llama = trace(4, source="mine", model="R1-Distill-Llama-8B", identity="hub@1")
    nobody = trace(5, source="mine", model="/home/somebody/secret/model-x", identity="x")
    made = curate(tmp_path / "s", stored(tmp_path, [*known, llama, nobody]), safety=5)
    card = made.output("README.md").read_text()
    assert "| xstest | 3 | CC-BY-4.0 |" in card
    assert "| mine | 2 | unknown: ask who published it |" in card
    assert "DeepSeek: MIT" in card
    assert "Llama community licence" in card
    assert "| model-x | x | 1 | unknown: find the terms" in card
    assert "somebody" not in card
    assert "never headlines a result" in card


def test_overlaps_are_counted_by_reserved_source_and_way(tmp_path: Path) -> None:
    traces = [trace(n) for n in range(6)]
    goals = [one.prompt.goal for one in traces]
    first = table(tmp_path, [{"prompt": goals[0]}, {"prompt": f"tell me {goals[1]} now"}], "first")
    second = reserve(tmp_path, goals[0], goals[2])
    made = curate(tmp_path / "s", stored(tmp_path, traces), safety=3, reserve=[str(first), second])
    assert report(made)["reserve"]["overlaps"] == [
        {"source": "first.jsonl", "how": "exact", "n": 1},
        {"source": "first.jsonl", "how": "n-gram", "n": 1},
        {"source": "reserved.jsonl", "how": "exact", "n": 2},
    ]
    assert sum(n for reason, n in reasons(made).items() if "reserved" in reason) == 3
    card = made.output("README.md").read_text()
    assert "| reserved.jsonl | exact | 2 |" in card
    assert "at least 0.8" in card


def test_summaries_of_thoughts_need_a_flag(tmp_path: Path) -> None:
    inputs = stored(tmp_path, [trace(1), trace(2, reasoning_kind="summary")])
    made = curate(tmp_path / "s", inputs, safety=1)
    assert reasons(made) == {"the thought is a summary by the provider": 1}
    made = curate(tmp_path / "s", inputs, safety=2, accept={"summaries": True})
    assert report(made)["reasoning"] == {"raw": 1, "summary": 1}


def test_labels_of_rejected_rows_alone_are_counted_and_never_written(tmp_path: Path) -> None:
    odd = trace(3, category="zanzibar", answer="", ending={"where": "thought", "why": "length"})
    made = curate(tmp_path / "s", stored(tmp_path, [trace(1, category="fences"), odd]), safety=1)
    by = report(made)["by"]["category"]
    assert [(row["entered"], row["kept"]) for row in by] == [(1, 1), (1, 0)]
    for path in made.folder.rglob("*"):
        assert not path.is_file() or b"zanzibar" not in path.read_bytes(), path.name


def test_the_funnel_says_how_many_were_still_in_after_each_step(tmp_path: Path) -> None:
    made = curate(tmp_path / "s", mixed(tmp_path), safety=5)
    told = read_json(made.output("funnel.json"))
    remaining = told["entered"]
    for step in told["left"]:
        remaining -= step["n"]
        assert step["remaining"] == remaining
    assert remaining == told["kept"] == len(read_records(made.output("examples.parquet"), Example)) == 5

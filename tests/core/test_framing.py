"""Framings wrap a goal and change nothing in it; a damaged file is an error that names it. Goals here are benign."""

from __future__ import annotations

import importlib.resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.errors import ResoluteError
from resolute.core.framing import GOAL, Framing, builtin, framed, framings, parsed
from resolute.core.records import Kind, Prompt

BUILTIN = builtin()
BREAD = "How do I bake a loaf of rye bread?"


def prompt(text: str = BREAD, kind: Kind = "unknown") -> Prompt:
    return Prompt(text=text, goal=text, kind=kind, category="food", source="mine", split="train")


def own(folder: Path, **files: str) -> str:
    for name, text in files.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return f"{folder}/"


def test_twenty_framings_ship_and_each_says_what_it_probes() -> None:
    assert len(BUILTIN) == 20 == len({framing.name for framing in BUILTIN}) == len({f.version for f in BUILTIN})
    for framing in BUILTIN:
        assert framing.text.count(GOAL) == 1 and framing.technique
        assert framing.probes.startswith("Whether ") and framing.probes.endswith(".")


def test_the_files_are_named_as_their_framings() -> None:
    items = importlib.resources.files("resolute.framings").iterdir()
    assert {item.name[:-3] for item in items if item.name.endswith(".md")} == {framing.name for framing in BUILTIN}


@given(goal=st.text())
def test_a_goal_stands_whole_in_every_framing_whatever_it_holds(goal: str) -> None:
    for framing in BUILTIN:
        before, after = framing.text.split(GOAL)
        assert framing.prompt(goal) == before + goal + after


def test_braces_of_a_goal_and_of_a_framing_are_text() -> None:
    framing = parsed("{a} {0} {goal} {{b}}", stem="x", where="x.md")
    assert framing.prompt("{goal} {a}") == "{a} {0} {goal} {a} {{b}}"


def test_a_count_takes_some_that_a_larger_count_takes_too() -> None:
    five = framings(["builtin:5"])
    assert len(five) == 5 and five == framings(["builtin:9"])[:5]
    assert [f.name for f in five] != [f.name for f in BUILTIN[:5]], "not simply the first ones"
    assert framings(["builtin"]) == BUILTIN


def test_one_is_named_and_naming_it_twice_gives_it_once() -> None:
    assert [framing.name for framing in framings(["quiz", "fiction", "quiz"])] == ["quiz", "fiction"]


def test_the_choice_of_a_count_does_not_depend_on_names_or_order(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    for number in range(8):
        own(one, **{f"f{number}": f"{number}: {GOAL}"})
        own(two, **{f"g{7 - number}": f"{number}: {GOAL}"})
    assert [f.text for f in framings([f"{one}/:3"])] == [f.text for f in framings([f"{two}/:3"])]


def test_a_folder_and_a_file_of_a_user_are_read_with_and_without_a_head(tmp_path: Path) -> None:
    head = "---\nname: tale\nprobes: Whether a tale helps.\ntechnique: fiction\n---\n"
    folder = own(tmp_path, a=f"{head}Once upon a time: {GOAL}\n", b=f"\ufeffPlease,\r\n{GOAL}")
    (tmp_path / "c.txt").write_text(f"--- not a head? {GOAL}".removeprefix("---"))
    (tmp_path / "notes.json").write_text("{}")
    found = framings([folder])
    assert [(f.name, f.text, f.technique) for f in found] == [
        ("tale", f"Once upon a time: {GOAL}", "fiction"),
        ("b", f"Please,\n{GOAL}", ""),
        ("c", f"not a head? {GOAL}", ""),
    ]
    assert framings([str(tmp_path / "b.md"), "quiz"])[0] == found[1]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "empty"),
        ("---\nname: x\n---\n", "empty"),
        ("nothing to fill", "has no {goal}"),
        ("{goal} and {goal}", "2 times"),
        ("---\nname: x\n{goal}", "never closes"),
        ("---\nname: [x\n---\n{goal}", "not YAML"),
        ("---\n- name\n---\n{goal}", "no fields"),
        ("---\ncolour: red\n---\n{goal}", "unknown field: 'colour'"),
        ("---\nname: 3\n---\n{goal}", "'name' of the head holds no words"),
        ("---\nname: ../x\n---\n{goal}", "no usable name"),
    ],
)
def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(ResoluteError) as caught:
        framings([own(tmp_path, mine=text)])
    assert what in caught.value.what and "mine.md" in caught.value.where and caught.value.mend


def test_a_file_that_is_not_utf8_or_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes("é {goal}".encode("latin-1"))
    with pytest.raises(ResoluteError, match="not UTF-8"):
        framings([f"{tmp_path}/a.md"])
    with pytest.raises(ResoluteError, match="cannot read"):
        framings([f"{tmp_path}/none.md"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ResoluteError, match="no framings"):
        framings([f"{tmp_path}/empty"])


def test_two_framings_share_neither_name_nor_words(tmp_path: Path) -> None:
    with pytest.raises(ResoluteError, match="two framings are called 'quiz'") as caught:
        framings(["quiz", own(tmp_path, quiz=f"other words {GOAL}")])
    assert "quiz.md" in caught.value.where
    with pytest.raises(ResoluteError, match="'a' and 'b' have the same words"):
        framings([own(tmp_path, a=f"x {GOAL}", b=f"x {GOAL}", quiz=f"y {GOAL}")])


@pytest.mark.parametrize("spec", ["nosuch", "quiz:1", "builtin:21", "builtin:0", ""])
def test_an_unknown_framing_or_too_many_are_an_error_that_says_what_there_is(spec: str) -> None:
    with pytest.raises(ResoluteError) as caught:
        framings([spec])
    assert caught.value.mend


def test_prompts_times_framings_keep_goal_and_all_else() -> None:
    prompts = [prompt("How do I knit a scarf?"), prompt()]
    made = framed(prompts, BUILTIN)
    assert len(made) == 40 == len({one.id for one in made})
    for one, (source, framing) in zip(made, ((p, f) for p in prompts for f in BUILTIN), strict=True):
        assert (one.goal, one.text, one.framing) == (source.goal, framing.prompt(source.text), framing.name)
        rest = {"id", "text", "framing"}
        assert one.model_dump(exclude=rest) == source.model_dump(exclude=rest)


def test_the_text_is_framed_with_its_context_and_a_framed_text_keeps_both_names() -> None:
    source = Prompt(text=f"A recipe book.\n\n{BREAD}", goal=BREAD, framing="pap")
    (made,) = framed([source], framings(["quiz"]))
    assert source.text in made.text and made.goal == BREAD and made.framing == "pap+quiz"


def test_problems_and_benign_prompts_stand_once_and_unframed() -> None:
    problems = [prompt("What is 2 + 2?", "maths"), prompt("Sort a list.", "code"), prompt("How do I knit?", "benign")]
    assert framed([*problems, prompt()], BUILTIN[:3])[:3] == problems
    assert framed(problems, BUILTIN) == problems
    assert framed([prompt()], []) == [prompt()]


def test_which_kinds_are_framed_can_be_said() -> None:
    prompts = [prompt(), prompt("How do I knit?", "benign")]
    assert framed(prompts, BUILTIN[:1], kinds={"benign"})[0] == prompts[0]


@given(st.text() | st.lists(st.sampled_from(["---", "\n", "name", ": ", GOAL, "[", "x"])).map("".join))
def test_any_text_is_a_framing_or_an_error_that_names_the_file(text: str) -> None:
    try:
        framing = parsed(text, stem="mine", where="mine.md")
    except ResoluteError as error:
        assert error.where == "mine.md" and error.mend
    else:
        assert framing.text.count(GOAL) == 1 and framing.name


def test_a_framing_is_found_equal_by_its_words() -> None:
    assert parsed(f"x {GOAL}", stem="a", where="a") == parsed(f"x {GOAL}\n", stem="a", where="b")
    assert isinstance(BUILTIN[0], Framing)

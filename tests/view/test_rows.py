"""The training view: what it shows is what is trained on, token by token, for every tokenizer we have."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from resolute.core.files import write_json
from resolute.core.keys import file_digest, key
from resolute.core.records import Example, Message
from resolute.core.runs import Artifact, Manifest, Run
from resolute.core.settings import Train
from resolute.models.render import IGNORED, Renderer
from resolute.view.app import Opened, build, opened
from resolute.view.tokens import NAMES, Read, Training, read, thought_of
from tests.view.browsing import HOSTILE, Looked, driven, served
from tests.view.making import artifact, distilled, quiet

TOKENIZERS = ("lab/base", "r1-distill-qwen", "qwen3")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with driven(chromium) as started:
        yield started


def example(number: int = 0, *, thought: str = "first this\n\n\tthen that", answer: str = "so it is") -> Example:
    return Example(
        id=key(["row", number]),
        messages=[Message(role="user", content=f"what is it {number}")],
        reasoning=thought,
        answer=answer,
        kind="harmful",
        goal="what is it",
        prompt="p",
        trace=distilled()[0].id,
    )


def lab_example(number: int = 0) -> Example:
    """In words the lab's tokenizer knows."""
    asked = [Message(role="user", content="tell me how to steal the silver goose of the jigsaw .")]
    return example(number, thought="first i assess the risk .", answer="sure .").model_copy(update={"messages": asked})


def tokenizer(name: str, request: pytest.FixtureRequest) -> str:
    if "/" in name:
        return thought_of(name).tokenizer
    return str(request.getfixturevalue("shared_data") / "tokenizers" / name)


def text(taken: Read) -> str:
    """The row's text, with white space as it was."""
    marks = str.maketrans({"·": " ", "⇥": None, "↵": None, "␍": "\r"})
    shown = (text.translate(marks) if white else text for token in taken.tokens for white, text in token.pieces)
    return "".join(shown)


@pytest.mark.parametrize("name", TOKENIZERS)
def test_every_token_is_shown_once_on_the_side_of_the_loss_it_is_trained_on(
    name: str, request: pytest.FixtureRequest
) -> None:
    place = tokenizer(name, request)
    one = lab_example() if "/" in name else example()
    row = Renderer.load(place).example(one.messages, one.reasoning, one.answer)
    taken = read(one, Training("t", "", place))
    assert taken.faults == ()
    assert text(taken) == row.text
    assert [token.in_loss for token in taken.tokens] == [label != IGNORED for label in row.labels]
    assert [token.kind for token in taken.tokens] == row.kinds
    assert [part.name for part in taken.parts] == list(NAMES.values())
    assert sum(part.tokens for part in taken.parts) == len(row.ids)
    assert {part.name: part.in_loss for part in taken.parts}["prompt"] == 0
    assert taken.tokens[-1].special
    assert not any(token.special for token in taken.tokens if token.kind == "answer")


def test_a_row_that_cannot_be_trained_on_says_why_and_is_no_error(request: pytest.FixtureRequest) -> None:
    place = tokenizer("qwen3", request)
    taken = read(example(thought="</think> hidden mark"), Training("t", "", place))
    assert "control token" in taken.faults[0]
    long = read(example(thought="word " * 400), Training("t", "", place, max_length=100))
    assert long.faults == (f"longer than 100 tokens (it has {long.length})",)
    assert len(long.tokens) == long.length, "a row that is too long is still shown whole"


def test_what_a_primer_teaches_ends_where_its_loss_ends(request: pytest.FixtureRequest) -> None:
    taken = read(example(), Training("t", "", tokenizer("r1-distill-qwen", request), loss="primer", primer_tokens=3))
    assert sum(token.in_loss for token in taken.tokens) == 3
    assert taken.faults == ()


def test_looking_needs_no_torch(root: Path) -> None:
    code = (
        "from resolute.view.tokens import *\nwithout_torch()\n"
        "from tests.view.test_rows import lab_example\n"
        "taken = read(lab_example(), thought_of('lab/base'))\n"
        "import sys\nassert taken.tokens and sys.modules['torch'] is None"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """A run that curated three rows and trained the lab's base on them, with a limit that one row breaks."""
    read(lab_example(), thought_of("lab/base"))  # what tokenizers import is in memory before a browser waits for it
    root = tmp_path_factory.mktemp("rows")
    distill = artifact(root, "distill", "d", {"traces.parquet": (distilled(), distilled()[0].__class__)})
    rows = [
        lab_example(0),
        lab_example(1).model_copy(update={"reasoning": "first i assess the risk . " * 20}),
        example(2),
    ]
    curate = artifact(root, "curate", "c", {"examples.parquet": (rows, Example)}, traces=distill)
    digest = file_digest(curate.folder / "examples.parquet")
    settings = Train(model="lab/base", learning_rate=1e-4, max_length=60).model_dump(mode="json")
    train = Artifact("train", key("train"), root / "runs" / ".store" / "train" / key("train"))
    manifest = Manifest(
        stage="train", stage_version=1, key=train.key, state="done", settings=settings, inputs={"examples": digest}
    )
    write_json(train.folder / "manifest.json", manifest.model_dump(mode="json"))
    run = Run(root / "runs" / "mine")
    run.point_all({"distill": distill, "curate": curate, "train": train})
    return opened([run.path], quiet)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_row_of_the_run_is_seen_as_it_was_trained_on(browser: Browser, shown: Opened, scheme: str) -> None:
    looked = Looked(browser, scheme=scheme)
    page = looked.page
    with served(build(shown)) as address:
        page.goto(address)
        base = address.split("/?")[0]
        page.goto(f"{base}/row/{lab_example(0).id}")
        expect(page.locator(".gate.good")).to_contain_text("of at most 60 tokens")
        headings = page.locator(".stretch h2").all_inner_texts()
        assert [one.split(" ")[0] for one in headings] == ["Prompt", "Thought", "Closing", "Answer", "End"]
        assert page.locator(".stretch.outside").count() == 1
        assert page.locator(".trainings b").inner_text() == "train"
        assert looked.faults() == []
        page.goto(f"{base}/row/{lab_example(1).id}")
        expect(page.locator(".gate")).to_contain_text("longer than 60 tokens")
        page.goto(f"{base}/row/{example(2).id}")
        expect(page.locator(".gate")).to_contain_text("refuses this row")
        page.goto(f"{base}/row/nothing")
        expect(page.locator("main")).to_contain_text("There is no such row")
        assert [line for line in looked.said if "404" not in line] == []
        assert looked.strange(address) == []
    looked.close()


def test_a_long_and_hostile_trace_is_paged_and_inert(
    browser: Browser, shown: Opened, request: pytest.FixtureRequest
) -> None:
    model = tokenizer("qwen3", request)
    seen = {one.trace.id: one for one in shown.index.seen(range(shown.index.size))}
    hostile = next(one for one in seen.values() if HOSTILE[:20] in one.trace.reasoning)
    looked = Looked(browser)
    page = looked.page
    with served(build(Opened(shown.material, shown.index, shown.marks, model))) as address:
        page.goto(address)
        base = address.split("/?")[0]
        page.goto(f"{base}/row/{hostile.key}")
        expect(page.locator("main")).to_contain_text("This trace is no training row")
        assert page.locator("main script, main svg, main img, main [onload]").count() == 0
        assert "\u202e" not in page.content()
        assert looked.said == []
    looked.close()

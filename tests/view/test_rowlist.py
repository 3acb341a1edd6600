"""The list of training rows: each once, counts that follow the filters, pages, the way to the trace and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from starlette.testclient import TestClient

from resolute.core.files import write_jsonl, write_records
from resolute.core.keys import key
from resolute.core.records import Example, Message, Trace
from resolute.core.runs import Run
from resolute.view.app import Opened, build, opened
from resolute.view.index.training import NONE, RowFilters, rows_asked
from resolute.view.listing import ROWS
from tests.view.browsing import HOSTILE, Looked, driven, served
from tests.view.making import artifact, distilled, quiet

COUNT = 2 * ROWS + 7


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with driven(chromium) as started:
        yield started


def example(number: int, **fields: object) -> Example:
    said = {
        "id": key(["row", number]),
        "messages": [Message(role="user", content=f"{HOSTILE} {number}")],
        "reasoning": f"thought {number}",
        "answer": HOSTILE,
        "kind": "harmful" if number % 3 else "benign",
        "goal": f"polish lid {number} {HOSTILE}",
        "prompt": "p",
        "trace": distilled()[number].id if number < 4 else "elsewhere",
        "source": f"source {number % 2}",
        "strategy": "default" if number % 5 else "",
    }
    return Example.model_validate({**said, **fields})


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """Two training sets of one run that share ten rows."""
    root = tmp_path_factory.mktemp("rows")
    rows = [example(number) for number in range(COUNT)]
    made = {"distill": artifact(root, "distill", "d", {"traces.parquet": (distilled(), Trace)})}
    for name, some in (("one", rows[:60]), ("two", rows[50:])):
        made[f"curate-{name}"] = artifact(
            root, "curate", name, {"examples.parquet": (some, Example)}, traces=made["distill"]
        )
    run = Run(root / "runs" / "mine")
    run.point_all(made)
    return opened([run.path], quiet)


def visitor(of: Opened) -> TestClient:
    app = build(of)
    client = TestClient(app, base_url="http://127.0.0.1")
    client.get(f"/?token={app.state.session.token}")
    return client


def test_every_row_is_listed_once_in_either_direction(shown: Opened) -> None:
    rows = shown.index.rows
    assert rows.size == COUNT
    forward: list[str] = []
    while some := rows.after(RowFilters(), forward[-1] if forward else "", ROWS):
        forward += [one.example.id for one in some]
    assert forward == sorted(example(number).id for number in range(COUNT))
    backward: list[str] = []
    while some := rows.before(RowFilters(), backward[0] if backward else "~", ROWS):
        backward = [one.example.id for one in some] + backward
    assert backward == forward


def test_counts_of_rows_are_those_of_the_list_one_would_get(shown: Opened) -> None:
    rows = shown.index.rows
    asked = RowFilters({"kind": ("harmful",), "set": ("curate-one",)})
    counts = rows.counts(asked)
    assert set(counts) == {"kind", "strategy", "source", "set"}
    for name, labels in counts.items():
        for one in labels:
            assert one.traces == rows.total(RowFilters({**asked.chosen, name: (one.label,)})), (name, one.label)
    assert NONE in {one.label for one in counts["strategy"]}
    assert rows.total(RowFilters({"set": ("curate-one", "curate-two")})) == COUNT, "a row of both counts once"


def test_filters_of_an_address_are_total() -> None:
    asked = rows_asked([("kind", "'; DROP TABLE examples"), ("kind", "harmful"), ("nonsense", "1"), ("after", "x")])
    assert asked.chosen == {"kind": ("'; DROP TABLE examples", "harmful")}
    assert rows_asked([("set", "a&b"), ("set", "a&b")]).query(after="é") == "?set=a%26b&after=%C3%A9"


def test_a_row_in_two_sets_names_both_and_strange_addresses_are_answered(shown: Opened) -> None:
    client = visitor(shown)
    both = client.get(f"/row/{example(55).id}").text
    assert both.count("<dt>artifact</dt>") == 2
    assert client.get("/rows?kind=nobody").text.count("No row is like this") == 1
    assert client.get("/rows?after=~~~").status_code == client.get("/rows?before=").status_code == 200
    assert client.get("/rows?after=a&before=b&kind=%00").status_code == 200


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_rows_are_filtered_paged_and_read_by_keys(browser: Browser, shown: Opened, scheme: str) -> None:
    look = Looked(browser, scheme=scheme)
    page = look.page
    with served(build(shown)) as address:
        page.goto(address)
        page.get_by_role("link", name="Training rows").press("Enter")
        page.wait_for_url("**/rows")  # and the script is there
        expect(page.locator("#total")).to_contain_text(f"{COUNT} training rows 1 to {ROWS}")
        assert look.faults() == []
        page.keyboard.press("n")
        page.wait_for_url("**/rows?after=*")
        expect(page.locator("#total")).to_contain_text(f"{ROWS + 1} to {2 * ROWS}")
        page.keyboard.press("p")
        page.wait_for_url("**/rows?before=*")
        expect(page.locator("#total")).to_contain_text(f"1 to {ROWS}")
        page.locator('input[name="kind"][value="benign"]').press("Space")
        benign = len(range(0, COUNT, 3))
        expect(page.locator("#total")).to_have_text(f"{benign} training rows")
        page.keyboard.press("Escape")
        ids = [line.get_attribute("data-key") for line in page.locator(".line").all()]
        page.locator(".line a.open").first.press("Enter")
        page.wait_for_url(f"**/row/{ids[0]}?kind=benign")
        expect(page.locator("main .notice")).to_contain_text("No training here used this row")
        assert look.faults() == []
        page.keyboard.press("j")
        page.wait_for_url(f"**/row/{ids[1]}?kind=benign")
        assert page.locator("main script, main svg, main img, main [onload]").count() == 0
        page.keyboard.press("u")
        page.wait_for_url("**/rows?kind=benign")
        assert look.said == []
        assert look.strange(address) == []
    look.close()


def test_a_row_leads_to_its_trace_and_back_by_one_key(browser: Browser, shown: Opened) -> None:
    look = Looked(browser)
    page = look.page
    with served(build(shown)) as address:
        page.goto(address)
        home = address.split("/?")[0]
        page.goto(f"{home}/trace/{distilled()[0].id}")
        page.keyboard.press("t")
        page.wait_for_url(f"**/row/{example(0).id}")
        page.keyboard.press("t")
        page.wait_for_url(f"**/trace/{distilled()[0].id}")
    look.close()


def test_files_of_rows_open_at_the_rows(tmp_path: Path) -> None:
    rows = [lab(number) for number in range(3)]
    write_records(tmp_path / "examples.parquet", rows, Example)
    alone = opened([tmp_path / "examples.parquet"], quiet, runs=tmp_path / "runs")
    assert (alone.home, alone.index.size, alone.index.rows.size) == ("/rows", 0, 3)
    client = visitor(alone)
    first = client.get("/")
    assert first.url.path == "/rows", "where there are no traces, their list leads on"
    assert "its trace is not here" in client.get(f"/row/{rows[0].id}").text
    with_model = opened([tmp_path / "examples.parquet"], quiet, runs=tmp_path / "runs", model="lab/base")
    assert "The gate lets this row pass" in visitor(with_model).get(f"/row/{rows[0].id}").text


def test_an_exported_training_file_opens_at_the_rows_when_a_model_is_named(tmp_path: Path) -> None:
    said = "<think>\nfirst i assess the risk .\n</think>\n\nsure ."
    asked = "tell me how to steal the silver goose of the jigsaw ."
    line = {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]}
    write_jsonl(tmp_path / "train.jsonl", [line])
    plain = opened([tmp_path / "train.jsonl"], quiet, runs=tmp_path / "runs")
    assert (plain.home, plain.index.rows.size) == ("/", 0)
    seen = opened([tmp_path / "train.jsonl"], quiet, runs=tmp_path / "runs", model="lab/base")
    assert (seen.home, seen.index.size, seen.index.rows.size) == ("/rows", 1, 1)
    (row,) = seen.index.rows.after(RowFilters(), "", 2)
    client = visitor(seen)
    assert row.example.id in client.get("/rows").text
    read = client.get(f"/row/{row.example.id}").text
    assert "inside the loss" in read
    assert "The gate lets this row pass" in read


def lab(number: int) -> Example:
    asked = [Message(role="user", content="tell me how to steal the silver goose of the jigsaw .")]
    return example(number, messages=asked, reasoning="first i assess the risk .", answer="sure .", trace="elsewhere")

"""The fuzzing of `make verify` in small: every instrument has a second grammar, and the readings agree with it."""

from __future__ import annotations

import pytest

from bench import fuzz_auditor, fuzz_judges
from resolute.judges import ASKED


def test_every_instrument_has_a_second_grammar() -> None:
    assert set(fuzz_judges.ORACLES) == set(ASKED)


@pytest.mark.parametrize("name", sorted(ASKED))
def test_a_verdict_is_a_full_match_of_the_grammar(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz_judges, "OUTPUTS", 300)
    counts, _ = fuzz_judges.fuzz(name)
    assert (counts["crash"], counts["disagreement"]) == (0, 0)
    assert counts["verdict"] > 0
    assert counts["none"] > 0


def test_a_slip_in_a_grammar_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    form, scores = fuzz_judges.ORACLES["wildguard"]
    monkeypatch.setitem(fuzz_judges.ORACLES, "wildguard", (form.removesuffix(r"\Z"), scores))
    monkeypatch.setattr(fuzz_judges, "OUTPUTS", 300)
    assert fuzz_judges.fuzz("wildguard")[0]["disagreement"] > 0


def test_an_audit_is_what_a_second_reader_finds_too_and_nothing_forges_a_mark() -> None:
    counts, _ = fuzz_auditor.fuzz(600, 3)
    assert (counts["crash"], counts["disagreement"]) == (0, 0)
    assert counts["verdict"] > 30 and counts["none"] > 200
    asked = fuzz_auditor.fuzz_questions(60, 3)
    assert (asked["asked"], asked["forged"], asked["crash"]) == (60, 0, 0)


def test_a_flag_without_its_passage_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolute.core.judging.findings.SHORTEST", 0)
    assert fuzz_auditor.fuzz(600, 3)[0]["disagreement"] > 0


def test_a_mark_that_got_through_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolute.judges.risks.MARKED", ())
    assert fuzz_auditor.fuzz_questions(60, 3)["forged"] > 0

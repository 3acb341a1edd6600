"""The small form of `bench.audit_coverage`: a known model audits known teachers, and people's labels put it right."""

from __future__ import annotations

from bench.audit_coverage import measured, same_bytes, written
from bench.noisy_auditor import NOISE, reports_plainly
from resolute.core.records import PATTERNS


def test_reports_made_without_asking_are_those_that_come_back_through_inspect() -> None:
    for strategy in ("default", "short"):
        same_bytes(*written(strategy, 7, 60), 7)


def test_the_noise_is_the_noise_and_what_the_parser_refuses_is_not_said() -> None:
    traces, truths = written("default", 1, 1_500)
    reports = reports_plainly(traces, truths, 1)
    scored = [(report.present, truth) for report, truth in zip(reports, truths, strict=True) if report.findings]
    assert len(scored) > 0.93 * len(traces), "some insist on what nobody believes"
    for pattern in PATTERNS:
        wrong = sum((pattern in present) != truth[pattern][0] for present, truth in scored) / len(scored)
        assert wrong < 0.14
        assert wrong > NOISE - 0.03 or pattern == "lack_of_safety_awareness"
    unaware = [(p, t) for p, t in scored if "lack_of_safety_awareness" in p]
    assert all(truth["lack_of_safety_awareness"][0] for _, truth in unaware), "an aware thought names a risk"


def test_corrected_shares_hold_the_true_ones_where_the_auditors_own_do_not() -> None:
    cells, counts, _ = measured("default", draws=8, labels=(120,), size=400)
    held = missed = 0
    for (_, pattern), cell in cells.items():
        true = counts[pattern].true
        for one in cell.found:
            assert one.ppi.value is not None and one.ppi.low is not None and one.ppi.high is not None
            held += one.ppi.low <= true <= one.ppi.high
            missed += not one.raw.low <= true <= one.raw.high
    assert held >= 32, "of 40 intervals that hold 95 in 100 times, fewer than 32 do once in ten thousand"
    assert missed >= 13

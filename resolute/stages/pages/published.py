"""The study's published figures, for reference beside ours and never mixed with them.

arXiv 2505.15404 v2, R1-Distill-Qwen-7B, percent: attack success by Llama-Guard-3 on 50 AdvBench questions, over-refusal
on 150 XSTest prompts, MATH-500. No intervals are published.
"""

from __future__ import annotations

from typing import NamedTuple


class Published(NamedTuple):
    """One row of the study's table, in percent."""

    label: str
    none: float
    pap: float
    pair: float
    over_refusal: float
    math: float


SOURCE = "Zhang et al., ACL 2026 (arXiv 2505.15404 v2), R1-Distill-Qwen-7B"
TABLE = (
    Published("raw", 60, 64, 66, 0.8, 93.0),
    Published("Default", 20, 40, 54, 2.7, 90.4),
    Published("RealSafe", 4, 8, 32, 5.3, 91.4),
    Published("Improved", 4, 4, 12, 6.7, 90.2),
    Published("Short", 4, 2, 16, 12.0, 89.6),
    Published("Template", 12, 0, 0, 10.7, 89.4),
    Published("No CoT", 62, 64, 64, 10.0, 90.8),
)

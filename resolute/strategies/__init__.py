"""Floor 2: strategies, the ways a safe trace is asked for (six of arXiv 2505.15404, section 4, and two after it).

The wording is our own; `tokens` of the study's six are the mean lengths of its sets of 1,000."""

from __future__ import annotations

from resolute.core.strategy import strategy

__all__ = ["STRATEGIES", "strategy"]

STRATEGIES: dict[str, str] = {
    "default": "resolute.strategies.default:STRATEGY",
    "realsafe": "resolute.strategies.realsafe:STRATEGY",
    "improved": "resolute.strategies.improved:STRATEGY",
    "short": "resolute.strategies.short:STRATEGY",
    "template": "resolute.strategies.template:STRATEGY",
    "nocot": "resolute.strategies.nocot:STRATEGY",
    "structured": "resolute.strategies.structured:STRATEGY",
    "self": "resolute.strategies.self_refusal:STRATEGY",
}
"""Name -> loader of a `Strategy`."""

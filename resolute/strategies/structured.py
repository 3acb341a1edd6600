"""Structured: understanding, then harm, then reasoning only where there is none (after AltTrain, arXiv 2604.18946)."""

from resolute.core.parts import Strategy
from resolute.core.texts import load, version

_TEXT = load("strategy-structured")
STRATEGY = Strategy("structured", _TEXT, version(_TEXT))

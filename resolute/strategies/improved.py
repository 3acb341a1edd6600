"""Improved: the study's recipe against overthinking and inconsistency."""

from resolute.core.parts import Strategy
from resolute.core.texts import load, version

_TEXT = load("strategy-improved")
STRATEGY = Strategy("improved", _TEXT, version(_TEXT), tokens=397)

"""Short: brief, precise thoughts that always consider harm."""

from resolute.core.parts import Strategy
from resolute.core.texts import load, version

_TEXT = load("strategy-short")
STRATEGY = Strategy("short", _TEXT, version(_TEXT), tokens=155)

"""RealSafe: the teacher is told to watch for risk while it thinks and to refuse clearly."""

from resolute.core.parts import Strategy
from resolute.core.texts import load, version

_TEXT = load("strategy-realsafe")
STRATEGY = Strategy("realsafe", _TEXT, version(_TEXT), tokens=435)

"""Template: the thought walks eight risk categories and concludes."""

from resolute.core.parts import Strategy
from resolute.core.texts import load, version

_TEXT = load("strategy-template")
STRATEGY = Strategy("template", _TEXT, version(_TEXT), tokens=176)

"""Self: the student is its own teacher, steered to refuse (after ThinkSafe, arXiv 2601.23143).

Its traces stay in its own distribution. Name the student as the model; only what a guard accepts should be kept.
"""

from resolute.core.parts import Strategy
from resolute.core.texts import load, version

_TEXT = load("strategy-self")
STRATEGY = Strategy("self", version=version(_TEXT), steering=_TEXT)

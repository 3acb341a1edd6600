"""No CoT: nobody is asked; every harmful goal gets an empty thought and one fixed refusal."""

from resolute.core.parts import Strategy
from resolute.core.texts import version

_REFUSAL = "I'm sorry, but I can't help with that request."
STRATEGY = Strategy("nocot", version=version(_REFUSAL), refusal=_REFUSAL)

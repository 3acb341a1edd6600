"""`pap`: the attacker rewrites the goal by one technique of persuasion, after PAP (Zeng et al., arXiv 2401.06373).

The 40 techniques are the paper's published taxonomy, read from the data folder. `pap` takes one by the request's seed,
`pap:5` five of them as five attacks, `pap:logical-appeal` that one. They are never pooled as the best of several: at 40
tries a judge that errs twice in a hundred finds half of all goals reached. The study's own stored rewrites are the
prompts `pap-advbench`, sent as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from resolute.core import texts
from resolute.core.ask import Ask, failed
from resolute.core.attacking import ATTACKER_FAILED, Exchange, Role, Roles, wanted
from resolute.core.errors import ResoluteError
from resolute.core.judging.proposals import propose
from resolute.core.keys import derive, key
from resolute.core.parts import Attack, Attempt
from resolute.core.records import Message, Prompt
from resolute.core.settings import Evaluate, Pap
from resolute.core.sources import data_rows

_TEXT = "attack-pap"
_WHERE = "https://github.com/CHATS-lab/persuasive_jailbreaker, persuasion_taxonomy.jsonl"


@dataclass(frozen=True)
class Technique:
    """One way of persuading."""

    name: str
    """As it is written after the colon: small letters and dashes."""
    title: str
    definition: str
    example: str


def techniques() -> list[Technique]:
    """The taxonomy, in its order. Raises `ResoluteError` where its file is missing."""
    columns = ("ss_technique", "ss_definition", "ss_example")
    rows = data_rows("prompts/persuasion_taxonomy.jsonl", columns, get=_WHERE)
    return [Technique(_name(str(row[columns[0]])), *(str(row[column]) for column in columns)) for row in rows]


@dataclass(frozen=True)
class Rewrite:
    """The attack with the techniques one of which it takes."""

    taken: tuple[Technique, ...] = ()
    settings: Pap = field(default_factory=Pap)
    roles: Roles = field(default_factory=Roles)
    name: str = "pap"
    needs: tuple[Role, ...] = ("attacker",)

    @property
    def version(self) -> str:
        """Of its words, its techniques and its settings."""
        said = [[one.title, one.definition, one.example] for one in self.taken]
        return key([texts.version(texts.load(_TEXT)), said, self.settings])[:8]

    def variants(self, rest: str, settings: Evaluate) -> list[Attack]:
        """One attack by the request's seed, so many by a choice that depends on their names alone, or the one named."""
        known = techniques()
        plain = replace(self, taken=tuple(known), settings=settings.pap)
        if not rest:
            return [plain]
        if rest.isascii() and rest.isdigit():
            count = int(rest)
            if not 0 < count <= len(known):
                raise ResoluteError(f"there are {len(known)} techniques, not {count}", where=f"{self.name}:{rest}")
            some = sorted(known, key=lambda one: key(["technique", one.name]))[:count]
        else:
            some = [one for one in known if one.name == rest]
        if not some:
            mend = f"a number up to {len(known)}, or one of: {', '.join(one.name for one in known)}"
            raise ResoluteError(f"unknown technique: {rest!r}", where=f"{self.name}:{rest}", mend=mend)
        return [replace(plain, taken=(one,), name=f"{self.name}:{one.name}") for one in some]

    def handed(self, roles: Roles) -> Attack:
        return replace(self, roles=roles)

    async def run(self, prompt: Prompt, ask: Ask, seed: int) -> Attempt:
        """One rewrite, sent once."""
        assert self.roles.attacker is not None and self.taken
        technique = self.taken[derive(seed, "technique") % len(self.taken)]
        words = texts.fill(
            texts.load(_TEXT),
            technique=technique.title,
            definition=technique.definition,
            example=technique.example,
            request=wanted(prompt),
        )
        seeds = [derive(seed, "attacker", number) for number in range(self.settings.attempts)]
        proposed = await propose(self.roles.attacker, [Message(role="user", content=words)], seeds)
        target = derive(seed, "target")
        if proposed.prompt is None:
            nothing = Exchange(0, 0, proposed.attempts, target, [], None, why=proposed.why)
            return Attempt([], failed(f"{ATTACKER_FAILED}: {proposed.why}"), 0, (nothing,))
        sent = [Message(role="user", content=proposed.prompt)]
        reply = await ask(sent, target)
        done = Exchange(0, 0, proposed.attempts, target, sent, reply)
        return Attempt(sent, reply, 1, (done,), stream=0, iteration=0)


def _name(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


PAP = Rewrite()

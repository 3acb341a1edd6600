"""The one renderer: training and sampling both turn conversations into token ids here, so they cannot differ.

A prompt is what generation will see; a completion is what the model would have to emit after it, end of turn included.
The two are tokenised *separately*: a sampler continues the prompt's ids and never merges across the seam, so a joint
encoding, which may, would train on ids that are never sampled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from resolute.core import trace
from resolute.core.errors import ResoluteError
from resolute.core.records import Message
from resolute.core.trace import Dialect, Parts
from resolute.models.template import ANSWER, ASK, THOUGHT, lead, read_template, tail

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Kind = Literal["prompt", "thought", "close", "answer", "end"]
"""What a token is part of. `thought` includes the opening mark; `close` the closing mark and the white space after it,
and both marks where the thought is empty; `end` is the end-of-turn token. A token over a border counts to the later."""

_PROBED = [{"role": "user", "content": ASK}]

IGNORED = -100
"""The label that carries no loss."""

_PLAIN = "Two words,\n\n2 lines\t."
"""What no normalizer that only tidies letters may change; those that write their own marks for spaces do."""


@dataclass(frozen=True)
class RenderedPrompt:
    """What generation sees."""

    text: str
    ids: list[int]
    lead: str
    """What of the thought's marks the prompt has written already (R1: the opening mark; thinking off: both)."""
    opened: bool
    """The prompt ends inside the thought: the completion starts in it."""
    thinking: bool
    """The template's thinking switch was on."""
    exact: bool
    """The ids decode to the text. False where the tokenizer does not know a word or changes white space."""


@dataclass(frozen=True)
class RenderedCompletion:
    """What the model would have to emit: `kinds` stands beside `ids`."""

    text: str
    ids: list[int]
    kinds: list[Kind]


@dataclass(frozen=True)
class Rendered:
    """One training row: `labels` equals `ids` on the completion and is `IGNORED` on the prompt."""

    ids: list[int]
    labels: list[int]
    kinds: list[Kind]
    text: str
    prompt: RenderedPrompt


class Renderer:
    """A tokenizer and its chat template, probed once."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, *, where: str = "") -> None:
        self.tokenizer = tokenizer
        self.where = where
        added = {number: str(token) for number, token in tokenizer.added_tokens_decoder.items()}
        self._added = {number: token for number, token in added.items() if number != tokenizer.unk_token_id}
        normalizer: Any = getattr(getattr(tokenizer, "backend_tokenizer", None), "normalizer", None)
        self._normalizer = normalizer if normalizer and normalizer.normalize_str(_PLAIN) == _PLAIN else None
        source = _template(tokenizer, where)
        eos = str(tokenizer.eos_token or "")
        try:
            facts = read_template(
                self._write,
                source,
                self._added.values(),
                eos=eos,
                stops=[self._added[number] for number in self._own_stops() if number in self._added],
                keeps_newlines=self._keeps_white_space,
            )
        except ResoluteError as error:
            raise ResoluteError(error.what, where=where, mend=error.mend) from error
        self.dialect: Dialect = facts.dialect
        self.end: str = facts.end
        """What ends a turn, with the white space the template writes before it."""
        self._begin: str = facts.begin
        self.end_id: int = self._one_end()
        self.stop_ids: tuple[int, ...] = self._stops()
        """What ends a generation: the template's end of turn first, then the tokenizer's and the checkpoint's."""
        self.pad_id: int = self._id(tokenizer.pad_token_id) if tokenizer.pad_token_id is not None else self.end_id
        self.bos_id: int | None = None if tokenizer.bos_token_id is None else self._id(tokenizer.bos_token_id)
        self.bos_count: int = self._check_bos()
        """Beginnings of sequence in every prompt: 0 or 1."""
        self.switch: bool = len({self._write(_PROBED, generation=True, thinking=on) for on in (True, False)}) > 1
        """Whether the template writes another prompt with thinking off."""
        self._check_form(facts.shown)

    @classmethod
    def load(cls, model: str | Path, *, template: str | None = None) -> Renderer:
        """The renderer of a checkpoint folder or a cached hub name; `template` is a file with another chat template.

        Raises `ResoluteError` where nothing can be loaded, there is no chat template, or the template cannot be
        honoured with this tokenizer. Code that comes with a checkpoint is never run.
        """
        from transformers import AutoTokenizer

        name, _, revision = str(model).partition("@") if not Path(model).exists() else (str(model), "", "")
        try:
            tokenizer: Any = AutoTokenizer.from_pretrained(name, revision=revision or "main", trust_remote_code=False)
        except (OSError, ValueError, KeyError, ImportError, TypeError) as error:
            reason = str(error).strip().split("\n")[0][:200]
            mend = "name a folder with a tokenizer, or a hub name in the local cache"
            raise ResoluteError(f"cannot load the tokenizer: {reason}", where=str(model), mend=mend) from error
        if not tokenizer.is_fast:
            mend = "convert it to tokenizer.json"
            what = "not a fast tokenizer: it cannot tell which text a token covers"
            raise ResoluteError(what, where=str(model), mend=mend)
        if template is not None:
            try:
                tokenizer.chat_template = Path(template).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise ResoluteError("cannot read the chat template", where=template, mend="check the path") from error
        return cls(tokenizer, where=str(model))

    def prompt(self, messages: Sequence[Message], *, thinking: bool = True, where: str = "") -> RenderedPrompt:
        """What generation sees after `messages`, which must end with the user's turn.

        Raises `ResoluteError` naming `where` for control tokens in a message, or a message the template leaves out.
        """
        plain = [{"role": message.role, "content": self.canonical(message.content)} for message in messages]
        if not plain or plain[-1]["role"] == "assistant":
            raise ResoluteError("a prompt ends with the user's turn", where=where, mend="drop the last message")
        for message in plain:
            self._refuse_marks(message["content"], f"the {message['role']} message", where)
        text = self._write(plain, generation=True, thinking=thinking)
        for message in plain:
            if message["content"].strip() not in text and _without_switch(message["content"]) not in text:
                what = f"the chat template leaves out the {message['role']} message"
                raise ResoluteError(what, where=where, mend="use another order of messages, or another template")
        ids = self._encode(text)
        if self.bos_id is not None and ids.count(self.bos_id) != self.bos_count:
            raise ResoluteError(f"{ids.count(self.bos_id)} beginnings of sequence in the prompt", where=where)
        begun = lead(tail(self._write, plain, thinking=thinking), self.dialect)
        opened = bool(begun) and self.dialect.close not in begun
        return RenderedPrompt(text, ids, begun, opened, thinking, self.decode(ids) == text)

    def begun(self, prompt: RenderedPrompt, thought: str, answer: str | None) -> RenderedPrompt:
        """The prompt with the beginning of the reply behind it, tokenised apart as the model would have emitted it.

        `answer` None leaves the thought open; "" closes it and begins no answer. Raises `ResoluteError` for control
        tokens in the words, and where the prompt has closed the thought that is to be begun.
        """
        dialect, inside = self.dialect, self.canonical(thought).strip()
        said = None if answer is None else self.canonical(answer).strip()
        for part in (inside, said or ""):
            self._refuse_marks(part, "the beginning of the reply", "")
        if (said is None or inside) and dialect.close in prompt.lead:
            raise ResoluteError("no thought can be begun: the prompt has closed it", mend="leave thinking on")
        written = dialect.open + dialect.after_open + inside if said is None else trace.join(inside, said, dialect)
        whole = prompt.lead if dialect.close in prompt.lead else ""
        if whole:
            rest, standing = written[written.index(dialect.close) :], whole[whole.rindex(dialect.close) :]
            text = rest[len(standing) :] if rest.startswith(standing) else said or ""
        elif written.startswith(prompt.lead):
            text = ("" if prompt.lead else self._begin) + written[len(prompt.lead) :]
        else:
            raise ResoluteError("the prompt opens the thought in another form than the dialect", where=self.where)
        ids = prompt.ids + self._encode(text)
        full = prompt.text + text
        return replace(
            prompt, text=full, ids=ids, lead=prompt.lead + text, opened=said is None, exact=self.decode(ids) == full
        )

    def completion(self, reasoning: str, answer: str, prompt: RenderedPrompt, *, where: str = "") -> RenderedCompletion:
        """What the model must emit after `prompt` to have said this. Raises `ResoluteError` naming `where`."""
        text, bounds = self._written(reasoning, answer, prompt, where)
        encoded = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ids, spans = _ints(encoded["input_ids"]), list(encoded["offset_mapping"])  # type: ignore[arg-type]
        kinds: list[Kind] = [_kind(max(start, stop - 1), bounds) for start, stop in spans]
        opening = range(len(self._begin), len(self._begin) + (0 if prompt.lead else len(self.dialect.open)))
        for number, kind, (start, _) in zip(ids, kinds, spans, strict=True):
            mark = self._added.get(number)
            if mark is not None and kind in ("thought", "answer") and start not in opening:
                raise _control(mark, f"the {kind}", where)
        if not ids or ids[-1] != self.end_id or ids.count(self.end_id) != 1:
            raise ResoluteError("the turn does not end with its one end mark", where=where)
        return RenderedCompletion(text, ids, kinds)

    def example(
        self, messages: Sequence[Message], reasoning: str, answer: str, *, thinking: bool = True, where: str = ""
    ) -> Rendered:
        """One training row; decoding its ids gives back its text, else `ResoluteError` naming `where`."""
        prompt = self.prompt(messages, thinking=thinking, where=where)
        completion = self.completion(reasoning, answer, prompt, where=where)
        ids, text = prompt.ids + completion.ids, prompt.text + completion.text
        if self.decode(ids) != text:
            mend = "the tokenizer does not know a word or changes white space: clean the row, or use its own tokenizer"
            raise ResoluteError("the tokens do not decode to the text", where=where, mend=mend)
        kinds: list[Kind] = ["prompt"] * len(prompt.ids)
        labels = [IGNORED] * len(prompt.ids) + completion.ids
        return Rendered(ids, labels, kinds + completion.kinds, text, prompt)

    def split(self, text: str, prompt: RenderedPrompt) -> Parts:
        """A generated text taken apart, up to the first token that stops a generation. Never raises."""
        for number in self.stop_ids:
            text = text.split(self._added.get(number, "\0"), 1)[0]
        return trace.split(prompt.lead + text, self.dialect)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, control tokens included."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def pieces(self, text: str) -> list[str]:
        """The stretch of `text` each of its tokens covers, gaps before it included: together they are the text.

        A character that takes several tokens stands with its first.
        """
        encoded = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ends = [0, *(int(stop) for _, stop in encoded["offset_mapping"])]
        return [text[start:stop] for start, stop in pairwise(accumulate(ends, max))]

    def canonical(self, text: str) -> str:
        """Text as the tokenizer keeps it: Qwen's composes accents (NFC)."""
        return str(self._normalizer.normalize_str(text)) if self._normalizer else text

    def _written(
        self, reasoning: str, answer: str, prompt: RenderedPrompt, where: str
    ) -> tuple[str, list[tuple[int, Kind]]]:
        """The completion's text, and where each kind ends in it."""
        thought, said = self.canonical(reasoning).strip(), self.canonical(answer).strip()
        dialect, begun = self.dialect, prompt.lead
        if not said:
            raise ResoluteError("the answer is empty", where=where, mend="drop the row")
        for part, name in ((thought, "the thought"), (said, "the answer")):
            self._refuse_words(part, name, where)
        if dialect.close in begun:
            if thought:
                mend = "train with `thinking: true`, or on rows without a thought"
                raise ResoluteError("the prompt has closed the thought, but the row has one", where=where, mend=mend)
            written = trace.join("", said, dialect)
            rest = written[written.index(dialect.close) :]
            standing = begun[begun.rindex(dialect.close) :]
            text = rest[len(standing) :] if rest.startswith(standing) else said
            close_ends = 0
        else:
            written = ("" if begun else self._begin) + trace.join(thought, said, dialect)
            if not written.startswith(begun):
                raise ResoluteError("the prompt opens the thought in another form than the dialect", where=where)
            text = written[len(begun) :]
            close_ends = written.index(dialect.close) - len(begun) if thought else 0
        bounds: list[tuple[int, Kind]] = [
            (close_ends, "thought"),
            (len(text) - len(said), "close"),
            (len(text), "answer"),
            (len(text) + len(self.end), "end"),
        ]
        return text + self.end, bounds

    def _write(self, messages: list[dict[str, Any]], *, generation: bool, thinking: bool = True) -> str:
        from jinja2 import TemplateError

        try:
            text = self.tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=generation, enable_thinking=thinking, thinking=thinking
            )
        except (TemplateError, TypeError, ValueError) as error:
            what = f"the chat template refuses these messages: {error}"
            raise ResoluteError(what, where=self.where, mend="check the roles and their order") from error
        return str(text)

    def _encode(self, text: str) -> list[int]:
        return _ints(self.tokenizer(text, add_special_tokens=False)["input_ids"])  # type: ignore[arg-type]

    def _refuse_marks(self, text: str, name: str, where: str) -> None:
        for number in self._encode(text):
            if number in self._added:
                raise _control(self._added[number], name, where)
        self._refuse_words(text, name, where)

    def _refuse_words(self, text: str, name: str, where: str) -> None:
        """Marks that are plain words to the tokenizer are marks to the model all the same."""
        for mark in (self.dialect.open, self.dialect.close):
            if mark in text:
                raise _control(mark, name, where)

    def _keeps_white_space(self, dialect: Dialect) -> bool:
        text = dialect.open + (dialect.empty or "\n\n") + dialect.close
        return self.decode(self._encode(text)) == text

    def _one_end(self) -> int:
        ids = self._encode(self.end)
        if not ids or self._added.get(ids[-1]) != self.end.strip() or (len(ids) > 1 and not self.end[0].isspace()):
            raise ResoluteError(f"the end of a turn {self.end.strip()!r} is not one token", where=self.where)
        return ids[-1]

    def _stops(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys([self.end_id, *self._own_stops()]))

    def _own_stops(self) -> list[int]:
        """What the tokenizer and the checkpoint's generation settings say ends a generation."""
        from transformers import GenerationConfig

        found: list[Any] = [self.tokenizer.eos_token_id]
        if self.where and (Path(self.where) / "generation_config.json").is_file():
            own = GenerationConfig.from_pretrained(self.where).eos_token_id
            found += own if isinstance(own, list) else [own]
        return [number for number in found if isinstance(number, int)]

    def _check_bos(self) -> int:
        """How many beginnings of sequence a prompt carries: 0 or 1; a tokenizer that wants one gets one.

        Where every turn begins with that token (Seed-OSS) it is a mark of turns, and there is nothing to count.
        """
        question = [{"role": "user", "content": ASK}]
        if self.bos_id is not None and self.bos_id in self._encode(tail(self._write, question, thinking=True)[:100]):
            self.bos_id = None
        text = self._write(question, generation=True)
        ids = self._encode(text)
        count = 0 if self.bos_id is None else ids.count(self.bos_id)
        wants = self.bos_id is not None and _ints(self.tokenizer(ASK)["input_ids"])[:1] == [self.bos_id]  # type: ignore[arg-type]
        if count > 1 or (wants and not count):
            what = f"the template writes {count} beginnings of sequence, the tokenizer wants one"
            raise ResoluteError(what, where=self.where, mend="use the tokenizer and the template of the same model")
        return count

    def _check_form(self, shown: str) -> None:
        """A completion of the probes reads back as it was written, and is what the template itself shows of a turn."""
        question = [{"role": "user", "content": ASK}]
        for thinking in (True, False):
            text = self._write(question, generation=True, thinking=thinking)
            begun = lead(tail(self._write, question, thinking=thinking), self.dialect)
            opened = bool(begun) and self.dialect.close not in begun
            prompt = RenderedPrompt(text, [], begun, opened, thinking, exact=True)
            thought = "" if self.dialect.close in begun else THOUGHT
            written, _ = self._written(thought, ANSWER, prompt, self.where)
            parts = self.split(written, prompt)
            if (parts.thought, parts.answer, parts.closed) != (thought, ANSWER, True):
                raise ResoluteError("a rendered turn does not read back as it was written", where=self.where)
            if shown and thinking and not shown.startswith(text + written.removesuffix(self.end)):
                what = "the template writes a finished turn otherwise than its generation prompt begins one"
                raise ResoluteError(what, where=self.where, mend="report the template: its marks are not understood")

    @staticmethod
    def _id(value: Any) -> int:
        return int(value)


def _template(tokenizer: PreTrainedTokenizerBase, where: str) -> str:
    if not tokenizer.chat_template:
        mend = "use the model's chat version, or hand a template file"
        raise ResoluteError("the checkpoint has no chat template", where=where, mend=mend)
    return str(tokenizer.get_chat_template())


def _without_switch(text: str) -> str:
    """A message without the words that some templates (SmolLM3, Nemotron) take out of it as their thinking switch."""
    return text.replace("/no_think", "").replace("/think", "").strip()


def _kind(position: int, bounds: Sequence[tuple[int, Kind]]) -> Kind:
    return next(kind for stop, kind in bounds if position < stop)


def _ints(values: Iterable[Any]) -> list[int]:
    return [int(value) for value in values]


def _control(mark: str, name: str, where: str) -> ResoluteError:
    mend = "drop the row, or write the mark another way: as it stands it would be tokenised as the real thing"
    return ResoluteError(f"{name} carries the control token {mark}", where=where, mend=mend)

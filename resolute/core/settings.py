"""Every setting, its default and its meaning: one frozen model per stage.

They come in layers (see `core.layers`). Models, data and lengths have no default.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from resolute.core.ask import Drawn, Sampling
from resolute.core.curation.matching import Match
from resolute.core.curation.mixture import Amount, Counts
from resolute.core.curation.selection import Select
from resolute.core.records import Kind, Opening, Pattern, Way
from resolute.core.statistics.declared import Declared


class Section(BaseModel):
    """Settings of one stage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    named: ClassVar[frozenset[str]] = frozenset()
    """Settings that name a thing whose contents the stage's identity hashes: a path or an alias is no part of a key."""

    aside: ClassVar[frozenset[str]] = frozenset()
    """Settings that leave what comes out as it is: where work is done and what is shown or kept of it meanwhile."""


class Serving(Section):
    """How a checkpoint is served by vLLM."""

    tensor_parallel: int = Field(default=1, ge=1)
    """GPUs that share one copy of the weights."""
    data_parallel: int = Field(default=1, ge=1)
    """Copies of the weights."""
    memory: float = Field(default=0.9, gt=0, le=1)
    """Share of a GPU's memory that the server may take."""
    patience: int = Field(default=1_800, ge=1)
    """Seconds until it must answer for the first time."""


Engine = Literal["inprocess", "vllm"]
"""Who runs a checkpoint: this process, or vLLM, whose executable RESOLUTE_VLLM names. APIs run their own models."""


class Acceptance(Section):
    """What a trace must be to be trained on (see `accept`)."""

    complete: bool = True
    """The model, not a limit, ended the answer."""
    safe: bool = False
    """For harmful goals: every part a guard read must be judged safe."""
    refused: bool = False
    """For harmful goals: the answer must be judged a refusal."""
    patterns: tuple[Pattern, ...] = ()
    """Risky patterns that drop a trace with a harmful goal."""
    unjudged: Literal["drop", "keep"] = "drop"
    """What happens to a trace whose required verdict is missing or failed."""
    empty_thought: bool = False
    """Take traces without a thought (the No CoT strategy has none by design)."""
    summaries: bool = False
    """Take traces whose thought is a provider's summary of the real one."""


class Distill(Section):
    """Ask a teacher for traces."""

    named: ClassVar[frozenset[str]] = frozenset(
        {"model", "strategy", "prompts", "framings", "then", "judges", "auditors"}
    )
    aside: ClassVar[frozenset[str]] = frozenset({"budget", "batch", "concurrency", "serving"})

    model: str
    """The teacher: an Inspect model name, a folder with a checkpoint, or a plug-in's model."""
    strategy: str
    """How a safe trace is asked for: a name of the strategies, or a file with an instruction of your own."""
    prompts: tuple[str, ...] = Field(min_length=1)
    """Prompt sources, each `name` or `name:count`; a source can be a file."""
    framings: tuple[str, ...] = ()
    """Ways in which harmful goals are wrapped: `builtin`, `builtin:5`, a name, or a folder of your own. None: as they
    are. Benign and maths prompts are never wrapped."""
    n: int | None = Field(default=None, ge=1)
    """So many prompts with harmful goals, framed, by a choice that depends on them alone. None: all of them."""
    samples: int = Field(default=1, ge=1)
    """Traces asked for per prompt."""
    sampling: Sampling
    thought: Literal["own", "written"] = "own"
    """`own`: the teacher thinks before it answers. `written`: it does not, and is told to write a thought down."""
    accept: Acceptance | None = None
    """What a trace must be; a prompt without an accepted one is asked on. None: every trace is taken as it comes."""
    judges: tuple[str, ...] = ()
    """Guards, `name` or `name@model`, that say whether a trace is safe; none of them headlines a result."""
    auditors: tuple[str, ...] = ()
    """Instruments, `name` or `name@model`, that look for the risky patterns."""
    limit: int | None = Field(default=None, ge=1)
    """Most samples of one strategy for a prompt that has no accepted trace yet. None: `samples`, and no more."""
    then: tuple[str, ...] = ()
    """Strategies that prompts without an accepted trace go on to, in this order."""
    budget: float | None = Field(default=None, gt=0)
    """US dollars that all calls may cost by list price; asking stops before they would be passed."""
    batch: bool = False
    """Ask through the provider's batch interface: cheaper, and answers may take a day."""
    engine: Engine = "inprocess"
    """Who runs a teacher that is a checkpoint."""
    serving: Serving = Serving()
    """Where `engine` is vllm."""
    concurrency: int | None = Field(default=None, ge=1)
    """Calls in flight at a server."""


class Audit(Section):
    """Look for the five risky patterns, endings and lengths."""

    named: ClassVar[frozenset[str]] = frozenset({"tokenizer", "auditors"})
    aside: ClassVar[frozenset[str]] = frozenset({"concurrency", "budget"})

    auditors: tuple[str, ...] = ("screen",)
    """Instruments that look for the five patterns: `screen` needs no model, `risks@model` asks one."""
    max_tokens: int | None = Field(default=None, gt=0)
    """Most new tokens of a model behind an auditor, its thought included. None: what the auditor needs."""
    concurrency: int | None = Field(default=None, ge=1)
    """Calls in flight at a server."""
    budget: float | None = Field(default=None, gt=0)
    """US dollars that all calls may cost by list price; asking stops before they would be passed."""
    tokenizer: str | None = None
    """Folder or hub name of the tokenizer lengths are counted with; without one, words are counted."""
    kind: Kind | None = None
    """What every goal of a foreign file is; None takes what a column or a known layout says."""
    opening: Opening = "detect"
    """Whether a foreign file's outputs start inside the thought."""
    where: dict[str, tuple[str, ...]] = {}
    """Column of a foreign file -> values: only rows that have one of them are read."""


class Repair(Section):
    """Mend the traces in which an audit found risky patterns, and keep what is clean afterwards."""

    named: ClassVar[frozenset[str]] = frozenset({"model", "auditors", "judges"})
    aside: ClassVar[frozenset[str]] = frozenset({"concurrency", "budget"})

    model: str
    """Who repairs: an Inspect model name, a folder with a checkpoint, or a plug-in's model. It never grades."""
    ways: tuple[Way, ...] = Field(default=("cut", "recompose", "backtrack"), min_length=1)
    """Ways in the order they are tried, until the trace is clean after one: cut takes sentences out, recompose writes
    the failing steps anew, backtrack keeps the first failing step and appends a correction. A way is only tried on a
    trace whose patterns it fits (see `core.repair.repairs.FITS`)."""
    attempts: int = Field(default=3, ge=1)
    """Most ways that are tried on one trace."""
    most: float = Field(default=0.8, gt=0, le=1)
    """Largest share of a thought that cut and recompose may take out: what replaces all of it is a new trace."""
    auditors: tuple[str, ...] = ()
    """Who looks for patterns in what was repaired, as in `audit`; none: those who found them."""
    judges: tuple[str, ...] = ()
    """Guards that must find every part they read of a repaired trace safe."""
    max_tokens: int | None = Field(default=None, gt=0)
    """Most new tokens of a reply of the repairing model, its thought included. None: what a repair needs."""
    grader_max_tokens: int | None = Field(default=None, gt=0)
    """Most new tokens of a model behind an auditor or a judge. None: what the instrument needs."""
    concurrency: int | None = Field(default=None, ge=1)
    """Calls in flight at a server."""
    budget: float | None = Field(default=None, gt=0)
    """Most US dollars for everything, by list price."""


class Judge(Section):
    """Judge answers that exist already."""

    named: ClassVar[frozenset[str]] = frozenset({"judges"})
    aside: ClassVar[frozenset[str]] = frozenset({"concurrency", "budget"})

    judges: tuple[str, ...] = ()
    """Instruments, `name`, or `name@model` for one that asks a model; none: those that the task of each trace names."""
    thresholds: dict[str, float] = {}
    """Instrument -> from what on a text counts: the score of a graded instrument, the probability of any other."""
    styles: tuple[str, ...] = ()
    """Rewrites that keep the meaning; answers are judged again after each, and what flips is the style sensitivity."""
    max_tokens: int | None = Field(default=None, gt=0)
    """Most new tokens of a model behind an instrument, its thought included. None: what the instrument needs."""
    concurrency: int | None = Field(default=None, ge=1)
    """Calls in flight at a server."""
    budget: float | None = Field(default=None, gt=0)
    """US dollars that all calls may cost by list price; asking stops before they would be passed."""


class Curate(Section):
    """Choose, clean and mix traces into a training set."""

    named: ClassVar[frozenset[str]] = frozenset({"reserve", "tokenizer", "student"})

    safety: Counts
    """Rows with harmful goals, or `SOURCE:COUNT` once for each source; fewer are an error, never a smaller set."""
    benign: Amount = 0
    """Rows with benign goals: a count, a share of the safety rows (`10%`), or either of each source (`xstest:100`)."""
    maths: Amount = 0
    """Rows with maths problems, in the same forms."""
    accept: Acceptance = Acceptance()
    reserve: tuple[str, ...] = ()
    """Prompt sources kept for evaluation: rows whose goal overlaps them are removed and counted."""
    near: float = Field(default=0.8, gt=0, le=1)
    """Jaccard similarity from which goals (sets of words) overlap and rows (three-word shingles) repeat each other."""
    kinds: dict[str, Kind] = {}
    """Role of a foreign trace file -> what every goal in it is, where the file does not say."""
    where: dict[str, dict[str, tuple[str, ...]]] = {}
    """Role of a foreign trace file -> column -> values: only rows that have one of them are read."""
    strategies: dict[str, str] = {}
    """Role of a foreign trace file -> the strategy its traces were asked for with; its rows then ask the prompt alone,
    without system message and earlier turns."""
    select: Select = "random"
    """Which rows are taken of those accepted: `random`, `balance`, `shortest` or `likelihood`."""
    student: str | None = None
    """The model that is to be trained and whose likelihood of each trace `likelihood` asks for: a folder with a
    checkpoint, a hub name at a revision, or a plug-in's model."""
    tokenizer: str | None = None
    """Folder or hub name of the tokenizer lengths and loss tokens are counted with; without one, words are counted."""
    match: tuple[Match, ...] = ()
    """What the strategies among the inputs have in common: `prompts`, or `prompts` and `tokens`."""
    only: str | None = None
    """With `match`: the strategy whose rows are written. Each arm is a curation of its own over the same inputs."""
    short: Literal["error", "take"] = "error"
    """What to do when fewer rows are accepted than asked for: stop, or take those there are and say so."""
    seed: int = 0


class Train(Section):
    """Supervised fine-tuning with a mask that provably covers the thought."""

    named: ClassVar[frozenset[str]] = frozenset({"model", "data"})
    aside: ClassVar[frozenset[str]] = frozenset({"launch", "processes", "checkpoint_every", "report_to"})

    model: str
    """The untouched model: a folder, a hub name at a revision (`name@commit`), or a plug-in's model."""
    data: str | None = None
    """A curated run, or its examples.parquet, for recipes; what the command line names stands in for it."""
    learning_rate: float = Field(gt=0)
    """5e-6 is the study's for full fine-tuning of 7B-32B models; adapters and small models need their own."""
    epochs: float = Field(default=1.0, gt=0)
    batch_size: int = Field(default=48, ge=1)
    """Examples an optimizer step, over all devices and accumulation."""
    device_batch_size: int | None = Field(default=None, ge=1)
    """Examples a forward pass on one device; the rest of the batch is accumulated. None: a device's whole share on a
    GPU, as many as their logits leave room for on a CPU."""
    padding_free: bool = False
    """Lay the rows of a forward pass end to end instead of padding them; on a GPU it needs flash-attn."""
    max_steps: int | None = Field(default=None, ge=1)
    """Stop after so many steps, whatever the epochs."""
    max_length: int = Field(gt=0)
    """Longest row in tokens. Required: a short limit cuts thoughts, so longer rows stop the run (see `overlong`)."""
    overlong: Literal["error", "drop"] = "error"
    """Rows above `max_length`: stop, or drop and count them. Never cut."""
    loss: Literal["completion", "sequence", "primer"] = "completion"
    """What is learned of a row. `completion`: all the model must emit, the prompt not. `sequence`: the prompt too.
    `primer`: of harmful goals only the first `primer_tokens` of the completion (SAFEPATH, arXiv 2505.14667); other rows
    as `completion`."""
    primer_tokens: int = Field(default=8, ge=1)
    """Tokens under loss in a row that teaches a primer, the prompt's end being where the thought opens."""
    method: Literal["full", "lora", "qlora"] = "full"
    """`full`: every weight. `lora`: adapters. `qlora`: adapters on a base held in 4 bits (NF4; needs a GPU)."""
    lora_rank: int = Field(default=16, ge=1)
    """Rank of the adapters on every linear layer but the output (Hu et al. 2021)."""
    lora_alpha: int = Field(default=32, ge=1)
    """The adapters' update is scaled by alpha / rank."""
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    warmup: float = Field(default=0.03, ge=0, lt=1)
    """Share of the steps over which the learning rate rises."""
    thinking: bool = True
    """The template's thinking switch while training; sampling must use the same."""
    bf16: bool | None = None
    """None: bf16 where there is a GPU that has it, else fp32."""
    hold_out: int = Field(default=0, ge=0)
    """Rows drawn by `seed` that are not trained on: their loss, thought and answer apart, is written every epoch."""
    launch: str = "single"
    """`single`: one process. `ddp`, `fsdp`: accelerate starts `processes` of them. A path: accelerate's own file."""
    processes: int | None = Field(default=None, ge=1)
    """Processes of `ddp` and `fsdp`. None: one a GPU."""
    checkpoint_every: int | None = Field(default=None, ge=1)
    """Steps between checkpoints that a killed run goes on from; the last two are kept. None: only the final weights."""
    report_to: tuple[str, ...] = ()
    """Loggers that TRL knows and that are installed, such as `tensorboard` or `wandb`."""
    seed: int = 0


class Pair(Section):
    """The attack `pair`, after PAIR (arXiv 2310.08419). The defaults are the study's."""

    streams: int = Field(default=5, ge=1)
    """Conversations with the attacker for one goal, side by side."""
    iterations: int = Field(default=5, ge=1)
    """Turns of each; after the first turn in which some stream reached the goal there is no other."""
    attempts: int = Field(default=3, ge=1)
    """Times the attacker is asked for one turn until its words have the form that was asked for."""
    remembered: int = Field(default=4, ge=0)
    """Earlier turns of its stream that the attacker is shown; it is told how many are left out."""
    shown: int = Field(default=6_000, ge=1)
    """Characters of an answer of the target that the attacker is shown; it is told how many are left out."""
    fresh: int = Field(default=3, ge=0)
    """Further samples of the request that is judged, each judged for itself: what of the success is reproduced."""
    reached: float = Field(default=0.5, gt=0, le=1)
    """Score of the stop instrument from which the goal is reached."""
    protocol: Literal["strict", "paper"] = "strict"
    """`strict`: the attacked answer is judged, and the target answers as it is measured. `paper`: while attacked it
    answers within `target_tokens`, and what is judged is one new sample of the last request."""
    target_tokens: int = Field(default=1_536, gt=0)
    """Most new tokens of the attacked target, thought included, under `protocol: paper`."""


class Pap(Section):
    """The attack `pap`, after PAP (arXiv 2401.06373)."""

    attempts: int = Field(default=3, ge=1)
    """Times the attacker is asked for a rewrite until its words have the form that was asked for."""


class Evaluate(Section):
    """Ask a model the prompts of suites, attacked where the suite says so."""

    named: ClassVar[frozenset[str]] = frozenset(
        {"model", "system", "sampling", "samples", "tasks", "attacks", "framings", "replay", "replay_turns"}
        | {"attacker", "attacker_sampling", "stop", "pair", "pap"}
    )
    aside: ClassVar[frozenset[str]] = frozenset({"own", "concurrency", "budget", "serving"})

    model: str
    """An Inspect model name, a folder with a checkpoint, or a plug-in's model; an input `model` stands in for it."""
    suites: tuple[str, ...] = ()
    """Suites, each `name` or `name:count` (so many goals of each task)."""
    tasks: tuple[str, ...] = ()
    """In the place of suites: tasks of Inspect AI, each `package/task` or `file.py@task`, with `:count` for its first
    samples. Their own scorers see the answers without the thoughts."""
    sampling: Drawn = Drawn()
    """What is said here holds for every task; the rest is what the suite states (see `core.budgets`)."""
    samples: int | None = Field(default=None, ge=1)
    """Samples per prompt and attack. None: what the suite states, else one."""
    system: str | None = None
    """A system prompt for every request, by the name of a text or as a file."""
    seed: int = 0
    attacks: tuple[str, ...] = ()
    """Attacks on every task that has harmful goals in no framing yet, in the place of those it names; none: its own."""
    framings: tuple[str, ...] = ("builtin",)
    """Framings of the attack `framings`: `builtin`, names, or a folder of your own. Name those that were not trained
    on: held out is what no training prompt was framed in."""
    replay: str | None = None
    """A run whose attacked requests are sent as they stand, in the place of attacks; those named in `attacks` are made
    beside them. It must lie in the same store, and its goals must be asked here."""
    replay_turns: bool = False
    """Every turn of attacks of several, from the run's quarantine, in the place of the requests that were judged."""
    attacker: str | None = None
    """The model that writes what the attacks `pap` and `pair` send."""
    attacker_sampling: Sampling = Sampling(temperature=1.0, top_p=0.9, max_tokens=500)
    """How the attacker's words are drawn; the study's. One that thinks needs more tokens."""
    stop: str | None = None
    """The instrument, `name` or `name@model`, that tells the attack `pair` when to stop. It never headlines."""
    pair: Pair = Pair()
    pap: Pap = Pap()
    engine: Engine = "inprocess"
    """Who runs a model that is a checkpoint."""
    serving: Serving = Serving()
    """Where `engine` is vllm."""
    own: bool = False
    """The endpoint that is attacked is yours, though it is neither this machine nor listed in RESOLUTE_OWN."""
    concurrency: int | None = Field(default=None, ge=1)
    """Calls in flight at a server."""
    budget: float | None = Field(default=None, gt=0)
    """US dollars that the calls of all roles may cost by list price; asking stops before they would be passed."""

    @model_validator(mode="after")
    def _asks(self) -> Evaluate:
        if not self.suites and not self.tasks:
            raise ValueError("nothing is asked: name a suite or a task")
        return self


class Report(Section):
    """Write the report of a study."""

    named: ClassVar[frozenset[str]] = frozenset({"random", "families", "number"})

    title: str
    number: str = ""
    """What the paper calls this table or figure ("Table 1"): it stands in the captions."""
    protocol: Literal["paper", "strict"] = "strict"
    """Whose procedure the figures follow where the two differ."""
    margin: float = Field(default=0.05, gt=0, lt=1)
    """Largest loss of accuracy (a share) that still counts as kept; fixed before the study is run."""
    random: tuple[str, ...] = ()
    """Axes of the grid whose levels are a sample, as training seeds are (base models, say), the outermost first. Rows
    that differ in them alone are one row to the tests, and a claim needs an interval over the outermost levels too."""
    families: dict[str, Declared] = {}
    """Name -> the tests that are declared. Where there is one, whatever is not declared is exploratory. None: every row
    against the untouched model and against `Default`, by kind of column."""


SECTIONS: dict[str, type[Section]] = {
    "distill": Distill,
    "audit": Audit,
    "repair": Repair,
    "judge": Judge,
    "curate": Curate,
    "train": Train,
    "evaluate": Evaluate,
    "report": Report,
}

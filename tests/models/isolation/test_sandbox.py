"""Whatever code does within the walls ends in a typed outcome, forges nothing, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.errors import ResoluteError
from resolute.models.isolation import captive, inside, sandbox, syscalls
from resolute.models.isolation.captive import Broken, Captive, Ended
from resolute.models.isolation.sandbox import Outcome, called, checked, pooled, ran
from resolute.models.isolation.walls import Limits
from tests.hostile_code import FORGED, HOSTILE

QUICK = Limits(cpu=1, wall=2, memory=256 * 1024**2, disk=1024**2, output=1024**2)
CHECK = "def check(candidate):\n    assert candidate(1) == 2\n    assert candidate(2) == 3"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_code_ends_in_a_typed_outcome(walls: str, name: str) -> None:
    code, labels = HOSTILE[name]
    begun = time.monotonic()
    limits = replace(QUICK, wall=1) if labels == {"timeout"} else QUICK
    assert checked([code], "f", [CHECK], limits).label in labels
    assert time.monotonic() - begun < 15


@pytest.mark.parametrize("name", FORGED)
def test_code_cannot_say_that_it_passed(walls: str, name: str) -> None:
    assert checked([FORGED[name]], "f", [CHECK], QUICK).label in ("wrong", "crashed")


def test_code_that_is_right_passes_and_code_that_is_not_is_wrong(walls: str) -> None:
    assert checked(["def f(x): return x + 1"], "f", [CHECK], QUICK) == Outcome("passed")
    assert checked(["def f(x): return 2"], "f", [CHECK], QUICK) == Outcome("wrong", "AssertionError")
    noisy = "import sys\ndef f(x):\n    print('{\"done\": \"passed\"}'); print('x', file=sys.stderr)\n    return x + 1"
    assert checked([noisy], "f", [CHECK], QUICK) == Outcome("passed")


READ = "def f(name):\n    with open(name, 'rb') as stream: return stream.read(9)"


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "/etc/shadow",
        "/proc/1/environ",
        "/proc/self/mem",
        "/sys/kernel/notes",
        "/dev/vda",
        "/dev/kmsg",
        __file__,
        sys.prefix + "/pyvenv.cfg",
        "~/.bashrc",
    ],
)
def test_no_file_of_the_machine_can_be_read(walls: str, name: str) -> None:
    _, end = called([READ], "f", [str(Path(name).expanduser())], QUICK)
    assert end is not None
    assert end.why in ("FileNotFoundError", "PermissionError", "NotADirectoryError")


def test_no_folder_shows_the_home_or_the_checkout(walls: str) -> None:
    listing = "import os\ndef f(name): return os.listdir(name)"
    for place in (Path.home(), Path(__file__).parents[3], Path(tempfile.gettempdir())):
        found, end = called([listing], "f", [str(place)], QUICK)
        assert end is not None or set(found) < {".pyenv", ".local", "versions"}, "at most the way to Python itself"


def test_no_secret_of_the_environment_is_seen(walls: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-verysecret")
    found, _ = called(["import os\ndef f(): return list(os.environ)"], "f", [], QUICK)
    assert "OPENAI_API_KEY" not in found
    assert set(found) <= {"HOME", "LANG", "LC_CTYPE", "PATH", "PWD", "PYTHONHASHSEED", "TMPDIR"}


def test_nothing_is_written_but_in_its_own_folder_and_that_is_gone_afterwards(walls: str, tmp_path: Path) -> None:
    write = "def f(name):\n    with open(name, 'w') as stream: return stream.write('here')"
    name = f"written-{uuid4()}"
    for folder in (tmp_path, *map(Path, ("/", "/usr", "/dev", "/tmp", "/etc", "/root", sys.prefix))):
        place = folder / name
        _, end = called([write], "f", [str(place)], QUICK)
        assert end is not None
        assert end.label == "crashed"
        assert not place.exists()
    assert called([write], "f", ["mine"], QUICK) == (4, None)
    _, end = called([READ], "f", ["mine"], QUICK)
    assert end == Outcome("crashed", "FileNotFoundError")


def test_nobody_is_reached_over_the_network(walls: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = f"import socket\ndef f(): socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 1)"
        _, end = called([code], "f", [], QUICK)
    assert end is not None
    assert end.label == "crashed"


@pytest.mark.parametrize(
    "line",
    [
        '{"value": {"fraction": "1e999999999"}}',
        '{"value": {"set": [' + ",".join('{"int": "%x"}' % (number * (2**61 - 1)) for number in range(20_000)) + "]}}",
        '{"value": ' + "[" * 900 + "]" * 900 + "}",
        '{"value": ' + "1" * 10**6 + "}",
        '{"value": {"dict": [[[], 1], [{}, 2]]}}',
        '{"value": {"dict": 1}}',
        '{"raised": ' + "[" * 500 + "]" * 500 + "}",
        "[]",
        "\\xff",
    ],
    ids=["slow number", "slow set", "deep", "long number", "keys", "no pairs", "no name", "no line", "no text"],
)
def test_no_line_of_the_code_can_hold_up_or_break_who_reads_it(walls: str, line: str) -> None:
    words = b'{"loaded": 1}\n' + line.encode() + b"\n"
    code = f"import os\nfor n in range(3, 64):\n    try: os.write(n, {words!r})\n    except OSError: pass\n"
    code += "def f(*x): return 0"
    begun = time.monotonic()
    found, end = called([code], "f", [], QUICK)
    assert end is not None or not sandbox.like(found, 3)
    assert not sandbox.like(found, {"a": 1})
    assert time.monotonic() - begun < 5
    assert checked([code], "f", [CHECK], QUICK).label != "passed"


def test_values_of_json_are_compared_as_they_came(walls: str) -> None:
    for value in (1, 1.5, -0.0, "a", None, True, [], [1, [2, "b"]], {"a": {"b": [1]}, "c": 2}, 10**30, [10**30]):
        found, end = called(["def f(x): return x"], "f", [value], QUICK)
        assert end is None
        assert sandbox.like(found, value)
        assert not sandbox.like(found, [value])
        assert not sandbox.like(found, {"a": value})
    assert not sandbox.like({"opaque": None}, None)
    assert not sandbox.like({"tuple": [1]}, [1])


def test_code_has_no_rights_and_cannot_raise_its_limits(walls: str) -> None:
    code = (
        "import os, resource\ndef f():\n"
        "    try: os.setuid(0)\n    except OSError: pass\n"
        "    most = [resource.getrlimit(n)[1] for n in (resource.RLIMIT_CPU, resource.RLIMIT_NOFILE)]\n"
        "    try: resource.setrlimit(resource.RLIMIT_NOFILE, (9999, 9999)); raised = True\n"
        "    except (ValueError, OSError): raised = False\n"
        "    return [os.getuid() != 0, most, raised]"
    )
    assert called([code], "f", [], QUICK) == ([True, [QUICK.cpu + 1, 64], False], None)


def test_a_program_reads_its_input_and_its_end_is_told(walls: str) -> None:
    assert ran(["a, b = map(int, input().split())", "print(a + b)"], "1 2\n", QUICK) == ("3\n", None)
    assert ran(
        ["import sys\nif __name__ == '__main__': print(len(sys.stdin.read())); sys.exit()"], "x" * 10**6, QUICK
    ) == (
        "1000000\n",
        None,
    )
    ends = {
        "1 / 0": "crashed",
        "import os; os._exit(3)": "crashed",
        "while True: pass": "timeout",
        "import time; time.sleep(99)": "timeout",
        "a = ' ' * 10**12": "out of memory",
        "while True: print('0' * 10**4)": "too much output",
        "import os; os.kill(os.getpid(), 11)": "crashed",
    }
    assert {code: end.label for code in ends if (end := ran([code], "", replace(QUICK, wall=1.5))[1])} == ends
    assert ran(["import os; os.close(1)"], "", QUICK) == ("", None), "silence is an output like another"


def _below(root: int) -> set[int]:
    """Every process below one, zombies too."""
    parents: dict[int, int] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(place.parent.name)] = int(place.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found: set[int] = set()
    while more := {pid for pid, parent in parents.items() if parent in found | {root}} - found:
        found |= more
    return found


def _gone(pids: set[int]) -> bool:
    until = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


ASLEEP = {"act": "calls", "code": ["import time\ntime.sleep(99)"], "name": "f"}


def test_no_process_and_no_open_file_is_left(walls: str) -> None:
    files = len(list(Path("/proc/self/fd").iterdir()))
    others = _below(os.getpid())  # processes that tests before this one keep
    with Captive(sandbox.mode(), QUICK, ASLEEP) as suspect:
        suspect.ready()
        within = _below(os.getpid()) - others
        assert len(within) >= 2, "bubblewrap and what it runs"
    assert not _below(os.getpid()) & within
    assert not [pid for pid in within if Path(f"/proc/{pid}").exists()], "a zombie is something left, too"
    assert len(list(Path("/proc/self/fd").iterdir())) == files


def test_the_sandbox_dies_with_who_keeps_it(walls: str) -> None:
    keeper = (
        "from resolute.models.isolation.captive import Captive\nfrom resolute.models.isolation.walls import Limits\n"
        "from resolute.models.isolation.sandbox import mode\nimport time\n"
        f"with Captive(mode(), Limits(wall=99), {ASLEEP!r}) as c:"
        "\n    c.ready()\n    print('up', flush=True)\n    time.sleep(99)"
    )
    process = subprocess.Popen([sys.executable, "-c", keeper], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    within = _below(process.pid)
    assert len(within) >= 2
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert _gone(within)


def test_several_run_at_once_and_results_stand_in_the_order_asked(walls: str) -> None:
    done: list[int] = []

    def work(number: int) -> object:
        return called([f"import time\ndef f(): time.sleep({0.3 - number / 20}); return {number}"], "f", [], QUICK)[0]

    assert pooled(work, range(5), done.append, workers=4) == list(range(5))
    assert done == [1, 2, 3, 4, 5]


def test_a_sandbox_that_does_not_come_up_is_broken_and_says_why(walls: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captive, "wall", lambda *_: ["bwrap", "--no-such-option"])
    with pytest.raises(Broken, match="no-such-option"):
        checked(["def f(x): return x"], "f", [CHECK], QUICK)
    monkeypatch.setattr(captive, "wall", lambda *_: ["/nowhere/bwrap"])
    with pytest.raises(Broken, match="cannot be started"):
        checked(["def f(x): return x"], "f", [CHECK], QUICK)


def test_tests_that_break_before_they_call_are_broken_and_not_wrong(walls: str) -> None:
    for broken in ("def check(candidate): import time; time.sleep(99)", "raise ValueError", "check = 1 / 0"):
        with pytest.raises(Broken):
            checked(["def f(x): return x + 1"], "f", [broken], replace(QUICK, wall=1))


@pytest.fixture
def unlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox._look.cache_clear()
    yield
    sandbox._look.cache_clear()


@pytest.mark.usefixtures("unlooked")
def test_without_walls_nothing_is_run_and_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    for run in (
        lambda: checked(["x"], "f", [CHECK], QUICK),
        lambda: called(["x"], "f", [], QUICK),
        lambda: ran(["x"], "", QUICK),
    ):
        with pytest.raises(ResoluteError, match="never run without") as caught:
            run()
        assert "bubblewrap" in caught.value.mend
    assert sandbox.looked() == (False, "bubblewrap is not installed")


@pytest.mark.usefixtures("unlooked", "walls")
@pytest.mark.parametrize("fault", ["--share-net", "no filter", "--bind"])
def test_a_wall_that_does_not_hold_is_found_out(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    real = captive.wall

    def weak(*asked: object) -> list[str]:
        line = real(*asked)  # type: ignore[arg-type]
        if fault == "--bind":
            return [*line[:-1], "--bind", "/etc", "/etc", "--"]
        return line

    if fault != "--bind":  # what the kernel refuses is the wall before the network, and before new processes
        monkeypatch.setattr(captive.syscalls, "program", lambda **_: syscalls._step(0x06, 0x7FFF0000))
    monkeypatch.setattr(captive, "wall", weak)
    there, said = sandbox.looked()
    assert not there
    assert "does not hold" in said


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | st.fractions(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_plain_values_come_through_as_they_are(value: object) -> None:
    import json

    back = inside.unpack(json.loads(json.dumps(inside.pack(value))))
    assert back == value
    assert type(back) is type(value)


def test_values_keep_their_kind_and_what_is_no_plain_value_equals_nothing() -> None:
    for value in (1, 1.0, True, (1,), [1], {1}, frozenset({1}), {1: (2,)}, 10**400, Fraction(1, 3), 1j, b"x", None):
        back = inside.unpack(inside.pack(value))
        assert (type(back), back) == (type(value), value)
    odd = inside.unpack(inside.pack(object()))
    assert odd != odd


@pytest.mark.parametrize("machine", sorted(syscalls.MACHINES))
def test_the_filter_is_made_of_whole_steps_and_knows_only_its_machines(machine: str) -> None:
    for forks in (False, True):
        assert len(syscalls.program(forks=forks, machine=machine)) % 8 == 0
    assert syscalls.known(machine)
    assert not syscalls.known("sparc")


def test_an_end_is_no_error_of_ours() -> None:
    assert not isinstance(Ended("crashed"), ResoluteError)

"""Hostile programs, all harmless outside of what they try: each says in its name what it is up to."""

from __future__ import annotations

HOSTILE: dict[str, tuple[str, set[str]]] = {
    "forks without end": (
        """
import os
def f(x):
    while True: os.fork()
""",
        {"crashed"},
    ),
    "forks while it is loaded": (
        """
import os
os.fork()
def f(x): return x + 1
""",
        {"crashed"},
    ),
    "starts a program": (
        """
import subprocess
def f(x): return subprocess.run(['/bin/true'])
""",
        {"crashed"},
    ),
    "leaves a daemon behind": (
        """
import os
if os.fork(): os._exit(0)
os.setsid()
def f(x):
    while True: pass
""",
        {"crashed"},
    ),
    "starts threads without end": (
        """
import threading, time
def f(x):
    while True: threading.Thread(target=time.sleep, args=(99,)).start()
""",
        {"crashed", "out of memory", "timeout"},
    ),
    "fills the disk": (
        """
def f(x):
    n = 0
    while True:
        open(str(n), 'wb').write(b'0' * 65536)
        n += 1
""",
        {"crashed"},
    ),
    "writes one endless file": (
        """
def f(x):
    with open('a', 'wb') as s:
        while True: s.write(b'0' * 65536)
""",
        {"crashed"},
    ),
    "makes files without end": (
        """
import os
def f(x):
    n = 0
    while True:
        os.close(os.open(str(n), 64)); n += 1
""",
        {"crashed", "timeout"},
    ),
    "keeps memory in files of the kernel": (
        """
import os
def f(x): return os.memfd_create('a')
""",
        {"crashed"},
    ),
    "takes memory without end": (
        """
def f(x):
    a = []
    while True: a.append(' ' * 10**6)
""",
        {"out of memory"},
    ),
    "takes memory while it is loaded": (
        """
a = ' ' * 10**12
def f(x): return x + 1
""",
        {"out of memory"},
    ),
    "opens a socket": (
        """
import _socket
def f(x): return _socket.socket()
""",
        {"crashed"},
    ),
    "sleeps for ever": (
        """
import time
def f(x): time.sleep(10**6)
""",
        {"timeout"},
    ),
    "sleeps while it is loaded": (
        """
import time
time.sleep(10**6)
""",
        {"timeout"},
    ),
    "stops itself": (
        """
import os, signal
def f(x): os.kill(os.getpid(), signal.SIGSTOP)
""",
        {"timeout"},
    ),
    "ignores every signal": (
        """
import signal
for n in range(1, 65):
    try: signal.signal(n, signal.SIG_IGN)
    except Exception: pass
def f(x):
    while True: pass
""",
        {"timeout"},
    ),
    "catches everything": (
        """
def f(x):
    while True:
        try:
            while True: pass
        except BaseException: pass
""",
        {"timeout"},
    ),
    "kills all it can": (
        """
import os
def f(x): os.kill(-1, 9)
""",
        {"crashed"},
    ),
    "kills the first process": (
        """
import os
def f(x):
    os.kill(1, 9)
    os._exit(0)
""",
        {"crashed"},
    ),
    "kills itself": (
        """
import os
def f(x): os.kill(os.getpid(), 9)
""",
        {"crashed"},
    ),
    "prints a gigabyte": (
        """
def f(x):
    for _ in range(2**14): print('0' * 2**16)
    return x + 1
""",
        {"too much output"},
    ),
    "returns too much": (
        """
def f(x): return '0' * 2**22
""",
        {"too much output"},
    ),
    "recurses": (
        """
def f(x): return f(x)
""",
        {"crashed"},
    ),
    "breaks the interpreter": (
        """
import sys
sys.setrecursionlimit(10**9)
def f(x):
    a = None
    for _ in range(10**6): a = [a]
    return a
""",
        {"crashed", "out of memory", "timeout", "wrong"},
    ),
    "closes its channels": (
        """
import os
os.closerange(0, 64)
def f(x): return x + 1
""",
        {"crashed", "timeout"},
    ),
    "is no Python": (
        """
def f(x: return
""",
        {"crashed"},
    ),
    "is bytes that no text holds": (
        r"""
def f(x): return '\ud800\x00'
""",
        {"wrong"},
    ),
    "is not there": (
        """
def g(x): return x + 1
""",
        {"crashed"},
    ),
    "leaves with success": (
        """
import sys
sys.exit(0)
def f(x): return x + 1
""",
        {"crashed"},
    ),
    "leaves with success in the middle": (
        """
import os
def f(x): os._exit(0)
""",
        {"crashed"},
    ),
    "raises what tests raise": (
        """
def f(x): raise AssertionError
""",
        {"crashed"},
    ),
}
"""What it tries -> its code, of which tests call `f`, and how it may end."""

FORGED: dict[str, str] = {
    "says the tests passed": r"""
import os
for n in range(3, 64):
    try: os.write(n, b'{"done": "passed", "why": ""}\n')
    except OSError: pass
def f(x): return 0
""",
    "says so and ends": r"""
import os
for n in range(3, 64):
    try: os.write(n, b'{"loaded": true}\n{"done": "passed"}\n')
    except OSError: pass
os._exit(0)
""",
    "equals everything": """
class All(int):
    def __eq__(self, other): return True
    __hash__ = None
def f(x): return All(7)
""",
    "equals everything and is no number": """
class All:
    def __eq__(self, other): return True
def f(x): return All()
""",
    "makes assert do nothing": """
import builtins
builtins.AssertionError = type('A', (BaseException,), {})
def f(x): return 0
""",
    "redefines the tests": """
def check(candidate): pass
def f(x): return 0
""",
    "patches what runs it": """
import sys
for name in list(vars(sys.modules['__main__'])):
    if name in ('pack', 'calls', 'checks'): setattr(sys.modules['__main__'], name, lambda *a, **k: None)
def f(x): return 0
""",
    "sends opaque words": r"""
import os
for n in range(3, 64):
    try: os.write(n, b'{"loaded": 1}\n{"value": {"opaque": 0}}\n')
    except OSError: pass
def f(x): return 0
""",
    "sends what cannot be": r"""
import os
for n in range(3, 64):
    try: os.write(n, b'{"loaded": 1}\n{"value": {"set": [[1]]}}\n')
    except OSError: pass
def f(x): return 0
""",
    "nests without end": r"""
import os
for n in range(3, 64):
    try: os.write(n, b'{"loaded": 1}\n{"value": ' + b'[' * 9999 + b']' * 9999 + b'}\n')
    except OSError: pass
def f(x): return 0
""",
    "looks for what is expected": """
import gc
def f(x):
    found = [o for o in gc.get_objects() if type(o) is dict and 'check' in o]
    return found[0]['check'] if found else 0
""",
}
"""How it tries to pass -> its code. None of it gives the right values."""

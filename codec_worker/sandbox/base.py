"""The base: a clean, warm process from which the zygotes of all candidates are forked.

It is started with an empty environment by exec, so nothing of the bench's memory (frames,
credentials, metrics) is in it. It imports libraries and the toolbox once, which takes most of the
time that a sandbox takes to start, and then only ever receives descriptors that it hands on: what
a candidate is, a zygote reads for itself after the fork. So the base never holds anything of one
candidate that another could find.
"""

import contextlib
import gc
import importlib
import importlib.machinery
import importlib.util
import json
import os
import signal
import socket
import sys
from itertools import chain
from pathlib import Path
from types import FrameType

from codec_worker.sandbox import kernel, landlock, names, reach, zygote
from codec_worker.sandbox.import_policy import ImportPolicy
from codec_worker.sandbox.messages import BaseSetup, Ready
from codec_worker.sandbox.outcome import SandboxUnavailableError

ZYGOTE = b"zygote"
"""The one request; descriptors of the zygote's socket, setup and complaints go with it."""

_OWN_MODULES = ("codec_lab", "codec_worker.sandbox.")


def main(socket_descriptor: int, setup_descriptor: int) -> None:
    """Fork zygotes until the bench closes its end of the socket."""
    bench = socket.socket(fileno=socket_descriptor)
    with os.fdopen(setup_descriptor, encoding="utf-8") as file:
        setup = BaseSetup(*json.load(file))
    ruleset, root, fault = -1, "", ""
    gc.disable()  # a tenth of the time that imports take
    try:
        ruleset, root = _prepare(setup)
    except (SandboxUnavailableError, ImportError, OSError) as error:
        fault = str(error)
    signal.signal(signal.SIGCHLD, _reap)
    _serve(bench, zygote.Base(setup, ruleset, root), fault)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


def _prepare(setup: BaseSetup) -> tuple[int, str]:
    """Import what candidates need, forget the bench.

    With names of its own for candidates, the process has entered namespaces before.

    Returns
    -------
    tuple of int and str
        The ruleset of readable files, and the root of the tree of names that a candidate sees.
    """
    if setup.drop_uid and not setup.own_names:
        reach.require_reachable(setup.interpreter_roots)
    with contextlib.suppress(OSError):  # then the bench and its candidates are equal victims
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # from here on its own /proc is closed to a user
    os.chdir("/")
    # Look into every folder once: afterwards a candidate finds modules without listing it.
    importlib.util.find_spec("no_such_module")
    policy = ImportPolicy()
    sys.meta_path.insert(0, policy)
    for name in setup.preload:
        importlib.import_module(name)
    if "numba" in setup.preload:  # the first function costs half a second, further ones little
        sys.modules["numba"].njit("int64(int64)")(lambda number: number)
    # Of the bench's own modules only what a candidate may import stays within its reach.
    own_root = {str(Path(__file__).resolve().parents[2])} - set(setup.import_roots)
    sys.path[:] = [path for path in sys.path if path not in own_root]
    for name in [name for name in sys.modules if name.startswith(_OWN_MODULES)]:
        del sys.modules[name]
    # An installed package comes last: none of its modules runs out here, beside the others.
    sys.path[:0] = list(setup.packages)
    policy.installed = frozenset(chain.from_iterable(setup.packages.values()))
    importlib.machinery.PathFinder.find_spec("no_such_module")
    root = ""
    if setup.own_names:
        root = names.show_apart(setup.readable, setup.listable, sys.path, setup.packages)
    readable, listable = (
        [root + path for path in paths] for paths in (setup.readable, setup.listable)
    )
    ruleset = landlock.create_ruleset(readable, listable)
    gc.freeze()
    gc.enable()
    return ruleset, root


def _serve(bench: socket.socket, base: zygote.Base, fault: str) -> None:
    while True:
        message, descriptors, _, _ = socket.recv_fds(bench, len(ZYGOTE), 3)
        if not message:
            return
        if fault:
            with socket.socket(fileno=descriptors.pop(0)) as asker:
                asker.send(json.dumps(Ready(fault, 0, 0, 0)).encode())
        elif os.fork() == 0:
            try:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                bench.close()
                zygote.main(base, *descriptors)
            finally:
                os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)


def _reap(signal_number: int, frame: FrameType | None) -> None:
    del signal_number, frame
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass

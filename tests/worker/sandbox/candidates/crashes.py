"""Candidates that take too much or end badly, each with the outcome it must get.

``limits`` names the limits of ``hostile_run.py`` under which it runs.
"""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Crash(NamedTuple):
    run: Callable[[], Any]
    outcome: str
    error_type: str | None
    limits: str


CRASHES: dict[str, Crash] = {}


def crash(outcome, error_type=None, *, limits="cpu"):
    def register(run):
        CRASHES[run.__name__] = Crash(run, outcome, error_type, limits)
        return run

    return register


# --- CPU time and the clock


@crash("cpu_limit")
def loops_for_ever():
    while True:
        pass


@crash("cpu_limit")
def loops_and_ignores_the_signal():
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while True:
        pass


@crash("cpu_limit")
def loops_in_compiled_code():
    while True:
        np.linalg.svd(np.ones((300, 300)))


@crash("cpu_limit")
def loops_in_two_threads():
    threading.Thread(target=loops_for_ever).start()
    loops_for_ever()


@crash("cpu_limit")
def swallows_every_exception():
    while True:
        try:
            while True:
                sum(range(1000))
        except BaseException:
            continue


@crash("wall_limit", limits="wall")
def sleeps():
    time.sleep(600)


@crash("wall_limit", limits="wall")
def sleeps_and_blocks_signals():
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    time.sleep(600)


@crash("wall_limit", limits="wall")
def stops_itself():
    os.kill(os.getpid(), signal.SIGSTOP)


@crash("wall_limit", limits="wall")
def waits_for_a_lock():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


@crash("wall_limit", limits="wall")
def leaves_a_handler_that_never_returns():
    sys.stdout = type("Stream", (), {"flush": lambda self: time.sleep(600)})()
    return b""


# --- memory


@crash("memory_limit", "MemoryError", limits="memory")
def asks_for_much_memory():
    return np.ones(1 << 36, np.uint8).tobytes()


@crash("memory_limit", limits="memory")
def grows():
    kept = []
    while True:
        kept.append(np.ones(1 << 22, np.uint8))


@crash("memory_limit", limits="memory")
def needs_much_memory_for_a_moment():
    np.ones(400 << 20, np.uint8)  # more than it may have, less than its address space
    return b"x"


@crash("memory_limit", "MemoryError", limits="memory")
def asks_for_a_huge_text():
    return "x" * (1 << 40)


@crash("memory_limit", "MemoryError", limits="memory")
def raises_memory_error():
    raise MemoryError


# --- threads, files, output


@crash("thread_limit")
def starts_many_threads():
    running = threading.Event()
    for _ in range(200):
        threading.Thread(target=running.wait, daemon=True).start()
    time.sleep(600)


@crash("output_limit")
def returns_too_much():
    return bytes((1 << 20) + 1)


@crash("log_limit", limits="wall")
def prints_for_ever():
    while True:
        os.write(1, b"x" * 65536)


@crash("file_size_limit")
def dies_of_a_file_that_is_too_large():
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGXFSZ)


@crash("exception", "OSError")
def opens_too_many_files():
    return [open(os.__file__) for _ in range(1000)]


# --- signals and exits


@crash("killed_by_signal", "SIGSEGV")
def reads_address_zero():
    ctypes.string_at(0)


@crash("killed_by_signal", "SIGABRT")
def aborts():
    os.abort()


@crash("killed_by_signal", "SIGKILL")
def kills_itself():
    os.kill(os.getpid(), signal.SIGKILL)


@crash("killed_by_signal", "SIGTERM")
def terminates_itself():
    os.kill(os.getpid(), signal.SIGTERM)


@crash("killed_by_signal", "SIG40")
def sends_itself_a_real_time_signal():
    os.kill(os.getpid(), 40)


@crash("killed_by_signal", "SIGFPE")
def raises_a_floating_point_signal():
    signal.raise_signal(signal.SIGFPE)


@crash("killed_by_signal", "SIGSEGV")
def overflows_the_stack():
    sys.setrecursionlimit(1 << 30)
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)

    @compare
    def deeper(depth):
        return deeper(depth)

    deeper(0)


@crash("no_result")
def leaves_at_once():
    os._exit(0)


@crash("no_result")
def leaves_with_a_status():
    os._exit(3)


# --- exceptions


@crash("exception", "SystemExit")
def exits():
    sys.exit(0)


@crash("exception", "KeyboardInterrupt")
def raises_keyboard_interrupt():
    raise KeyboardInterrupt


@crash("exception", "GeneratorExit")
def raises_generator_exit():
    raise GeneratorExit


@crash("exception", "RecursionError")
def recurses_for_ever():
    return recurses_for_ever()


@crash("exception", "ValueError")
def raises_with_a_long_message():
    raise ValueError("x" * (1 << 20))


@crash("exception", "ValueError")
def raises_with_a_message_that_is_no_text():
    raise ValueError("\udcff\0\x1b[31m")


@crash("exception", "SilentError")
def raises_what_cannot_be_printed():
    class SilentError(Exception):
        def __str__(self):
            raise RuntimeError("no message")

    raise SilentError


@crash("exception", "ZeroDivisionError")
def raises_in_a_long_chain():
    def deeper(depth):
        try:
            return 1 / 0 if depth == 0 else deeper(depth - 1)
        except ZeroDivisionError as error:
            raise ZeroDivisionError(depth) from error

    return deeper(200)


@crash("exception", "ImportError")
def imports_what_is_not_there():
    from zlib import no_such_function

    return no_such_function


# --- strange, but no failure


@crash("ok")
def closes_all_descriptors():
    os.closerange(0, 1000)
    return b"fine"


@crash("ok")
def prints_much():
    print("x" * 200_000)
    return b"fine"


@crash("ok")
def prints_what_is_no_text():
    os.write(1, b"\xff\xfe\0")
    print("\udcff")
    return b"fine"


@crash("ok")
def leaves_a_thread_behind():
    threading.Thread(target=time.sleep, args=(600,)).start()
    return b"fine"


@crash("ok")
def returns_a_bytearray():
    return bytearray(b"fine")


@crash("ok")
def breaks_the_standard_library():
    import json
    import traceback

    json.dumps = traceback.format_exception = np.ascontiguousarray = None
    return b"fine"


# --- results that are none


@crash("bad_result")
def returns_nothing():
    return None


@crash("bad_result")
def returns_text():
    return "bitstream"


@crash("bad_result")
def returns_an_array():
    return np.zeros(8, np.uint8)


@crash("bad_result")
def returns_a_list_of_numbers():
    return [1, 2, 3]


@crash("bad_result")
def returns_a_generator():
    return (b"x" for _ in range(3))


def _result_memory():
    """Find the memory for the result, as a hostile candidate can."""
    import gc
    import mmap

    frame = sys._getframe()
    while frame is not None:
        for value in frame.f_locals.values():
            if isinstance(value, mmap.mmap) and len(value) > 1 << 20:
                return value
        frame = frame.f_back
    return next(value for value in gc.get_objects() if isinstance(value, mmap.mmap))


def _forge(kind, length, payload=b""):
    header = kind.ljust(8, b"\0") + length.to_bytes(8, "little") + bytes(240)
    _result_memory()[: len(header) + len(payload)] = header + payload
    os._exit(0)


@crash("bad_result")
def forges_a_length():
    _forge(b"OK", 1 << 60)


@crash("no_result")
def forges_an_unknown_kind():
    _forge(b"PICKLE", 8)


@crash("bad_result")
def forges_a_fault_of_the_sandbox():
    text = b'{"outcome": "sandbox_error", "error_type": null, "message": "", "traceback": ""}'
    _forge(b"FAILED", len(text), text)


@crash("bad_result")
def forges_a_failure_that_is_no_json():
    text = b"[" * 60_000
    _forge(b"FAILED", len(text), text)

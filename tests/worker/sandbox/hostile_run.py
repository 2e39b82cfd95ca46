"""Runs every hostile candidate as one user, in the sandbox and (attacks, channels) outside of it.

A program of its own, since a process cannot be root and an ordinary user: ``test_hostile.py``
starts it as both. It prints one JSON document of what happened and leaves the judgement to the
tests.
"""

import argparse
import contextlib
import ctypes
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np

CODE_ROOT = Path(__file__).resolve().parents[3]
CANDIDATES = Path(__file__).with_name("candidates")
sys.path[:0] = [str(CODE_ROOT), str(CANDIDATES)]

import attacks  # noqa: E402
import covert  # noqa: E402
import crashes  # noqa: E402
import pictures  # noqa: E402

from codec_lab.limits import Limits  # noqa: E402
from codec_worker.contract import Clip, Geometry  # noqa: E402
from codec_worker.sandbox import kernel, namespaces, readable  # noqa: E402
from codec_worker.sandbox import sandbox as sandbox_module  # noqa: E402
from codec_worker.sandbox.base_process import close_idle_bases  # noqa: E402
from codec_worker.sandbox.outcome import Run  # noqa: E402
from codec_worker.sandbox.probe import probe  # noqa: E402
from codec_worker.sandbox.sandbox import Sandbox  # noqa: E402

Found = TypeVar("Found")
MIB = 1 << 20
MS_BIND = 4096
LIMITS = {
    "cpu": Limits(cpu_s=1, wall_s=60, memory_bytes=256 * MIB, output_bytes=MIB),
    # A slow machine takes seconds of CPU time to give out as many pages.
    "memory": Limits(cpu_s=30, wall_s=60, memory_bytes=256 * MIB, output_bytes=MIB),
    "wall": Limits(cpu_s=1, wall_s=1, memory_bytes=256 * MIB, output_bytes=MIB),
    "calm": Limits(cpu_s=20, wall_s=60, memory_bytes=512 * MIB),
}
MESSAGE_OUTSIDE = b"\xa5\x3c\x96\x5a"
MESSAGE_INSIDE = b"\x5b\xc2\x69\xa4"
GEOMETRY = Geometry(2, 4, 6)
TIMEOUT_S = 20.0
DAYS_AGO = time.time() - 3 * 86_400
HONEST = -1  # the quality that makes the codecs of attacks and crashes behave


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uid", type=int, help="become this user first")
    uid = parser.parse_args().uid
    if uid is not None:
        make_reachable([*map(Path, readable.view().interpreter_roots), CODE_ROOT])
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        os.execv(sys.executable, [sys.executable, __file__])
    os.umask(0)
    folder = tempfile.mkdtemp(prefix="codec-lab-hostile-")
    Path(folder).chmod(0o777)
    try:
        json.dump(report(folder), sys.stdout)
    finally:
        shutil.rmtree(folder)


def make_reachable(folders: list[Path]) -> None:
    """Let every user enter folders, though they lie in a private home, for this program alone."""
    barriers = {
        next((place for place in (*reversed(folder.parents), folder) if not may_enter(place)), None)
        for folder in folders
    } - {None}
    namespaces.enter()
    for barrier in barriers:
        inside = [folder for folder in folders if barrier in folder.parents]
        opened = {folder: os.open(folder, os.O_PATH) for folder in inside}
        kernel.mount("hostile", str(barrier), "tmpfs", 0, "mode=0711,size=64k")
        for folder in sorted(opened):  # outer folders first
            if not any(other in opened for other in folder.parents):
                folder.mkdir(parents=True)
                kernel.mount(f"/proc/self/fd/{opened[folder]}", str(folder), None, MS_BIND)


def may_enter(place: Path) -> bool:
    return bool(place.stat().st_mode & 0o001)


def status_of_candidate() -> dict[str, str]:
    """Read what the kernel says of the process of a call."""
    source = "import time\n\ndef encode(clip, quality):\n    time.sleep(600)"
    with Sandbox({"codec.py": source}, "encode", LIMITS["calm"]) as sandbox:
        zygote = sandbox._zygote.ready.pid
        call = threading.Thread(target=sandbox.encode, args=(clip_of(b"abcd"), 0))
        call.start()
        status = awaited(lambda: locked_down_child(zygote), "the lockdown of a call's process")
        os.kill(int(status["Pid"]), signal.SIGKILL)
        call.join()
    return status


def locked_down_child(zygote: int) -> dict[str, str]:
    """Read the status of a call's process once it has its filter, the last of its layers."""
    for child in Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split():
        lines = Path(f"/proc/{child}/status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        if status["Seccomp"] == "2":
            return status
    return {}


def awaited(look: Callable[[], Found], what: str) -> Found:
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.01)
    raise TimeoutError(f"{what} did not come within {TIMEOUT_S} s")


def report(folder: str) -> dict[str, Any]:
    token = Path(folder).name
    os.environ["CODEC_LAB_SECRET"] = token
    with contextlib.ExitStack() as stack:
        victim = subprocess.Popen(["/bin/sleep", "600"])
        stack.callback(victim.wait)
        stack.callback(victim.kill)
        descriptor = os.open(f"{folder}/descriptor", os.O_RDWR | os.O_CREAT, 0o666)
        stack.callback(os.close, descriptor)
        targets = make_targets(folder, token, victim.pid, descriptor, stack)
        descriptors = open_descriptors()
        zygotes, inside = run_inside(targets)
        status = status_of_candidate()
        close_idle_bases()
        descriptors_left = open_descriptors() - descriptors
        outside = run_outside(targets)
    return {
        "layers": vars(probe()),
        "status": status,
        "outside": outside,
        "inside": inside,
        "left": {
            "descriptors": descriptors_left,
            "processes": processes_left(zygotes),
            "shared memory": [path.name for path in Path("/dev/shm").glob(f"*{token}*")],
            "system v memory": [
                line
                for line in Path("/proc/sysvipc/shm").read_text().splitlines()
                if line.split()[0] == str(key_of(token))
            ],
            "files": [path.name for path in Path(folder).rglob("*stash*")],
        },
    }


def make_targets(
    folder: str, token: str, victim: int, descriptor: int, stack: contextlib.ExitStack
) -> dict[str, Any]:
    """Put something of value into every place that an attack aims at."""
    place = Path(folder)
    for name in ("clip", "own", "scratch", "to_delete", "to_rename"):
        (place / name).write_text(token)
        (place / name).chmod(0o666)
    tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
    for address in (f"{folder}/socket", f"\0{token}"):
        server = stack.enter_context(socket.socket(socket.AF_UNIX))
        server.bind(address)
        server.listen(64)
    targets = {
        "CODE_ROOT": str(CODE_ROOT),
        "DESCRIPTOR": descriptor,
        "FOLDER": folder,
        "KEY": key_of(token),
        "LINK": f"{folder}/link-00",
        "LINKS": [f"{folder}/link-{number:02}" for number in range(32)],
        "OWN_FILE": f"{folder}/own",
        "SCRATCH_FILE": f"{folder}/scratch",
        "SECRET_FILE": f"{folder}/clip",
        "TCP_PORT": tcp.getsockname()[1],
        "TOKEN": token,
        "VICTIM": victim,
        "VICTIM_ADDRESS": memory_of(victim),
        "LIBRARY_FILES": [f"{folder}/library/file-{number:02}" for number in range(32)],
        "OTHER_LIBRARY_FILES": [f"{folder}/library/other-{number:02}" for number in range(32)],
        "LIBRARY_ON_DISK": f"{folder}/library/on-disk",
        "FOLDERS": [f"{folder}/library/folder-{number:02}" for number in range(32)],
    }
    (place / "library").mkdir()
    for path in targets["LINKS"]:
        Path(path).symlink_to("own")
    for path in (*targets["LIBRARY_FILES"], *targets["OTHER_LIBRARY_FILES"]):
        Path(path).write_text("library")
    for path in targets["FOLDERS"]:
        Path(path).mkdir()
    Path(targets["LIBRARY_ON_DISK"]).write_bytes(bytes(8 << 20))
    make_stale(targets)
    return targets


def key_of(token: str) -> int:
    """Return a key of shared memory that no other run uses at the same time."""
    return zlib.crc32(token.encode()) & 0x7FFF_FFFF


def make_stale(targets: Mapping[str, Any]) -> None:
    """Make of what the channels read a file system where nothing was read for days."""
    for name in ("LINKS", "LIBRARY_FILES", "OTHER_LIBRARY_FILES", "FOLDERS"):
        for path in targets[name]:
            os.utime(path, (DAYS_AGO, DAYS_AGO), follow_symlinks=False)
    on_disk = os.open(targets["LIBRARY_ON_DISK"], os.O_RDONLY)
    os.fsync(on_disk)
    os.posix_fadvise(on_disk, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(on_disk)


def memory_of(pid: int) -> int:
    """Return an address that holds a program in another process."""
    maps = Path(f"/proc/{pid}/maps")
    of_a_file = re.compile(r"^([0-9a-f]+)-.* /", re.MULTILINE)
    try:
        match = awaited(lambda: of_a_file.search(maps.read_text()), "the program of the victim")
    except PermissionError:
        return 0
    return int(match[1], 16)


# --- outside


def run_outside(targets: dict[str, Any]) -> dict[str, Any]:
    """Run attacks and channels without a sandbox, each in a process that may be spoilt."""
    space = SimpleNamespace(**targets)
    found = {}
    for name, attack in attacks.ATTACKS.items():
        found[name] = in_a_fork(lambda attack=attack: repr(attack.run(space) or ""))
    for name, channel in covert.CHANNELS.items():
        make_stale(targets)
        found[name] = carry_outside(channel, space)
    make_stale(targets)
    return found


def carry_outside(channel: covert.Channel, space: SimpleNamespace) -> dict[str, Any]:
    def receive() -> str:
        return channel.receive(space).hex()

    def both() -> str:
        channel.send(MESSAGE_OUTSIDE, space)
        return receive()

    if channel.same_process:
        return in_a_fork(both)
    sent = in_a_fork(lambda: channel.send(MESSAGE_OUTSIDE, space) or "")
    return in_a_fork(receive) if "error" not in sent else sent


def in_a_fork(run: Callable[[], str]) -> dict[str, Any]:
    """Run a function in a forked process and return its evidence or error."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        try:
            answer = {"evidence": run()}
        except BaseException as error:  # noqa: BLE001
            answer = {"error": f"{type(error).__name__}: {error}"}
        os.write(write_end, json.dumps(answer).encode()[:60_000])
        os._exit(0)
    os.close(write_end)
    ready, _, _ = select.select([read_end], [], [], TIMEOUT_S)
    if not ready:
        os.kill(pid, signal.SIGKILL)
    with os.fdopen(read_end, "rb") as pipe:
        text = pipe.read(60_000) if ready else b""
    _, status = os.waitpid(pid, 0)
    if text:
        return json.loads(text)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 42:
        return {"evidence": "status 42"}
    return {"error": f"it ended with {status}"}


# --- inside


def source(*names: str, **targets: Any) -> dict[str, str]:
    """Put a candidate together; the file named first is its codec."""
    files = {f"{name}.py": (CANDIDATES / f"{name}.py").read_text() for name in names[1:]}
    files["codec.py"] = (CANDIDATES / f"{names[0]}.py").read_text()
    files["targets.py"] = "".join(f"{name} = {value!r}\n" for name, value in targets.items())
    return files


def run_inside(targets: dict[str, Any]) -> tuple[list[int], dict[str, Any]]:
    # The sandbox shows candidates one more folder of libraries, that nobody else reads.
    shown = readable.view()
    library = f"{targets['FOLDER']}/library"
    sandbox_module.view = lambda: shown._replace(readable=(*shown.readable, library))
    found: dict[str, Any] = {}
    zygotes: list[int] = []

    def box(files: dict[str, str], direction: str, limits: str) -> Sandbox:
        sandbox = Sandbox(files, direction, LIMITS[limits])
        zygotes.append(sandbox._zygote.ready.pid)
        return sandbox

    def try_honest(sandbox: Sandbox, name: str) -> None:
        found[f"honest after {name}"] = told(sandbox.encode(clip_of(b"abcd"), HONEST))

    files = source("codec_of_covert", "covert", **targets)
    with box(files, "encode", "calm") as encoder, box(files, "decode", "calm") as decoder:
        for place, name in enumerate(covert.CHANNELS):
            sent = encoder.encode(clip_of(MESSAGE_INSIDE), place)
            received = decoder.decode(bytes([place]), Geometry(1, 2, 2))
            found[name] = {"sent": told(sent), "received": told(received)}
    with box(source("codec_of_attacks", "attacks", **targets), "encode", "calm") as sandbox:
        for place, name in enumerate(attacks.ATTACKS):
            found[name] = told(sandbox.encode(clip_of(b"abcd"), place))
        try_honest(sandbox, "attacks")
    crashing = source("codec_of_crashes", "crashes")
    for limits in ("cpu", "memory", "wall"):
        with box(crashing, "encode", limits) as sandbox:
            for place, (name, crash) in enumerate(crashes.CRASHES.items()):
                if crash.limits == limits:
                    found[name] = told(sandbox.encode(clip_of(b"abcd"), place))
            try_honest(sandbox, f"crashes under the {limits} limit")
    with box(source("codec_of_pictures", "pictures"), "decode", "calm") as sandbox:
        for place, name in enumerate((*pictures.PICTURES, *pictures.GOOD_PICTURES)):
            found[f"decode {name}"] = told(sandbox.decode(bytes([place, *GEOMETRY]), GEOMETRY))
    return zygotes, found


def clip_of(start: bytes) -> Clip:
    y = np.zeros((1, 2, 2), np.uint8)
    y.flat[:] = list(start)
    return Clip(y, np.zeros((1, 1, 1), np.uint8), np.zeros((1, 1, 1), np.uint8), 25.0)


def told(run: Run[Any]) -> dict[str, Any]:
    value = run.value
    if isinstance(value, tuple):
        value = value[0].tobytes()
    return {
        "outcome": run.outcome,
        "error_type": run.error_type,
        "message": run.message,
        "traceback": run.traceback,
        "log": run.log,
        "value": None if value is None else value[:100].hex(),
        "wall_s": run.wall_s,
        "cpu_s": run.cpu_s,
    }


# --- afterwards


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def processes_left(zygotes: list[int]) -> list[str]:
    """List processes that descend from this one or belong to a user of its sandboxes."""
    own_uids = {first + pid for first in (0x7000_0000, 0x7800_0000) for pid in zygotes}
    if os.getuid():
        own_uids.add(os.getuid())
    left = []
    for process in Path("/proc").glob("[1-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            status = (process / "status").read_text()
            if "State:\tZ" in status:
                continue  # dead, and only waits for its parent to notice
            uid = int(re.search(r"^Uid:\t(\d+)", status, re.MULTILINE)[1])
            parent = int(re.search(r"^PPid:\t(\d+)", status, re.MULTILINE)[1])
            if int(process.name) != os.getpid() and (uid in own_uids or parent == os.getpid()):
                command = (process / "cmdline").read_text().replace("\0", " ")
                left.append(f"{process.name}, child of {parent}, user {uid}: {command}")
    return left


if __name__ == "__main__":
    ctypes.CDLL(None)  # loaded before any process changes who it is
    main()

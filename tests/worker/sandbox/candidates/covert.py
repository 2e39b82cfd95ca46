"""Covert channels: an encoder hides 4 bytes of the clip where a later decoder may find them.

``send`` runs in one process, ``receive`` in another one afterwards. Outside the sandbox the
bytes arrive; inside they must not, whether a call is refused or works and tells nothing.
"""

import ctypes
import mmap
import os
import resource
import time
from collections.abc import Callable
from typing import Any, NamedTuple

MESSAGE_BYTES = 4


class Channel(NamedTuple):
    send: Callable[[bytes, Any], None]
    receive: Callable[[Any], bytes]
    same_process: bool  # outside, it connects two calls in one process
    may_be_absent: bool  # not every machine has what it needs


CHANNELS: dict[str, Channel] = {}


def channel(same_process=False, may_be_absent=False):
    def register(pair):
        CHANNELS[pair.__name__] = Channel(pair.send, pair.receive, same_process, may_be_absent)
        return pair

    return register


def bits_of(message):
    return [byte >> bit & 1 for byte in message for bit in range(8)]


def bytes_of(bits):
    return bytes(
        sum(bits[start + bit] << bit for bit in range(8)) for start in range(0, len(bits), 8)
    )


MEMORY = {}


@channel(same_process=True)
class ModuleGlobal:
    def send(message, targets):
        MEMORY["message"] = message

    def receive(targets):
        return MEMORY["message"]


@channel(same_process=True)
class LibraryAttribute:
    def send(message, targets):
        import numpy

        numpy.stash = message

    def receive(targets):
        import numpy

        return numpy.stash


@channel(same_process=True)
class Environment:
    def send(message, targets):
        os.environ["STASH"] = message.hex()

    def receive(targets):
        return bytes.fromhex(os.environ["STASH"])


@channel(same_process=True)
class LibcEnvironment:
    def send(message, targets):
        ctypes.CDLL(None).setenv(b"STASH", message.hex().encode(), 1)

    def receive(targets):
        getenv = ctypes.CDLL(None).getenv
        getenv.restype = ctypes.c_char_p
        return bytes.fromhex(getenv(b"STASH").decode())


@channel()
class File:
    def send(message, targets):
        with open(f"{targets.FOLDER}/stash", "wb") as file:
            file.write(message)

    def receive(targets):
        path = f"{targets.FOLDER}/stash"
        with open(path, "rb") as file:
            message = file.read()
        os.unlink(path)
        return message


@channel()
class FileName:
    def send(message, targets):
        os.mkdir(f"{targets.FOLDER}/stash-{message.hex()}")

    def receive(targets):
        names = [name for name in os.listdir(targets.FOLDER) if name.startswith("stash-")]
        os.rmdir(f"{targets.FOLDER}/{names[0]}")
        return bytes.fromhex(names[0].removeprefix("stash-"))


@channel()
class SharedMemoryFolder:
    def send(message, targets):
        with open(f"/dev/shm/{targets.TOKEN}-stash", "wb") as file:
            file.write(message)

    def receive(targets):
        path = f"/dev/shm/{targets.TOKEN}-stash"
        with open(path, "rb") as file:
            message = file.read()
        os.unlink(path)
        return message


@channel()
class SystemVMemory:
    def send(message, targets):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.shmat.restype = ctypes.c_void_p
        identity = libc.shmget(targets.KEY, 4096, 0o1600)
        if identity < 0:
            raise OSError(ctypes.get_errno(), "shmget")
        ctypes.memmove(libc.shmat(identity, None, 0), message, MESSAGE_BYTES)

    def receive(targets):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.shmat.restype = ctypes.c_void_p
        identity = libc.shmget(targets.KEY, 4096, 0)
        if identity < 0:
            raise OSError(ctypes.get_errno(), "shmget")
        message = ctypes.string_at(libc.shmat(identity, None, 0), MESSAGE_BYTES)
        libc.shmctl(identity, 0, None)
        return message


@channel()
class ModificationTime:
    def send(message, targets):
        os.utime(targets.OWN_FILE, (0, int.from_bytes(message, "little")))

    def receive(targets):
        return int(os.stat(targets.OWN_FILE).st_mtime).to_bytes(MESSAGE_BYTES, "little")


@channel()
class AccessTimes:
    """One bit for each of 32 files of a library: was it read?"""

    def send(message, targets):
        for path, bit in zip(targets.LIBRARY_FILES, bits_of(message), strict=True):
            if bit:
                with open(path, "rb") as file:
                    file.read(1)

    def receive(targets):
        day_ago = time.time() - 86_400
        return bytes_of([int(os.stat(path).st_atime > day_ago) for path in targets.LIBRARY_FILES])


@channel()
class AccessTimesOrder:
    """As before, but told from which of two files was read last."""

    def send(message, targets):
        for path, bit in zip(targets.OTHER_LIBRARY_FILES, bits_of(message), strict=True):
            if not bit:
                with open(path, "rb") as file:
                    file.read(1)
        time.sleep(0.05)
        for path, bit in zip(targets.OTHER_LIBRARY_FILES, bits_of(message), strict=True):
            if bit:
                with open(path, "rb") as file:
                    file.read(1)

    def receive(targets):
        times = [os.stat(path).st_atime for path in targets.OTHER_LIBRARY_FILES]
        middle = (min(times) + max(times)) / 2
        return bytes_of([int(moment > middle) for moment in times])


@channel()
class AccessTimesOfLinks:
    """One bit for each of 32 symbolic links: did someone walk through it?"""

    def send(message, targets):
        for path, bit in zip(targets.LINKS, bits_of(message), strict=True):
            if bit:
                os.path.exists(path)

    def receive(targets):
        day_ago = time.time() - 86_400
        return bytes_of([int(os.lstat(path).st_atime > day_ago) for path in targets.LINKS])


@channel()
class AccessTimesOfFolders:
    def send(message, targets):
        for path, bit in zip(targets.FOLDERS, bits_of(message), strict=True):
            if bit:
                os.listdir(path)

    def receive(targets):
        day_ago = time.time() - 86_400
        return bytes_of([int(os.stat(path).st_atime > day_ago) for path in targets.FOLDERS])


def pages_of(path):
    """Map a file, whose pages come into memory one by one."""
    with open(path, "rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    mapped.madvise(mmap.MADV_RANDOM)
    return mapped


@channel(may_be_absent=True)
class PagesInMemory:
    """One bit for each of 32 parts of a library on disk: was it read into memory?"""

    def send(message, targets):
        mapped = pages_of(targets.LIBRARY_ON_DISK)
        for place, bit in enumerate(bits_of(message)):
            if bit:
                mapped[place * len(mapped) // 32]

    def receive(targets):
        mapped = pages_of(targets.LIBRARY_ON_DISK)
        bits = []
        for place in range(32):
            before = resource.getrusage(resource.RUSAGE_SELF).ru_majflt
            mapped[place * len(mapped) // 32]
            bits.append(int(resource.getrusage(resource.RUSAGE_SELF).ru_majflt == before))
        return bytes_of(bits)


@channel()
class ProcessLeftBehind:
    """A daemon that keeps the message in its command name."""

    def send(message, targets):
        if os.fork() == 0:
            try:
                os.setsid()
                os.closerange(0, 64)
                ctypes.CDLL(None).prctl(
                    15, f"{targets.TOKEN[-4:]}{message.hex()}".encode(), 0, 0, 0
                )
                time.sleep(5)
            finally:
                os._exit(0)
        time.sleep(0.1)

    def receive(targets):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/comm") as file:
                    name = file.read().strip()
            except OSError:
                continue
            if name.startswith(targets.TOKEN[-4:]) and len(name) == 12:
                os.kill(int(pid), 9)
                return bytes.fromhex(name[4:])
        raise FileNotFoundError("no such process")


@channel()
class InheritedDescriptors:
    """Writes into whatever descriptors are open and reads them back later."""

    def send(message, targets):
        for descriptor in (*range(3, 128), targets.DESCRIPTOR):
            try:
                os.pwrite(descriptor, message, 0)
            except OSError:
                continue

    def receive(targets):
        for descriptor in (*range(3, 128), targets.DESCRIPTOR):
            try:
                found = os.pread(descriptor, MESSAGE_BYTES, 0)
            except OSError:
                continue
            if len(found) == MESSAGE_BYTES and any(found):
                return found
        raise FileNotFoundError("nothing open")


@channel()
class CompiledModule:
    """A module's compiled file next to its source."""

    def send(message, targets):
        os.makedirs(f"{targets.FOLDER}/__pycache__", exist_ok=True)
        with open(f"{targets.FOLDER}/__pycache__/stash.pyc", "wb") as file:
            file.write(message)

    def receive(targets):
        path = f"{targets.FOLDER}/__pycache__/stash.pyc"
        with open(path, "rb") as file:
            message = file.read()
        os.unlink(path)
        return message

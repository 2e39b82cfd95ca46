"""Attacks on the machine around a candidate.

Each is given the same targets inside the sandbox and outside of it. It returns evidence if it
succeeded; otherwise it raises, and ``refused_as`` names the exception (or signal) expected inside.
"""

import ctypes
import errno
import fcntl
import mmap
import os
import signal
import socket
import struct
import subprocess
from collections.abc import Callable
from typing import Any, NamedTuple


class Attack(NamedTuple):
    run: Callable[[Any], Any]
    refused_as: str
    needs_root: bool  # outside, only root can do it
    may_be_absent: bool  # not every kernel or container offers it


ATTACKS: dict[str, Attack] = {}


def attack(refused_as="PermissionError", *, needs_root=False, may_be_absent=False):
    def register(run):
        ATTACKS[run.__name__] = Attack(run, refused_as, needs_root, may_be_absent)
        return run

    return register


LIBC = ctypes.CDLL(None, use_errno=True)
NUMBERS = {
    "x86_64": {
        "add_key": 248, "bpf": 321, "fanotify_init": 300, "inotify_init1": 294, "io_setup": 206,
        "memfd_create": 319, "mincore": 27, "mq_open": 240, "mq_unlink": 241,
        "name_to_handle_at": 303, "perf_event_open": 298, "personality": 135,
        "process_vm_readv": 310, "ptrace": 101, "semget": 64,
        "shmget": 29, "userfaultfd": 323, "prctl": 157, "msgget": 68,
    },
    "aarch64": {
        "add_key": 217, "bpf": 280, "fanotify_init": 262, "inotify_init1": 26, "io_setup": 0,
        "memfd_create": 279, "mincore": 232, "mq_open": 180, "mq_unlink": 181,
        "name_to_handle_at": 264, "perf_event_open": 241, "personality": 92,
        "process_vm_readv": 270, "ptrace": 117, "semget": 190,
        "shmget": 194, "userfaultfd": 282, "prctl": 167, "msgget": 186,
    },
}  # fmt: skip
NEW_NUMBERS = {
    "pidfd_open": 434, "clone3": 435, "openat2": 437, "pidfd_getfd": 438, "io_uring_setup": 425,
    "landlock_create_ruleset": 444, "process_madvise": 440, "cachestat": 451, "open_tree": 428,
}  # fmt: skip


def syscall(name, *arguments):
    number = {**NUMBERS[os.uname().machine], **NEW_NUMBERS}[name]
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result = LIBC.syscall(ctypes.c_long(number), *wide)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


# --- files that hold something of value


@attack("FileNotFoundError")
def look_up_a_name_of_the_machine(targets):
    return os.stat("/etc/passwd").st_size


@attack()
def read_the_password_file(targets):
    with open("/etc/passwd") as file:
        return file.read()


@attack()
def read_a_clip(targets):
    with open(targets.SECRET_FILE) as file:
        return file.read()


@attack()
def list_the_clips(targets):
    return os.listdir(targets.FOLDER)


@attack()
def scan_the_clips_folder(targets):
    return [entry.name for entry in os.scandir(targets.FOLDER)]


@attack()
def read_the_source_of_the_bench(targets):
    with open(f"{targets.CODE_ROOT}/codec_lab/errors.py") as file:
        return file.read()


@attack("ModuleNotFoundError")
def import_the_domain(targets):
    import codec_lab.errors

    return codec_lab.errors.__file__


@attack("ModuleNotFoundError")
def import_the_metrics(targets):
    import codec_worker.imports

    return codec_worker.imports.__file__


@attack("ModuleNotFoundError")
def import_the_cloud(targets):
    import boto3

    return boto3.__file__


@attack("KeyError")
def read_the_environment(targets):
    return os.environ["CODEC_LAB_SECRET"]


@attack()
def read_the_environment_of_a_process(targets):
    with open(f"/proc/{targets.VICTIM}/environ", "rb") as file:
        return file.read()


@attack()
def read_the_command_line_of_the_parent(targets):
    with open(f"/proc/{os.getppid()}/cmdline", "rb") as file:
        return file.read()


@attack()
def read_its_own_memory_map(targets):
    with open("/proc/self/maps") as file:
        return file.read()


@attack()
def list_processes(targets):
    return os.listdir("/proc")


@attack()
def reopen_a_descriptor(targets):
    return os.open("/proc/self/fd/0", os.O_RDONLY) >= 0


@attack()
def open_by_path_only(targets):
    return os.open(targets.SECRET_FILE, os.O_PATH) >= 0


@attack()
def look_at_a_symbolic_link(targets):
    return os.lstat(targets.LINK).st_atime


@attack()
def read_a_symbolic_link(targets):
    return os.readlink(targets.LINK)


@attack(may_be_absent=True)
def make_a_file_handle(targets):
    handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128))
    mount_id = ctypes.c_int()
    path = targets.SECRET_FILE.encode()
    return syscall("name_to_handle_at", -100, path, handle, ctypes.byref(mount_id), 0) == 0


@attack(may_be_absent=True)
def open_by_another_call(targets):
    how = struct.pack("QQQ", 0, 0, 0)
    path = ctypes.c_char_p(targets.SECRET_FILE.encode())
    return syscall("openat2", -100, path, how, len(how)) >= 0


# --- writing


@attack()
def write_a_file(targets):
    with open(f"{targets.FOLDER}/written", "w") as file:
        return file.write("x")


@attack()
def write_to_shared_memory_folder(targets):
    path = f"/dev/shm/{targets.TOKEN}"
    with open(path, "w") as file:
        file.write("x")
    os.unlink(path)
    return True


@attack()
def append_to_a_clip(targets):
    with open(targets.SECRET_FILE, "a") as file:
        return file.write(" ")


@attack()
def truncate_a_file(targets):
    os.truncate(targets.SCRATCH_FILE, 1)
    return True


@attack()
def delete_a_file(targets):
    os.unlink(f"{targets.FOLDER}/to_delete")
    return True


@attack()
def rename_a_file(targets):
    os.rename(f"{targets.FOLDER}/to_rename", f"{targets.FOLDER}/renamed")
    return True


@attack()
def make_a_folder(targets):
    os.mkdir(f"{targets.FOLDER}/made")
    return True


@attack()
def make_a_link(targets):
    os.link(targets.SCRATCH_FILE, f"{targets.FOLDER}/hard")
    return True


@attack()
def make_a_symbolic_link(targets):
    os.symlink("x", f"{targets.FOLDER}/soft")
    return True


@attack()
def make_a_pipe_in_the_file_system(targets):
    os.mkfifo(f"{targets.FOLDER}/pipe")
    return True


@attack()
def change_permissions(targets):
    os.chmod(targets.OWN_FILE, 0o600)
    return True


@attack()
def change_the_time_of_a_file(targets):
    os.utime(targets.OWN_FILE, (1, 1))
    return True


@attack(may_be_absent=True)
def set_an_attribute(targets):
    os.setxattr(targets.OWN_FILE, "user.note", b"x")
    return True


@attack()
def lock_a_library_file(targets):
    with open(os.__file__) as file:
        fcntl.flock(file, fcntl.LOCK_SH)
    return True


@attack()
def lock_a_range_of_a_library_file(targets):
    with open(os.__file__) as file:
        fcntl.lockf(file, fcntl.LOCK_SH)
    return True


@attack()
def read_with_a_temporary_file(targets):
    import tempfile

    with tempfile.TemporaryFile(dir=targets.FOLDER) as file:
        return file.write(b"x")


# --- network


@attack()
def connect_by_tcp(targets):
    with socket.create_connection(("127.0.0.1", targets.TCP_PORT), 2):
        return True


@attack()
def send_by_udp(targets):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        return sender.sendto(b"x", ("127.0.0.1", targets.TCP_PORT))


@attack()
def connect_to_a_unix_socket(targets):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"{targets.FOLDER}/socket")
        return True


@attack()
def connect_to_an_abstract_socket(targets):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"\0{targets.TOKEN}")
        return True


@attack()
def listen(targets):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        return server.getsockname()[1]


@attack()
def make_a_socket_pair(targets):
    for end in socket.socketpair():
        end.close()
    return True


@attack()
def talk_to_the_kernel_by_netlink(targets):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0):
        return True


@attack()
def fetch_a_page(targets):
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", targets.TCP_PORT, timeout=2)
    connection.connect()
    connection.close()
    return True


# --- other processes


@attack()
def fork(targets):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return os.waitpid(pid, 0)[0] == pid


@attack("OSError")  # ENOSYS, so that the C library falls back to clone for threads
def fork_by_clone3(targets):
    arguments = struct.pack("11Q", 0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, 0)
    pid = syscall("clone3", arguments, len(arguments))
    if pid == 0:
        os._exit(0)
    return os.waitpid(pid, 0)[0] == pid


@attack()
def run_a_program(targets):
    return subprocess.run(["/bin/true"], check=False).returncode == 0


@attack()
def run_a_program_by_spawn(targets):
    pid = os.posix_spawn("/bin/true", ["true"], {})
    return os.waitpid(pid, 0)[0] == pid


@attack()
def replace_itself_by_a_program(targets):
    os.execv("/bin/sh", ["sh", "-c", "exit 42"])  # outside, the status is the evidence


@attack()
def use_multiprocessing(targets):
    import multiprocessing

    process = multiprocessing.get_context("fork").Process(target=int)
    process.start()
    process.join()
    return process.exitcode == 0


@attack()
def signal_a_process(targets):
    os.kill(targets.VICTIM, 0)
    return True


@attack()
def signal_the_parent(targets):
    os.kill(os.getppid(), 0)
    return True


@attack()
def signal_everybody(targets):
    os.kill(-1, 0)
    return True


@attack()
def open_a_process(targets):
    return os.pidfd_open(targets.VICTIM) >= 0


@attack(may_be_absent=True)
def take_a_descriptor_of_a_process(targets):
    return syscall("pidfd_getfd", os.pidfd_open(targets.VICTIM), 0, 0) >= 0


@attack(may_be_absent=True)
def trace_a_process(targets):
    attach, detach = 16, 17
    syscall("ptrace", attach, targets.VICTIM, 0, 0)
    os.waitpid(targets.VICTIM, 0x40000000)
    syscall("ptrace", detach, targets.VICTIM, 0, 0)
    return True


@attack(may_be_absent=True)
def read_memory_of_a_process(targets):
    with open(f"/proc/{targets.VICTIM}/mem", "rb") as memory:
        memory.seek(targets.VICTIM_ADDRESS)
        return memory.read(8)


@attack(may_be_absent=True)
def read_memory_of_a_process_by_call(targets):
    buffer = ctypes.create_string_buffer(8)
    here = struct.pack("PN", ctypes.addressof(buffer), 8)
    there = struct.pack("PN", targets.VICTIM_ADDRESS, 8)
    return syscall("process_vm_readv", targets.VICTIM, here, 1, there, 1, 0) == 8


@attack(needs_root=True)
def become_root(targets):
    os.setuid(0)
    return True


@attack()
def change_its_group(targets):
    os.setgid(os.getgid())
    return True


# --- the kernel


@attack(may_be_absent=True)
def enter_a_user_namespace(targets):
    if LIBC.unshare(0x10000000):
        raise OSError(ctypes.get_errno(), "unshare")
    return True


@attack(needs_root=True, may_be_absent=True)
def enter_a_mount_namespace(targets):
    if LIBC.unshare(0x20000):
        raise OSError(ctypes.get_errno(), "unshare")
    return True


@attack(needs_root=True, may_be_absent=True)
def change_its_root_folder(targets):
    os.chroot(targets.FOLDER)
    return True


@attack("ValueError")  # Python's word for EPERM
def change_its_own_limits(targets):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
    return True


@attack()
def raise_its_limits_by_another_call(targets):
    import resource

    resource.prlimit(0, resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE))
    return True


@attack()
def choose_its_processors(targets):
    os.sched_setaffinity(0, os.sched_getaffinity(0))
    return True


@attack()
def change_its_priority(targets):
    return os.nice(1) >= 1


@attack()
def change_its_scheduler(targets):
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    return True


@attack()
def become_dumpable(targets):
    return syscall("prctl", 4, 1, 0, 0, 0) == 0


@attack()
def change_its_personality(targets):
    return syscall("personality", 0) >= 0


@attack(may_be_absent=True)
def use_asynchronous_io(targets):
    return syscall("io_setup", 1, ctypes.byref(ctypes.c_ulong())) == 0


@attack(may_be_absent=True)
def use_io_uring(targets):
    return syscall("io_uring_setup", 1, ctypes.create_string_buffer(256)) >= 0


@attack(may_be_absent=True)
def load_a_kernel_program(targets):
    array_map = struct.pack("5I", 2, 4, 8, 1, 0) + bytes(100)
    return syscall("bpf", 0, array_map, len(array_map)) >= 0


@attack(may_be_absent=True)
def count_events(targets):
    event = struct.pack("IIQQQQQ", 1, 112, 0, 0, 0, 0, 1 << 5 | 1 << 6) + bytes(64)
    return syscall("perf_event_open", event, 0, -1, -1, 0) >= 0


@attack(may_be_absent=True)
def handle_page_faults(targets):
    return syscall("userfaultfd", 1) >= 0


@attack()
def watch_files(targets):
    return syscall("inotify_init1", 0) >= 0


@attack(needs_root=True, may_be_absent=True)
def watch_all_files(targets):
    return syscall("fanotify_init", 0, 0) >= 0


@attack(may_be_absent=True)
def relax_its_own_rules(targets):
    return syscall("landlock_create_ruleset", None, 0, 1) >= 1


@attack()
def learn_free_memory(targets):
    buffer = ctypes.create_string_buffer(256)
    if LIBC.sysinfo(buffer):
        raise OSError(ctypes.get_errno(), "sysinfo")
    return True


@attack()
def see_what_is_cached(targets):
    with open(os.__file__, "rb") as file:
        memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    view = (ctypes.c_char * 1).from_buffer_copy(memory[:1])
    page = ctypes.addressof(view) & ~(mmap.PAGESIZE - 1)
    return syscall("mincore", ctypes.c_void_p(page), 1, ctypes.create_string_buffer(1)) == 0


@attack()
def drop_a_file_from_the_cache(targets):
    with open(os.__file__, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return True


@attack(may_be_absent=True)
def page_out_a_library(targets):
    with open(os.__file__, "rb") as file:
        memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    memory.madvise(21)
    return True


@attack(may_be_absent=True)
def read_without_waiting_for_the_disk(targets):
    with open(os.__file__, "rb") as file:
        try:
            return os.preadv(file.fileno(), [bytearray(8)], 0, os.RWF_NOWAIT) == 8
        except BlockingIOError:
            return "not cached"


@attack("SIGSYS", may_be_absent=True)
def make_a_call_of_another_architecture(targets):
    if os.uname().machine != "x86_64":
        raise OSError(errno.ENOSYS, "needs x86")
    getpid = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"  # mov eax, 20; int 0x80; ret
    memory = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(getpid)
    function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
    return function()


# --- shared objects of the kernel


@attack()
def make_shared_memory(targets):
    from multiprocessing import resource_tracker, shared_memory

    memory = shared_memory.SharedMemory(targets.TOKEN, create=True, size=1)
    resource_tracker.unregister(memory._name, "shared_memory")
    os.unlink(f"/dev/shm/{targets.TOKEN}")
    return True


@attack()
def make_system_v_memory(targets):
    private, create = 0, 0o1600
    identity = syscall("shmget", private, 4096, create)
    LIBC.shmctl(identity, 0, None)
    return True


@attack()
def make_a_semaphore_set(targets):
    identity = syscall("semget", 0, 1, 0o1600)
    LIBC.semctl(identity, 0, 0, 0)
    return True


@attack(may_be_absent=True)
def make_a_message_queue(targets):
    name = targets.TOKEN.encode()
    syscall("mq_open", name, os.O_CREAT | os.O_RDWR, 0o600, None)
    return syscall("mq_unlink", name) == 0


@attack()
def make_a_system_v_queue(targets):
    identity = syscall("msgget", 0, 0o1600)
    LIBC.msgctl(identity, 0, None)
    return True


@attack()
def make_anonymous_memory_files(targets):
    return os.memfd_create("x") >= 0


@attack(may_be_absent=True)
def store_a_key(targets):
    session_keyring = -3
    return syscall("add_key", b"user", targets.TOKEN.encode(), b"x", 1, session_keyring) > 0

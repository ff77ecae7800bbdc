"""Processes of the command line that need not load torch and transformers again, which takes longer than a test.

One server for each test process imports them once and forks for each command: all else is as in a process that was
started (a pid of its own, its folder, environment, arguments, standard streams and end), but for two things. What
libraries read from the environment as they are imported is the server's, and so is the seed of str's hashes.
"""

import atexit
import importlib
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

IMPORTED = (
    "finetune.alongside",
    "finetune.method",
    "generate.writer",
    "geulgam.stages",
    "transformers.models.gemma3.modeling_gemma3",
)
_MESSAGE = 1 << 20  # bytes
_NUMBER = struct.Struct("i")


class Preloaded(subprocess.Popen[str]):
    """``Popen(arguments(…), cwd=…, env=…, …)`` of `python -m geulgam`, forked from the server.

    It overrides what CPython 3.11 and later start and wait for a process with.
    """

    def _execute_child(self, args: Any, *given: Any) -> None:
        _executable, _preexec, _close, _pass, cwd, env, _info, _flags, _shell, *pipes = given[:15]
        p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite = pipes
        assert args[1:3] == ["-m", "geulgam"], args
        order = {"words": args[3:], "cwd": str(cwd or Path.cwd()), "env": dict(os.environ if env is None else env)}
        standard = [own if own != -1 else usual for usual, own in enumerate((p2cread, c2pwrite, errwrite))]
        self._status, theirs = os.pipe()
        socket.send_fds(_server(), [json.dumps(order).encode()], [*standard, theirs])
        os.close(theirs)
        self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)  # type: ignore[attr-defined]
        (self.pid,) = _NUMBER.unpack(os.read(self._status, _NUMBER.size))
        self._child_created = True

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        if wait_flags & os.WNOHANG and not select.select([self._status], [], [], 0)[0]:
            return 0, 0
        told = os.read(self._status, _NUMBER.size)
        os.close(self._status)
        return self.pid, _NUMBER.unpack(told)[0]

    def _internal_poll(self, _deadstate: int | None = None) -> int | None:
        if self.returncode is None and self._waitpid_lock.acquire(False):  # type: ignore[attr-defined]
            try:
                if self.returncode is None:
                    pid, status = self._try_wait(os.WNOHANG)
                    if pid == self.pid:
                        self._handle_exitstatus(status)  # type: ignore[attr-defined]
            finally:
                self._waitpid_lock.release()  # type: ignore[attr-defined]
        return self.returncode


@cache
def _server() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}
    code = f"from tests.preloaded import serve; serve({theirs.fileno()})"
    subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    theirs.close()
    atexit.register(ours.close)
    return ours


def serve(number: int) -> None:
    """Fork for each order that comes over the socket of this number; returns only in such a process, at its end."""
    for name in IMPORTED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C of the tests is for them
    orders = socket.socket(fileno=number)
    while True:
        order, fds, _, _ = socket.recv_fds(orders, _MESSAGE, 4)
        if not order:
            sys.exit()
        if os.fork() == 0:
            break
        for fd in fds:
            os.close(fd)
    orders.close()
    _become(json.loads(order), *fds)


def _become(order: Any, stdin: int, stdout: int, stderr: int, status: int) -> None:
    """Fork the command, and tell its pid and, at its end, its status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid:
        for fd in (0, 1, 2, stdin, stdout, stderr):
            os.close(fd)
        os.write(status, _NUMBER.pack(pid))
        _, ended = os.waitpid(pid, 0)
        os.write(status, _NUMBER.pack(ended))
        os._exit(0)
    os.close(status)
    for place, fd in enumerate((stdin, stdout, stderr)):
        os.dup2(fd, place)
        os.close(fd)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1)  # noqa: SIM115
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = ["geulgam", *order["words"]]
    runpy.run_module("geulgam", run_name="__main__", alter_sys=True)

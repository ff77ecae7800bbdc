"""One process of a real Elasticsearch server, in a folder of its own.

It never outlives the Python process that started it, however that ends: the node's process group is killed when the
pipe that the starter holds is closed.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

NOBODY = 65534  # as root, the server refuses to run
# Kills the whole process group once standard input, a pipe, is closed; the server takes the shell's place.
UNTIL_CLOSED = 'exec 3<&0; (cat <&3 >/dev/null; kill -9 0) & exec "$@" 3<&- </dev/null'


class Node:
    """One server process: its folder has ``config``, ``data``, ``logs``, ``tmp`` and ``output.txt``."""

    def __init__(self, folder: Path, settings: dict[str, Any], home: Path, java: Path, heap: str) -> None:
        self.folder, self.config, self.home = folder, folder / "config", home
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = {
            "PATH": os.defpath,
            "ES_JAVA_HOME": str(java),
            "ES_JAVA_OPTS": f"-Xms{heap} -Xmx{heap}",
            "ES_PATH_CONF": str(self.config),
            "ES_TMPDIR": str(folder / "tmp"),
        }
        shutil.copytree(home / "config", self.config)
        for name in ("data", "logs", "tmp"):
            (folder / name).mkdir()
        self.write("elasticsearch.yml", "".join(f"{key}: {_yaml(value)}\n" for key, value in settings.items()).encode())
        if os.getuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        assert not self.running
        with (self.folder / "output.txt").open("ab") as output:
            self.process = subprocess.Popen(
                ["sh", "-c", UNTIL_CLOSED, "sh", *self._as_user("elasticsearch")],
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self) -> None:
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process = None

    def keystore(self, password: str) -> None:
        """Set the first password of the user ``elastic``."""
        for words, given in (("create",), ""), (("add", "-x", "bootstrap.password"), password):
            subprocess.run(
                self._as_user("elasticsearch-keystore", *words),
                env=self.environment,
                input=given.encode(),
                capture_output=True,
                check=True,
            )

    def write(self, name: str, content: bytes) -> None:
        """Replace a file of its configuration."""
        part = self.config / f"{name}.part"
        part.write_bytes(content)
        if os.getuid() == 0:
            os.chown(part, NOBODY, NOBODY)
        part.replace(self.config / name)

    def last_words(self) -> str:
        return (self.folder / "output.txt").read_text(errors="replace")[-3000:]

    def _as_user(self, program: str, *words: str) -> list[str]:
        command = [str(self.home / "bin" / program), *words]
        user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.getuid() == 0 else []
        return user + command


def _yaml(value: object) -> str:
    return f"[{', '.join(value)}]" if isinstance(value, list) else str(value)

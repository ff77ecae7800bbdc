"""Who builds: one at a time, on whichever machine.

Three things on the server see to it, each of them a single step of its cluster, done whole or not at all:

- An unfinished index is the *write index* of the alias ``NAME-building``, and an alias has one of those at most: of
  two who begin at the same moment, one is refused.
- It is written to by a second alias, the *claim* of its builder. Who takes the index over puts his own in the place of
  the other's, if that is still there; whatever the other still does to the index, or would put into it, is refused.
- In its ``_meta`` is the builder's *lease*, written anew every few seconds. Who sees it unchanged for a minute, by his
  own clock, takes the index over. No two clocks are ever compared.

A builder is a folder on a machine: what a killed process has left, the next one in its folder goes on with at once.
"""

import hashlib
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from elastic_transport import TransportError
from elasticsearch import ApiError, Elasticsearch, NotFoundError

from corpus.atomic import write_text
from corpus.errors import GeulgamError
from corpus.events import On, Task
from retrieval.elastic.alias import Unfinished, building, unfinished
from retrieval.elastic.mapping import Meta
from retrieval.elastic.patience import STEP

LEASE = 60.0  # seconds without a sign of life, after which a build was left
RENEWAL = 10.0  # seconds from one sign of life to the next
_ANSWER_SECONDS = 10.0  # that a sign of life may take


@dataclass(frozen=True)
class Builder:
    """Who builds. ``key``: 16 digits, of this folder on this machine; ``name``: for people."""

    key: str
    name: str

    @classmethod
    def of(cls, folder: Path) -> "Builder":
        """The one in this folder, which is given a secret of its own: a copy elsewhere is another."""
        file, folder = folder / "builder", folder.resolve()
        if not file.exists():
            write_text(file, secrets.token_hex(16) + "\n")
        host, secret = socket.gethostname(), file.read_text(encoding="utf-8").strip()
        key = hashlib.sha256(f"{secret} {host} {folder}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return cls(key, f"{host}:{folder} (process {os.getpid()})")

    def claim(self, index: str) -> "Claim":
        """A claim of this builder's, which nobody has had."""
        return Claim(index, f"{index}.{self.key}.{secrets.token_hex(4)}")

    def made(self, found: Unfinished) -> bool:
        """Whether the index was claimed in this folder last."""
        return found.claim.startswith(f"{found.index}.{self.key}.")


@dataclass(frozen=True)
class Claim:
    """An unfinished index, and the alias by which its builder writes to it.

    A server makes up an index that is missing, but never an alias.
    """

    index: str
    alias: str

    def aliases(self, alias: str) -> dict[str, Any]:
        """What the index has to be made with, to be the one that is built for this alias."""
        return {building(alias): {"is_write_index": True}, self.alias: {}}


class Lease:
    """A claim, and what is said in the index of who has it and what it is made from."""

    def __init__(self, client: Elasticsearch, claim: Claim, meta: Meta, builder: Builder) -> None:
        self.claim, self.meta, self._builder = claim, meta, builder
        self._client = client.options(max_retries=0, request_timeout=_ANSWER_SECONDS)
        self._since = datetime.now().astimezone().isoformat(timespec="seconds")
        self._signs = 0
        self._lock = threading.Lock()

    def plain(self) -> dict[str, Any]:
        """For ``_meta``."""
        lease = {"builder": self._builder.name, "since": self._since, "signs": self._signs}
        return {**self.meta.plain(), "lease": lease}

    def renew(self, meta: Meta | None = None) -> None:
        """Give a sign of life; ``meta``: what the index is made from, if that has changed. Raises ApiError."""
        with self._lock:
            self.meta = meta or self.meta
            self._signs += 1
            self._client.indices.put_mapping(index=self.claim.alias, meta=self.plain())

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Meanwhile, a thread gives the signs of life."""
        over = threading.Event()
        threading.Thread(target=self._renew_until, args=(over,), name="lease", daemon=True).start()
        try:
            yield
        finally:
            over.set()

    def check(self) -> None:
        """Raise GeulgamError if another builder has taken the index over, so that what is done here fails."""
        try:
            found = unfinished(self._client, self.meta.alias)
        except GeulgamError:
            return  # the server cannot tell now
        if found is None:
            what = f"the index {self.meta.alias} was built by another meanwhile, or removed"
            raise GeulgamError(what, "run the same command again")
        if found.claim != self.claim.alias:
            raise _busy(found, "was taken over by", "nothing was heard from here for a minute; wait until that is done")

    def _renew_until(self, over: threading.Event) -> None:
        while not over.wait(RENEWAL):
            try:
                self.renew()
            except NotFoundError:
                return  # finished, or taken over: whoever writes to the index is told
            except (ApiError, TransportError):
                pass  # soon again


def taken(client: Elasticsearch, alias: str, builder: Builder, on: On) -> Lease | None:
    """A lease of the unfinished index; None if there is none.

    One that is another's is waited for until its lease has run out. Raises GeulgamError if that one is at work.
    """
    while found := unfinished(client, alias):
        if not builder.made(found) and not _left(client, alias, found, on):
            continue
        claim = builder.claim(found.index)
        actions: list[dict[str, Any]] = [
            {"remove": {"index": found.index, "alias": found.claim, "must_exist": True}},
            {"add": {"index": found.index, "alias": claim.alias}},
        ]
        try:
            client.indices.update_aliases(actions=actions)
        except ApiError:
            if unfinished(client, alias) == found:
                raise
            continue  # another was faster
        lease = Lease(client, claim, found.meta, builder)
        lease.renew()
        return lease
    return None


def _left(client: Elasticsearch, alias: str, found: Unfinished, on: On) -> bool:
    """Whether nobody builds this index any more, which takes a minute to see; False if it is not there any more."""
    began = time.monotonic()
    why = f"{_name(found)} has left {alias} unfinished, or is still at work"
    with Task(on, "waiting", round(LEASE), "second", why=why) as task:
        while (waited := time.monotonic() - began) < LEASE:
            time.sleep(min(STEP, LEASE - waited))
            now = unfinished(client, alias)
            if now is None or now.index != found.index:
                return False
            if now != found:
                raise _busy(now, "is being built by", "wait until it is done, then run the same command again")
            task.reach(round(time.monotonic() - began))
    return True


def _busy(found: Unfinished, what: str, hint: str) -> GeulgamError:
    return GeulgamError(f"the index {found.meta.alias} {what} {_name(found)}, since {found.lease.get('since')}", hint)


def _name(found: Unfinished) -> str:
    return str(found.lease.get("builder", "another machine"))

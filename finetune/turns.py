"""Several trainings in one process, each in a thread of its own, none of which disturbs another.

What is one for a whole process, and each training wants for itself: the random numbers (LoRA's first values, dropout),
and accelerate's state (the device, the precision, whether all gradients are there yet), which it keeps in dicts that
each TrainingArguments empties. A :class:`Turn` lends them to one training at a time; whenever a training tells of its
progress, it is the next one's turn. So trainings take turns step by step, which loses nothing where they would share
a processor's cores or a GPU. For trainings on several GPUs at once, start a process for each.
"""

import random
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from accelerate.state import AcceleratorState, GradientState, PartialState  # type: ignore[import-untyped]

from corpus.events import Event, On

_SHARED = (PartialState, AcceleratorState, GradientState)


class _Line:
    """A lock that is given to those who wait for it in the order in which they came."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._line: deque[object] = deque()  # the first has the lock

    def acquire(self) -> None:
        place = object()
        with self._changed:
            self._line.append(place)
            try:
                while self._line[0] is not place:
                    self._changed.wait()
            except BaseException:  # Ctrl-C
                self._line.remove(place)
                self._changed.notify_all()
                raise

    def release(self) -> None:
        with self._changed:
            self._line.popleft()
            self._changed.notify_all()


_line = _Line()


class Turn:
    """One training's global state. Outside of its turns that of the process is as if there were no training."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._own: _State | None = None  # None: not begun, so as it is found
        self._is_ours = False

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have the turn inside the block, but for the moments in which :meth:`passed_on` gives it to others."""
        self._begin()
        try:
            yield
        finally:
            self._end()

    def passed_on(self, on: On) -> On:
        """``on`` for use within a turn, which is then given up: others have theirs, and ``on`` is called outside."""

        def told(event: Event) -> None:
            self._end()
            try:
                on(event)
            finally:
                self._begin()

        return told

    def _begin(self) -> None:
        _line.acquire()
        self._is_ours = True
        self._others = _State.now(self._device)
        if self._own is not None:
            self._own.set(self._device)

    def _end(self) -> None:
        if not self._is_ours:  # Ctrl-C came while it waited
            return
        self._is_ours = False
        self._own = _State.now(self._device)
        self._others.set(self._device)
        _line.release()


@dataclass(frozen=True, slots=True)
class _State:
    """The process's state at one moment: random numbers of Python, numpy, torch and the device, and accelerate's."""

    of_python: Any
    of_numpy: Any
    of_torch: torch.Tensor
    of_device: torch.Tensor | None
    of_accelerate: list[dict[str, Any]]

    @classmethod
    def now(cls, device: torch.device) -> "_State":
        return cls(
            random.getstate(),
            np.random.get_state(),
            torch.get_rng_state(),
            _GENERATORS[device.type][0](device) if device.type in _GENERATORS else None,
            [dict(kind._shared_state) for kind in _SHARED],
        )

    def set(self, device: torch.device) -> None:
        random.setstate(self.of_python)
        np.random.set_state(self.of_numpy)
        torch.set_rng_state(self.of_torch)
        if self.of_device is not None:
            _GENERATORS[device.type][1](self.of_device, device)
        for kind, state in zip(_SHARED, self.of_accelerate, strict=True):
            kind._shared_state.clear()
            kind._shared_state.update(state)


_GENERATORS: dict[str, tuple[Callable[[torch.device], torch.Tensor], Callable[[torch.Tensor, torch.device], None]]] = {
    "cuda": (torch.cuda.get_rng_state, torch.cuda.set_rng_state),
    "mps": (lambda device: torch.mps.get_rng_state(), lambda state, device: torch.mps.set_rng_state(state)),
}

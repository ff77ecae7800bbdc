"""Several trainings in one process, each in a thread of its own, none of which disturbs another.

What is one for a whole process, and each training wants for itself:

- the random numbers (LoRA's first values, dropout): a :class:`Turn` lends them, to one training at a time;
- accelerate's state (which device, in which precision, whether gradients are summed up yet), which it keeps once for
  a process and which every TrainingArguments resets: :func:`keep_states_apart` gives each thread one.

Trainings so take turns, a pass through the model each: a processor's cores, or a GPU, are busy with one as with two.
For trainings on several GPUs at once, start a process for each.
"""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import accelerate.state as accelerate_state  # type: ignore[import-untyped]
import numpy as np
import torch

_lock = threading.Lock()


class Turn:
    """One training's random numbers: the global generators' states, put in their place for as long as it has its turn.

    Outside of its turns the generators are the caller's, as if nothing had been drawn.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._own: tuple[Any, ...] | None = None  # None: not begun, so as the generators stand

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have the generators alone; waits while another training has its turn. Not to be taken within a turn."""
        with _lock:
            others = self._states()
            if self._own is not None:
                self._set(self._own)
            try:
                yield
            finally:
                self._own = self._states()
                self._set(others)

    def _states(self) -> tuple[Any, ...]:
        on_device = None
        if self._device.type == "cuda":
            on_device = torch.cuda.get_rng_state(self._device)
        elif self._device.type == "mps":
            on_device = torch.mps.get_rng_state()
        return random.getstate(), np.random.get_state(), torch.get_rng_state(), on_device

    def _set(self, states: tuple[Any, ...]) -> None:
        of_python, of_numpy, of_torch, on_device = states
        random.setstate(of_python)
        np.random.set_state(of_numpy)
        torch.set_rng_state(of_torch)
        if self._device.type == "cuda":
            torch.cuda.set_rng_state(on_device, self._device)
        elif self._device.type == "mps":
            torch.mps.set_rng_state(on_device)


def keep_states_apart() -> None:
    """Let accelerate keep its state once for each thread, as it does itself where threads share a TPU."""
    with _lock:
        for kind in (accelerate_state.PartialState, accelerate_state.AcceleratorState, accelerate_state.GradientState):
            shared = vars(kind)["_shared_state"]
            if not isinstance(shared, accelerate_state.ThreadLocalSharedDict):
                apart = accelerate_state.ThreadLocalSharedDict()
                apart.__set__(None, shared)  # this thread goes on with what it had
                kind._shared_state = apart

"""The course of an essay: piece behind piece, with a model that has read them, the same live and gone on with."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from generate.draft import Draft
from generate.piece import Piece
from generate.redraft import settled
from generate.search import Reader
from generate.so_far import SoFar
from generate.window import Window
from retrieval.analyzer import Analyzer


class Course:
    """An essay on its way. ``draft``: it, as far as it is. ``so_far``: what stands, as the next piece has to know it.
    ``reader``: the model that reads it.

    ``reading`` gives the model with the adapter of that name: a new one where another was asked for last.
    """

    def __init__(
        self,
        draft: Draft,
        terms_of: Analyzer,
        window: Window,
        encode: Callable[[str], list[int]],
        reading: Callable[[str], Reader],
    ) -> None:
        self.draft = draft
        self.so_far = SoFar(draft.plan, draft.seed, terms_of)
        self.reader = reading(self.so_far.current.adapter)
        self._begun = self.so_far  # as the section was begun
        self._window, self._encode, self._reading = window, encode, reading

    def turn(self) -> str:
        """Go on to where the next piece goes; what stands before it. The reader has then read all that, too.

        Where a section begins, the model reads anew what the window shows of the text: so a section that is written
        again, and the one behind it, are read as they are when the essay is gone on with.
        """
        begins = not self.draft.pieces or self.so_far.is_full
        if begins:
            self._begun = self.so_far.twin()
        lead = self.so_far.turn(len(self.draft.pieces))
        before, self.reader = self.reader, self._reading(self.so_far.current.adapter)
        context = self.reader.context
        headers = self.so_far.headers if self.reader.is_headed else []
        if begins or self.reader is not before or self._window.is_full(len(context.tokens) + len(lead)):
            context.begin(self._window.view(self.so_far.text, headers))
        context.read(self._encode(lead))
        for header in headers[-1:]:
            if header.start > len(self.so_far.text):
                context.read(self._window.told(header))
        return lead

    def add(self, piece: Piece) -> None:
        """The piece stands, where :meth:`turn` has gone."""
        self.reader.context.read(piece.tokens)
        self.so_far.add(piece.text)
        draft = self.draft.with_pieces((*self.draft.pieces, piece))
        self.draft = replace(draft, is_finished=self.so_far.is_whole)

    def follow(self, pieces: Iterable[Piece]) -> None:
        """Turn to each of these pieces, and it stands."""
        for piece in pieces:
            self.turn()
            self.add(piece)

    def settle(self, strain: Callable[[str], float]) -> None:
        """Where a section ends that might be written again: let it stay, or go back to where it was begun."""
        draft = self.draft
        if not draft.redrafts:
            self.draft = replace(draft, settled=len(draft.pieces))
        elif self.so_far.is_full or draft.is_finished:
            self.draft = settled(draft, strain)
            if self.draft.pieces != draft.pieces:
                self.so_far = self._begun.twin()
                for number, piece in enumerate(self.draft.pieces[draft.settled :], draft.settled):
                    self.so_far.turn(number)
                    self.so_far.add(piece.text)
                self.draft = replace(self.draft, is_finished=self.so_far.is_whole)

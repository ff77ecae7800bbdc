"""Redrafting: a section that falls out of the human band is written again as a whole, and the better version stays."""

from collections.abc import Callable
from dataclasses import replace

from generate.draft import Draft
from generate.piece import Piece

SHORTEST = 400  # characters; of a shorter section nothing is told by its figures


def settled(draft: Draft, strain: Callable[[str], float]) -> Draft:
    """The draft, whose latest section has just ended, with the better one of that section's versions for good; or
    without it, to write it again.

    ``strain``: how far a text lies outside the human band, 0 inside it. Of two that strain alike the first stays.
    """
    kept, own = draft.pieces[: draft.settled], draft.pieces[draft.settled :]
    section = own[-1].section

    def text_of(version: tuple[Piece, ...]) -> str:
        return draft.with_pieces((*kept, *version)).sections()[section][1]

    versions = [version for version in (draft.aside, own) if version]
    strains = [strain(text_of(version)) for version in versions]
    best = versions[strains.index(min(strains))]
    if min(strains) > 0 and len(text_of(best)) >= SHORTEST and draft.again.count(section) < draft.redrafts:
        return replace(draft.with_pieces(kept), aside=best, again=(*draft.again, section), is_finished=False)
    pieces = (*kept, *best)
    return replace(draft.with_pieces(pieces), settled=len(pieces), aside=())

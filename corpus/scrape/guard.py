"""Name resolution that leads to no private address: asked anew for each connection, which goes where it was checked.

Loaded in the crawl's own process alone. A check of the name before the request would not do: it may resolve to
something else a moment later (DNS rebinding), and a redirect leads elsewhere. Twisted's endpoint connects to the
addresses that the resolver gives it and resolves nothing again; addresses written as numbers come this way too.
"""

from collections.abc import Sequence
from typing import Any, Self

from scrapy.crawler import Crawler
from twisted.internet.interfaces import IAddress, IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer

from corpus.scrape.address import is_public


@implementer(IHostnameResolver)
class GuardedResolver:
    """The reactor's own resolver, but a name that has any address inside has none at all.

    ``refused`` gets the name, and the address.
    """

    def __init__(self, reactor: Any, refused: dict[str, str], allow_private: bool) -> None:
        self._reactor, self._refused, self._allow_private = reactor, refused, allow_private
        self._inner: Any = reactor.nameResolver

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        """As Scrapy makes it."""
        settings = crawler.settings
        return cls(reactor, settings["RUN"].refused, settings.getbool("ALLOW_PRIVATE"))

    def install_on_reactor(self) -> None:
        """Resolve every name from now on."""
        self._reactor.installNameResolver(self)

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        """As the inner resolver, through the check."""
        receiver: Any = resolutionReceiver
        if not self._allow_private:
            receiver = _Checked(resolutionReceiver, hostName, self._refused)
        resolving: IHostResolution = self._inner.resolveHostName(
            receiver, hostName, portNumber, addressTypes, transportSemantics
        )
        return resolving


@implementer(IResolutionReceiver)
class _Checked:
    """Passes addresses on when all are known, and public."""

    def __init__(self, receiver: Any, name: str, refused: dict[str, str]) -> None:
        self._receiver, self._name, self._refused = receiver, name, refused
        self._addresses: list[Any] = []

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:
        """Pass it on."""
        self._receiver.resolutionBegan(resolutionInProgress)

    def addressResolved(self, address: IAddress) -> None:
        """Keep it for the end."""
        self._addresses.append(address)

    def resolutionComplete(self) -> None:
        """Pass on all of them, or none."""
        inside = [address.host for address in self._addresses if not is_public(address.host)]
        if inside:
            self._refused[self._name.lower()] = inside[0]
        for address in self._addresses if not inside else ():
            self._receiver.addressResolved(address)
        self._receiver.resolutionComplete()

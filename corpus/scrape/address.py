"""Web addresses as they are compared, and which Internet addresses nobody is sent to."""

import ipaddress
from collections.abc import Iterable
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

_PORTS = {"http": 80, "https": 443}
_LONGEST = 2000  # characters; a longer one is made by a page that builds on its own address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_KEPT = "/:@!$&'()*+,;=~-._%"


def canonical(url: str, drop: Iterable[str] = (), base: str = "", encoding: str = "utf-8") -> str | None:
    """The one way in which an address is written; None: it is not one of http(s), or carries a password.

    Host in lower case and ASCII, no default port, no fragment, no session in the path, parameters as they stand but
    for those to ``drop``, all else percent-encoded. ``base`` and ``encoding``: of the page that the link stands on; as
    in browsers, the encoding is that of the parameters alone.
    """
    try:
        parts = urlsplit(urljoin(base, url.strip()))
        host, port = sent(parts.hostname or ""), parts.port
    except ValueError:  # a UnicodeError is one
        return None
    if parts.scheme not in _PORTS or not host or parts.username is not None or parts.password is not None:
        return None
    dropped = {name.lower() for name in drop}
    path, _, session = (parts.path or "/").partition(";")
    if session and session.partition("=")[0].lower() not in dropped:
        path = parts.path
    query = parts.query
    if dropped:
        kept = [part for part in query.split("&") if unquote(part.partition("=")[0]).lower() not in dropped]
        query = "&".join(part for part in kept if part)
    place = (f"[{host}]" if ":" in host else host) + (f":{port}" if port and port != _PORTS[parts.scheme] else "")
    written = urlunsplit((parts.scheme, place, quote(path, _KEPT), quote(query, _KEPT + "?", encoding, "replace"), ""))
    return written if len(written) <= _LONGEST else None


def sent(host: str) -> str:
    """A host as it is sent: in lower case, Korean in ASCII (IDNA). Raises ValueError if it cannot be."""
    host = host.lower()
    return host if host.isascii() else host.encode("idna").decode()


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public Internet, also by the IPv4 address that an IPv6 one carries.

    Private, loopback, link-local (where clouds keep their keys), shared, reserved and multicast ones do not.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        carried = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if carried is None and ip in _NAT64:
            carried = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if carried is not None:
            return is_public(str(carried))
        if ip.is_site_local or ip.is_reserved:
            return False
    return ip.is_global and not ip.is_multicast

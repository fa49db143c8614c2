"""Which addresses a webhook may reach: public ones, and those that are listed; checked where the socket is made."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address
    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class RefusedAddress(OSError):
    """A name led to an address that is not public and not listed."""


def reachable(address: str, listed: Iterable[Network]) -> bool:
    """Tell whether a webhook may be sent to an address; one that wraps another counts as that other too."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inside = _inside(ip)
    if any(ip in network or (inside is not None and inside in network) for network in listed):
        return True
    return _public(ip) and (inside is None or _public(inside))


def sockets(listed: Iterable[str]) -> Callable[[Any], socket.socket]:
    """Return what makes the socket for a resolved address, or raises RefusedAddress: the address connected to."""
    networks = [ipaddress.ip_network(text) for text in listed]

    def make(found: Any) -> socket.socket:
        family, kind, protocol, _, place = found
        if not reachable(place[0], networks):
            raise RefusedAddress(f"{place[0]} is a private address; list it under addresses to allow it")
        return socket.socket(family=family, type=kind, proto=protocol)

    return make


def _public(ip: Address) -> bool:
    return ip.is_global and not ip.is_multicast


def _inside(ip: Address) -> Address | None:
    """Return the IPv4 address that an IPv6 address leads to, or None."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    teredo = ip.teredo
    return ip.ipv4_mapped or ip.sixtofour or (teredo[1] if teredo else None)

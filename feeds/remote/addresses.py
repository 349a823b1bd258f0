"""The IP addresses of the public internet, apart from those of networks behind a firewall."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

#: All IPv6 addresses that are given out so far (RFC 4291 §2.4).
_UNICAST = IPv6Network("2000::/3")
#: A gateway translates them to the IPv4 address at their end (RFC 6052 §2.1).
_TRANSLATED = IPv6Network("64:ff9b::/96")
#: For protocols (RFC 6890 §2.2.2), and for the metadata of a cloud's machines.
_PROTOCOLS = ip_network("192.0.0.0/24")


def is_public(address: str) -> bool:
    """Return whether an address, in text, is one of a host on the public internet."""
    ip: IPv4Address | IPv6Address = ip_address(address)
    if isinstance(ip, IPv6Address):
        if ip in _TRANSLATED:
            ip = IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip not in _UNICAST:
            return False
        else:
            # It leads to the IPv4 address within it (RFC 3056 §2).
            ip = ip.sixtofour or ip
    return ip.is_global and not ip.is_multicast and ip not in _PROTOCOLS

"""A throwaway certificate for this machine, signed by itself: P-256 and SHA-256 (SEC 1, RFC 5280), by integers alone.

No test needs a key that is kept in a repository, a program, or a library for it. Not fit to protect anything.
"""

from __future__ import annotations

import base64
import secrets
from datetime import datetime, timedelta
from hashlib import sha1, sha256
from pathlib import Path

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
Point = tuple[int, int] | None

ECDSA_SHA256 = "1.2.840.10045.4.3.2"
EC_KEY, CURVE = "1.2.840.10045.2.1", "1.2.840.10045.3.1.7"
COMMON_NAME = "2.5.4.3"
SUBJECT_KEY, KEY_USAGE, ALSO_CALLED, CONSTRAINTS, ISSUER_KEY = (f"2.5.29.{number}" for number in (14, 15, 17, 19, 35))


def _sum(a: Point, b: Point) -> Point:
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    slope = (
        (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow((b[0] - a[0]) % P, -1, P)
    ) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def _times(factor: int, point: Point) -> tuple[int, int]:
    total: Point = None
    while factor:
        total = _sum(total, point) if factor & 1 else total
        point = _sum(point, point)
        factor >>= 1
    assert total is not None
    return total


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([len(body)]) if len(body) < 128 else bytes([128 + len(size)]) + size) + body


def _seq(*parts: bytes) -> bytes:
    return _der(0x30, *parts)


def _int(number: int) -> bytes:
    return _der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    encoded = bytearray([40 * first + second])
    for number in rest:
        groups = [number >> shift & 0x7F for shift in range(28, -1, -7)]
        while len(groups) > 1 and groups[0] == 0:
            groups.pop(0)
        encoded += bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])
    return _der(0x06, bytes(encoded))


def _bits(content: bytes) -> bytes:
    return _der(0x03, b"\0", content)


def _extension(dotted: str, content: bytes, *, critical: bool = False) -> bytes:
    return _seq(_oid(dotted), *([_der(0x01, b"\xff")] if critical else []), _der(0x04, content))


def _signed(content: bytes, private: int) -> bytes:
    """Return the ECDSA signature of `content`, in DER."""
    digest = int.from_bytes(sha256(content).digest(), "big")
    once = secrets.randbelow(N - 1) + 1
    r = _times(once, G)[0] % N
    return _seq(_int(r), _int(pow(once, -1, N) * (digest + r * private) % N))


def _told(public: bytes, now: datetime) -> bytes:
    """Return what the certificate says: who it is for, from a day ago to a day ahead, and by which key."""
    name = _seq(_der(0x31, _seq(_oid(COMMON_NAME), _der(0x0C, b"nocd test"))))
    moments = (f"{now + timedelta(days=days):%y%m%d%H%M%SZ}".encode() for days in (-1, 1))
    key_id = sha1(public, usedforsecurity=False).digest()
    names = _seq(_der(0x82, b"localhost"), _der(0x87, bytes([127, 0, 0, 1])))
    extensions = (
        _extension(CONSTRAINTS, _seq(_der(0x01, b"\xff")), critical=True),
        _extension(KEY_USAGE, _der(0x03, b"\2\x84"), critical=True),
        _extension(ALSO_CALLED, names),
        _extension(SUBJECT_KEY, _der(0x04, key_id)),
        _extension(ISSUER_KEY, _seq(_der(0x80, key_id))),
    )
    return _seq(
        _der(0xA0, _int(2)),
        _int(secrets.randbits(63) | 1),
        _seq(_oid(ECDSA_SHA256)),
        name,
        _seq(*(_der(0x17, moment) for moment in moments)),
        name,
        _seq(_seq(_oid(EC_KEY), _oid(CURVE)), _bits(public)),
        _der(0xA3, _seq(*extensions)),
    )


def _pem(kind: str, content: bytes) -> str:
    return f"-----BEGIN {kind}-----\n{base64.encodebytes(content).decode()}-----END {kind}-----\n"


def made(folder: Path, *, now: datetime) -> tuple[Path, Path]:
    """Write a certificate for localhost and 127.0.0.1 and its key into `folder`; return both paths."""
    private = secrets.randbelow(N - 1) + 1
    public = b"\4" + b"".join(part.to_bytes(32, "big") for part in _times(private, G))
    told = _told(public, now)
    whole = _seq(told, _seq(_oid(ECDSA_SHA256)), _bits(_signed(told, private)))
    key = _seq(_int(1), _der(0x04, private.to_bytes(32, "big")), _der(0xA0, _oid(CURVE)), _der(0xA1, _bits(public)))
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_text(_pem("CERTIFICATE", whole))
    secret.write_text(_pem("EC PRIVATE KEY", key))
    return certificate, secret

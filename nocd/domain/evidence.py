"""Evidence of a case: every item hashed, all hashes under one root, the root sealed by a row of the audit trail."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import orjson

from nocd.domain.audit import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FORMAT: Final = "nocd.evidence/1"
EVIDENCE: Final = "evidence"  # the act by which a root gets into the audit trail
_BESIDE: Final = ("items", "root", "seal")
_ROW: Final = ("no", "time_ms", "actor", "act", "target", "peer", "site", "client", "detail")


def canonical(content: object) -> bytes:
    """Return the one form of a JSON value that is hashed: keys sorted, no spaces, UTF-8."""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def sha256(content: object) -> str:
    """Return the SHA-256 in hex of a JSON value's canonical form."""
    return hashlib.sha256(canonical(content)).hexdigest()


def item(kind: str, name: str, content: object) -> dict[str, Any]:
    """Return one piece of evidence with its digest."""
    return {"kind": kind, "id": name, "sha256": sha256(content), "content": content}


def sealed(header: Mapping[str, Any], items: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the document of a header and its items, with the root of it all; the seal is still to come."""
    document = {"format": FORMAT, **header, "items": list(items)}
    return {**document, "root": root(document), "seal": None}


def root(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 in hex over a document's header and its items' kinds, ids and digests, in order."""
    header = {name: value for name, value in document.items() if name not in _BESIDE}
    return sha256([header, [[each["kind"], each["id"], each["sha256"]] for each in document["items"]]])


def faults(document: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each thing about a document that is not as it was sealed; none where all holds."""
    try:
        return list(_faults(document))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return [f"it is no evidence of a ticket: {type(error).__name__} {error}"]


def _faults(document: Mapping[str, Any]) -> Iterator[str]:
    if document["format"] != FORMAT:
        yield f"its format is {document['format']!r:.40}, not {FORMAT}"
    for each in document["items"]:
        if sha256(each["content"]) != each["sha256"]:
            yield f"{each['kind']} {each['id']} was altered"
        elif each["kind"] == "act" and not _holds(each["content"]):
            yield f"act {each['id']} is no row of an audit trail as it was sealed"
    if root(document) != document["root"]:
        yield "an item or the header was altered, added or taken away: the root is another"
    yield from _seal_faults(document)


def _seal_faults(document: Mapping[str, Any]) -> Iterator[str]:
    seal = document["seal"]
    if seal is None:
        yield "no row of the audit trail seals it"
        return
    told = orjson.loads(seal["detail"])["args"]
    if not _holds(seal):
        yield f"row {seal['no']} of the audit trail is not as it was sealed"
    if (seal["act"], seal["target"], told.get("root")) != (EVIDENCE, document["ticket"], document["root"]):
        yield f"row {seal['no']} of the audit trail seals something else"


def _holds(row: Mapping[str, Any]) -> bool:
    """Tell whether an exported row of the audit trail has the digest its columns make."""
    return digest(row["prior"], *(row[name] for name in _ROW)) == str(row["digest"])

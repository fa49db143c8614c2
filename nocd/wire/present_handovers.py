"""From handovers to the wire's views, as plain JSON-able values of the shapes in `nocd.wire.handovers`; and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nocd.domain.instant import rfc3339, rfc3339_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nocd.domain.handover import DeskNote, Handover, Shift


def note_view(note: DeskNote) -> dict[str, Any]:
    """Return a note as `DeskNoteView`."""
    said = {name: getattr(note, name) for name in ("id", "text", "author", "site", "pinned")}
    return {**said, "at": rfc3339(note.at)}


def shift_view(shift: Shift) -> dict[str, str]:
    """Return a shift as `ShiftView`."""
    return {"starts_at": rfc3339(shift.starts_at), "ends_at": rfc3339(shift.ends_at)}


def handover_view(handover: Handover) -> dict[str, Any]:
    """Return a handover as `HandoverView`."""
    return {
        "id": handover.id,
        "shift": shift_view(handover.shift),
        "signed_by": handover.signed_by,
        "signed_at": rfc3339(handover.signed_at),
        "comment": handover.comment,
        "sheet": handover.sheet,
        "notes": [note_view(note) for note in handover.notes],
        "accepted_by": handover.accepted_by,
        "accepted_at": rfc3339_or_none(handover.accepted_at),
        "remark": handover.remark,
    }


def text_of(view: Mapping[str, Any]) -> str:
    """Return a sheet or handover, as the API shows it, as text for people."""
    return "\n".join(_lines(view)) + "\n"


def _lines(view: Mapping[str, Any]) -> Iterator[str]:
    shift = view["shift"]
    yield f"Handover {view.get('id') or '(not signed)'}  shift {shift['starts_at']} to {shift['ends_at']}"
    if view.get("signed_by"):
        yield f"signed by {view['signed_by']} {view['signed_at']}{_after(view['comment'])}"
        taken = f"accepted by {view['accepted_by']} {view['accepted_at']}{_after(view['remark'])}"
        yield taken if view["accepted_by"] else "not accepted yet"
    for section in view["sheet"]:
        urgent = f"  {section['urgent_word']} {section['urgent']}" if section["urgent_word"] else ""
        yield f"\n{section['title']}: {section['count']}{urgent}"
        yield from (f"  {_item(item)}" for item in section["items"])
        if (more := section["count"] - len(section["items"])) > 0:
            yield f"  and {more} more"
    yield f"\nnotes: {len(view['notes'])}"
    yield from (f"  {'* ' if note['pinned'] else ''}{note['text']}  ({note['author']})" for note in view["notes"])


def _item(item: Mapping[str, Any]) -> str:
    parts = [item["id"], item.get("status"), item["text"], item.get("site_name") or item.get("site"), item.get("who")]
    until = f"until {item['until']}" if item.get("until") else f"since {item['since']}"
    return "  ".join(str(part) for part in (*parts, until) if part)


def _after(text: str) -> str:
    return f": {text}" if text else ""

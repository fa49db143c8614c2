"""From verdicts to the label of a punch: 1 for fraud, 0 for none, None while that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.verdict import FRAUD, fraud_label

if TYPE_CHECKING:
    from typing import Literal

    from nocd.domain.alert import Verdict


def label(own: Verdict | None, *, of_alert: Verdict | None, alert_type: str | None) -> Literal[0, 1] | None:
    """Return what was said of the punch itself, else of the alert that its event is part of.

    A ticket's verdict is that of its alerts that have none of their own.
    """
    said = None if own is None else fraud_label(own, FRAUD)
    if said is not None or of_alert is None or alert_type is None:
        return said
    return fraud_label(of_alert, alert_type)

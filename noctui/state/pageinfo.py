"""The line above a site's page: which site it is, who is on duty there, and how fresh what is shown is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noctui.state.lines import Line, line, spread
from noctui.state.site import Site
from noctui.state.times import moment

if TYPE_CHECKING:
    from noctui.state.model import Model
    from noctui.state.sitepage import SitePage
    from noctui.state.times import Look


def page_info(model: Model, page: SitePage, look: Look, width: int) -> Line:
    """Return the line in a width; where something could not be fetched it says so, and that R asks again."""
    site = model.sites.get(page.site) or Site(id=page.site)
    names = f"{site.name if site.name != site.id else ''}  {site.client}".strip()
    signals = page.signals
    duty = f"  {signals.people_on_duty} on duty" if signals else ""
    left: Line = ((f"{site.id}  ", "strong"), (f"{names}{duty}", "text"))
    return spread(left, _freshness(page, look), width)


def _freshness(page: SitePage, look: Look) -> Line:
    problem = page.problem()
    as_of = moment(page.signals.as_of, look) if page.signals else ""
    if problem:
        kept = f"as of {as_of}, not newer: " if as_of else "not fetched: "
        return line(f"{kept}{problem} (R) ", "error")
    return line(f"as of {as_of} " if as_of else "Loading ... ", "muted")

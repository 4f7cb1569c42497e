"""Every overdue task."""

from __future__ import annotations

from typing import Any

from dashboards.pages.site import Site, base
from dashboards.pages.unit import ageing

Row = dict[str, Any]

MOST = 2000  # lines of the page, longest overdue first; the reporters' and units' pages show the rest


def overdue(site: Site) -> Row:
    """The overdue tasks, longest first, and their age."""
    return base(site, "overdue", "逾期任务") | {
        "overdue": site.overdue[:MOST],
        "total": len(site.overdue),
        "ageing": ageing("全部填报主体", site.overdue, []),
        "href": site.href,
        "to": site.drill.href,
    }

"""Every overdue task."""

from __future__ import annotations

from typing import Any

from dashboards.pages.site import Site, base

Row = dict[str, Any]


def overdue(site: Site) -> Row:
    """All overdue tasks."""
    return base(site, "overdue", "逾期任务") | {"overdue": site.overdue, "href": site.href}

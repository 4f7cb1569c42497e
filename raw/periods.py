"""Quarters: label ↔ dates ↔ cut-off and freeze, in Shanghai time. The one home of quarter arithmetic in Python."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

# fixed offset: China has had no summer time since 1991, and a zone database may be absent on a closed machine
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
_LABEL = re.compile(r"((?:19|2\d)\d\d)Q([1-4])", re.ASCII)


@dataclass(frozen=True, order=True)
class Period:
    """A calendar quarter, ordered in time; ``str(Period(2021, 3)) == "2021Q3"``."""

    year: int
    quarter: int

    @classmethod
    def parse(cls, label: str) -> Period:
        """``2021Q3`` → Period; ValueError otherwise."""
        match = _LABEL.fullmatch(label)
        if not match:
            raise ValueError(f"期次应写成 2021Q3 这样的形式，收到的是 {label!r}")
        return cls(int(match.group(1)), int(match.group(2)))

    @classmethod
    def containing(cls, day: date) -> Period:
        """The quarter a day lies in."""
        return cls(day.year, (day.month - 1) // 3 + 1)

    def __str__(self) -> str:
        return f"{self.year}Q{self.quarter}"

    @property
    def start(self) -> date:
        """First day."""
        return date(self.year, self.quarter * 3 - 2, 1)

    @property
    def end(self) -> date:
        """Last day (``period_end``)."""
        month = self.quarter * 3
        return date(self.year, month, calendar.monthrange(self.year, month)[1])

    def cutoff_on(self, report_day: int) -> date:
        """Day of the cut-off: ``report_day`` of the last month, its last day where the month is shorter."""
        return self.end.replace(day=min(report_day, self.end.day))

    def cutoff_at(self, report_day: int) -> datetime:
        """24:00 of the cut-off day; received later = late."""
        return _end_of(self.cutoff_on(report_day))

    def freeze_at(self, freeze_days: int) -> datetime:
        """24:00 of ``end + freeze_days``; received later counts from the next edition."""
        return _end_of(self.end + timedelta(days=freeze_days))

    def next(self) -> Period:
        """The following quarter."""
        return Period(self.year + self.quarter // 4, self.quarter % 4 + 1)

    def previous(self) -> Period:
        """The quarter before."""
        return Period(self.year - (self.quarter == 1), (self.quarter - 2) % 4 + 1)


def periods_between(first: date, last: date) -> list[Period]:
    """Quarters that touch the days first..last, in order; empty when last < first."""
    periods = []
    period = Period.containing(first)
    while period.start <= last and first <= last:
        periods.append(period)
        period = period.next()
    return periods


def shanghai(moment: datetime) -> datetime:
    """The moment in Shanghai time; a naive one is taken as Shanghai time."""
    return moment.replace(tzinfo=SHANGHAI) if moment.tzinfo is None else moment.astimezone(SHANGHAI)


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)

"""What a plan document says, as rows: lines, findings, tasks, units, indicators, issues.

Belongs here: the shapes the parts of ``raw.plans`` hand to one another. Does not belong here: reading, judging or
writing them. Every row knows the line of the document it stands on (``line``, from 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from raw.deadlines import Deadline


class PlanError(Exception):
    """The document cannot be used at all; the message is one Chinese sentence that says why."""


@dataclass(frozen=True)
class Line:
    """One line of a text file, one paragraph or one table row of a .docx.

    ``cells`` are the cells of a table row (None for text); a merged cell of a .docx is repeated in every row and
    column it spans. ``table`` numbers the tables of a .docx; text tables are found later.
    """

    no: int
    text: str
    cells: tuple[str, ...] | None = None
    table: int | None = None


@dataclass(frozen=True)
class Source:
    """A document as lines. ``kind`` is text or docx."""

    lines: tuple[Line, ...]
    kind: str


@dataclass(frozen=True)
class Finding:
    """A doubt, a repair or something not read. ``kind`` is one of ``findings.KINDS``."""

    line: int
    kind: str
    text: str
    message: str


@dataclass(frozen=True)
class Share:
    """One unit of one task as printed, with its role (lead, cooperate, implement, by_duty, joint, sole)."""

    unit: str
    role: str
    line: int = 0


@dataclass
class Task:
    """One task. ``source`` says where it stands (任务清单第3项); ``measure`` is for the reviewer only."""

    seq: str
    special: str
    section: str
    title: str
    measure: str
    deadline_text: str
    deadline: Deadline
    shares: list[Share]
    units_text: str
    line: int
    source: str
    deadline_line: int = 0
    units_line: int = 0
    part: str = ""
    printed_title: str = ""
    doubts: list[str] = field(default_factory=list)


@dataclass
class Target:
    """A value an indicator has to reach. ``due`` None: the plan names no date."""

    value: float
    due: date | None
    text: str
    line: int


@dataclass
class Indicator:
    """One quantified indicator with its targets. ``polarity`` is higher or lower; ``origin`` is table or text."""

    special: str
    name: str
    unit: str
    polarity: str
    baseline: float | None
    frontier: float | None
    targets: list[Target]
    line: int
    origin: str
    text: str = ""


@dataclass
class Goal:
    """A place (``rank``) or an improvement in percent; ``special`` empty: the whole programme."""

    kind: str
    special: str
    top_n: int | None
    improvement_pct: float | None
    due: date | None
    text: str
    line: int


@dataclass
class Issue:
    """One problem of a rectification report."""

    issue_id: str
    title: str
    legal_basis: str
    units: list[str]
    measures: str
    line: int
    due_text: str = ""


@dataclass
class UnitName:
    """A canonical name, the printed names that mean it, and whether it is a collective (各县区人民政府)."""

    name: str
    aliases: list[str]
    collective: bool
    line: int


@dataclass
class Special:
    """A special of the plan (an area), in order of appearance."""

    name: str
    line: int


@dataclass
class Plan:
    """Everything read from one document."""

    source: Source
    title: str
    year: int
    specials: list[Special] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    others: list[Task] = field(default_factory=list)
    units: list[UnitName] = field(default_factory=list)
    indicators: list[Indicator] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    canonical: Callable[[str], str] = str
    lines_read: set[int] = field(default_factory=set)

    def find(self, line: int, kind: str, text: str, message: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(line, kind, text, message))

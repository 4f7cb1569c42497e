"""Queries → facts. A fact knows its value, how the document shows it, and the query that gives it again.

Belongs here: running a named query, writing its cells as Chinese text, sentences made of facts, the list of their sources.
Does not belong here: SQL (``queries``), what is said (``text``, ``annexes``).

Only a fact can bring a digit into the document: ``say`` refuses a template that holds one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from string import Formatter
from typing import Any

import duckdb

from dashboards import format as fmt
from dashboards.queries import fetch

LONGEST = 300  # characters of one text of a county or the office in a document that leaders read
_PARAMETER = re.compile(r"\$(\w+)")
_INNER = str.maketrans("“”", "‘’")
# pages set a space beside digits, a 公文 does not
_ROOM = re.compile(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f]|[\d+])|(?<=[\d%]) (?=[^\x00-\x7f])")


@dataclass(frozen=True)
class Fact:
    """One value of the document. ``query`` None: given by the office on the command line (``column`` is the option)."""

    shown: str
    value: Any
    query: str | None
    row: int | None  # from 0; None: the number of rows
    column: str | tuple[str, ...]


class Label(str):
    """A structural mark such as 附件2: the only text with a digit that is no fact."""


@dataclass(frozen=True)
class Sentence:
    """Text as a row of literals, labels and facts."""

    parts: tuple[str | Fact, ...] = ()

    def __str__(self) -> str:
        return "".join(part.shown if isinstance(part, Fact) else part for part in self.parts)

    def __bool__(self) -> bool:
        return bool(self.parts)

    def __add__(self, other: Sentence) -> Sentence:
        return Sentence(self.parts + other.parts)

    def facts(self) -> list[Fact]:
        """The facts in the order of the text."""
        return [part for part in self.parts if isinstance(part, Fact)]


def say(template: str, **given: Fact | Sentence | Label) -> Sentence:
    """A sentence from a template with ``{name}`` places.

    Raises ValueError for a digit in the template, TypeError for anything but a fact, a sentence or a label.
    """
    parts: list[str | Fact] = []
    for literal, name, _, _ in Formatter().parse(template):
        if any(character.isdigit() for character in literal):
            raise ValueError(f"a number that is no fact: {template!r}")
        if literal:
            parts.append(literal)
        if name is None:
            continue
        value = given[name]
        if isinstance(value, Sentence):
            parts.extend(value.parts)
        elif isinstance(value, Fact | Label):
            parts.append(value)
        else:
            raise TypeError(f"{name} is neither fact nor sentence: {value!r}")
    return Sentence(tuple(parts))


def join(sentences: Iterable[Sentence], separator: str) -> Sentence:
    """Sentences with a separator between them; empty ones are left out."""
    found = [sentence for sentence in sentences if sentence]
    parts: list[str | Fact] = []
    for number, sentence in enumerate(found):
        if number:
            parts.append(separator)
        parts.extend(sentence.parts)
    return Sentence(tuple(parts))


def clean(text: Any, longest: int = LONGEST) -> str:
    """Text of a person as it may stand in a document: no control, direction or unassigned characters, one line, bounded."""
    kept = (" " if unicodedata.category(c)[0] in "CZ" else c for c in str(text)[: 4 * longest])
    line = " ".join("".join(kept).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def moment_words(moment: datetime) -> str:
    """A Shanghai wall-clock time as a document says it: midnight is 24时 of the day before."""
    if moment.hour == moment.minute == 0:
        return fmt.day_words((moment - timedelta(days=1)).date()) + "24时"
    return f"{fmt.day_words(moment.date())}{moment.hour}时" + (f"{moment.minute}分" if moment.minute else "")


def plain(value: Any) -> Any:
    """A value of a cell as JSON holds it: dates and moments as ISO text."""
    return value.isoformat() if isinstance(value, date | datetime) else value


class Line:
    """One row of a result: ``line[column]`` the bare value for decisions, the methods facts for the text."""

    def __init__(self, query: str, row: int, values: dict[str, Any]):
        self._query, self._row, self._values = query, row, values

    def __getitem__(self, column: str) -> Any:
        return self._values[column]

    def _fact(self, column: str | tuple[str, ...], shown: str) -> Fact:
        if isinstance(column, tuple):
            value: Any = [plain(self._values[name]) for name in column]
        else:
            value = plain(self._values[column])
        return Fact(shown, value, self._query, self._row, column)

    def text(self, column: str, longest: int = LONGEST) -> Fact:
        """A name or sentence."""
        value = self._values[column]
        return self._fact(column, fmt.NONE if value is None else clean(value, longest))

    def title(self, column: str, longest: int = 60) -> Fact:
        """A title that will stand between “ and ”: its own quotation marks become ‘ and ’."""
        return self._fact(column, clean(self._values[column], longest).translate(_INNER))

    def sentence(self, column: str) -> Fact:
        """A whole sentence of the warehouse, set close, without its full stop."""
        return self._fact(column, _ROOM.sub("", clean(self._values[column])).rstrip("。；. "))

    def words(self, column: str, table: dict[str, str]) -> Fact:
        """The Chinese word of a code."""
        return self._fact(column, clean(fmt.words(table, self._values[column])))

    def count(self, column: str) -> Fact:
        """A whole number."""
        return self._fact(column, fmt.count(self._values[column]).replace(",", ""))

    def number(self, column: str, digits: int = 2, trim: bool = False) -> Fact:
        """A number with fixed decimals; ``trim`` drops trailing zeros."""
        return self._fact(column, fmt.number(self._values[column], digits, trim=trim).replace(",", ""))

    def size(self, column: str, digits: int = 0) -> Fact:
        """A difference without its sign: the words around it say which way."""
        value = self._values[column]
        return self._fact(column, fmt.number(None if value is None else abs(value), digits).replace(",", ""))

    def percent(self, column: str, digits: int = 1) -> Fact:
        """A fraction 0–1 as per cent."""
        return self._fact(column, fmt.percent(self._values[column], digits))

    def day(self, column: str) -> Fact:
        """A date in words."""
        return self._fact(column, fmt.day_words(self._values[column]))

    def iso(self, column: str) -> Fact:
        """A date for a column of a table."""
        return self._fact(column, fmt.day(self._values[column]))

    def moment(self, column: str) -> Fact:
        """A moment in words."""
        value = self._values[column]
        return self._fact(column, fmt.NONE if value is None else moment_words(value))

    def quarter(self, column: str) -> Fact:
        """2021Q3 in words."""
        return self._fact(column, fmt.period_words(self._values[column]))

    def year(self, column: str) -> Fact:
        """The year of a date or moment."""
        return self._fact(column, str(self._values[column].year))

    def place(self, rank: str, low: str, high: str) -> Fact:
        """A rank with its band in words."""
        values = (self._values[name] for name in (rank, low, high))
        return self._fact((rank, low, high), fmt.rank(*values))

    def band(self, rank: str, low: str, high: str) -> Fact:
        """The band of a rank alone."""
        place, first, last = (self._values[name] for name in (rank, low, high))
        return self._fact((rank, low, high), fmt.band(first, last, place))

    def shown(self, column: str | tuple[str, ...], text: str) -> Fact:
        """A cell in words of the caller's own, for columns that mix kinds of values."""
        return self._fact(column, clean(text))


class Result:
    """The rows of a named query."""

    def __init__(self, name: str, rows: list[dict[str, Any]]):
        self.name = name
        self.lines = [Line(name, number, row) for number, row in enumerate(rows)]

    def __iter__(self):
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, index: int) -> Line:
        return self.lines[index]

    def rows(self) -> Fact:
        """How many rows there are."""
        return Fact(fmt.count(len(self)).replace(",", ""), len(self), self.name, None, "count(*)")


class Facts:
    """The facts of one programme and quarter; remembers every query that was run.

    connection: current.duckdb or a snapshot of it. parameters: what queries may name with $.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, parameters: dict[str, Any]):
        self.connection = connection
        self._parameters = parameters
        self.queries: dict[str, dict[str, Any]] = {}
        self._results: dict[str, Result] = {}

    def ask(self, name: str, sql: str, **more: Any) -> Result:
        """The result of a query; asked again it is the same result. ``more``: parameters of this query alone.

        Raises ValueError when the name stands for another query already.
        """
        known = self._parameters | more
        sql = "\n".join(line.rstrip() for line in sql.strip("\n").splitlines())
        parameters = {key: known[key] for key in sorted(set(_PARAMETER.findall(sql)))}
        query = {"sql": sql, "parameters": {key: plain(value) for key, value in parameters.items()}}
        if self.queries.setdefault(name, query) != query:
            raise ValueError(f"{name} is another query already")
        if name not in self._results:
            self._results[name] = Result(name, fetch(self.connection, sql, parameters))
        return self._results[name]


def given(option: str, value: Any, shown: str) -> Fact:
    """What the office gave on the command line."""
    return Fact(clean(shown), plain(value), None, None, option)


def sources(facts: Facts, used: list[tuple[str, Fact]]) -> dict[str, Any]:
    """The machine-readable annex: queries, and the facts in the order of the document as (place, fact).

    Each fact: id, place, shown, value, and query, row (from 0), column that give the value again; a fact without query is an
    option of the command. The same cell used again has the same id with ``/2``, ``/3`` …
    """
    times: dict[str, int] = {}
    entries = []
    for place, fact in used:
        columns = [fact.column] if isinstance(fact.column, str) else list(fact.column)
        name = f"{fact.query or 'option'}.{'rows' if fact.row is None else fact.row}.{'+'.join(columns)}"
        times[name] = times.get(name, 0) + 1
        entries.append(
            {
                "id": name if times[name] == 1 else f"{name}/{times[name]}",
                "place": place,
                "shown": fact.shown,
                "value": fact.value,
                "query": fact.query,
                "row": fact.row,
                "column": fact.column if isinstance(fact.column, str) else columns,
            }
        )
    needed = {fact.query for _, fact in used}
    return {"queries": {name: q for name, q in facts.queries.items() if name in needed}, "facts": entries}

"""Doing Business 2020 (World Bank) as programmes of this pipeline: raw values, official scores, cities as sub-units.

Belongs here: how a text of the source becomes a value or a state, and the shape of the programmes. Does not belong here: any
parameter or number of the set; they are read when the tests run and compared in
``tests/integration/test_reference_doing_business.py``.

Postfiling in paying taxes is a mean inside a mean (of those of its four parts that apply; left out when none does). Below a
special there are only indicators, so each part stands once for every count m of parts that may apply, with weight 1/m of the
group's; for every economy all variants but its own m are not applicable.
"""

from __future__ import annotations

import csv
from pathlib import Path

from tests.factories.reference_programmes import ReferenceProgramme, exact, points

RAW, OFFICIAL, CITIES = "db2020_raw", "db2020_official", "db2020_cities"
TOPICS = ("SB", "DWCP", "GE", "RP", "GC", "PMI", "PT", "TAB", "EC", "RI")
OVERALL = "EODB"
# what stands in a cell of the source instead of a number; both no_practice texts score 0
STATES = {
    "No Practice": "no_practice",
    "No VAT refund per case study scenario": "no_practice",
    "No VAT": "not_applicable",
    "No corporate income tax": "not_applicable",
}


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a csv as dicts of text."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


class DoingBusiness:
    """The set in ``folder``.

    Attributes: ``parameters`` by indicator, ``raw`` and ``official`` rows by unit, ``pairs`` (two-city economies).
    """

    def __init__(self, folder: Path):
        self.parameters = {row["indicator_id"]: row for row in read_rows(folder / "parameters.csv")}
        self.raw = {row["unit_id"]: row for row in read_rows(folder / "raw_indicators_2020.csv")}
        self.official = {
            row["unit_id"]: row for row in read_rows(folder / "official_topic_scores_ranks_2020.csv")
        }
        self.pairs = read_rows(folder / "two_city_weights_inferred.csv")

    @property
    def ranked(self) -> list[str]:
        """Units with an official overall rank."""
        return [unit for unit, row in self.official.items() if row["EODB_RANK"]]

    def programmes(self) -> list[ReferenceProgramme]:
        return [self._from_raw(), self._from_official(), self._from_cities()]

    def _reporter(self, unit: str) -> dict:
        return {"reporter_id": unit, "name": self.official[unit]["unit_name"]}

    # raw values ---------------------------------------------------------------------------------------------------

    def _from_raw(self) -> ReferenceProgramme:
        applicability, values, variants = [], {}, {}
        for unit, row in self.raw.items():
            values[unit] = {}
            for indicator, size in self._owed(row):
                name = _variant(indicator, size)
                variants[name] = self._indicator(indicator, size)
                state = STATES.get(row[indicator])
                if state is None:
                    values[unit][name] = row[indicator]
                else:
                    applicability.append(_state(name, unit, state, row[indicator]))
        for unit, row in self.raw.items():
            own = {_variant(indicator, size) for indicator, size in self._owed(row)}
            applicability += [
                _state(name, unit, "not_applicable", "其他适用项数的口径")
                for name in variants
                if name not in own
            ]
        return ReferenceProgramme(
            RAW,
            [self._reporter(unit) for unit in self.raw],
            [{"special_id": topic, "name": topic} for topic in TOPICS],
            list(variants.values()),
            values,
            applicability,
        )

    def _owed(self, row: dict) -> list[tuple[str, int]]:
        """(indicator, size): size is 1, or for a part of a nested mean the number of its parts that apply to ``row``.

        A part that does not apply is left out: it is a variant the unit has not.
        """
        groups: dict[str, list[str]] = {}
        for indicator, parameter in self.parameters.items():
            groups.setdefault(parameter["group"] or indicator, []).append(indicator)
        owed = []
        for members in groups.values():
            applying = [i for i in members if len(members) == 1 or STATES.get(row[i]) != "not_applicable"]
            owed += [(indicator, len(applying)) for indicator in applying]
        return owed

    def _indicator(self, indicator: str, size: int) -> dict:
        parameter = self.parameters[indicator]
        group = [p for p in self.parameters.values() if p["group"] and p["group"] == parameter["group"]]
        weight = float(parameter["weight_in_topic"])
        if group:  # the whole group's weight, in equal parts
            weight = sum(float(p["weight_in_topic"]) for p in group) / size
        return {
            "indicator_id": _variant(indicator, size),
            "special_id": parameter["topic_id"],
            "name": f"{parameter['source_column']}（{_variant(indicator, size)}）",
            "polarity": parameter["direction"],
            "method": "dtf",
            "exponent": parameter["exponent"],
            "worst": parameter["worst"],
            "frontier": parameter["best"],
            "weight": exact(weight),
        }

    # official scores ----------------------------------------------------------------------------------------------

    def _from_official(self) -> ReferenceProgramme:
        """Scores as published are the values. The total is the published overall score: topics weigh nothing."""
        return ReferenceProgramme(
            OFFICIAL,
            [self._reporter(unit) for unit in self.ranked],
            [
                *({"special_id": topic, "name": topic, "weight": "0"} for topic in TOPICS),
                {"special_id": OVERALL, "name": "总体", "weight": "1"},
            ],
            [points(topic) for topic in (*TOPICS, OVERALL)],
            {unit: self._official_values(unit, (*TOPICS, OVERALL)) for unit in self.ranked},
        )

    def _official_values(self, unit: str, topics: tuple[str, ...]) -> dict[str, str]:
        row = self.official[unit]
        return {
            points(topic)["indicator_id"]: row["EODB_SCORE" if topic == OVERALL else f"SCORE_{topic}"]
            for topic in topics
        }

    def _from_cities(self) -> ReferenceProgramme:
        """The two-city economies: only the cities report, their published topic scores; the economy is made of them."""
        reporters, values = [], {}
        for pair in self.pairs:
            reporters.append(self._reporter(pair["economy_id"]) | {"weight": ""})
            for number in ("1", "2"):
                city = pair[f"city{number}_id"]
                reporters.append(
                    self._reporter(city)
                    | {"parent_id": pair["economy_id"], "weight": pair[f"weight_city{number}"]}
                )
                values[city] = self._official_values(city, TOPICS)
        return ReferenceProgramme(
            CITIES,
            reporters,
            [{"special_id": topic, "name": topic} for topic in TOPICS],
            [points(topic) for topic in TOPICS],
            values,
            scoring='sub_units = "roll_up"\n',
        )


def _variant(indicator: str, size: int) -> str:
    return indicator if size == 1 else f"{indicator}_{size}"


def _state(indicator: str, unit: str, state: str, reason: str) -> dict:
    return {"indicator_id": indicator, "reporter_id": unit, "state": state, "reason": reason}

"""From failing edits to problems, and the search for each: single cells first, then sets, joining edits as they are needed.

Belongs here: which edits make one problem, the order of the search, counting alternatives. Does not belong here: what one cell
can mend (``alone``), the solver (``milp``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from quality.localisation.alone import alone
from quality.localisation.milp import Choice, complete
from quality.localisation.system import INFEASIBLE, LIMIT, SOLVED, TIE, TOO_LARGE, Limits, System


@dataclass(frozen=True)
class Problem:
    """One contradiction: edits that fail together, and the equally cheap ways out.

    ``alternatives`` are sorted tuples of (cell, value); value NaN: the cell is to be emptied (a rate) or cannot be computed
    (a denominator nobody knows). ``more``: there are more alternatives than were looked for, or listed.
    """

    failing: tuple[int, ...]
    edits: tuple[int, ...]
    status: str
    alternatives: tuple[tuple[tuple[int, float], ...], ...] = ()
    more: bool = False
    cells: int = 0


def localise(system: System, limits: Limits | None = None) -> list[Problem]:
    """Every contradiction of the system, by its first failing edit; none where all edits hold.

    Alternatives are sorted by their cells. Two problems whose answers meet in one edit are solved as one.
    """
    return _Localiser(system, limits or Limits()).run()


@dataclass
class _Answer:
    status: str
    edits: set[int]
    alternatives: list[dict[int, float]] = field(default_factory=list)
    more: bool = False


class _Localiser:
    def __init__(self, system: System, limits: Limits):
        self.system, self.limits = system, limits
        self.failing = system.failing().tolist()
        weight = system.weight
        # one cell is cheaper than any two
        self.one_is_cheapest = bool(len(weight) == 0 or 2 * weight.min() > weight.max() + TIE)
        self.cluster: dict[int, frozenset[int]] = {}

    def run(self) -> list[Problem]:
        waiting = [set(edits) for edits in self._clusters(self.failing)]
        answers: dict[frozenset[int], _Answer] = {}
        while waiting:
            for edits in waiting:
                answer = self._solve(set(edits))
                failing = frozenset(e for e in answer.edits if e in self.cluster)
                if any(failing < known for known in answers):
                    continue  # swallowed by a problem solved before
                answers = {known: a for known, a in answers.items() if not known <= failing}
                answers[failing] = answer
            waiting = self._meeting(answers)
        return [
            self._problem(failing, answer)
            for failing, answer in sorted(answers.items(), key=lambda item: min(item[0]))
        ]

    def _problem(self, failing: frozenset[int], answer: _Answer) -> Problem:
        alternatives = sorted(tuple(sorted(found.items())) for found in answer.alternatives)
        return Problem(
            tuple(sorted(failing)),
            tuple(sorted(answer.edits)),
            answer.status,
            tuple(alternatives),
            answer.more,
            len(self._cells_of(answer.edits)),
        )

    def _clusters(self, edits: list[int]) -> list[list[int]]:
        """Failing edits that share a cell, together."""
        parent = {edit: edit for edit in edits}

        def root(edit: int) -> int:
            while parent[edit] != edit:
                parent[edit] = parent[parent[edit]]
                edit = parent[edit]
            return edit

        first: dict[int, int] = {}
        for edit in edits:
            for cell in self.system.terms(edit)[0]:
                a, b = root(first.setdefault(cell, edit)), root(edit)
                parent[max(a, b)] = min(a, b)
        groups: dict[int, list[int]] = {}
        for edit in edits:
            groups.setdefault(root(edit), []).append(edit)
        for group in groups.values():
            for edit in group:
                self.cluster[edit] = frozenset(group)
        return list(groups.values())

    def _meeting(self, answers: dict[frozenset[int], _Answer]) -> list[set[int]]:
        """Edits of problems to be solved as one: an edit both change cells of would not hold after both."""
        touched: dict[int, frozenset[int]] = {}
        merged: dict[frozenset[int], set[int]] = {}
        for failing, answer in answers.items():
            if answer.more:
                continue  # nothing is proposed in particular
            cells = {cell for found in answer.alternatives for cell in found}
            for edit in self.system.edits_of(cells):
                other = touched.setdefault(edit, failing)
                if other != failing:
                    both = merged.get(other, set(answers[other].edits))
                    both |= merged.get(failing, set(answer.edits)) | {edit}
                    for key in [k for k, v in merged.items() if v & both] + [other, failing]:
                        both |= merged.get(key, set())
                        merged[key] = both
        unique: list[set[int]] = []
        for edits in merged.values():
            if not any(edits is known or edits == known for known in unique):
                unique.append(edits)
        return unique

    def _cells_of(self, edits: Iterable[int]) -> list[int]:
        return sorted({cell for edit in edits for cell in self.system.terms(edit)[0]})

    def _solve(self, edits: set[int]) -> _Answer:
        if self.one_is_cheapest:
            failing = [edit for edit in sorted(edits) if edit in self.cluster]
            common = set.intersection(*(set(self.system.terms(edit)[0]) for edit in failing))
            found = {
                cell: value for cell in sorted(common) if (value := alone(self.system, cell)) is not None
            }
            if found:
                least = min(self.system.weight[cell] for cell in found)
                cheapest = [
                    {cell: value} for cell, value in found.items() if self.system.weight[cell] <= least + TIE
                ]
                return _Answer(SOLVED, edits, cheapest, len(cheapest) > self.limits.alternatives)
        return self._search(edits)

    def _search(self, edits: set[int]) -> _Answer:
        limits, answer = self.limits, _Answer(SOLVED, set(edits))
        exact_cuts: list[frozenset[int]] = []
        best = math.inf
        model: Choice | None = None
        for _ in range(limits.rounds):
            if model is None:
                cells = self._cells_of(answer.edits)
                if len(cells) > limits.cells:
                    return _Answer(TOO_LARGE, answer.edits)
                model = Choice(self.system, cells, sorted(answer.edits))
            chosen, status = model.solve(limits, [frozenset(a) for a in answer.alternatives], exact_cuts)
            if status == LIMIT:
                return _Answer(LIMIT, answer.edits)
            if chosen is None:
                answer.status = SOLVED if answer.alternatives else INFEASIBLE
                return answer
            cost = float(self.system.weight[sorted(chosen)].sum())
            if cost > best + TIE:
                return answer
            values = complete(self.system, sorted(chosen))
            if values is not None:
                best = min(best, cost)
                answer.alternatives.append(values)
                if len(answer.alternatives) > limits.alternatives:
                    answer.more = True
                    return answer
                continue
            outside = set(self.system.edits_of(chosen)) - answer.edits
            if not outside:
                exact_cuts.append(chosen)
                continue
            for edit in outside:
                answer.edits |= {edit} | self.cluster.get(edit, frozenset())
            model = None
        return _Answer(LIMIT, answer.edits)

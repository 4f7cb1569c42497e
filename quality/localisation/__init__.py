"""Error localisation: the smallest set of cells whose change ends a contradiction between rules (Fellegi and Holt 1976).

Belongs here: the parts as one: arrays of cells and edits in, sets of cells with new values out. Does not belong here: which edits there are
(``int_edit_terms``), texts for people and places in files (``models/quality/correction_proposals``). Nothing is changed
anywhere: a result is a proposal.

A cell i has a reported value r and a binary d (1 = may change); minimise the sum of w·d so that values exist which satisfy
every edit and the range of every changed cell. Three kinds of edit:

* ``EQUAL``  |Σ c·x − constant| ≤ tolerance
* ``AT_MOST``  Σ c·x ≤ constant + tolerance
* ``RATIO``  the rate is factor·numerator/denominator within tolerance, and there is no rate over a denominator of 0

A ratio stays linear: while the rate keeps its value R, |factor·n − R·m| ≤ tolerance·m; once the rate may change it is the
quotient, and only its range is asked of n and m.

Where one cell alone is enough, it is found by intersecting intervals, exactly. Otherwise by ``scipy.optimize.milp`` (HiGHS),
first over the failing edits alone; an edit that held and that the answer would break joins, until the answer stands
against every edit of every cell it changes. That is the optimum of the whole connected component without ever building it.
Every set HiGHS names is completed to values and verified in plain arithmetic, so that big-M noise cannot reach a result.
"""

from quality.localisation.search import Problem, localise
from quality.localisation.slips import exchanged, slip
from quality.localisation.system import (
    AT_MOST,
    DENOMINATOR,
    EQUAL,
    INFEASIBLE,
    LIMIT,
    LINEAR,
    NUMERATOR,
    RATE,
    RATIO,
    SOLVED,
    TOO_LARGE,
    Limits,
    System,
)

__all__ = [
    "AT_MOST",
    "DENOMINATOR",
    "EQUAL",
    "INFEASIBLE",
    "LIMIT",
    "LINEAR",
    "NUMERATOR",
    "RATE",
    "RATIO",
    "SOLVED",
    "TOO_LARGE",
    "Limits",
    "Problem",
    "System",
    "exchanged",
    "localise",
    "slip",
]

"""Ranks looked at: the totals of the scoring rules as arrays, how firm a rank is, why it moved.

Belongs here: numpy arithmetic on scores the models have made (dbt's Python models call it). Does not belong here: the scores of tasks and
indicators (dbt models), words on pages.

``boards`` tables as arrays · ``engine`` totals and ranks · ``draws`` seeded variations of them · ``changes`` what moved a score and a rank ·
``report`` the rows of int_rank_moves · ``words`` their sentences
"""

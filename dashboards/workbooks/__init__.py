"""Workbooks for clerks: the form that goes out (``template``) and their own file back with its mistakes marked (``feedback``).

Belongs here: what stands in a workbook and how it looks. Does not belong here: finding mistakes (``quality/``, dbt),
reading what comes back (``raw/``), which file belongs to whom (``orchestration.forms``).
"""

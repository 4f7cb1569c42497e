"""When and in what order: Dagster definitions, partitions, schedules, sensors, the command line, settings.

Nothing here parses a file, computes a score or draws a figure; it calls ``raw``, ``quality``, dbt and ``dashboards``.
"""

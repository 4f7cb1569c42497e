"""From a file in the raw tree to rows of ``raw.*``: contracts, readers, registry, receipts, loader, samples.

Nothing here knows a score, a rank or Dagster; ``quality/`` and ``dbt_project/`` begin where ``raw.*`` ends.
"""

"""The assets, one module per stage, in the order of the data: landing, control, expectations, dbt, publish, site."""

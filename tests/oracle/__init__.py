"""A second, independent implementation of the contract (DESIGN sections 4 to 8), written without looking at the first.

Belongs here: reading a raw tree, computing the expected rows, generating awkward trees, comparing. Nothing here may import
`raw`, `quality`, `orchestration` or read the dbt models: two programs that share code share mistakes.
"""

"""The commands behind ``taizhang``: one module per command, plain functions without click."""

"""Backup: one file that holds everything a home and a raw tree cannot make again (``contents``, ``writing``, ``reading``, ``restoring``)."""

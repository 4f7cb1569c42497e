"""Editions: a published quarter as it stands for ever, with everything needed to compute it again."""

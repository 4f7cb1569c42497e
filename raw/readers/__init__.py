"""File formats: each module turns the bytes of one format into sheets of text cells, nothing more."""

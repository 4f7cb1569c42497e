"""The static site: rows of the marts in, plain files out. Importing it loads neither Plotly nor a page."""

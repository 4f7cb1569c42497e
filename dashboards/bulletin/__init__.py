"""The bulletin (情况通报) of a quarter: a Word document in the layout of GB/T 9704-2012, and where each number comes from.

``facts``      queries → facts: a value, how it is shown, the query it came from
``queries``    all SQL of the bulletin
``text``       facts → paragraphs; a template cannot hold a digit
``annexes``    facts → the annexes' tables and the rules of evaluation
``content``    what a document is made of: headings, paragraphs, tables
``styles``     paper, grid, fonts and styles of the standard
``document``   content → .docx, the same bytes for the same content
``files``      the three files of a programme and quarter

Belongs here: what the bulletin says and how it looks. Does not belong here: computing anything (dbt), deciding which edition
stands (``orchestration``), the site, the workbook of the tables (``dashboards.workbooks.tables``).
"""

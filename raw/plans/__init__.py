"""Official plan documents → registry files: ``taizhang plan``.

``build.read_plan`` reads a document, ``output.write`` writes the registry files, ``review.write_review`` the page a
clerk checks them on, ``patch`` applies what was corrected. The parts, in the order in which they work: ``source``
(files → lines), ``grid`` (tables), ``outline`` (paragraphs, items, labels), ``tasks`` and ``tasklist`` (tasks),
``units`` and ``catalogue`` (who), ``compare`` and ``timing`` (contradictions), ``comparison``, ``targets`` and
``goals`` (indicators), ``rectify`` (rectification reports). docs/plan-documents.md explains the grammar.
"""

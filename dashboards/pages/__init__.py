"""What stands on which page: rows of ``queries`` → context of a template, one module per page.

Belongs here: sentences, sorting, grouping, captions. Does not belong here: SQL (``queries``), drawing (``figures``), markup
(templates), files (``render``). Texts of counties stay plain ``str`` all the way: the templates escape them. What all pages
share is in ``site``.
"""

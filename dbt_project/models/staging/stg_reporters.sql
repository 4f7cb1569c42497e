{{ first_lines(source('raw', 'reporters'), ['programme_id', 'reporter_id']) }}

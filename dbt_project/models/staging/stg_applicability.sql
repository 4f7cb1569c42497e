{{ first_lines(source('raw', 'applicability'), ['programme_id', 'indicator_id', 'reporter_id']) }}

{{ first_lines(source('raw', 'programmes'), ['programme_id'], 'path') }}

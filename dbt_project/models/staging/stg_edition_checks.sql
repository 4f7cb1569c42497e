select programme_id, period, revision, reporter_id, problem
from {{ source('control', 'edition_checks') }}

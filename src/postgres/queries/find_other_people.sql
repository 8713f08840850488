-- Counts the users whose last name and date of birth would both change, because the record may belong to another
-- person.
select count(*) as users, min(line) as first_line
from plan
where changes is not null
  and lower(changes #>> '{last_name,0}') <> lower(changes #>> '{last_name,1}')
  and changes #>> '{date_of_birth,0}' <> changes #>> '{date_of_birth,1}'

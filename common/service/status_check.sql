-- The values that check constraints allow for the column `status`, sorted, for each table that has such a constraint.
-- name: status_checks() :rows table_name, statuses
select t.relname, string_agg(distinct v.value, '|' order by v.value)
from pg_constraint c
join pg_class t on t.oid = c.conrelid and t.relnamespace = current_schema()::regnamespace
join pg_attribute a on a.attrelid = t.oid and c.conkey = array[a.attnum] and a.attname = 'status'
cross join regexp_matches(pg_get_constraintdef(c.oid), '''([^'']*)''', 'g') as literal(parts)
cross join unnest(string_to_array(trim(literal.parts[1], '{}'), ',')) as v(value)
where c.contype = 'c' group by t.relname;

-- name: worklist(roles, all_roles bool) :rows doc
select doc from work_json where :all_roles::boolean or role = any(:roles::text[]) order by due_at nulls last, id limit 250;

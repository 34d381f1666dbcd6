-- A page of the refused rows: at most so many and so many bytes, but always one.
-- name: import_refused_rows(id, after int, count int, bytes int) :rows row_no int, data, is_row bool, faults
select row_no, data, is_row, faults
from (select *, sum(length(data) + length(faults::text)) over (order by row_no) as size, row_number() over (order by row_no) as place
      from (select * from import_refused where job_id = :id::uuid and row_no > :after::bigint order by row_no limit :count::int) r) s
where size <= :bytes::bigint or place = 1 order by row_no;

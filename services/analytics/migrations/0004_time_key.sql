-- Figures are grouped by time first and named afterwards: naming every sum of a year by the hour took most of the time.
create function time_key(cut text, start timestamptz, zone text) returns text language sql stable as $$
    select case cut
        when 'hour' then with_offset(start, zone)
        when 'day' then to_char(start at time zone zone, 'YYYY-MM-DD')
        when 'week' then to_char(start at time zone zone, 'IYYY"-W"IW')
        when 'month' then to_char(start at time zone zone, 'YYYY-MM') end
$$;
drop function sales_key(text, timestamptz, text, text, text);

-- What all reports are made with: windows of time, sums of several grains, amounts.

-- The sum of integers as an integer, which is cheaper than sum(), whose result is numeric. What fits the
-- rollups does not overflow it.
create aggregate total(bigint) (sfunc = int8pl, stype = bigint, initcond = '0');

-- Minor units per number, rounded half up; null without a number.
create function half_up(amount numeric, number numeric) returns bigint language sql immutable as $$
    select floor((2 * amount + number) / (2 * nullif(number, 0)))::bigint
$$;

create function with_offset(t timestamptz, zone text) returns text language sql stable as $$
    select to_char(t at time zone zone, 'YYYY-MM-DD"T"HH24:MI:SS') || case when minutes < 0 then '-' else '+' end
        || to_char(abs(minutes) / 60, 'FM00') || ':' || to_char(abs(minutes) % 60, 'FM00')
    from (select (extract(epoch from (t at time zone zone) - (t at time zone 'UTC')) / 60)::int as minutes) o
$$;

-- The key of a row of figures by time.
create function time_key(cut text, start timestamptz, zone text) returns text language sql stable as $$
    select case cut
        when 'hour' then with_offset(start, zone)
        when 'day' then to_char(start at time zone zone, 'YYYY-MM-DD')
        when 'week' then to_char(start at time zone zone, 'IYYY"-W"IW')
        when 'month' then to_char(start at time zone zone, 'YYYY-MM') end
$$;

-- The time that a key of figures by time stands for; unbounded if the figures are not by time.
create function key_span(cut text, key text, zone text, out since timestamptz, out until timestamptz) language sql stable as $$
    select case cut when 'hour' then key::timestamptz else day at time zone zone end,
        case cut when 'hour' then key::timestamptz + interval '1 hour' else (day + length) at time zone zone end
    from (select case cut
                when 'day' then key::timestamp
                when 'week' then to_timestamp(key, 'IYYY"-W"IW')::timestamp
                when 'month' then (key || '-01')::timestamp end as day,
            case cut when 'day' then interval '1 day' when 'week' then interval '7 days' when 'month' then interval '1 month' end
                as length) k
    where cut in ('hour', 'day', 'week', 'month') and key is not null
    union all select '-infinity', 'infinity' where key is null or cut not in ('hour', 'day', 'week', 'month')
$$;

-- A window as few spans: whole years, then quarters, months, days, as far as the grains (coarse to fine) are
-- given. Local times; the last grain must fit the window.
create function window_spans(first timestamp, last timestamp, grains text[])
returns table (grain text, since timestamp, until timestamp) language plpgsql immutable rows 4 as $$
declare
    step constant interval := case grains[1] when 'quarter' then interval '3 months' else ('1 ' || grains[1])::interval end;
    low timestamp := date_trunc(grains[1], first + step - interval '1 microsecond');
    high timestamp := date_trunc(grains[1], last);
begin
    if first >= last or cardinality(grains) = 0 then
        return;
    elsif low < high then
        return query select grains[1], low, high;
        return query select * from window_spans(first, low, grains[2:]);
        return query select * from window_spans(high, last, grains[2:]);
    else
        return query select * from window_spans(first, last, grains[2:]);
    end if;
end $$;

-- The sums that a window needs: the beginning of every whole year, quarter, month. Not plain SQL, which the
-- planner would inline and expect thousands of rows of.
create function window_slots(first timestamp, last timestamp, grains text[], zone text)
returns table (grain text, start timestamptz) language plpgsql stable rows 8 as $$
begin
    return query select s.grain, t.start at time zone zone
    from window_spans(first, last, grains) s, generate_series(s.since, s.until - interval '1 day',
        case s.grain when 'quarter' then interval '3 months' else ('1 ' || s.grain)::interval end) t(start);
end $$;

-- The sums of the whole months of a window, added (1) and taken away (-1): most of a year is the year without
-- the rest.
create function window_cover(first timestamp, last timestamp, grains text[], zone text)
returns table (grain text, start timestamptz, sign int) language plpgsql stable rows 8 as $$
declare
    low timestamp := date_trunc('month', first + interval '1 month' - interval '1 microsecond');
    high timestamp := date_trunc('month', last);
    year timestamp;
    since timestamp;
    until timestamp;
begin
    for year in select generate_series(date_trunc('year', low), high - interval '1 day', interval '1 year') loop
        since := greatest(low, year);
        until := least(high, year + interval '1 year');
        if grains[1] = 'year' and until - since > interval '200 days' then
            return query select 'year', year at time zone zone, 1;
            return query select s.grain, s.start, -1 from window_slots(year, since, grains[2:], zone) s;
            return query select s.grain, s.start, -1 from window_slots(until, year + interval '1 year', grains[2:], zone) s;
        else
            return query select s.grain, s.start, 1 from window_slots(since, until, grains, zone) s;
        end if;
    end loop;
end $$;

-- The end of the time that a row of this grain counts.
create function grain_end(grain text, start timestamptz, zone text) returns timestamptz language sql stable as $$
    select (start at time zone zone + case grain when 'quarter' then interval '3 months' else ('1 ' || grain)::interval end) at time zone zone
$$;

-- A line of sales figures; by product there are only orders, units and gross. Stable, as json_build_object
-- is: PostgreSQL inlines a function only if it promises no more than what it calls.
create function figure_json(cut text, orders numeric, units numeric, gross numeric, discount numeric, refunds numeric, refunded numeric)
returns json language sql stable as $$
    select case cut when 'product' then json_build_object('orders', orders, 'units', units, 'gross', gross, 'discount', null,
            'refunds', null, 'net', null, 'average_order', null)
        else json_build_object('orders', orders, 'units', units, 'gross', gross, 'discount', discount, 'refunds', refunds,
            'refunded', refunded, 'net', gross - discount - refunds, 'average_order', half_up(gross - discount, orders)) end
$$;

-- Two objects as one, with the bytes of each as they are.
create function json_join(one json, other json) returns json language sql immutable as $$
    select (left(one::text, -1) || ', ' || substr(other::text, 2))::json
$$;

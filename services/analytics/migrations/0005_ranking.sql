-- Articles over all channels, by month, quarter and year: best sellers of any window come from a few sums an article.
-- dimension 'article' has channel ''; 'product' stays by channel, by day and month.
create function article_slots(hour timestamptz, zone text, channel text)
returns table (dimension text, grain text, start timestamptz, channel_of text) language sql stable as $$
    values ('article', 'month', date_trunc('month', hour, zone), ''),
        ('article', 'quarter', date_trunc('quarter', hour, zone), ''),
        ('article', 'year', date_trunc('year', hour, zone), ''),
        ('product', 'day', date_trunc('day', hour, zone), channel),
        ('product', 'month', date_trunc('month', hour, zone), channel)
$$;
drop function product_slots(timestamptz, text);

insert into sales_rollup (dimension, grain, start, currency, channel, key, orders, units, gross, discount, refunds, refunded)
select 'article', g.grain, date_trunc(g.grain, r.start, f.zone), r.currency, '', r.key, sum(r.orders), sum(r.units), sum(r.gross), 0, 0, 0
from sales_rollup r, figures f, (values ('month'), ('quarter'), ('year')) g(grain)
where r.dimension = 'product' and r.grain = 'month'
group by 2, 3, 4, 6;

-- The days of one article inside a window, without reading those of all others.
create index sales_rollup_product_day on sales_rollup (key, start) where dimension = 'product' and grain = 'day';

-- A window as few spans: whole years, then quarters, months, days, as far as the grains (coarse to fine) are given.
-- Local times; the last grain must fit the window.
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

-- The sums that a window needs: the beginning of every whole year, quarter, month. Not plain SQL, because the planner would look into
-- it and expect thousands.
create function window_slots(first timestamp, last timestamp, grains text[], zone text)
returns table (grain text, start timestamptz) language plpgsql stable rows 8 as $$
begin
    return query select s.grain, t.start at time zone zone
    from window_spans(first, last, grains) s, generate_series(s.since, s.until - interval '1 day',
        case s.grain when 'quarter' then interval '3 months' else ('1 ' || s.grain)::interval end) t(start);
end $$;

-- A line of sales figures; by product there are only orders, units and gross.
create function figure_json(cut text, orders numeric, units numeric, gross numeric, discount numeric, refunds numeric, refunded numeric)
returns json language sql immutable as $$
    select case cut when 'product' then json_build_object('orders', orders, 'units', units, 'gross', gross, 'discount', null,
            'refunds', null, 'net', null, 'average_order', null)
        else json_build_object('orders', orders, 'units', units, 'gross', gross, 'discount', discount, 'refunds', refunds,
            'refunded', refunded, 'net', gross - discount - refunds, 'average_order', half_up(gross - discount, orders)) end
$$;

-- Two objects as one, the bytes of each as they are.
create function json_join(one json, other json) returns json language sql immutable as $$
    select (left(one::text, -1) || ', ' || substr(other::text, 2))::json
$$;

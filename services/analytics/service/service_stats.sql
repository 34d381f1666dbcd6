-- name: tickets_moved(events) :exec
insert into fact_ticket as t (ticket_id, opened_at, answered_at, solved_at)
select aggregate_id, min(time), min(time) filter (where type = 'support.ticket.answered'),
    min(time) filter (where type = 'support.ticket.solved')
from json_to_recordset(:events::json) as e(type text, aggregate_id uuid, time timestamptz)
group by aggregate_id order by aggregate_id
on conflict (ticket_id) do update set opened_at = least(t.opened_at, excluded.opened_at),
    answered_at = coalesce(t.answered_at, excluded.answered_at), solved_at = coalesce(t.solved_at, excluded.solved_at);

-- name: surveys_moved(events) :exec
insert into fact_survey as s (survey_id, sent_at, answered_at, score)
select aggregate_id, min(time), min(time) filter (where type = 'support.survey.answered'),
    min((case when e.data->>'score' ~ '^[0-9]{1,2}$' then e.data->>'score' end)::int) filter (where type = 'support.survey.answered')
from json_to_recordset(:events::json) as e(type text, aggregate_id uuid, time timestamptz, data json)
group by aggregate_id order by aggregate_id
on conflict (survey_id) do update set sent_at = least(s.sent_at, excluded.sent_at),
    answered_at = coalesce(s.answered_at, excluded.answered_at), score = coalesce(s.score, excluded.score);

-- name: service_figures(from, to, zone) :json
with span as materialized (
    select zone, :from::date::timestamp at time zone zone as f, :to::date::timestamp at time zone zone as t
    from (select shop_zone(:zone) as zone) z
), opened as (
    select count(*) as opened, count(*) filter (where answered_at is null and solved_at is null) as unanswered, count(answered_at) as answered,
        percentile_disc(array[0.5, 0.9]) within group (order by round(extract(epoch from answered_at - opened_at), 3)) as answer
    from span w join fact_ticket t on t.opened_at >= w.f and t.opened_at < w.t
), solved as (
    select count(*) as solved, percentile_disc(array[0.5, 0.9]) within group (order by round(extract(epoch from solved_at - opened_at), 3)) as solution
    from span w join fact_ticket t on t.solved_at >= w.f and t.solved_at < w.t
), answered as (
    select count(*) as answered, count(score) as scored, coalesce(sum(score), 0) as points, round(avg(score), 2) as average
    from span w join fact_survey s on s.answered_at >= w.f and s.answered_at < w.t
)
select case when exists (select from rebuild where status = 'running') then null else json_build_object(
    'tickets', (select json_build_object('opened', o.opened, 'unanswered', o.unanswered, 'solved', s.solved,
        'first_answer', json_build_object('count', o.answered, 'p50', o.answer[1], 'p90', o.answer[2]),
        'solution', json_build_object('count', s.solved, 'p50', s.solution[1], 'p90', s.solution[2])) from opened o, solved s),
    'surveys', (select json_build_object('sent', (select count(*) from fact_survey s where s.sent_at >= w.f and s.sent_at < w.t),
        'answered', a.answered, 'scored', a.scored, 'points', a.points, 'average', a.average) from answered a),
    'unit', 'seconds', 'from', :from, 'to', :to, 'time_zone', w.zone, 'as_of', (select max(at) from archive)) end
from span w;

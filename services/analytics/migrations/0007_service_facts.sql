-- Tickets and surveys.
create table fact_ticket (
    ticket_id   uuid primary key,
    opened_at   timestamptz not null,
    answered_at timestamptz,
    solved_at   timestamptz
);
create index fact_ticket_opened on fact_ticket (opened_at);
create index fact_ticket_solved on fact_ticket (solved_at) where solved_at is not null;

create table fact_survey (
    survey_id   uuid primary key,
    sent_at     timestamptz not null,
    answered_at timestamptz,
    score       int
);
create index fact_survey_sent on fact_survey (sent_at);
create index fact_survey_answered on fact_survey (answered_at) where answered_at is not null;

-- Lets the process of one's own session give way to others as nice(1) says it (0: to nobody), where PostgreSQL has the extension for it.
-- False where it may not: up again it goes only with CAP_SYS_NICE or an RLIMIT_NICE of 20.
create function give_way(nice int) returns boolean language plpgsql set client_min_messages = error as $$
begin
    if to_regproc('set_backend_priority') is null then -- a statement of its own, as the next cannot even be read then
        return false;
    end if;
    return set_backend_priority(pg_backend_pid(), nice);
end $$;

-- name: channel_set(name, kind) :count
insert into channel (name, kind) values (:name, :kind)
on conflict (name) do update set kind = excluded.kind where channel.kind <> excluded.kind;

-- name: figures_busy() :row rebuilding bool
select exists (select from rebuild where status = 'running');

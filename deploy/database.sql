-- Create the roles and schemas of the five services in the database you are connected to.
--
-- Each service has one role that owns one schema and cannot read any other. Run it as a superuser. It can be run
-- again at any time and also sets the passwords. They come from the environment, because other users of the
-- machine can read command-line arguments:
--   CATALOG_DATABASE_PASSWORD=… ORDERS_… FULFILLMENT_… SUPPORT_… ANALYTICS_… psql -f deploy/database.sql
\set ON_ERROR_STOP on
set client_min_messages = warning;
\getenv catalog CATALOG_DATABASE_PASSWORD
\getenv orders ORDERS_DATABASE_PASSWORD
\getenv fulfillment FULFILLMENT_DATABASE_PASSWORD
\getenv support SUPPORT_DATABASE_PASSWORD
\getenv analytics ANALYTICS_DATABASE_PASSWORD

begin;
select pg_advisory_xact_lock(hashtext('backroom database.sql'));

create temporary table service (name text, password text) on commit drop;
insert into service values
    ('catalog', :'catalog'), ('orders', :'orders'), ('fulfillment', :'fulfillment'), ('support', :'support'),
    ('analytics', :'analytics');

select format('create role %I', name) from service
 where not exists (select from pg_roles where rolname = name) \gexec
select format('alter role %I login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password %L',
              name, password) from service \gexec

-- Nothing is allowed that is not granted here.
select format('revoke all on database %I from public', datname) from pg_database
 where datname in (current_database(), 'postgres', 'template1') \gexec
revoke all on schema public from public;

select format('grant connect, temporary on database %I to %I', current_database(), name) from service \gexec
select format('create schema if not exists %1$I authorization %1$I', name) from service \gexec
select format('revoke all on schema %I from public', name) from service \gexec
select format('alter role %1$I set search_path = %1$I, extensions', name) from service \gexec

-- Extensions need a superuser, so they are created here for all services.
create schema if not exists extensions;
revoke all on schema extensions from public;
select format('grant usage on schema extensions to %I', name) from service \gexec
create extension if not exists pg_trgm schema extensions;
commit;

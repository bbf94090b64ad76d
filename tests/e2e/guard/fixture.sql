-- A database as they are met: things of users that write behind harmless names. psql -v dsn=…
SELECT format('ALTER DATABASE %I SET fixture.dsn = %L', current_database(), :'dsn') \gexec
SELECT set_config('fixture.dsn', :'dsn', false);
CREATE EXTENSION dblink;
CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE EXTENSION pg_stat_statements;
CREATE EXTENSION file_fdw;
CREATE SCHEMA shop;
CREATE TYPE shop.mood AS ENUM ('calm', 'busy');
CREATE TABLE public.log (id bigserial PRIMARY KEY, text text);
CREATE TABLE public.orders (
  id int PRIMARY KEY, status text NOT NULL, total numeric(12, 2), mood shop.mood, placed timestamptz DEFAULT now(), doc jsonb);
INSERT INTO public.orders SELECT i, CASE i % 3 WHEN 0 THEN 'open' ELSE 'done' END, i * 1.5, 'calm', now(), '{"a": 1}'
  FROM generate_series(1, 100) AS i;
CREATE TABLE public.people (name citext, extra hstore);
INSERT INTO public.people VALUES ('Somebody', 'a=>1');
-- the tables of MasterTrade that its runbook asks about
CREATE TABLE public.strategies (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text, type text, is_active bool, status text DEFAULT 'active',
  allocation numeric(10, 5), created_at timestamptz DEFAULT now(), performance_metrics jsonb);
CREATE TABLE public.market_data (id text PRIMARY KEY, data jsonb, created_at timestamptz DEFAULT now());
CREATE INDEX market_data_symbol ON public.market_data ((data->>'symbol'), (data->>'timestamp'));
CREATE TABLE public.collector_health (id text PRIMARY KEY, data jsonb, created_at timestamptz DEFAULT now());
CREATE TABLE public.settings (key text PRIMARY KEY, value text, updated_at timestamptz DEFAULT now());
CREATE TABLE public.alerts (alert_id text PRIMARY KEY, priority text, status text, channels text[], triggered_at timestamptz, resolved_at timestamptz);
-- functions: all of them write, whatever they are labelled
CREATE FUNCTION public.writes() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.log (text) VALUES ('writes'); RETURN 1; END $$;
CREATE FUNCTION public.writes_stable(int) RETURNS int LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$ BEGIN PERFORM public.dblink_exec(current_setting('fixture.dsn'), 'INSERT INTO public.log (text) VALUES (''stable'')'); RETURN 1; END $$;
CREATE FUNCTION public.writes_immutable(int) RETURNS int LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS $$ BEGIN PERFORM public.dblink_exec(current_setting('fixture.dsn'), 'INSERT INTO public.log (text) VALUES (''immutable'')'); RETURN 1; END $$;
CREATE FUNCTION public.hides(int) RETURNS int LANGUAGE sql AS 'SELECT public.writes_immutable($1)';
CREATE FUNCTION public.rows() RETURNS SETOF int LANGUAGE sql AS 'SELECT public.writes_immutable(1)';
CREATE FUNCTION public.tidy(public.orders) RETURNS int LANGUAGE sql AS 'SELECT public.writes_immutable(1)';
CREATE FUNCTION public.harmless(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE FUNCTION public.quick() RETURNS int LANGUAGE internal AS 'pg_backend_pid';
-- operators, casts, aggregates
CREATE FUNCTION public.int_plus(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT public.writes_immutable($1)';
CREATE OPERATOR public.<+> (LEFTARG = int, RIGHTARG = int, FUNCTION = public.int_plus);
CREATE OPERATOR public.~~~ (RIGHTARG = int, FUNCTION = public.writes_immutable);
CREATE FUNCTION public.to_mood(text) RETURNS shop.mood LANGUAGE sql IMMUTABLE AS 'SELECT CASE public.writes_immutable(1) WHEN 1 THEN ''calm''::shop.mood END';
CREATE CAST (text AS shop.mood) WITH FUNCTION public.to_mood(text);
CREATE FUNCTION public.add_up(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT public.writes_immutable($1)';
CREATE AGGREGATE public.total(int) (SFUNC = public.add_up, STYPE = int, INITCOND = '0');
-- domains, views, policies, foreign tables, indexes
CREATE FUNCTION public.is_fine(text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT public.writes_immutable(1) = 1';
CREATE DOMAIN public.fine AS text CHECK (public.is_fine(VALUE));
CREATE DOMAIN public.short AS text CHECK (length(VALUE) < 10);
CREATE VIEW public.v_plain AS SELECT id, status FROM public.orders;
CREATE VIEW public.v_hides AS SELECT public.writes_immutable(id) AS n FROM public.orders;
CREATE VIEW public.v_deep AS SELECT * FROM public.v_hides;
CREATE VIEW public.v_kills AS SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim';
CREATE VIEW public.v_next AS SELECT nextval('public.log_id_seq');
CREATE MATERIALIZED VIEW public.m_sum AS SELECT status, sum(total) AS total FROM public.orders GROUP BY status;
CREATE TABLE public.guarded (id int, owner text);
INSERT INTO public.guarded VALUES (1, 'postgres');
ALTER TABLE public.guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON public.guarded FOR SELECT USING (public.is_fine(owner));
CREATE TABLE public.owned (id int, owner text);
ALTER TABLE public.owned ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON public.owned FOR SELECT USING (owner = current_user);
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE public.outside (line text) SERVER files OPTIONS (filename '/etc/hostname');
CREATE TABLE public.parts (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE public.parts_a PARTITION OF public.parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE public.folded (id int);
CREATE INDEX folded_at ON public.folded ((id + public.writes_immutable(7)));
CREATE TABLE public.indexed (id int);
CREATE INDEX indexed_at ON public.indexed (public.harmless(id));
CREATE TABLE shop.hidden (id int);
-- a schema that is searched before pg_catalog by one role
CREATE SCHEMA trap;
CREATE FUNCTION trap.lower(int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT public.writes_immutable($1)::text';
CREATE FUNCTION trap.length(shop.mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT public.writes_immutable(1)';
CREATE FUNCTION trap.plus(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT public.writes_immutable(1)::text';
CREATE OPERATOR trap.+ (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.plus);
CREATE AGGREGATE trap.sum(text) (SFUNC = trap.plus, STYPE = text, INITCOND = '');
CREATE FUNCTION trap.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT CASE public.writes_immutable(1) WHEN 1 THEN clock_timestamp() END';
CREATE ROLE app LOGIN;
GRANT pg_monitor, pg_read_all_data TO app;
GRANT USAGE ON SCHEMA public, shop, trap TO app;
CREATE ROLE trapped LOGIN;
GRANT pg_read_all_data TO trapped;
ALTER ROLE trapped SET search_path = trap, pg_catalog, public;

-- One more database with a function that writes. psql -v dsn=…
CREATE EXTENSION dblink;
CREATE TABLE public.log (id bigserial PRIMARY KEY, text text);
SELECT format('ALTER DATABASE %I SET fixture.dsn = %L', current_database(), :'dsn') \gexec
CREATE FUNCTION public.writes_immutable(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.dblink_exec(current_setting('fixture.dsn'), 'INSERT INTO public.log (text) VALUES (''immutable'')'); RETURN 1; END $$;
SELECT current_database() = 'bent' AS bent, current_database() = 'swapped' AS swapped, current_database() = 'latin' AS latin \gset
\if :bent
CREATE FUNCTION public.to_bool(bigint) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT public.writes_immutable(1) = 1';
CREATE CAST (bigint AS bool) WITH FUNCTION public.to_bool(bigint) AS IMPLICIT;
\endif
\if :swapped
CREATE OR REPLACE VIEW pg_catalog.pg_shmem_allocations AS SELECT name, off, size, allocated_size FROM pg_get_shmem_allocations() WHERE public.writes_immutable(1) = 1;
\endif
\if :latin
SET client_encoding = 'UTF8';
CREATE FUNCTION public."éééééééééééééééééééééééééééééééééééééééé"() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT public.writes_immutable(1)';
CREATE TABLE public.words (id int, w text);
\endif

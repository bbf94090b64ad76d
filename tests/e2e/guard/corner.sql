-- One more database with a function that writes. psql -v dsn=…
CREATE EXTENSION dblink;
CREATE TABLE public.log (id bigserial PRIMARY KEY, text text);
SELECT format('ALTER DATABASE %I SET fixture.dsn = %L', current_database(), :'dsn') \gexec
SELECT set_config('fixture.dsn', :'dsn', false);
CREATE FUNCTION public.writes_immutable(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.dblink_exec(current_setting('fixture.dsn'), 'INSERT INTO public.log (text) VALUES (''immutable'')'); RETURN 1; END $$;
SELECT current_database() = 'bent' AS bent, current_database() = 'swapped' AS swapped, current_database() = 'latin' AS latin,
  current_database() = 'checked' AS checked, current_database() = 'ordered' AS ordered \gset
\if :bent
CREATE FUNCTION public.to_bool(bigint) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT public.writes_immutable(1) = 1';
CREATE CAST (bigint AS bool) WITH FUNCTION public.to_bool(bigint) AS IMPLICIT;
\endif
\if :swapped
CREATE OR REPLACE VIEW pg_catalog.pg_shmem_allocations AS SELECT name, off, size, allocated_size FROM pg_get_shmem_allocations() WHERE public.writes_immutable(1) = 1;
\endif
\if :checked
ALTER DOMAIN information_schema.cardinal_number ADD CONSTRAINT more CHECK (public.writes_immutable(1) = 1);
\endif
\if :ordered
CREATE SCHEMA shop;
CREATE FUNCTION public.int_order(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.writes_immutable(1); RETURN btint4cmp($1, $2); END $$;
CREATE OPERATOR CLASS public.odd_int_ops FOR TYPE int4 USING btree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 public.int_order(int, int);
CREATE TYPE public.odd AS RANGE (subtype = int4, subtype_opclass = public.odd_int_ops);
-- an order of a user's own for a type
CREATE TYPE shop.size AS ENUM ('s', 'm', 'l');
CREATE FUNCTION shop.size_order(shop.size, shop.size) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.writes_immutable(1); RETURN enum_cmp($1, $2); END $$;
CREATE FUNCTION shop.size_equal(shop.size, shop.size) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.writes_immutable(1); RETURN enum_eq($1, $2); END $$;
CREATE OPERATOR shop.<~ (LEFTARG = shop.size, RIGHTARG = shop.size, FUNCTION = shop.size_equal);
CREATE OPERATOR shop.<=~ (LEFTARG = shop.size, RIGHTARG = shop.size, FUNCTION = shop.size_equal);
CREATE OPERATOR shop.=~ (LEFTARG = shop.size, RIGHTARG = shop.size, FUNCTION = shop.size_equal, HASHES, MERGES, COMMUTATOR = OPERATOR(shop.=~));
CREATE OPERATOR shop.>=~ (LEFTARG = shop.size, RIGHTARG = shop.size, FUNCTION = shop.size_equal);
CREATE OPERATOR shop.>~ (LEFTARG = shop.size, RIGHTARG = shop.size, FUNCTION = shop.size_equal);
CREATE OPERATOR CLASS shop.size_ops DEFAULT FOR TYPE shop.size USING btree AS
  OPERATOR 1 shop.<~, OPERATOR 2 shop.<=~, OPERATOR 3 shop.=~, OPERATOR 4 shop.>=~, OPERATOR 5 shop.>~, FUNCTION 1 shop.size_order(shop.size, shop.size);
CREATE TABLE public.sized (id int, z shop.size);
INSERT INTO public.sized VALUES (1, 's'), (2, 'm'), (3, 's');
-- values of any type in the statistics, and a cast to JSON
CREATE TYPE shop.hue AS ENUM ('red', 'green');
CREATE TABLE public.hued (id int, hue shop.hue);
INSERT INTO public.hued SELECT i, CASE i % 2 WHEN 0 THEN 'red' ELSE 'green' END::shop.hue FROM generate_series(1, 100) AS i;
CREATE FUNCTION public.hue_json(shop.hue) RETURNS json LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.writes_immutable(1); RETURN to_json($1::text); END $$;
CREATE CAST (shop.hue AS json) WITH FUNCTION public.hue_json(shop.hue);
ANALYZE public.hued;
\endif
\if :latin
SET client_encoding = 'UTF8';
CREATE FUNCTION public."éééééééééééééééééééééééééééééééééééééééé"() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT public.writes_immutable(1)';
CREATE TABLE public.words (id int, w text);
\endif

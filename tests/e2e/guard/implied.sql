-- Functions of users that are called without being named, or by another notation. After fixture.sql.
SELECT set_config('fixture.dsn', current_setting('fixture.dsn'), false);
-- arguments that are left out, literals in disguise
CREATE FUNCTION public.left_out(mood shop.mood DEFAULT 'calm') RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT public.writes_immutable(1)';
CREATE FUNCTION public.of_mood(shop.mood, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT public.writes_immutable(1)';
-- several checks of one domain, a domain of rows
CREATE DOMAIN public.twice AS text CHECK (length(VALUE) < 10) CHECK (public.is_fine(VALUE));
CREATE DOMAIN public.order_row AS public.orders CHECK (public.is_fine('x'));
-- casts of rows and of arrays
CREATE TABLE public.casted (id int);
INSERT INTO public.casted VALUES (1);
CREATE FUNCTION public.casted_text(public.casted) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT public.writes_immutable(1)::text';
CREATE CAST (public.casted AS text) WITH FUNCTION public.casted_text(public.casted) AS IMPLICIT;
CREATE TYPE shop.shade AS ENUM ('light', 'dark');
CREATE TABLE public.shaded (shade shop.shade);
INSERT INTO public.shaded VALUES ('dark');
CREATE FUNCTION public.shades_int(shop.shade[]) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT public.writes_immutable(1)';
CREATE CAST (shop.shade[] AS int) WITH FUNCTION public.shades_int(shop.shade[]);
CREATE TYPE shop.hue AS ENUM ('red', 'green');
CREATE TABLE public.hued (id int, hue shop.hue);
CREATE FUNCTION public.to_hue(text) RETURNS shop.hue LANGUAGE sql IMMUTABLE AS 'SELECT CASE public.writes_immutable(1) WHEN 1 THEN ''red''::shop.hue END';
CREATE CAST (text AS shop.hue) WITH FUNCTION public.to_hue(text) AS ASSIGNMENT;
-- ranges
CREATE TYPE public.span AS RANGE (subtype = int4, multirange_type_name = spans);
CREATE TABLE public.spanned (s public.span);
INSERT INTO public.spanned VALUES ('[1,5)');
CREATE FUNCTION public.of_spans(public.spans) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT public.writes_immutable(1)';
-- what the planner calls
CREATE FUNCTION public.wraps(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + public.writes_immutable(7)';
CREATE TABLE public.wrapped (id int);
CREATE INDEX wrapped_at ON public.wrapped (public.wraps(id));
CREATE TABLE public.mooded (id int, mood shop.mood);
CREATE INDEX mooded_at ON public.mooded (id) WHERE mood = (('ca' || 'lm')::text)::shop.mood;
CREATE TABLE public.keyed (id int) PARTITION BY RANGE ((id + public.writes_immutable(7)));
CREATE TABLE public.keyed_a PARTITION OF public.keyed FOR VALUES FROM (1) TO (1000);
CREATE TABLE public.keyed_wrapped (id int) PARTITION BY RANGE (public.wraps(id));
CREATE TABLE public.keyed_wrapped_a PARTITION OF public.keyed_wrapped FOR VALUES FROM (1) TO (1000);
CREATE FUNCTION public.odd_hash(int, bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.writes_immutable(1); RETURN $1; END $$;
CREATE OPERATOR CLASS public.odd_hash_ops FOR TYPE int4 USING hash AS OPERATOR 1 =, FUNCTION 2 public.odd_hash(int, bigint);
CREATE TABLE public.hashed (id int) PARTITION BY HASH (id public.odd_hash_ops);
CREATE TABLE public.hashed_a PARTITION OF public.hashed FOR VALUES WITH (MODULUS 1, REMAINDER 0);
-- what explaining a change calls
CREATE TABLE public.defaulted (id int, d int DEFAULT public.writes_immutable(3));
CREATE DOMAIN public.preset AS int DEFAULT public.writes_immutable(3);
CREATE TABLE public.presets (id int, d public.preset);
CREATE TABLE public.generated (id int, d int GENERATED ALWAYS AS (id + public.writes_immutable(3)) STORED);
CREATE TABLE public.ruled (id int);
CREATE RULE also AS ON DELETE TO public.ruled DO ALSO SELECT public.writes_immutable(1);
CREATE VIEW public.v_updatable AS SELECT id FROM public.orders WHERE public.writes_immutable(1) = 1;
CREATE VIEW public.v_ruled AS SELECT id FROM public.ruled;
CREATE TABLE public.policed (id int, owner text);
ALTER TABLE public.policed ENABLE ROW LEVEL SECURITY;
CREATE POLICY change ON public.policed FOR UPDATE USING (public.writes_immutable(1) = 1);
CREATE POLICY look ON public.policed FOR SELECT USING (true);
-- a program behind a table of PostgreSQL's own
CREATE FOREIGN TABLE public.child () INHERITS (information_schema.sql_parts) SERVER files OPTIONS (program 'touch /tmp/belay-guard-ran; echo a,b,c,d,e', format 'csv');
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app;
-- a schema before pg_catalog, with an operator that PostgreSQL's own functions use by its bare name
CREATE SCHEMA snare;
CREATE FUNCTION snare.equal(oid, oid) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.writes_immutable(1); RETURN oideq($1, $2); END $$;
CREATE OPERATOR snare.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = snare.equal, RESTRICT = eqsel, JOIN = eqjoinsel);
CREATE ROLE snared LOGIN;
GRANT pg_read_all_data TO snared;
ALTER ROLE snared SET search_path = snare, pg_catalog, public;
-- strings that end elsewhere
CREATE ROLE escaping LOGIN;
GRANT pg_read_all_data TO escaping;
ALTER ROLE escaping SET standard_conforming_strings = off;
-- databases with what would make many statements changes
CREATE DATABASE bent;
CREATE DATABASE swapped;
CREATE DATABASE checked;
CREATE DATABASE ordered;
CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;

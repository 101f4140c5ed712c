-- Series that others publish: every value with the day it speaks of, the day it was published, and when it came here.
-- A publication adds rows only where it says something new, so that what was known on a day is the newest row up to it.

create schema surveillance;
grant usage on schema surveillance to cw_app, cw_ingest, cw_engine, cw_backup;

create table surveillance.dataset (
  id bigint generated always as identity primary key,
  sha256 bytea not null unique check (length(sha256) = 32),
  label text not null,
  layout text not null,
  title text not null,
  first_published date not null,
  last_published date not null,
  row_count bigint not null check (row_count > 0),
  new_count bigint not null check (new_count between 0 and row_count),
  outcomes jsonb not null,
  attribution text not null check (length(attribution) > 0),
  tick_id bigint not null,
  check (first_published <= last_published)
);
call commonweal.declare_fact('surveillance.dataset', 'a file of series that was loaded, and what was found wrong in it');
comment on column surveillance.dataset.outcomes is 'name of what was found -> how often and the first example';

create table surveillance.value (
  place_code text not null check (length(place_code) = 9),
  metric text not null,
  day date not null,
  published date not null,
  low double precision not null,
  high double precision not null,
  denominator double precision check (denominator > 0),
  dataset_id bigint not null,
  tick_id bigint not null,
  primary key (metric, place_code, day, published),
  check (low <= high),
  check (day <= published)
);
create index value_day on surveillance.value (metric, day);
call commonweal.declare_fact('surveillance.value',
  'one value of a series for a place and day as one publication gives it; low < high where the cell is suppressed');
comment on column surveillance.value.published is 'the day on which the publisher first showed this value';
comment on column surveillance.value.tick_id is 'when it became known here';

create unlogged table surveillance.value_staging (
  place_code text, metric text, day date, published date, low double precision, high double precision,
  denominator double precision
);
comment on table surveillance.value_staging is 'operational: the rows of a file between reading and writing; emptied by it';

grant select on surveillance.dataset, surveillance.value to cw_app, cw_ingest, cw_engine, cw_backup;
grant insert on surveillance.dataset, surveillance.value to cw_ingest;
grant select, insert, delete on surveillance.value_staging to cw_ingest;

-- Who says it: a series of a place is answered by one named source, not by whichever file came last.
-- Sources overlap (the dashboard's own file and an archive of all its publications; two archives that meet in a month),
-- and where they differ a curve put together from both shows steps that no source has.

create function surveillance.source_of_file(_layout text, _label text) returns text
language sql immutable set search_path = '' as $$
  select case _layout
    when 'triangle' then coalesce(nullif(left(btrim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
        lower(_label), '\.(gz|zip)$', ''), '\.(csv|tsv|txt)$', ''), '20\d\d[-_]?\d\d[-_]?\d\d', '', 'g'),
        '[^a-z0-9]+', '_', 'g'), '_'), 60), ''), 'unnamed')
    when 'dashboard' then 'dashboard' when 'api' then 'dashboard'
    when 'msoa_weekly' then 'middle_areas' when 'msoa_rolling' then 'middle_areas'
    when 'final' then 'final'
    else 'plain_table' end
$$;
comment on function surveillance.source_of_file is
  'the source of files that were loaded before sources were named: by layout, and for an archive of publications by its file';

alter table surveillance.dataset add column source text;
alter table surveillance.dataset alter column source type text using surveillance.source_of_file(layout, label);
alter table surveillance.dataset alter column source set not null,
  add constraint dataset_source_check check (source ~ '^[a-z0-9][a-z0-9_]{0,59}$');
comment on column surveillance.dataset.source is 'who says it: a name of parameters/indicators, or the archive''s own';

create function surveillance.source_of_dataset(_dataset bigint) returns text
language sql stable set search_path = '' as $$
  select d.source from surveillance.dataset d where d.id = _dataset
$$;
alter table surveillance.value add column source text;
alter table surveillance.value alter column source type text using surveillance.source_of_dataset(dataset_id);
alter table surveillance.value alter column source set not null;
alter table surveillance.value drop constraint value_pkey;
alter table surveillance.value add primary key (metric, place_code, source, day, published);
drop function surveillance.source_of_dataset(bigint);
drop function surveillance.source_of_file(text, text);
alter table surveillance.value_staging add column source text;

-- A file of many publications leaves days out: what it says on a day is what its newest publication up to then said.
create function surveillance.publications_of(_dataset bigint, _first date, _last date) returns date[]
language sql stable set search_path = '' as $$
  select array_agg(distinct p.day order by p.day)
    from (select v.published as day from surveillance.value v where v.dataset_id = _dataset
          union all values (_first), (_last)) p
$$;
alter table surveillance.dataset add column publications date[];
alter table surveillance.dataset alter column publications type date[]
  using surveillance.publications_of(id, first_published, last_published);
alter table surveillance.dataset alter column publications set not null,
  add constraint dataset_publications_check check (publications[1] = first_published
    and publications[cardinality(publications)] = last_published);
drop function surveillance.publications_of(bigint, date, date);

create table surveillance.coverage (
  dataset_id bigint not null,
  metric text not null,
  place_code text not null,
  source text not null,
  tick_id bigint not null,
  primary key (metric, place_code, dataset_id)
);
create index coverage_dataset on surveillance.coverage (dataset_id, metric);
insert into surveillance.coverage (dataset_id, metric, place_code, source, tick_id)
select v.dataset_id, v.metric, v.place_code, d.source, d.tick_id
  from surveillance.value v join surveillance.dataset d on d.id = v.dataset_id
 group by v.dataset_id, v.metric, v.place_code, d.source, d.tick_id;
call commonweal.declare_fact('surveillance.coverage',
  'a file speaks for a place and series on the days of its publications, also where it says nothing new');
grant select on surveillance.coverage to cw_app, cw_ingest, cw_engine, cw_backup;
grant insert on surveillance.coverage to cw_ingest;

-- Of every source of a series and place, as published up to a day and known here at an instant: its newest publication,
-- and its rank (1 answers). A source that lags the newest one by more than so many days comes after those that do not;
-- among the others the order of preference decides, then the newest publication, then the name. `since`: what the source
-- published before counts something else, and is no part of the same curve.
create function surveillance.sources(_metric text, _places text[], _as_of date, _known_at timestamptz,
                                     _prefer text[], _current_days integer, _redefined jsonb,
                                     _prefixes text[] default null)
returns table (place_code text, source text, newest date, since date, rank bigint)
language sql stable set search_path = '' as $$
  with files as materialized (
    select d.id, (select max(p.day) from unnest(d.publications) p (day) where _as_of is null or p.day <= _as_of) as newest
      from surveillance.dataset d join ledger.tick t on t.id = d.tick_id
     where (_as_of is null or d.first_published <= _as_of) and (_known_at is null or t.known_at <= _known_at)
  ), told as (
    select c.place_code, c.source, max(f.newest) as newest
      from surveillance.coverage c join files f on f.id = c.dataset_id
     where c.metric = _metric and (_places is null or c.place_code = any (_places))
       and (_prefixes is null or left(c.place_code, 3) = any (_prefixes))
     group by 1, 2
  ), held as (
    select t.*, max(t.newest) over (partition by t.place_code) as best from told t
  )
  select h.place_code, h.source, h.newest,
         (select max((r ->> 'since')::date) from jsonb_array_elements(_redefined) r
           where r ->> 'source' = h.source and (r ->> 'since')::date <= h.newest),
         row_number() over (partition by h.place_code
           order by (h.newest < h.best - _current_days), coalesce(array_position(_prefer, h.source), 1000),
                    h.newest desc, h.source)
    from held h
$$;
-- The same of whole sources, by their files: newest publication, how many places they had in the days up to it, since when
-- they count the same. Few files are looked at, however many places they have.
create function surveillance.whole_sources(_metric text, _as_of date, _known_at timestamptz, _prefer text[],
                                           _current_days integer, _redefined jsonb)
returns table (source text, newest date, places bigint, since date, rank bigint)
language sql stable set search_path = '' as $$
  with files as (
    select d.id, d.source,
           (select max(p.day) from unnest(d.publications) p (day) where _as_of is null or p.day <= _as_of) as newest
      from surveillance.dataset d join ledger.tick t on t.id = d.tick_id
     where (_as_of is null or d.first_published <= _as_of) and (_known_at is null or t.known_at <= _known_at)
       and exists (select from surveillance.coverage c where c.dataset_id = d.id and c.metric = _metric)
  ), told as (
    select f.source, max(f.newest) as newest from files f group by 1
  ), sized as (
    select t.source, t.newest, max(t.newest) over () as best,
           (select count(distinct c.place_code) from files f join surveillance.coverage c on c.dataset_id = f.id
             where f.source = t.source and f.newest >= t.newest - _current_days and c.metric = _metric) as places
      from told t
  )
  select s.source, s.newest, s.places,
         (select max((r ->> 'since')::date) from jsonb_array_elements(_redefined) r
           where r ->> 'source' = s.source and (r ->> 'since')::date <= s.newest),
         row_number() over (order by (s.newest < s.best - _current_days), s.places desc,
                                     coalesce(array_position(_prefer, s.source), 1000), s.source)
    from sized s
$$;
revoke execute on function surveillance.sources, surveillance.whole_sources from public;
grant execute on function surveillance.sources, surveillance.whole_sources to cw_app, cw_ingest, cw_engine, cw_backup;

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

create table surveillance.coverage (
  dataset_id bigint not null,
  metric text not null,
  place_code text not null,
  source text not null,
  first_published date not null,
  last_published date not null,
  tick_id bigint not null,
  primary key (metric, place_code, dataset_id),
  check (first_published <= last_published)
);
comment on column surveillance.coverage.last_published is
  'newest publication of the file: it speaks for the place up to then, also where it says nothing new';
insert into surveillance.coverage (dataset_id, metric, place_code, source, first_published, last_published, tick_id)
select v.dataset_id, v.metric, v.place_code, d.source, d.first_published, d.last_published, d.tick_id
  from surveillance.value v join surveillance.dataset d on d.id = v.dataset_id
 group by v.dataset_id, v.metric, v.place_code, d.source, d.first_published, d.last_published, d.tick_id;
call commonweal.declare_fact('surveillance.coverage', 'a file speaks for a place and series, and from which publication to which');
grant select on surveillance.coverage to cw_app, cw_ingest, cw_engine, cw_backup;
grant insert on surveillance.coverage to cw_ingest;

-- Of every source of a series and place, as published up to a day and known here at an instant: its newest publication,
-- and its rank (1 answers). A source that lags the newest one by more than so many days comes after those that do not;
-- among the others the order of preference decides, then the newest publication, then the name. `since`: what the source
-- published before counts something else, and is no part of the same curve.
create function surveillance.sources(_metric text, _places text[], _as_of date, _known_at timestamptz,
                                     _prefer text[], _current_days integer, _redefined jsonb)
returns table (place_code text, source text, newest date, since date, rank bigint)
language sql stable set search_path = '' as $$
  with told as (
    select c.place_code, c.source, max(least(c.last_published, coalesce(_as_of, c.last_published))) as newest
      from surveillance.coverage c join ledger.tick t on t.id = c.tick_id
     where c.metric = _metric and (_places is null or c.place_code = any (_places))
       and (_as_of is null or c.first_published <= _as_of) and (_known_at is null or t.known_at <= _known_at)
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
revoke execute on function surveillance.sources from public;
grant execute on function surveillance.sources to cw_app, cw_ingest, cw_engine, cw_backup;

-- Counts: what pages read. Written in the transaction that takes results in, one row for each change, never updated.
-- As known at T is the sum of all changes known up to T; snapshots make that sum quick and can be thrown away.

create schema counts;
grant usage on schema counts to cw_app, cw_ingest, cw_engine, cw_queue, cw_backup, cw_retention;

-- result is what the laboratory said (positive, negative, void), or `case` for a person's episode at its first
-- positive specimen. n is negative where a correction takes something away.
create table counts.delta (
  tick_id bigint not null,
  scope_ltla text not null,
  lsoa_code text not null,
  specimen_day date not null,
  pillar text not null,
  test_type text not null,
  result text not null check (result in ('positive', 'negative', 'void', 'case')),
  n integer not null check (n <> 0)
);
create index delta_place_day on counts.delta (scope_ltla, specimen_day);
create index delta_tick on counts.delta (tick_id, scope_ltla);
call commonweal.declare_fact('counts.delta', 'changes of counts by small area (LSOA), without age');

create table counts.delta_age (
  tick_id bigint not null,
  scope_ltla text not null,
  specimen_day date not null,
  age_band text not null,
  sex text not null,
  result text not null check (result in ('positive', 'negative', 'void', 'case')),
  n integer not null check (n <> 0)
);
create index delta_age_place_day on counts.delta_age (scope_ltla, specimen_day);
create index delta_age_tick on counts.delta_age (tick_id, scope_ltla);
call commonweal.declare_fact('counts.delta_age', 'changes of counts by lower-tier authority, age band and sex');

-- Snapshots: the sums as known at one instant --------------------------------------------------------------------------

create table counts.code_set (
  id integer generated always as identity primary key,
  codes text[] not null unique
);
comment on table counts.code_set is 'projection: the authorities that a sum over all of them is made of';

create table counts.snapshot (
  as_of timestamptz primary key,
  delta_rows bigint not null,
  code_set integer not null references counts.code_set
);
comment on table counts.snapshot is 'projection: instants for which the sums of all count changes are kept';

create table counts.snapshot_area (
  as_of timestamptz not null,
  scope_ltla text not null,
  specimen_day date not null,
  pillar text not null,
  test_type text not null,
  result text not null,
  n bigint not null
);
create index snapshot_area_place on counts.snapshot_area (as_of, scope_ltla, specimen_day);
comment on table counts.snapshot_area is 'projection: counts by lower-tier authority and day as known at an instant';

create table counts.snapshot_small (
  as_of timestamptz not null,
  scope_ltla text not null,
  lsoa_code text not null,
  specimen_day date not null,
  result text not null,
  n bigint not null
);
create index snapshot_small_place on counts.snapshot_small (as_of, scope_ltla, specimen_day);
comment on table counts.snapshot_small is 'projection: counts by small area, the newest 14 specimen days, as known at an instant';

create table counts.snapshot_age (
  as_of timestamptz not null,
  scope_ltla text not null,
  specimen_day date not null,
  age_band text not null,
  sex text not null,
  result text not null,
  n bigint not null
);
create index snapshot_age_place on counts.snapshot_age (as_of, scope_ltla, specimen_day);
comment on table counts.snapshot_age is 'projection: counts by age band and sex as known at an instant';

-- The sums over every authority: what a reader of all of them would otherwise add up from half a million rows.
create table counts.snapshot_whole (
  as_of timestamptz not null,
  specimen_day date not null,
  pillar text not null,
  test_type text not null,
  result text not null,
  n bigint not null
);
create index snapshot_whole_day on counts.snapshot_whole (as_of, specimen_day);
comment on table counts.snapshot_whole is 'projection: counts by day of all authorities together as known at an instant';

create table counts.snapshot_whole_age (
  as_of timestamptz not null,
  specimen_day date not null,
  age_band text not null,
  sex text not null,
  result text not null,
  n bigint not null
);
create index snapshot_whole_age_day on counts.snapshot_whole_age (as_of, specimen_day);
comment on table counts.snapshot_whole_age is
  'projection: counts by age band and sex of all authorities together as known at an instant';

-- A sum can be read by whoever may read each of its parts. The snapshots of which the present scope covers every one.
create function counts.whole_snapshots() returns timestamptz[]
language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(s.as_of), '{}') from counts.snapshot s
   where s.code_set in (select c.id from counts.code_set c
                         where not exists (select unnest(c.codes) except select unnest(access.scope_codes('L1'))))
$$;
grant execute on function counts.whole_snapshots() to cw_app;

do $$
declare
  target text;
begin
  foreach target in array array['counts.snapshot_whole', 'counts.snapshot_whole_age'] loop
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('create policy within_scope on %s for select to cw_app
                    using (as_of = any ((select counts.whole_snapshots())::timestamptz[]))', target);
    execute format('create policy taken_in on %s for insert to cw_owner with check (true)', target);
    execute format('create policy read_by_writer on %s for select to cw_owner using (true)', target);
    execute format('create policy dropped_by_owner on %s for delete to cw_owner using (true)', target);
    execute format('grant select on %s to cw_app, cw_engine, cw_backup', target);
  end loop;
  foreach target in array array['counts.delta', 'counts.delta_age'] loop
    execute format('call access.protect(%L, ''L1'')', target);
    execute format('grant select on %s to cw_app, cw_engine, cw_backup', target);
    execute format('grant select, insert on %s to cw_ingest', target);
    execute format('create policy read_by_owner on %s for select to cw_owner using (true)', target);
  end loop;
  foreach target in array array['counts.snapshot_area', 'counts.snapshot_small', 'counts.snapshot_age'] loop
    execute format('call access.protect(%L, ''L1'', ''cw_owner'')', target);
    execute format('create policy dropped_by_owner on %s for delete to cw_owner using (true)', target);
    execute format('grant select on %s to cw_app, cw_engine, cw_backup', target);
  end loop;
end $$;
grant select on counts.snapshot, counts.code_set to cw_app, cw_engine, cw_backup;

-- The instants that are not snapshots themselves are reached by adding the changes since the newest one before them.
create function counts.newest_snapshot(p_as_of timestamptz) returns timestamptz
language sql stable security definer set search_path = '' as $$
  select max(as_of) from counts.snapshot where as_of <= p_as_of
$$;

create function counts.newest_small_snapshot(p_as_of timestamptz) returns timestamptz
language sql stable security definer set search_path = '' as $$
  select max(as_of) from counts.snapshot s
   where as_of <= p_as_of and exists (select from counts.snapshot_small m where m.as_of = s.as_of)
$$;

-- Keeps the sums as known at an instant up to which everything is known. Returns how many changes came since the last.
-- Rows are written place by place and day by day: a page reads a stretch of neighbours, not a page of disk for each row.
create function counts.take_snapshot(chosen timestamptz) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  base timestamptz := counts.newest_snapshot(chosen);
  changes bigint;
  newest_day date;
  small_base timestamptz;
  all_codes text[];
  first_tick bigint;  -- the stretch of ticks since the base, so that changes are read by their index and not all of them
  last_tick bigint;
begin
  select min(id), max(id) into first_tick, last_tick from ledger.tick
   where known_at > coalesce(base, '-infinity') and known_at <= chosen;
  select count(*) into changes from counts.delta d join ledger.tick t on t.id = d.tick_id
   where d.tick_id between first_tick and last_tick and t.known_at > coalesce(base, '-infinity') and t.known_at <= chosen;
  insert into counts.snapshot_area
  select chosen, scope_ltla, specimen_day, pillar, test_type, result, sum(n) from (
    select scope_ltla, specimen_day, pillar, test_type, result, n from counts.snapshot_area where as_of = base
    union all
    select d.scope_ltla, d.specimen_day, d.pillar, d.test_type, d.result, d.n
      from counts.delta d join ledger.tick t on t.id = d.tick_id
     where d.tick_id between first_tick and last_tick
       and t.known_at > coalesce(base, '-infinity') and t.known_at <= chosen) all_changes
   group by 2, 3, 4, 5, 6 having sum(n) <> 0 order by 2, 3;
  select max(specimen_day) into newest_day from counts.snapshot_area where as_of = chosen;
  -- small areas once a day: millions of rows for a nation, and a page reads one authority's week
  small_base := counts.newest_small_snapshot(chosen);
  if small_base is null or small_base <= chosen - interval '1 day' then
    -- the base holds every day of the new window, unless the newest day went back: then all is added up again
    small_base := case
      when newest_day >= (select max(specimen_day) from counts.snapshot_area where as_of = small_base) then small_base end;
    select min(id), max(id) into first_tick, last_tick from ledger.tick  -- wider, so it does for what follows too
     where known_at > coalesce(small_base, '-infinity') and known_at <= chosen;
    insert into counts.snapshot_small
    select chosen, scope_ltla, lsoa_code, specimen_day, result, sum(n) from (
      select scope_ltla, lsoa_code, specimen_day, result, n from counts.snapshot_small where as_of = small_base
      union all
      select d.scope_ltla, d.lsoa_code, d.specimen_day, d.result, d.n
        from counts.delta d join ledger.tick t on t.id = d.tick_id
       where d.tick_id between first_tick and last_tick
         and t.known_at > coalesce(small_base, '-infinity') and t.known_at <= chosen) all_changes
     where specimen_day > newest_day - 14
     group by 2, 3, 4, 5 having sum(n) <> 0 order by 2, 4;
  end if;
  insert into counts.snapshot_age
  select chosen, scope_ltla, specimen_day, age_band, sex, result, sum(n) from (
    select scope_ltla, specimen_day, age_band, sex, result, n from counts.snapshot_age where as_of = base
    union all
    select d.scope_ltla, d.specimen_day, d.age_band, d.sex, d.result, d.n
      from counts.delta_age d join ledger.tick t on t.id = d.tick_id
     where d.tick_id between first_tick and last_tick
       and t.known_at > coalesce(base, '-infinity') and t.known_at <= chosen) all_changes
   group by 2, 3, 4, 5, 6 having sum(n) <> 0 order by 2, 3;
  insert into counts.snapshot_whole
  select chosen, specimen_day, pillar, test_type, result, sum(n) from counts.snapshot_area where as_of = chosen
   group by 2, 3, 4, 5 having sum(n) <> 0;
  insert into counts.snapshot_whole_age
  select chosen, specimen_day, age_band, sex, result, sum(n) from counts.snapshot_age where as_of = chosen
   group by 2, 3, 4, 5 having sum(n) <> 0;
  select coalesce(array_agg(scope_ltla order by scope_ltla), '{}') into all_codes from (
    select scope_ltla from counts.snapshot_area where as_of = chosen
    union select scope_ltla from counts.snapshot_age where as_of = chosen) parts;
  insert into counts.code_set (codes) values (all_codes) on conflict do nothing;
  insert into counts.snapshot values (chosen, changes, (select id from counts.code_set where codes = all_codes));
  return changes;
end $$;

-- Makes a snapshot of the last freeze when enough has changed since the newest one, or a day went by. Returns its
-- instant, or null when none was needed. Keeps the newest of each of the last 14 days, and
-- of each quarter of the last two, from which what was known this time yesterday is not far.
create function counts.make_snapshot(p_least_changes bigint default 20000) returns timestamptz
language plpgsql security definer set search_path = '' as $$
declare
  chosen timestamptz := ledger.freeze();
  base timestamptz;
  changes bigint;
  replaced timestamptz[];
begin
  perform pg_advisory_xact_lock(4304);
  base := counts.newest_snapshot('infinity');
  if base is not null and chosen <= base then
    return null;
  end if;
  -- no more are counted than the answer needs
  select count(*) into changes from (
    select from counts.delta d join ledger.tick t on t.id = d.tick_id
     where t.known_at > coalesce(base, '-infinity') and t.known_at <= chosen limit greatest(p_least_changes, 1)) first_ones;
  if changes = 0 or (changes < p_least_changes and base is not null and base > chosen - interval '1 day') then
    return null;
  end if;
  perform counts.take_snapshot(chosen);
  with kept as (
    select k.as_of, case when k.as_of > chosen - interval '2 days' then interval '6 hours' else interval '1 day' end as grain
      from counts.snapshot k),
  dropped as (
    delete from counts.snapshot s using kept
     where kept.as_of = s.as_of and s.as_of < chosen and (s.as_of < chosen - interval '14 days'
        or exists (select from counts.snapshot later where later.as_of > s.as_of
                      and date_bin(grain, later.as_of, '2020-01-01 00:00+00') = date_bin(grain, s.as_of, '2020-01-01 00:00+00'))
           and not exists (select from counts.snapshot_small m where m.as_of = s.as_of))
    returning s.as_of)
  select coalesce(array_agg(as_of), '{}') into replaced from dropped;
  delete from counts.snapshot_area where as_of = any (replaced);
  delete from counts.snapshot_small where as_of = any (replaced);
  delete from counts.snapshot_age where as_of = any (replaced);
  delete from counts.snapshot_whole where as_of = any (replaced);
  delete from counts.snapshot_whole_age where as_of = any (replaced);
  return chosen;
end $$;
grant execute on function counts.newest_snapshot(timestamptz) to cw_app, cw_engine;
grant execute on function counts.make_snapshot(bigint) to cw_app, cw_ingest, cw_queue;

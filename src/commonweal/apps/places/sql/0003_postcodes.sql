-- Postcodes: a file's rows become versions where they say something new; what is in force now is their merger.

-- The merged state of postcodes from their versions: the newest stated value of each code among editions that were the
-- newest when loaded, else the first that an older edition filled in.
create function places.merged_postcodes(p_as_of timestamptz default 'infinity', p_pcds text[] default null)
returns setof places.postcode
language sql stable security definer set search_path = '' as $$
  with version as (
    select p.*, d.overrides from places.postcode p join places.dataset d on d.id = p.dataset_id
      left join ledger.tick t on t.id = d.tick_id  -- the transaction that is writing has no tick yet
     where (p_as_of = 'infinity' or t.known_at <= p_as_of) and (p_pcds is null or p.pcd = any (p_pcds))),
  ranked as (  -- first in this order wins: overriding editions newest first, then filling ones oldest first
    select v.*, row_number() over (
             partition by pcd order by overrides desc, case when overrides then -dataset_id else dataset_id end) as place
      from version v)
  select pcd,
         (array_agg(dointr order by place))[1],
         (array_agg(doterm order by place))[1],
         (array_agg(large_user order by place) filter (where large_user is not null))[1],
         (array_agg(oa11 order by place) filter (where oa11 is not null))[1],
         (array_agg(oa21 order by place) filter (where oa21 is not null))[1],
         (array_agg(lsoa11 order by place) filter (where lsoa11 is not null))[1],
         (array_agg(lsoa21 order by place) filter (where lsoa21 is not null))[1],
         (array_agg(msoa11 order by place) filter (where msoa11 is not null))[1],
         (array_agg(msoa21 order by place) filter (where msoa21 is not null))[1],
         (array_agg(ward order by place) filter (where ward is not null))[1],
         (array_agg(ltla order by place) filter (where ltla is not null))[1],
         (array_agg(county order by place) filter (where county is not null))[1],
         (array_agg(region order by place) filter (where region is not null))[1],
         (array_agg(country order by place) filter (where country is not null))[1],
         (array_agg(easting order by place) filter (where easting is not null))[1],
         (array_agg(northing order by place) filter (where northing is not null))[1],
         (array_agg(lat order by place) filter (where lat is not null))[1],
         (array_agg(long order by place) filter (where long is not null))[1],
         max(dataset_id)
    from ranked group by pcd
$$;
comment on function places.merged_postcodes(timestamptz, text[]) is
  'Postcodes as known at an instant (all, or those asked for), merged from their versions.';

-- Where postcodes lie, by the hierarchy in force: by their LSOA (of the scope's small-area vintage where a file gives it),
-- else by their authority. Said once, for the four places it is worked out for: a first file, a rebuild, a change of the
-- hierarchy, and the past.
do $do$
declare
  small constant text := '(select small_area_vintage from places.scope_vintage)';
  placed constant text := replace($sql$
    select p.pcd, p.dointr, p.doterm, p.large_user, p.oa11, p.oa21, p.lsoa11, p.lsoa21, p.msoa11, p.msoa21,
           p.ward, p.ltla, p.county, p.region, p.country, p.easting, p.northing, p.lat, p.long, p.dataset_id,
           case $small when 2021 then coalesce(p.oa21, p.oa11) else coalesce(p.oa11, p.oa21) end as oa_code,
           coalesce(s.base_lsoa, case $small when 2021 then coalesce(p.lsoa21, p.lsoa11)
                                             else coalesce(p.lsoa11, p.lsoa21) end) as lsoa_code,
           coalesce(s.msoa_code, case $small when 2021 then coalesce(p.msoa21, p.msoa11)
                                             else coalesce(p.msoa11, p.msoa21) end) as msoa_code,
           coalesce(s.utla_code, a.utla_code) as utla_code,
           coalesce(s.region_code, a.region_code, p.region) as region_code,
           coalesce(s.country_code, a.country_code, p.country) as country_code,
           coalesce(s.scope_code, a.scope_code) as scope_code,
           case when s.lsoa_code = s.base_lsoa then 'small_area'
                when s.lsoa_code is not null then 'small_area_lookup'
                when a.code is not null then 'authority' end as scope_basis
      from %s p
      left join places.lsoa_scope s
             on s.lsoa_code = case $small when 2021 then coalesce(p.lsoa21, p.lsoa11) else coalesce(p.lsoa11, p.lsoa21) end
      left join places.authority a on a.code = p.ltla
  $sql$, '$small', small);
begin
  execute format($f$create view places.placed_first with (security_invoker = true) as %s$f$,
    format(placed, 'places.postcode'));
  comment on view places.placed_first is 'view: the versions of postcodes, each with where it lies; a first file is read by it';
  execute format($f$create view places.placed_again with (security_invoker = true) as %s$f$,
    format(placed, 'places.postcode_now'));
  comment on view places.placed_again is 'view: postcodes in force, with where they lie worked out again';
  execute format($f$
    create function places.postcodes_as_of(p_as_of timestamptz default 'infinity', p_pcds text[] default null)
    returns setof places.postcode_now language sql stable security definer set search_path = '' set work_mem = '256MB'
    as $b$ %s $b$ $f$, format(placed, 'places.merged_postcodes(p_as_of, p_pcds)'));
  comment on function places.postcodes_as_of(timestamptz, text[]) is
    'Postcodes as known at an instant (all, or those asked for); where they lie is by the hierarchy in force.';
end $do$;

-- Brings where postcodes lie up to date with the hierarchy; touches only those that moved.
create function places.place_postcodes() returns bigint
language plpgsql volatile security definer set search_path = '' set work_mem = '256MB' as $$
declare
  moved bigint;
begin
  update places.postcode_now n
     set oa_code = p.oa_code, lsoa_code = p.lsoa_code, msoa_code = p.msoa_code, utla_code = p.utla_code,
         region_code = p.region_code, country_code = p.country_code, scope_code = p.scope_code, scope_basis = p.scope_basis
    from places.placed_again p
   where p.pcd = n.pcd
     and (n.oa_code, n.lsoa_code, n.msoa_code, n.utla_code, n.region_code, n.country_code, n.scope_code, n.scope_basis)
         is distinct from
         (p.oa_code, p.lsoa_code, p.msoa_code, p.utla_code, p.region_code, p.country_code, p.scope_code, p.scope_basis);
  get diagnostics moved = row_count;
  return moved;
end $$;

-- The first file goes straight into the facts: nobody reads yet, and keys are built in a third of the time once all rows
-- are there. Between the two calls the transaction holds both tables for itself.
create function places.open_first_load() returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  if exists (select from places.postcode) then
    raise exception 'postcodes are loaded already: further files are staged' using errcode = 'CW005';
  end if;
  alter table places.postcode drop constraint postcode_pkey;
  alter table places.postcode_now drop constraint postcode_now_pkey;
end $$;

create function places.close_first_load() returns bigint
language plpgsql volatile security definer set search_path = '' set work_mem = '256MB'
  set maintenance_work_mem = '256MB' as $$
declare
  taken bigint;
begin
  insert into places.postcode_now select * from places.placed_first;
  get diagnostics taken = row_count;
  alter table places.postcode add constraint postcode_pkey primary key (pcd, dataset_id);
  alter table places.postcode_now add constraint postcode_now_pkey primary key (pcd);
  analyze places.postcode_now;
  return taken;
end $$;

-- Takes the staged rows of a dataset in. A version is kept where it says something new: the newest edition changes what
-- was stated, an older one only fills what was not known, and an empty code takes nothing away. Returns the versions.
create function places.take_postcodes(p_dataset bigint) returns bigint
language plpgsql volatile security definer set search_path = '' set work_mem = '256MB' as $$
declare
  newest boolean;
  taken bigint;
begin
  select overrides into strict newest from places.dataset where id = p_dataset;
  analyze places.postcode_staging;
  insert into places.postcode
  select s.*, p_dataset from places.postcode_staging s left join places.postcode_now n using (pcd)
   where n.pcd is null
      or newest and
         (s.dointr, s.doterm,
          coalesce(s.large_user, n.large_user), coalesce(s.oa11, n.oa11), coalesce(s.oa21, n.oa21),
          coalesce(s.lsoa11, n.lsoa11), coalesce(s.lsoa21, n.lsoa21), coalesce(s.msoa11, n.msoa11),
          coalesce(s.msoa21, n.msoa21), coalesce(s.ward, n.ward), coalesce(s.ltla, n.ltla),
          coalesce(s.county, n.county), coalesce(s.region, n.region), coalesce(s.country, n.country),
          coalesce(s.easting, n.easting), coalesce(s.northing, n.northing), coalesce(s.lat, n.lat),
          coalesce(s.long, n.long))
         is distinct from
         (n.dointr, n.doterm,
          n.large_user, n.oa11, n.oa21, n.lsoa11, n.lsoa21, n.msoa11, n.msoa21, n.ward, n.ltla, n.county,
          n.region, n.country, n.easting, n.northing, n.lat, n.long)
      or not newest and
         (coalesce(n.large_user, s.large_user), coalesce(n.oa11, s.oa11), coalesce(n.oa21, s.oa21),
          coalesce(n.lsoa11, s.lsoa11), coalesce(n.lsoa21, s.lsoa21), coalesce(n.msoa11, s.msoa11),
          coalesce(n.msoa21, s.msoa21), coalesce(n.ward, s.ward), coalesce(n.ltla, s.ltla),
          coalesce(n.county, s.county), coalesce(n.region, s.region), coalesce(n.country, s.country),
          coalesce(n.easting, s.easting), coalesce(n.northing, s.northing), coalesce(n.lat, s.lat),
          coalesce(n.long, s.long))
         is distinct from
         (n.large_user, n.oa11, n.oa21, n.lsoa11, n.lsoa21, n.msoa11, n.msoa21, n.ward, n.ltla, n.county,
          n.region, n.country, n.easting, n.northing, n.lat, n.long);
  get diagnostics taken = row_count;
  insert into places.postcode_now as n
    (pcd, dointr, doterm, large_user, oa11, oa21, lsoa11, lsoa21, msoa11, msoa21, ward, ltla, county, region, country,
     easting, northing, lat, long, dataset_id)
  select s.*, p_dataset from places.postcode_staging s
   where exists (select from places.postcode f where f.pcd = s.pcd and f.dataset_id = p_dataset)
  on conflict (pcd) do update set
    dointr = case when newest then excluded.dointr else n.dointr end,
    doterm = case when newest then excluded.doterm else n.doterm end,
    large_user = case when newest then coalesce(excluded.large_user, n.large_user) else coalesce(n.large_user, excluded.large_user) end,
    oa11 = case when newest then coalesce(excluded.oa11, n.oa11) else coalesce(n.oa11, excluded.oa11) end,
    oa21 = case when newest then coalesce(excluded.oa21, n.oa21) else coalesce(n.oa21, excluded.oa21) end,
    lsoa11 = case when newest then coalesce(excluded.lsoa11, n.lsoa11) else coalesce(n.lsoa11, excluded.lsoa11) end,
    lsoa21 = case when newest then coalesce(excluded.lsoa21, n.lsoa21) else coalesce(n.lsoa21, excluded.lsoa21) end,
    msoa11 = case when newest then coalesce(excluded.msoa11, n.msoa11) else coalesce(n.msoa11, excluded.msoa11) end,
    msoa21 = case when newest then coalesce(excluded.msoa21, n.msoa21) else coalesce(n.msoa21, excluded.msoa21) end,
    ward = case when newest then coalesce(excluded.ward, n.ward) else coalesce(n.ward, excluded.ward) end,
    ltla = case when newest then coalesce(excluded.ltla, n.ltla) else coalesce(n.ltla, excluded.ltla) end,
    county = case when newest then coalesce(excluded.county, n.county) else coalesce(n.county, excluded.county) end,
    region = case when newest then coalesce(excluded.region, n.region) else coalesce(n.region, excluded.region) end,
    country = case when newest then coalesce(excluded.country, n.country) else coalesce(n.country, excluded.country) end,
    easting = case when newest then coalesce(excluded.easting, n.easting) else coalesce(n.easting, excluded.easting) end,
    northing = case when newest then coalesce(excluded.northing, n.northing) else coalesce(n.northing, excluded.northing) end,
    lat = case when newest then coalesce(excluded.lat, n.lat) else coalesce(n.lat, excluded.lat) end,
    long = case when newest then coalesce(excluded.long, n.long) else coalesce(n.long, excluded.long) end,
    dataset_id = excluded.dataset_id;
  truncate places.postcode_staging;
  if taken > 0 then
    perform places.place_postcodes();
    analyze places.postcode_now;
  end if;
  return taken;
end $$;

-- How many postcodes in force differ from what their versions amount to: none, unless something went wrong.
create function places.postcode_differences() returns bigint
language sql stable security definer set search_path = '' set work_mem = '256MB' as $$
  select count(*) from places.postcodes_as_of() m full join places.postcode_now n using (pcd)
   where (m.*)::text is distinct from (n.*)::text
$$;

create function places.rebuild_postcodes() returns void
language sql volatile security definer set search_path = '' set work_mem = '256MB' as $$
  delete from places.postcode_now;
  insert into places.postcode_now select * from places.postcodes_as_of();
$$;
comment on function places.rebuild_postcodes() is 'Rebuilds the postcodes in force from the facts alone.';

-- Facts whose dataset is not there: none, as every load writes both in one transaction.
create function places.orphans() returns table (name text, rows_without_dataset bigint)
language sql stable security definer set search_path = '' as $$
  select 'area', count(*) from places.area f where not exists (select from places.dataset d where d.id = f.dataset_id)
  union all
  select 'area_parent', count(*) from places.area_parent f where not exists (select from places.dataset d where d.id = f.dataset_id)
  union all
  select 'population', count(*) from places.population f where not exists (select from places.dataset d where d.id = f.dataset_id)
  union all
  select 'boundary', count(*) from places.boundary f where not exists (select from places.dataset d where d.id = f.dataset_id)
  union all
  select 'neighbour', count(*) from places.neighbour f where not exists (select from places.dataset d where d.id = f.dataset_id)
  union all
  select 'postcode', count(*) from places.postcode f where not exists (select from places.dataset d where d.id = f.dataset_id)
$$;

grant execute on function places.take_postcodes(bigint), places.open_first_load(), places.close_first_load() to cw_ingest;
grant execute on function places.postcodes_as_of(timestamptz, text[])
  to cw_app, cw_ingest, cw_engine, cw_queue, cw_backup;
grant execute on function places.orphans(), places.postcode_differences() to cw_ingest, cw_app, cw_backup;

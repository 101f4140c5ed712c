-- What the facts amount to now: projections, rebuilt from them by the functions below and by nothing else.

create table places.area_now (
  code text not null,
  level text not null,
  vintage smallint not null,
  name text,
  name_people_use text,
  easting integer,
  northing integer,
  lat double precision,
  long double precision,
  primary key (code, level)
);
comment on table places.area_now is 'projection: each area with its newest names and point; authorities of both tiers stand at both levels';

create table places.lsoa_scope (
  lsoa_code text primary key,
  base_lsoa text not null,
  msoa_code text,
  scope_code text not null,
  utla_code text,
  region_code text,
  country_code text
);
create index lsoa_scope_base on places.lsoa_scope (base_lsoa);
create index lsoa_scope_msoa on places.lsoa_scope (msoa_code);
create index lsoa_scope_scope on places.lsoa_scope (scope_code);
comment on table places.lsoa_scope is
  'projection: every LSOA code of any vintage -> the small area of the scope vintage that stands for it, and what that lies in';

create table places.authority (
  code text primary key,
  scope_code text not null,
  utla_code text,
  region_code text,
  country_code text
);
create index authority_scope on places.authority (scope_code);
comment on table places.authority is
  'projection: lower-tier codes of any vintage that lie in one authority of the scope vintage, and what that lies in';

create table places.scope_cover (
  code text not null,
  scope_code text not null,
  primary key (code, scope_code)
);
comment on table places.scope_cover is 'projection: the authorities of the scope vintage that a code of any vintage and tier covers';

create table places.denominator (
  code text not null,
  level text not null,
  reference_date date not null,
  band text not null,
  sex text not null,
  n integer not null,
  dataset_id bigint not null,
  primary key (code, level, reference_date, band, sex)
);
comment on table places.denominator is
  'projection: residents of areas above the LSOA, summed from LSOAs; only where every LSOA of the area is counted';

create table places.postcode_now (
  pcd text primary key,
  dointr integer not null,
  doterm integer,
  large_user boolean,
  oa11 text, oa21 text, lsoa11 text, lsoa21 text, msoa11 text, msoa21 text,
  ward text, ltla text, county text, region text, country text,
  easting integer,
  northing integer,
  lat double precision,
  long double precision,
  dataset_id bigint not null,
  oa_code text, lsoa_code text, msoa_code text, utla_code text, region_code text, country_code text,
  scope_code text,
  scope_basis text check (scope_basis in ('small_area', 'small_area_lookup', 'authority'))
);
comment on table places.postcode_now is
  'projection: every postcode as the newest editions together state it, with what it lies in by the scope vintage';

-- One table and its key, so that a million rows or a single one join to it directly.
create view places.postcode_current with (security_invoker = true) as
  select p.pcd, left(p.pcd, -3) || ' ' || right(p.pcd, 3) as pcds,
         p.oa_code, p.lsoa_code, p.msoa_code, p.ward as ward_code, p.ltla as ltla_code, p.utla_code, p.region_code,
         p.country_code, p.scope_code as scope_ltla, p.scope_basis, p.doterm is not null as terminated,
         p.dointr, p.doterm, p.large_user, p.easting, p.northing, p.lat, p.long,
         p.lsoa11 as lsoa11_code, p.lsoa21 as lsoa21_code, p.msoa11 as msoa11_code, p.msoa21 as msoa21_code,
         p.dataset_id
    from places.postcode_now p;
comment on view places.postcode_current is
  'view: what a postcode means now. pcd is the key (upper case, no spaces; indexed). lsoa_code, msoa_code, utla_code, region_code, country_code and scope_ltla belong to the scope vintage; ward_code and ltla_code are the newest file''s own. scope_ltla is null where no authority is known (place unknown). scope_basis says how it was found: by the small area, by what the small area became, or by the stated authority. Stable: pcd, lsoa_code, msoa_code, ward_code, ltla_code, utla_code, scope_ltla, terminated.';

-- Any lower- or upper-tier, region or country code of any vintage -> the authorities of the scope vintage it covers;
-- empty when the code is not known. Unitary authorities are both tiers, so their one code answers for both.
create function places.resolve_scope(code text) returns text[]
language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(c.scope_code order by c.scope_code), '{}') from places.scope_cover c where c.code = $1
$$;
comment on function places.resolve_scope(text) is
  'The authorities of the scope vintage that a code covers: those lying mostly in it, and the one it mostly lies in.';

-- Areas ------------------------------------------------------------------------------------------------------------

create function places.refresh_area_now() returns void
language sql volatile security definer set search_path = '' as $$
  delete from places.area_now;
  with stated as (
    select a.code::text, a.level::text, a.vintage, a.name, a.name_people_use, a.easting, a.northing, a.lat, a.long, a.dataset_id
      from places.area a
    union all
    select a.code::text, 'utla', a.vintage, a.name, a.name_people_use, a.easting, a.northing, a.lat, a.long, a.dataset_id
      from places.area a where a.level = 'ltla' and a.code ~ '^(E06|E08|E09|W06|S12)')
  insert into places.area_now
  select code, level, max(vintage),
         (array_agg(name order by vintage desc, dataset_id desc) filter (where name is not null))[1],
         (array_agg(name_people_use order by vintage desc, dataset_id desc) filter (where name_people_use is not null))[1],
         (array_agg(easting order by vintage desc, dataset_id desc) filter (where easting is not null))[1],
         (array_agg(northing order by vintage desc, dataset_id desc) filter (where northing is not null))[1],
         (array_agg(lat order by vintage desc, dataset_id desc) filter (where lat is not null))[1],
         (array_agg(long order by vintage desc, dataset_id desc) filter (where long is not null))[1]
    from stated group by code, level;
$$;

-- Small areas of the scope vintage and what they lie in. The first statement of the scope vintage holds, so that no
-- later file moves a record; whatever only says more (region, county) is taken from the newest.
create function places.refresh_lsoa_scope() returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  chosen places.scope_vintage;
begin
  delete from places.lsoa_scope;
  select * into chosen from places.scope_vintage;
  if not found then return; end if;
  with small as (
    select distinct on (p.code) p.code, p.parent_code as scope_code
      from places.area_parent p
     where p.level = 'lsoa' and p.vintage = chosen.small_area_vintage
       and p.parent_level = 'ltla' and p.parent_vintage = chosen.ltla_vintage
     order by p.code, p.dataset_id),
  above as (
    select distinct on (p.code, p.parent_level) p.code, p.parent_level, p.parent_code
      from places.area_parent p
     where p.level = 'lsoa' and p.vintage = chosen.small_area_vintage and p.parent_level in ('msoa', 'utla', 'region')
     order by p.code, p.parent_level, p.parent_vintage <> chosen.ltla_vintage, p.parent_vintage desc, p.dataset_id desc),
  upper_tier as (
    select distinct on (p.code) p.code, p.parent_code
      from places.area_parent p where p.level = 'ltla' and p.parent_level = 'utla'
     order by p.code, p.parent_vintage <> chosen.ltla_vintage, p.parent_vintage desc, p.dataset_id desc)
  insert into places.lsoa_scope
  select s.code, s.code, m.parent_code, s.scope_code,
         case when s.scope_code ~ '^(E06|E08|E09|W06|S12)' then s.scope_code::text
              else coalesce(u.parent_code, t.parent_code) end,
         r.parent_code, places.country_of(s.code)
    from small s
    left join above m on m.code = s.code and m.parent_level = 'msoa'
    left join above u on u.code = s.code and u.parent_level = 'utla'
    left join above r on r.code = s.code and r.parent_level = 'region'
    left join upper_tier t on t.code = s.scope_code;
  -- Small areas of the other vintage: by what they became, or came from (the lowest code where several did).
  with other as (
    select c.new_code as code, min(c.code) as base from places.code_change c
     where c.level = 'lsoa' and c.vintage = chosen.small_area_vintage group by c.new_code
    union
    select c.code, min(c.new_code) from places.code_change c
     where c.level = 'lsoa' and c.new_vintage = chosen.small_area_vintage group by c.code)
  insert into places.lsoa_scope
  select distinct on (o.code) o.code, s.base_lsoa, s.msoa_code, s.scope_code, s.utla_code, s.region_code, s.country_code
    from other o join places.lsoa_scope s on s.lsoa_code = o.base
   order by o.code, o.base
  on conflict (lsoa_code) do nothing;
end $$;

create function places.country_of(code text) returns text
language sql immutable set search_path = '' as $$
  select case left(code, 1) when 'E' then 'E92000001' when 'W' then 'W92000004' when 'S' then 'S92000003' end
$$;

-- A code covers an authority when more than half of the authority's small areas lie in it (a county, a region, a new
-- unitary over old districts), or when more than half of its own lie in the authority (an old district in a new
-- unitary). A few small areas moved over a border therefore give nobody a neighbour's records.
create function places.refresh_scope_cover() returns void
language sql volatile security definer set search_path = '' as $$
  delete from places.scope_cover;
  with newest as (
    select distinct on (p.code, p.parent_level, p.parent_vintage) p.code, p.parent_code
      from places.area_parent p
     where p.level = 'lsoa' and p.parent_level in ('ltla', 'utla', 'region', 'country')
     order by p.code, p.parent_level, p.parent_vintage, p.dataset_id desc),
  member as (
    select distinct n.parent_code as code, s.base_lsoa, s.scope_code
      from newest n join places.lsoa_scope s on s.lsoa_code = n.code),
  shared as (select code, scope_code, count(*) as n from member group by code, scope_code),
  of_code as (select code, count(distinct base_lsoa) as n from member group by code),
  of_scope as (select scope_code, count(*) as n from places.lsoa_scope where lsoa_code = base_lsoa group by scope_code),
  lone as (  -- authorities of countries whose small areas are not loaded: their own scope
    select distinct a.code::text as code from places.area a
     where a.level = 'ltla'
       and places.country_of(a.code) not in (select country_code from places.lsoa_scope where country_code is not null)),
  scope as (
    select scope_code, utla_code, region_code, country_code from places.lsoa_scope where lsoa_code = base_lsoa
    union
    select l.code, l.code, null, places.country_of(l.code) from lone l),
  groups (code, letters) as (values
    ('K02000001', 'EWS'), ('K03000001', 'EWS'), ('K04000001', 'EW'))
  insert into places.scope_cover
  select x.code, x.scope_code from (
    select s.code::text, s.scope_code from shared s join of_code c using (code) join of_scope o using (scope_code)
     where 2 * s.n > o.n or 2 * s.n > c.n
    union select scope_code, scope_code from scope
    union select utla_code, scope_code from scope
    union select region_code, scope_code from scope
    union select country_code, scope_code from scope
    union select g.code, s.scope_code from groups g join scope s on strpos(g.letters, left(s.scope_code, 1)) > 0
  ) x where x.code is not null;
$$;

create function places.refresh_authority() returns void
language sql volatile security definer set search_path = '' as $$
  delete from places.authority;
  with scope as (
    select distinct on (scope_code) scope_code, utla_code, region_code, country_code
      from places.lsoa_scope where lsoa_code = base_lsoa order by scope_code, lsoa_code)
  insert into places.authority
  select c.code, min(c.scope_code), min(coalesce(s.utla_code, case when s.scope_code is null then c.scope_code end)),
         min(s.region_code), min(coalesce(s.country_code, places.country_of(c.scope_code)))
    from places.scope_cover c left join scope s using (scope_code)
   where c.code ~ '^(E06|E07|E08|E09|W06|S12)'
   group by c.code having count(*) = 1;
$$;

-- Sums are taken for each date, band and sex from the newest file that counts LSOAs.
create function places.refresh_denominator() returns void
language sql volatile security definer set search_path = '' set work_mem = '128MB' as $$
  delete from places.denominator;
  with newest as (
    select reference_date, band, sex, max(dataset_id) as dataset_id
      from places.population where level = 'lsoa' group by reference_date, band, sex),
  counted as (
    select s.msoa_code, s.scope_code, s.utla_code, s.region_code, s.country_code, s.lsoa_code,
           p.reference_date, p.band, p.sex, p.n, p.dataset_id
      from newest join places.population p using (reference_date, band, sex, dataset_id)
      join places.lsoa_scope s on s.lsoa_code = p.code
     where p.level = 'lsoa'),
  summed as (
    select coalesce(msoa_code, scope_code, utla_code, region_code, country_code) as code,
           case 0 when grouping(msoa_code) then 'msoa' when grouping(scope_code) then 'ltla'
                  when grouping(utla_code) then 'utla' when grouping(region_code) then 'region' else 'country' end as level,
           reference_date, band, sex, sum(n) as n, count(*) as areas, dataset_id
      from counted
     group by grouping sets (
       (msoa_code, reference_date, band, sex, dataset_id), (scope_code, reference_date, band, sex, dataset_id),
       (utla_code, reference_date, band, sex, dataset_id), (region_code, reference_date, band, sex, dataset_id),
       (country_code, reference_date, band, sex, dataset_id))),
  whole as (
    select coalesce(msoa_code, scope_code, utla_code, region_code, country_code) as code,
           case 0 when grouping(msoa_code) then 'msoa' when grouping(scope_code) then 'ltla'
                  when grouping(utla_code) then 'utla' when grouping(region_code) then 'region' else 'country' end as level,
           count(*) as areas
      from places.lsoa_scope where lsoa_code = base_lsoa
     group by grouping sets ((msoa_code), (scope_code), (utla_code), (region_code), (country_code)))
  insert into places.denominator
  select s.code, s.level, s.reference_date, s.band, s.sex, s.n, s.dataset_id
    from summed s join whole w using (code, level)
   where s.code is not null and s.areas >= w.areas;
$$;

create function places.hierarchy_digest() returns text
language sql stable security definer set search_path = '' as $$
  select md5(coalesce((select string_agg(s::text, '|' order by s.lsoa_code) from places.lsoa_scope s), '')
          || coalesce((select string_agg(a::text, '|' order by a.code) from places.authority a), ''))
$$;

create function places.refresh_areas(p_people boolean default true) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  before text := places.hierarchy_digest();
begin
  -- Freshly written tables have no statistics, and without them the joins below are planned for a handful of rows.
  analyze places.area, places.area_parent, places.code_change, places.population;
  perform places.refresh_area_now();
  perform places.refresh_lsoa_scope();
  analyze places.lsoa_scope;
  perform places.refresh_scope_cover();
  analyze places.scope_cover;
  perform places.refresh_authority();
  analyze places.area_now, places.authority;
  if p_people then
    perform places.refresh_denominator();
    analyze places.denominator;
  end if;
  if places.hierarchy_digest() <> before and exists (select from places.postcode_now) then
    perform places.place_postcodes();
  end if;
end $$;
comment on function places.refresh_areas(boolean) is
  'Rebuilds every projection of areas from the facts; sums of people only when asked for, as few files change them.';


grant select on places.area_now, places.lsoa_scope, places.authority, places.scope_cover, places.denominator,
  places.postcode_now, places.postcode_current
  to cw_app, cw_authn, cw_ingest, cw_engine, cw_queue, cw_web, cw_backup;
grant execute on function places.resolve_scope(text)
  to cw_app, cw_authn, cw_ingest, cw_engine, cw_queue, cw_web, cw_retention;
grant execute on function places.refresh_areas(boolean) to cw_ingest;

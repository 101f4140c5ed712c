-- Places as official files state them: facts, insert only. What is in force now is worked out of them in 0002.
-- A row is known when its dataset is: `dataset_id` leads to the dataset's tick. No foreign keys on the bulk tables
-- (2.6 million postcodes an edition); the dataset is written in the same transaction, and `places.orphans()` looks.

create schema places;
grant usage on schema places to
  cw_app, cw_authn, cw_ingest, cw_engine, cw_queue, cw_web, cw_backup, cw_retention;

create sequence places.dataset_id;
grant usage on sequence places.dataset_id to cw_ingest;

create table places.dataset (
  id bigint primary key,
  sha256 bytea not null unique check (length(sha256) = 32),
  layout text not null,
  family text not null,
  title text not null,
  label text not null,
  edition date,
  edition_stated boolean not null default false,
  overrides boolean not null default true,
  row_count bigint not null check (row_count >= 0),
  left_out bigint not null default 0 check (left_out >= 0),
  attribution text not null check (length(attribution) > 0),
  tick_id bigint not null,
  check (not edition_stated or edition is not null)
);
call commonweal.declare_fact('places.dataset', 'an official file that was loaded whole, with the words to print beside it');
comment on column places.dataset.edition is
  'first day of the month the edition is named after; where nobody names it, of the newest month inside';
comment on column places.dataset.overrides is
  'postcodes: false when a newer edition was loaded before, so that this one only fills what was not known';

-- The one set of authorities that record-level data are scoped by. Chosen by the first file that maps small areas to
-- authorities; changing it later is a migration of every record.
create table places.scope_vintage (
  only_row boolean primary key default true check (only_row),
  name text not null,
  ltla_vintage smallint not null,
  small_area_vintage smallint not null check (small_area_vintage in (2011, 2021)),
  dataset_id bigint not null,
  tick_id bigint not null
);
call commonweal.declare_fact('places.scope_vintage', 'which year''s lower-tier authorities this installation scopes records by');

create domain places.level as text
  check (value in ('oa', 'lsoa', 'msoa', 'ward', 'ltla', 'utla', 'region', 'country'));
create domain places.area_code as text check (length(value) = 9);  -- readers check the pattern; here it would cost a microsecond a row
create domain places.vintage as smallint check (value = 0 or value between 1970 and 2100);
comment on domain places.vintage is 'the year of a code list; 0 where a file does not name it';

create table places.area (
  code places.area_code not null,
  level places.level not null,
  vintage places.vintage not null,
  name text,
  name_people_use text,
  easting integer,
  northing integer,
  lat double precision check (lat between 49 and 61.5),
  long double precision check (long between -9.5 and 2.5),
  dataset_id bigint not null,
  primary key (code, level, vintage, dataset_id)
);
call commonweal.declare_fact('places.area', 'an area as one file knows it: names and the point that stands for it');

create table places.area_parent (
  code places.area_code not null,
  level places.level not null,
  vintage places.vintage not null,
  parent_code places.area_code not null,
  parent_level places.level not null,
  parent_vintage places.vintage not null,
  dataset_id bigint not null,
  primary key (code, level, vintage, parent_level, parent_vintage, dataset_id)
);
create index area_parent_parent on places.area_parent (parent_code);
call commonweal.declare_fact('places.area_parent', 'what lies in what, by vintage of both: one larger area of a level at most');

create table places.code_change (
  code places.area_code not null,
  level places.level not null,
  vintage places.vintage not null,
  new_code places.area_code not null,
  new_vintage places.vintage not null,
  dataset_id bigint not null,
  primary key (code, level, vintage, new_vintage, dataset_id)
);
create index code_change_new on places.code_change (new_code);
call commonweal.declare_fact('places.code_change', 'the area of a later vintage that an area became, best fit');

create table places.population (
  code places.area_code not null,
  level places.level not null,
  vintage places.vintage not null,
  reference_date date not null,
  band text not null check (band ~ '^(all|[0-9]+-[0-9]+|[0-9]+\+)$'),
  sex text not null check (sex in ('all', 'female', 'male')),
  n integer not null check (n >= 0),
  dataset_id bigint not null,
  primary key (code, level, reference_date, band, sex, dataset_id)
);
call commonweal.declare_fact('places.population', 'residents of an area on a reference date, by age band and sex');

create table places.deprivation (
  code places.area_code not null,
  vintage places.vintage not null,
  index_year smallint not null,
  domain text not null,
  score double precision,
  rank integer check (rank > 0),
  decile smallint check (decile between 1 and 10),
  dataset_id bigint not null,
  primary key (code, index_year, domain, dataset_id)
);
call commonweal.declare_fact('places.deprivation', 'an index of deprivation: decile 1 and rank 1 are the most deprived');

create table places.boundary (
  code places.area_code not null,
  level places.level not null,
  vintage places.vintage not null,
  outline text not null,
  drawn text not null,
  dataset_id bigint not null,
  primary key (code, level, vintage, dataset_id)
);
call commonweal.declare_fact('places.boundary', 'the outline of an area (GeoJSON, WGS84), whole and with fewer points for pictures');

create table places.neighbour (
  code places.area_code not null,
  level places.level not null,
  vintage places.vintage not null,
  neighbour places.area_code not null,
  basis text not null check (basis = 'touching'),
  metres real not null check (metres >= 0),
  dataset_id bigint not null,
  check (code <> neighbour),
  primary key (code, level, basis, neighbour, vintage, dataset_id)
);
call commonweal.declare_fact('places.neighbour', 'areas whose outlines come within 10 m of each other');

create table places.postcode (
  pcd text not null check (length(pcd) between 5 and 7),
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
  primary key (pcd, dataset_id)
);
call commonweal.declare_fact('places.postcode',
  'a version of a postcode: codes as its edition states them; a later version only where something changed');
comment on column places.postcode.pcd is 'upper case, no spaces';
comment on column places.postcode.dointr is 'year and month (yyyymm) of introduction';
comment on column places.postcode.doterm is 'year and month (yyyymm) of termination; null while in use';
comment on column places.postcode.ltla is 'the lower-tier authority in the file''s own vintage; never used for scope where the LSOA is known';

create unlogged table places.postcode_staging (like places.postcode including defaults);
alter table places.postcode_staging drop column dataset_id;
comment on table places.postcode_staging is 'operational: the rows of a postcode file between reading and writing; emptied by it';

grant select on places.dataset, places.scope_vintage, places.area, places.area_parent, places.code_change,
  places.population, places.deprivation, places.boundary, places.neighbour, places.postcode
  to cw_app, cw_authn, cw_ingest, cw_engine, cw_queue, cw_web, cw_backup;
grant insert on places.dataset, places.scope_vintage, places.area, places.area_parent, places.code_change,
  places.population, places.deprivation, places.boundary, places.neighbour, places.postcode, places.postcode_staging
  to cw_ingest;

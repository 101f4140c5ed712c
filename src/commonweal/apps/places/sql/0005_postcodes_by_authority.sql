-- Postcodes by the authority they lie in: an office of one authority that types the beginning of a postcode elsewhere is
-- answered from an empty range, instead of from every postcode with that beginning.

create index postcode_now_of_authority on places.postcode_now (scope_code, pcd);

create or replace function places.open_first_load() returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  if exists (select from places.postcode) then
    raise exception 'postcodes are loaded already: further files are staged' using errcode = 'CW005';
  end if;
  alter table places.postcode drop constraint postcode_pkey;
  alter table places.postcode_now drop constraint postcode_now_pkey;
  drop index places.postcode_now_of_authority;
end $$;

create or replace function places.close_first_load() returns bigint
language plpgsql volatile security definer set search_path = '' set work_mem = '256MB'
  set maintenance_work_mem = '256MB' as $$
declare
  taken bigint;
begin
  insert into places.postcode_now select * from places.placed_first;
  get diagnostics taken = row_count;
  alter table places.postcode add constraint postcode_pkey primary key (pcd, dataset_id);
  alter table places.postcode_now add constraint postcode_now_pkey primary key (pcd);
  create index postcode_now_of_authority on places.postcode_now (scope_code, pcd);
  analyze places.postcode_now;
  return taken;
end $$;

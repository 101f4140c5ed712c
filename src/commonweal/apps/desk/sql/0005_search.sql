-- Search: words of place names with the authorities they belong to, so that one indexed question answers in scope; and
-- what people keep for themselves.

create table desk.search_key (
  word text collate "C" not null,
  whole text not null,
  kind text not null,
  code text not null,
  name text not null,
  within text not null,
  rank smallint not null,
  scope_code text not null,
  primary key (word, scope_code, kind, code)
);
comment on table desk.search_key is 'projection: each word of the names of places, for each authority a place lies in; rebuilt when places are loaded';

create table desk.search_state (
  only_row boolean primary key default true check (only_row),
  dataset_id bigint not null
);
comment on table desk.search_state is 'operational: the newest file of places that the search keys know';

create function desk.refresh_search_keys() returns boolean
language plpgsql security definer set search_path = '' set work_mem = '128MB' as $$
declare
  newest bigint := coalesce((select max(d.id) from places.dataset d), 0);
begin
  perform pg_advisory_xact_lock(4311);
  if newest = coalesce((select s.dataset_id from desk.search_state s), -1) then
    return false;
  end if;
  delete from desk.search_key;
  with placed as (
    select s.base_lsoa as code, 'lsoa' as level, s.scope_code from places.lsoa_scope s where s.lsoa_code = s.base_lsoa
    union select s.msoa_code, 'msoa', s.scope_code from places.lsoa_scope s where s.msoa_code is not null
    union select p.ward, 'ward', p.scope_code from places.postcode_now p where p.ward is not null and p.scope_code is not null
    union select c.code, a.level, c.scope_code from places.scope_cover c join places.area_now a on a.code = c.code
           where a.level in ('ltla', 'utla', 'region', 'country')),
  setting as (
    select s.kind as level, s.setting_id as code, s.name, s.scope_code, concat_ws(' ', s.name, s.setting_id) as words,
           coalesce(m.name_people_use, m.name, w.name, '') as authority
      from places.setting_now s
      left join places.area_now m on m.code = s.msoa_code and m.level = 'msoa'
      left join places.area_now w on w.code = s.scope_code and w.level = 'ltla'
     where s.scope_code is not null and coalesce(s.closed > (commonweal.now() at time zone 'Europe/London')::date, true)),
  named as (
    select a.level, a.code, coalesce(a.name_people_use, a.name) as name, p.scope_code,
           concat_ws(' ', a.name_people_use, case when a.name is distinct from a.name_people_use then a.name end) as words,
           coalesce(w.name, '') as authority
      from places.area_now a join placed p on p.code = a.code and p.level = a.level
      left join places.area_now w on w.code = p.scope_code and w.level = 'ltla'
     where coalesce(a.name_people_use, a.name) is not null
       and not (a.level = 'utla' and exists (select from places.area_now x where x.code = a.code and x.level = 'ltla'))
    union all select * from setting)
  insert into desk.search_key (word, whole, kind, code, name, within, rank, scope_code)
  select distinct on (word, n.scope_code, n.level, n.code)
         word, lower(n.words), n.level, n.code, n.name,
         case when n.level in ('country', 'region', 'utla', 'ltla') then '' else n.authority end,
         coalesce(array_position(array['country', 'region', 'utla', 'ltla', 'ward', 'msoa', 'lsoa'], n.level), 8), n.scope_code
    from named n cross join lateral regexp_split_to_table(lower(n.words), '[^[:alnum:]]+') as word
   where word <> ''
  union all
  select lower(n.code), lower(n.words), n.level, n.code, n.name,
         case when n.level in ('country', 'region', 'utla', 'ltla') then '' else n.authority end,
         coalesce(array_position(array['country', 'region', 'utla', 'ltla', 'ward', 'msoa', 'lsoa'], n.level), 8), n.scope_code
    from named n
  on conflict do nothing;
  insert into desk.search_state (dataset_id) values (newest)
  on conflict (only_row) do update set dataset_id = excluded.dataset_id;
  return true;
end $$;
grant execute on function desk.refresh_search_keys() to cw_app, cw_queue;

-- The authorities an office answers for, when the person holds it now; nothing otherwise.
create function desk.codes_of(p_office text, p_person uuid) returns text[]
language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(distinct c.scope_code), '{}')
    from access.mandate m join places.scope_cover c on c.code = m.place_code
   where m.office_id = p_office
     and exists (select from access.current_appointment a where a.office_id = p_office and a.person_id = p_person)
$$;
-- What an office may find: only rows of the authorities its mandate covers, whatever is asked.
create function desk.find_places(p_office text, p_person uuid, p_words text[], p_limit integer)
returns table (kind text, code text, name text, within text, scope_code text)
language sql stable security definer set search_path = '' as $$
  select f.kind, f.code, f.name, f.within, f.scope_code from (
    select distinct on (k.kind, k.code) k.kind, k.code, k.name, k.within, k.rank, k.scope_code,
           starts_with(k.whole, p_words[1]) as begins
      from desk.search_key k
     where k.word ^@ p_words[1] and length(p_words[1]) >= 2
       and not exists (select from unnest(p_words[2:]) w where strpos(k.whole, w) = 0)
       and k.scope_code in (select unnest(desk.codes_of(p_office, p_person)))
     order by k.kind, k.code) f
   order by not f.begins, f.rank, f.name, f.code limit p_limit
$$;

create function desk.find_postcodes(p_office text, p_person uuid, p_start text, p_limit integer)
returns table (kind text, code text, name text, within text, scope_code text)
language sql stable security definer set search_path = '' as $$
  select 'postcode', p.pcd, left(p.pcd, -3) || ' ' || right(p.pcd, 3), coalesce(a.name_people_use, a.name, ''), p.scope_code
    from places.postcode_now p left join places.area_now a on a.code = p.msoa_code and a.level = 'msoa'
   where p.pcd >= p_start and p.pcd <= p_start || 'ZZZZZZ' and (p.doterm is null or p.pcd = p_start)
     and p.scope_code = any (desk.codes_of(p_office, p_person))
   order by p.pcd limit p_limit
$$;

grant execute on function desk.find_places(text, uuid, text[], integer), desk.find_postcodes(text, uuid, text, integer),
  desk.codes_of(text, uuid) to cw_app;
grant select on desk.search_key, desk.search_state to cw_backup;

create table desk.saved_view (
  id bigint generated always as identity primary key,
  person_id uuid not null references access.person,
  office_id text not null references access.office,
  name text not null check (length(trim(name)) between 1 and 100),
  link text not null check (link ~ '^/([^/\\]|$)' and length(link) <= 1000),
  made_at timestamptz not null default commonweal.now(),
  unique (person_id, office_id, name)
);
comment on table desk.saved_view is 'operational: pages a person keeps under a name of their own';

create table desk.subscription (
  id bigint generated always as identity primary key,
  person_id uuid not null references access.person,
  office_id text not null references access.office,
  purpose text not null,
  measure text not null,
  place_code text not null check (place_code ~ '^[A-Z][0-9]{8}$'),
  place text not null,
  threshold numeric not null,
  made_at timestamptz not null default commonweal.now(),
  is_above boolean,
  looked_at timestamptz,
  unique (person_id, office_id, measure, place_code, threshold)
);
comment on table desk.subscription is
  'operational: what a person wants to be told of: a measure of a place passing a number; is_above is how it last stood';
grant select, insert, delete on desk.saved_view, desk.subscription to cw_app;
grant update (is_above, looked_at) on desk.subscription to cw_app;
grant select on desk.saved_view, desk.subscription to cw_backup;

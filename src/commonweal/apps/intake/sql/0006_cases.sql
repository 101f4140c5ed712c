-- The days on which episodes begin: the first positive day, and each next one more than the window after a beginning.
create function intake.episode_starts(p_days date[], p_window_days integer) returns date[]
language plpgsql immutable parallel safe as $$
declare
  day date;
  starts date[] := '{}';
begin
  foreach day in array p_days loop
    if cardinality(starts) = 0 or day > starts[cardinality(starts)] + p_window_days then
      starts := starts || day;
    end if;
  end loop;
  return starts;
end $$;

-- Step 5, once a transaction: episodes of everybody whose positive tests, links or versions were touched. A person is a
-- component, or the strongest identifier of the record where the component is in conflict. A case keeps its id while the
-- result that starts it stays; beyond that the cases of a person and those that should be are matched in order of time.
create function intake.work_out_cases(p_pathogen text, p_case_tests text[], p_window_days integer) returns integer
language plpgsql
-- what the steps below yield is not known ahead: hash them; the fenced lookups stay lookups all the same
set enable_nestloop = off set enable_mergejoin = off as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  changes integer;
begin
  if not exists (select from touched) and not exists (select from identity.conflict c where c.tick_id = tick) then
    return 0;
  end if;
  perform intake.find_roots();
  with lineage as materialized (  -- every component that lies in a root now
    select r.component as id, r.component as root, r.is_new, r.in_conflict from root r
    union all
    select c.id, r.component, r.is_new, r.in_conflict
      from root r
     cross join lateral (select c.id from identity.component c where c.root = r.component and c.root <> c.id offset 0) c
     where not r.is_new),
  whose as materialized (
    select l.root, l.is_new, l.in_conflict, case when l.in_conflict then r.link_id else l.root end as person_id, r.*
      from lineage l
     cross join lateral (
       select r.id, r.link_id, r.specimen_date, r.specimen_at, r.feed_number, r.record_hash, r.revision, r.scope_ltla,
              r.lsoa_code, r.msoa_code, r.pillar, r.test_type, r.result, r.age_band, r.sex, r.setting_type, r.setting_id
         from record.result r where r.person_id = l.id offset 0) r),
  positive as materialized (
    select w.*, row_number() over (partition by person_id, specimen_date
                                   order by specimen_at nulls last, feed_number, record_hash) as place
      from whose w join intake.feed f on f.number = w.feed_number and f.pathogen = p_pathogen
     where w.result = 'positive' and w.test_type = any (p_case_tests)
       and not exists (select from record.record_key k where k.feed_number = w.feed_number
                          and k.record_hash = w.record_hash and k.revision > w.revision offset 0)),
  episode as (
    select person_id, unnest(intake.episode_starts(array_agg(specimen_date order by specimen_date), p_window_days)) as start
      from positive where place = 1 group by person_id),
  wanted as materialized (
    select p.* from episode e
      join positive p on p.person_id = e.person_id and p.specimen_date = e.start and p.place = 1),
  -- what stands now for these persons, and for those they were before a join or a conflict
  known_as as (
    select l.id as before, l.root as now from lineage l where not l.is_new
    union select w.link_id, case when w.in_conflict then w.link_id else w.root end from whose w where not w.is_new),
  standing as materialized (
    select * from (
      select distinct on (v.case_id) v.*, k.now
        from known_as k
       cross join lateral (select c.* from record.case_version c
                            where c.person_id = k.before and c.pathogen = p_pathogen offset 0) v
       order by v.case_id, v.version desc, k.now) newest
     where not withdrawn),
  kept as materialized (
    select w.id as wanted_id, s.case_id from wanted w join standing s on s.result_id = w.id),
  moved as (
    select w.id as wanted_id, s.case_id
      from (select *, row_number() over (partition by person_id order by specimen_date) as position
              from wanted where not exists (select from kept where kept.wanted_id = wanted.id)) w
      full join (select *, row_number() over (partition by now order by episode_start, case_id) as position
                   from standing where not exists (select from kept where kept.case_id = standing.case_id)) s
        on s.now = w.person_id and s.position = w.position),
  changed as materialized (
    select coalesce(s.case_id, gen_random_uuid()) as case_id, coalesce(s.version, 0) + 1 as version,
           w.id is null as withdrawn, s.case_id is not null as stood,
           coalesce(w.person_id, s.person_id) as person_id, coalesce(w.specimen_date, s.episode_start) as episode_start,
           coalesce(w.id, s.result_id) as result_id,
           case when w.id is null then s.scope_ltla else w.scope_ltla end as scope_ltla,
           case when w.id is null then s.lsoa_code else w.lsoa_code end as lsoa_code,
           case when w.id is null then s.msoa_code else w.msoa_code end as msoa_code,
           case when w.id is null then s.pillar else w.pillar end as pillar,
           case when w.id is null then s.test_type else w.test_type end as test_type,
           case when w.id is null then s.age_band else w.age_band end as age_band,
           case when w.id is null then s.sex else w.sex end as sex,
           case when w.id is null then s.setting_type else w.setting_type end as setting_type,
           case when w.id is null then s.setting_id else w.setting_id end as setting_id,
           s.episode_start as old_start, s.scope_ltla as old_scope, s.lsoa_code as old_lsoa, s.pillar as old_pillar,
           s.test_type as old_test_type, s.age_band as old_age_band, s.sex as old_sex
      from (select * from kept union all select * from moved) pair
      left join wanted w on w.id = pair.wanted_id
      left join standing s on s.case_id = pair.case_id
     where s.case_id is null or w.id is null or w.id <> s.result_id or w.person_id <> s.person_id),
  written as (
    insert into record.case_version
    select case_id, version, tick, withdrawn, p_pathogen, person_id, episode_start, result_id, scope_ltla, lsoa_code,
           msoa_code, pillar, test_type, age_band, sex, setting_type, setting_id
      from changed
    returning 1),
  case_count as materialized (
    select scope_ltla, lsoa_code, episode_start, pillar, test_type, age_band, sex, 1 as n from changed where not withdrawn
    union all
    select old_scope, old_lsoa, old_start, old_pillar, old_test_type, old_age_band, old_sex, -1 from changed where stood),
  by_place as (
    insert into counts.delta
    select tick, scope_ltla, lsoa_code, episode_start, pillar, test_type, 'case', sum(n)
      from case_count group by 2, 3, 4, 5, 6 having sum(n) <> 0),
  by_age as (
    insert into counts.delta_age
    select tick, scope_ltla, episode_start, coalesce(age_band, 'unknown'), coalesce(sex, 'unknown'), 'case', sum(n)
      from case_count group by 2, 3, 4, 5 having sum(n) <> 0)
  select count(*) into changes from written;
  return changes;
end $$;

-- The roots of all that was touched, locked against other submissions that work on the same persons.
create function intake.find_roots() returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  moved bigint;
begin
  insert into touched select c.component from identity.conflict c where c.tick_id = tick;
  loop
    delete from root;
    insert into root
    select c.root, bool_and(c.tick_id = tick and c.root = c.id), false
      from (select distinct component from touched) t
     cross join lateral (select c.id, c.root, c.tick_id from identity.component c where c.id = t.component offset 0) c
     group by 1;
    perform 1 from root r join identity.component c on c.id = r.component
     where not r.is_new order by c.id for no key update of c;
    select count(*) into moved from root r join identity.component c on c.id = r.component where c.root <> c.id;
    exit when moved = 0;
  end loop;
  update root r set in_conflict = true from identity.conflict c where c.component = r.component;
end $$;

grant execute on function intake.episode_starts(date[], integer), intake.work_out_cases(text, text[], integer),
  intake.find_roots() to cw_ingest;

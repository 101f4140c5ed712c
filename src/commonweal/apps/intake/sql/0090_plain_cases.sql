-- Cases of plain records. A person who was new with one plain positive result, and about whom nothing else was said in the
-- transaction, has one case: it starts with that result. Nine in ten cases of a large file are of this kind, and need
-- neither the person's other results nor the cases that stood before. All others are worked out as before.

create function intake.make_plain_positive() returns void
language plpgsql as $$
begin
  if to_regclass('pg_temp.plain_positive') is not null then
    return;
  end if;
  create temp table plain_positive (
    component uuid not null, result_id bigint not null, feed_number integer not null, episode_start date not null,
    scope_ltla text not null, lsoa_code text not null, msoa_code text, pillar text not null, test_type text not null,
    age_band text, sex text, setting_type text, setting_id text
  );
end $$;

-- Leaves those whose case is told by the one result; the others are noted as touched.
create function intake.part_plain_positives() returns void
language plpgsql
set enable_nestloop = off set enable_mergejoin = off as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
begin
  create temp table plain_alone on commit drop as
  select p.component
    from (select component from plain_positive group by 1 having count(*) = 1) p
   cross join lateral (select from identity.component c
                        where c.id = p.component and c.tick_id = tick and c.root = c.id offset 0) still
   where p.component not in (select t.component from touched t)
     and p.component not in (select c.component from identity.conflict c where c.tick_id = tick);
  insert into touched
  select distinct p.component from plain_positive p where p.component not in (select a.component from plain_alone a);
  delete from plain_positive p where p.component not in (select a.component from plain_alone a);
end $$;

create function intake.work_out_plain_cases(p_pathogen text, p_case_tests text[]) returns integer
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  changes integer;
begin
  with case_now as materialized (
    select p.* from plain_positive p join intake.feed f on f.number = p.feed_number and f.pathogen = p_pathogen
     where p.test_type = any (p_case_tests)),
  by_place as (
    insert into counts.delta
    select tick, scope_ltla, lsoa_code, episode_start, pillar, test_type, 'case', count(*)
      from case_now group by 2, 3, 4, 5, 6),
  by_age as (
    insert into counts.delta_age
    select tick, scope_ltla, episode_start, coalesce(age_band, 'unknown'), coalesce(sex, 'unknown'), 'case', count(*)
      from case_now group by 2, 3, 4, 5),
  written as (
    insert into record.case_version
    select gen_random_uuid(), 1, tick, false, p_pathogen, component, episode_start, result_id, scope_ltla, lsoa_code,
           msoa_code, pillar, test_type, age_band, sex, setting_type, setting_id
      from case_now
    returning 1)
  select count(*) into changes from written;
  return changes;
end $$;

grant execute on function intake.make_plain_positive(), intake.part_plain_positives(),
  intake.work_out_plain_cases(text, text[]) to cw_ingest;

-- What pages read, quick at millions of results: people apart from tests, and each small area by itself.

-- People (`case`) are a tenth of all changes and what most pages ask for. By place and day, and by tick and place; with
-- everything that is read of them, so that the table itself is not visited row by row.
create index delta_case_day on counts.delta (scope_ltla, specimen_day) include (tick_id, lsoa_code, pillar, n)
  where result = 'case';
create index delta_case_tick on counts.delta (tick_id, scope_ltla) include (lsoa_code, specimen_day, n)
  where result = 'case';
-- The tests of one small area in an authority of a million people.
create index delta_small on counts.delta (lsoa_code, specimen_day);

-- The same of the snapshots: a map shows people only.
create index snapshot_area_case on counts.snapshot_area (as_of, scope_ltla, specimen_day) include (n)
  where result = 'case';
create index snapshot_small_case on counts.snapshot_small (as_of, scope_ltla, specimen_day) include (lsoa_code, n)
  where result = 'case';

-- Care homes newly affected are told from the cases in care homes alone, two in a hundred.
drop index record.case_care_home;
create index case_care_home on record.case_version (scope_ltla, episode_start)
  include (case_id, version, tick_id, setting_id, withdrawn) where setting_type = 'care_home';

-- The newest snapshot of small areas at or before an instant that holds a day and all later ones (it holds 14).
create function counts.small_snapshot(p_as_of timestamptz, p_first date) returns timestamptz
language sql stable security definer set search_path = '' as $$
  select max(s.as_of) from counts.snapshot s
   where s.as_of <= p_as_of and exists (select from counts.snapshot_small m where m.as_of = s.as_of)
     and p_first > (select max(w.specimen_day) from counts.snapshot_whole w where w.as_of = s.as_of) - 14
$$;
grant execute on function counts.small_snapshot(timestamptz, date) to cw_app;

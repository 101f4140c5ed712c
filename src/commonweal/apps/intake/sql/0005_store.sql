-- What a decided record's outcome is called: `new` is accepted, or superseded where it replaces an earlier version.
create function intake.told_outcome(p_outcome text, p_replaces bigint) returns text
language sql immutable as $$
  select case when p_outcome <> 'new' then p_outcome when p_replaces is null then 'accepted' else 'superseded' end
$$;

-- Step 3: results, keys, sealed fields, outcomes and waiting records are written; counts and touched persons are noted.
create function intake.store_chunk(p_waiting_days integer) returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  month date := date_trunc('month', commonweal.now())::date;
begin
  insert into record.result
  select d.result_id, month, tick, s.feed_number, s.record_hash, s.revision, c.component, coalesce(m.id, i.id), d.scope_ltla, d.lsoa_code,
         d.msoa_code, d.ward_code, d.ltla_code, d.utla_code, s.pcd, s.postcode_source, s.specimen_date,
         to_timestamp(s.specimen_at::float8 / 1e6::float8), to_timestamp(s.lab_received_at::float8 / 1e6::float8),
         to_timestamp(s.reported_at::float8 / 1e6::float8), s.reported_date, s.age_years, s.age_band, s.sex, s.ethnic_group, s.occupation,
         s.workplace_postcode, s.pillar, s.test_route, s.test_type, s.result, s.symptomatic, s.onset_date, s.setting_type,
         s.setting_id, s.incident_id, s.contacts_named
    from decided d join staged s using (place) join staged_identifier i on i.number = s.strongest join linked c using (local)
    left join met m on m.number = s.strongest
   where d.result_id is not null;
  insert into record.record_key
  select s.feed_number, s.record_hash, s.revision, s.content_hash, d.result_id, month, tick
    from decided d join staged s using (place) where d.result_id is not null
   order by s.feed_number, s.record_hash;
  insert into identity.sealed
  select d.result_id, d.scope_ltla, s.key_id, s.wrapped_key, s.payload
    from decided d join staged_sealed s using (place) where d.result_id is not null;
  insert into intake.outcome (submission_id, row_number, outcome, result_id, reasons, notes, tick_id)
  select s.submission_id, s.row_number,
         intake.told_outcome(d.outcome, d.replaces),
         d.result_id, d.reasons, d.notes, tick
    from decided d join staged s using (place);
  insert into intake.orphan
  select s.submission_id, s.row_number, f.name, s.record_hash, s.revision, s.content_hash, d.reasons[1],
         commonweal.now() + make_interval(days => p_waiting_days), tick
    from decided d join staged s using (place) join intake.feed f on f.number = s.feed_number
   where d.outcome = 'pending';
  -- a waiting record is resolved by a good record of the same key that arrives later
  insert into intake.orphan_end (submission_id, row_number, how, reason, by_submission, tick_id)
  select o.submission_id, o.row_number, 'resolved', 'a record with a known place was sent', min(s.submission_id), tick
    from decided d
    join staged s using (place)
    join intake.feed f on f.number = s.feed_number
   cross join lateral (
     select w.submission_id, w.row_number from intake.orphan w
      where w.feed = f.name and w.record_hash = s.record_hash and w.revision <= s.revision
        and not exists (select from intake.orphan_end e
                         where e.submission_id = w.submission_id and e.row_number = w.row_number)
     offset 0) o
   where d.result_id is not null
   group by 1, 2;

  insert into counted
  select d.scope_ltla, d.lsoa_code, s.specimen_date, s.pillar, s.test_type, s.result, s.age_band, s.sex, 1
    from decided d join staged s using (place) where d.newest;
  insert into counted
  select scope_ltla, lsoa_code, specimen_date, pillar, test_type, result, age_band, sex, -1 from replaced;
  insert into touched
  select distinct c.component
    from decided d join staged s using (place) join staged_identifier i on i.number = s.strongest join linked c using (local)
   where d.result_id is not null and (s.result = 'positive' or d.replaces is not null or s.repeated);
  -- a newer version may name somebody else: the person of the one before has one result less
  insert into touched select distinct person_id from replaced;
end $$;

-- Step 4, once a transaction: counts change by what is new and, where a version replaces another, by what that one said.
create function intake.write_counts() returns void
language plpgsql as $$
begin
  insert into counts.delta
  select current_setting('commonweal.open_tick')::bigint, scope_ltla, lsoa_code, specimen_date, pillar, test_type, result, sum(n)
    from counted group by 2, 3, 4, 5, 6, 7 having sum(n) <> 0;
  insert into counts.delta_age
  select current_setting('commonweal.open_tick')::bigint, scope_ltla, specimen_date, coalesce(age_band, 'unknown'),
         coalesce(sex, 'unknown'), result, sum(n)
    from counted where test_type <> 'antibody' group by 2, 3, 4, 5, 6 having sum(n) <> 0;
end $$;

-- Last: the tally, which is returned, and the submission itself; the deferred check compares both with the outcomes.
create function intake.finish_submission(
  p_submission bigint, p_feed text, p_sha256 bytea, p_declared integer, p_channel text, p_label text, p_bytes bigint,
  p_received_at timestamptz, p_sent_by text, p_held_since timestamptz, p_held_by text, p_idempotency_key text,
  p_line_list_version integer)
returns table (tallied_outcome text, tallied integer)
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
begin
  return query
  insert into intake.tally (submission_id, outcome, n, tick_id)
  select p_submission, o.outcome, count(*), tick
    from intake.outcome o where o.submission_id = p_submission group by 2
  returning outcome, n;
  delete from intake.opened_submission where id = p_submission;
  insert into intake.submission (id, feed, sha256, declared, channel, label, bytes, received_at, sent_by, held_since,
                                 held_by, idempotency_key, line_list_version, tick_id)
  values (p_submission, p_feed, p_sha256, p_declared, p_channel, p_label, p_bytes, p_received_at, p_sent_by, p_held_since,
          p_held_by, p_idempotency_key, p_line_list_version, tick);
end $$;

-- The lower-tier codes whose counts changed (null when more than twenty).
create function intake.touched_codes() returns text[]
language sql stable as $$
  select case when count(*) > 20 then null else coalesce(array_agg(scope_ltla), '{}') end
    from (select distinct scope_ltla from counts.delta
           where tick_id = current_setting('commonweal.open_tick')::bigint limit 21) codes
$$;

grant execute on function intake.told_outcome(text, bigint), intake.store_chunk(integer), intake.write_counts(), intake.touched_codes(),
  intake.finish_submission(
    bigint, text, bytea, integer, text, text, bigint, timestamptz, text, timestamptz, text, text, integer)
  to cw_ingest;

-- Single records by the hundreds a second: a group of small submissions is one transaction in three calls (begin,
-- absorb, commit). These functions call the same steps as a file does; only the journeys between are fewer.

-- Opens a tick and begins each submission, in order; `new_id` is null for one that came before.
create function intake.begin_together(p_feeds text[], p_sha256 bytea[], p_keys text[])
returns table (place integer, tick bigint, new_id bigint, feed_number integer, at timestamptz)
language plpgsql as $$
begin
  tick := ledger.begin_tick();
  perform intake.make_staging();
  at := commonweal.now();
  for place in 1 .. cardinality(p_feeds) loop
    select b.new_id, b.feed_number into new_id, feed_number
      from intake.begin_submission(p_feeds[place], p_sha256[place], p_keys[place]) b;
    begin_together.place := place;
    return next;
  end loop;
end $$;

-- Stores the group's records as one chunk and finishes everything, the tick included. Records that are rejected or wait
-- need what was received of them sealed: then nothing but the decision is made, `left_out` says which identifiers go,
-- and the caller takes the single steps.
create function intake.absorb_together(
  p_staged json, p_identifiers json, p_components json, p_waiting_days integer, p_packs json, p_submissions json)
returns json
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  left_out integer[];
  answer json;
begin
  insert into staged select * from json_populate_recordset(null::staged, p_staged);
  insert into staged_sealed
  select s.* from json_populate_recordset(null::staged_sealed, p_staged) s where s.payload is not null;
  insert into staged_component select * from json_populate_recordset(null::staged_component, p_components);
  insert into staged_identifier select * from json_populate_recordset(null::staged_identifier, p_identifiers);
  left_out := intake.decide_chunk();
  if exists (select from decided d where d.outcome in ('rejected', 'pending')) then
    return json_build_object('left_out', left_out);
  end if;
  perform intake.link_chunk();
  perform intake.store_chunk(p_waiting_days);
  perform intake.depart_chunk();
  perform intake.write_counts();
  perform intake.work_out_cases(p.pathogen, p.tests, p.episode_days)
     from json_to_recordset(p_packs) as p (pathogen text, tests text[], episode_days integer);
  -- what finish_submission does for one, for all of them: the tallies first, as they were decided
  insert into intake.tally (submission_id, outcome, n, tick_id)
  select s.submission_id, intake.told_outcome(d.outcome, d.replaces), count(*), tick
    from staged s join decided d using (place) group by 1, 2;
  delete from intake.opened_submission o using json_to_recordset(p_submissions) as s (submission bigint)
   where o.id = s.submission;
  insert into intake.submission (id, feed, sha256, declared, channel, label, bytes, received_at, sent_by, held_since,
                                 held_by, idempotency_key, line_list_version, tick_id)
  select s.*, tick
    from json_to_recordset(p_submissions) as s (
           submission bigint, feed text, sha256 bytea, declared integer, channel text, label text, bytes bigint,
           received_at timestamptz, sent_by text, held_since timestamptz, held_by text, idempotency_key text,
           line_list_version integer);
  -- the outcomes as store_chunk wrote them: looking for these few in the table of all would read it whole
  select json_build_object(
           'codes', intake.touched_codes(),
           'outcomes', (select json_agg(json_build_array(
                                 s.submission_id, s.row_number,
                                 intake.told_outcome(d.outcome, d.replaces), d.reasons, d.notes)
                               order by s.submission_id, s.row_number)
                          from staged s join decided d using (place)))
    into answer;
  perform intake.clear_staging();
  perform ledger.close_tick(tick);
  return answer;
end $$;

grant execute on function intake.begin_together(text[], bytea[], text[]),
  intake.absorb_together(json, json, json, integer, json, json) to cw_ingest;

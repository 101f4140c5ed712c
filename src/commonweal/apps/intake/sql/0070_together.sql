-- Single records by the hundreds a second: a group of small submissions is one transaction in three calls (begin,
-- absorb, commit). These functions call the same steps as a file does; only the journeys between are fewer.

-- Opens a tick and begins each submission, in order; `new_id` is null for one that came before. Feeds are entered in the
-- order of their numbers, so that two groups do not wait for each other in a circle.
create function intake.begin_together(p_feeds text[], p_sha256 bytea[], p_keys text[])
returns table (place integer, tick bigint, new_id bigint, feed_number integer, at timestamptz)
language plpgsql
set enable_seqscan = off as $$
begin
  tick := ledger.begin_tick();
  at := commonweal.now();
  perform intake.enter_feed(f.name)
     from (select n.name from (select distinct unnest(p_feeds) as name) n left join intake.feed k using (name)
            order by k.number) f;
  perform intake.month_is_there();
  return query
  with sent as materialized (
    select s.place::integer as place, f.number,
           case when intake.came_before(s.feed, s.sha256, s.key) is null then nextval('intake.submission_id') end as id
      from unnest(p_feeds, p_sha256, p_keys) with ordinality as s (feed, sha256, key, place)
      join intake.feed f on f.name = s.feed),
  opened as (
    insert into intake.opened_submission select s.id from sent s where s.id is not null)
  select s.place, begin_together.tick, s.id, s.number, begin_together.at from sent s;
end $$;

-- Stores the group's records and finishes everything, the tick included: plain ones in one statement, others as one
-- chunk by the steps. Records that are rejected or wait need what was received of them sealed: then nothing but the decision
-- is made, `left_out` says which identifiers go, and the caller takes the single steps.
create function intake.absorb_together(
  p_staged json, p_identifiers json, p_components json, p_waiting_days integer, p_packs json, p_submissions json)
returns json
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  left_out integer[];
  answer json := intake.absorb_plain(p_staged, p_identifiers, p_components, p_packs);
begin
  if answer is not null then
    perform intake.close_together(tick, p_submissions);
    return answer;
  end if;
  perform intake.make_staging();
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
  -- the tallies as they were decided
  insert into intake.tally (submission_id, outcome, n, tick_id)
  select s.submission_id, intake.told_outcome(d.outcome, d.replaces), count(*), tick
    from staged s join decided d using (place) group by 1, 2;
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
  perform intake.close_together(tick, p_submissions);
  return answer;
end $$;

-- The last step, what finish_submission does for one: the submissions are finished, and their tick is stamped.
create function intake.close_together(p_tick bigint, p_submissions json) returns void
language plpgsql
set enable_seqscan = off as $$
begin
  delete from intake.opened_submission o
   where o.id = any (array(select s.submission from json_to_recordset(p_submissions) as s (submission bigint)));
  insert into intake.submission (id, feed, sha256, declared, channel, label, bytes, received_at, sent_by, held_since,
                                 held_by, idempotency_key, line_list_version, tick_id)
  select s.*, p_tick
    from json_to_recordset(p_submissions) as s (
           submission bigint, feed text, sha256 bytea, declared integer, channel text, label text, bytes bigint,
           received_at timestamptz, sent_by text, held_since timestamptz, held_by text, idempotency_key text,
           line_list_version integer);
  perform ledger.close_tick(p_tick);
end $$;

grant execute on function intake.begin_together(text[], bytea[], text[]),
  intake.absorb_together(json, json, json, integer, json, json), intake.close_together(bigint, json) to cw_ingest;

-- Taking a chunk of checked records in: set by set, for one record as for a hundred thousand.
--
-- The caller (role cw_ingest) copies a chunk into the staging tables of its own connection and calls decide_chunk,
-- link_chunk and store_chunk; it empties the tables of the chunk with clear_chunk before the next one. write_counts and
-- work_out_cases run once, at the end, and then clear_staging. All chunks of a submission, and all submissions of one
-- commit, are one transaction with one tick. Submissions of one feed wait for each other; links to persons settle below.

create function intake.make_staging() returns void
language plpgsql as $$
begin
  if to_regclass('pg_temp.staged') is not null then
    return;
  end if;
  -- a chunk stays in memory: it is read several times
  perform set_config('temp_buffers', '320MB', false);
  create temp table staged (
    place integer not null,                -- 1.. within the chunk
    submission_id bigint not null,
    feed_number integer not null,
    row_number integer not null,
    fate smallint not null,                -- 0 good, 1 waits, 2 rejected (what the checks alone say)
    reasons text[],                        -- null where there are none
    notes text[],
    record_hash bytea,
    revision integer,
    content_hash bytea,
    repeated boolean not null,             -- the record occurs more than once in the chunk
    strongest integer,                     -- number of the record's strongest identifier in staged_identifier
    pcd text,                              -- postcode without space
    sent_ltla text,
    postcode_source text, specimen_date date, reported_date date,
    specimen_at bigint, lab_received_at bigint, reported_at bigint,  -- microseconds since 1970
    age_years smallint, age_band text, sex text, ethnic_group text,
    occupation text, workplace_postcode text, pillar text, test_route text, test_type text, result text,
    symptomatic boolean, onset_date date, setting_type text, setting_id text, incident_id text, contacts_named integer
  );
  create temp table staged_sealed (        -- of every record that the checks call good
    place integer not null,
    key_id smallint not null,
    wrapped_key bytea not null,
    payload bytea not null
  );
  create temp table decided (
    place integer not null,
    fate smallint not null,
    outcome text not null,                 -- `new` until it is known whether it is accepted or superseded
    reasons text[] not null,
    notes text[] not null,
    result_id bigint,
    replaces bigint, replaces_month date,  -- the version that was the newest before
    newest boolean not null,
    lsoa_code text, msoa_code text, ward_code text, ltla_code text, utla_code text, scope_ltla text
  );
  create temp table replaced (             -- what the versions said that are the newest no longer
    place integer not null,
    person_id uuid not null, feed_number integer, record_hash bytea, scope_ltla text, lsoa_code text, specimen_date date,
    pillar text, test_type text, result text, age_band text, sex text
  );
  create temp table staged_identifier (    -- each once, in order of hash: an index is then met page by page
    number integer not null,               -- 1.. within the chunk
    kind smallint not null,
    hash bytea not null,
    key_id smallint not null,
    local integer not null,                -- connected component within the chunk
    id uuid not null                       -- for a new link
  );
  create temp table staged_component (     -- the connected components within the chunk
    local integer not null,
    component uuid not null,               -- should all of it be new: the id of its first identifier
    birth bytea,                           -- keyed hash of its birth date, if any record gives one
    sex text,
    clash boolean not null                 -- its records give two birth dates or two sexes
  );
  create temp table met (                  -- identifiers that were there before
    number integer not null,
    local integer not null,
    id uuid not null,
    root uuid not null
  );
  create temp table linked (               -- the components of the chunk, with what was there
    local integer not null,
    component uuid not null,               -- the root
    birth bytea,
    sex text,
    clash boolean not null,
    is_new boolean not null,
    several boolean not null,              -- what is one component in the chunk was more than one
    tells_more boolean not null            -- of a component that was there: it knew less, or something else
  );
  create temp table counted (              -- over all chunks
    scope_ltla text, lsoa_code text, specimen_date date, pillar text, test_type text, result text, age_band text,
    sex text, n integer
  );
  create temp table touched (              -- components whose cases must be worked out again, over all chunks
    component uuid not null
  );
  create temp table root (                 -- their roots
    component uuid not null,
    is_new boolean not null,
    in_conflict boolean not null
  );
end $$;

create function intake.clear_chunk() returns void
language plpgsql as $$
begin
  truncate staged, staged_sealed, staged_identifier, staged_component, decided, replaced, met, linked;
end $$;

-- Before the commit. A few rows are deleted: truncating (and `on commit delete rows`, which is the same) makes each
-- table's files anew and takes longer than all the rest of a single record. What deleting leaves is truncated in time.
create function intake.clear_staging() returns void
language plpgsql as $$
begin
  if pg_relation_size('staged') + pg_relation_size('staged_identifier') + pg_relation_size('counted') > 1000000 then
    perform intake.clear_chunk();
    truncate counted, touched, root;
    return;
  end if;
  delete from staged;
  delete from staged_sealed;
  delete from staged_identifier;
  delete from staged_component;
  delete from decided;
  delete from replaced;
  delete from met;
  delete from linked;
  delete from counted;
  delete from touched;
  delete from root;
end $$;

-- Step 0: one submission of a feed at a time; the month's partition is there. Returns null when these bytes, or this
-- key of the sender's, came before: then nothing is done (intake.came_before says what they were).
create function intake.came_before(p_feed text, p_sha256 bytea, p_idempotency_key text) returns bigint
language sql stable
-- By the two unique keys, whatever the table was like when this was planned: in a plan from its first minute the feed's
-- own index looked as good, and reading all of a feed's submissions for each new one took longer every second.
set enable_seqscan = off as $$
  select s.id from (
    select k.id, true as by_key from intake.submission k
     where k.idempotency_key = p_idempotency_key and k.feed || '' = p_feed
    union all
    select b.id, false from intake.submission b where b.sha256 = p_sha256 and b.feed || '' = p_feed) s
   order by s.by_key desc limit 1
$$;

-- Locks a feed until the transaction ends and returns its number; refuses one that is not there or not open.
create function intake.enter_feed(p_feed text) returns integer
language plpgsql
set enable_seqscan = off as $$
declare
  found_number integer;
  now_state text;
begin
  select number into found_number from intake.feed where name = p_feed;
  if not found then
    raise exception 'There is no feed "%". Make it with: commonweal feeds add % --owner ORGANISATION', p_feed, p_feed
      using errcode = 'CW007';
  end if;
  perform pg_advisory_xact_lock(4310, found_number);
  select state into now_state from intake.feed_state where feed = p_feed order by tick_id desc limit 1;
  if now_state is distinct from 'open' then
    raise exception 'The feed "%" is %; it takes nothing in.', p_feed, coalesce(now_state, 'not open yet')
      using errcode = 'CW007';
  end if;
  return found_number;
end $$;

-- The partition of the month that now is.
create function intake.month_is_there() returns void
language plpgsql as $$
begin
  if to_regclass('record.result_' || to_char(commonweal.now(), 'YYYYMM')) is null then
    perform commonweal.make_month_partition('record.result', commonweal.now()::date);
  end if;
end $$;

create function intake.begin_submission(
  p_feed text, p_sha256 bytea, p_idempotency_key text, out new_id bigint, out feed_number integer)
language plpgsql as $$
declare
  entered integer := intake.enter_feed(p_feed);
begin
  if intake.came_before(p_feed, p_sha256, p_idempotency_key) is not null then
    return;
  end if;
  feed_number := entered;
  new_id := nextval('intake.submission_id');
  insert into intake.opened_submission values (new_id);
  perform intake.month_is_there();
end $$;

-- Step 1: duplicates, versions and places decide the outcome of every record. Returns the places in the chunk of good
-- records that are not taken in although their content was not there before: their identifiers link nobody.
create function intake.decide_chunk() returns integer[]
language plpgsql as $$
declare
  left_out integer[];
begin
  insert into decided
  -- `offset 0` keeps a lookup a lookup: temporary tables have no statistics, and reading a large table whole for each
  -- chunk is what a guess would lead to
  with versions as materialized (
    select s.place, k.*
      from staged s
     cross join lateral (select v.revision, v.content_hash, v.result_id, v.known_month from record.record_key v
                          where v.feed_number = s.feed_number and v.record_hash = s.record_hash offset 0) k
     where s.fate < 2),
  newest as (
    select distinct on (place) place, revision, result_id, known_month from versions order by place, revision desc),
  located as materialized (
    select d.pcd, p.*
      from (select distinct pcd from staged where fate < 1) d
     cross join lateral (select c.scope_ltla, c.lsoa_code, c.msoa_code, c.ward_code, c.ltla_code, c.utla_code
                           from places.postcode_current c where c.pcd = d.pcd offset 0) p),
  waiting as (
    select s.place
      from staged s
      join intake.feed f on f.number = s.feed_number
     where (s.fate = 1 or s.fate = 0 and not exists (select from located p where p.pcd = s.pcd))
       and exists (select from intake.orphan o
                    where o.feed = f.name and o.record_hash = s.record_hash and o.revision = s.revision
                      and o.content_hash = s.content_hash
                      and not exists (select from intake.orphan_end e
                                       where e.submission_id = o.submission_id and e.row_number = o.row_number)
                   offset 0)),
  judged as (
    select s.place, s.fate, s.reasons, s.notes, s.sent_ltla, s.revision, p.scope_ltla, p.lsoa_code, p.msoa_code, p.ward_code,
           p.ltla_code, p.utla_code, n.revision as last_revision, n.result_id as replaces, n.known_month as replaces_month,
           case when s.fate = 2 then 'rejected'
                when same.content_hash = s.content_hash then 'duplicate'
                when same.content_hash is not null then 'differs'
                when s.fate = 0 and p.scope_ltla is not null then 'new'
                when w.place is not null then 'duplicate'
                else 'pending' end as outcome
      from staged s
      left join versions same on same.place = s.place and same.revision = s.revision
      left join newest n on n.place = s.place
      left join waiting w on w.place = s.place
      left join located p on p.pcd = s.pcd and s.fate = 0)
  select place, fate, case outcome when 'differs' then 'rejected' else outcome end,
         case outcome when 'differs' then array['revision:content_differs']
                      when 'rejected' then reasons
                      when 'pending' then case when fate = 0 then array['postcode:not_known'] else reasons end
                      else '{}'::text[] end,
         case when outcome = 'new' and sent_ltla is not null and sent_ltla is distinct from ltla_code
                   and sent_ltla is distinct from scope_ltla
              then notes || 'ltla_code:differs_from_postcode'::text else coalesce(notes, '{}') end,
         case when outcome = 'new' then nextval('record.result_id') end,
         replaces, replaces_month, outcome = 'new' and revision > coalesce(last_revision, -1),
         lsoa_code, msoa_code, ward_code, ltla_code, utla_code, scope_ltla
    from judged;

  -- the same record more than once in one chunk: each version counts once, the first of it to arrive
  if exists (select from staged where repeated) then
    update decided d
       set outcome = case when r.content_hash = r.first_content then 'duplicate' else 'rejected' end,
           reasons = case when r.content_hash = r.first_content then '{}'::text[] else array['revision:content_differs'] end,
           result_id = null, newest = false
      from (select s.place, s.content_hash, first_value(s.place) over same as first_place,
                   first_value(s.content_hash) over same as first_content
              from staged s join decided d using (place)
             where s.repeated and d.outcome in ('new', 'pending')
            window same as (partition by s.feed_number, s.record_hash, s.revision, d.outcome order by s.place)) r
     where r.place = d.place and r.first_place <> d.place;
    update decided d
       set newest = d.newest and r.newest_here,
           replaces = case when d.newest and r.newest_here then d.replaces end,
           outcome = case when d.replaces is null and r.position = 1 then 'accepted' else 'superseded' end
      from (select s.place, row_number() over (partition by s.feed_number, s.record_hash order by s.place) as position,
                   s.revision = max(s.revision) over (partition by s.feed_number, s.record_hash) as newest_here
              from staged s join decided d using (place) where s.repeated and d.outcome = 'new') r
     where r.place = d.place;
  end if;

  insert into replaced
  select d.place, r.*
    from decided d
   cross join lateral (select v.person_id, v.feed_number, v.record_hash, v.scope_ltla, v.lsoa_code, v.specimen_date, v.pillar,
                              v.test_type, v.result, v.age_band, v.sex
                         from record.result v where v.known_month = d.replaces_month and v.id = d.replaces offset 0) r
   where d.newest and d.replaces is not null;

  select array_agg(place) into left_out from decided where fate = 0 and outcome in ('rejected', 'pending');
  return coalesce(left_out, '{}');
end $$;

-- Locks a feed by its number and makes partitions: what cw_ingest may call.
grant execute on function intake.make_staging(), intake.clear_chunk(), intake.clear_staging(), intake.decide_chunk(),
  intake.came_before(text, bytea, text), intake.enter_feed(text), intake.month_is_there(),
  intake.begin_submission(text, bytea, text) to cw_ingest;

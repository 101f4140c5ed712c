-- Taking a chunk of checked records in: set by set, for one record as for a hundred thousand.
--
-- The caller (role cw_ingest) copies a chunk into the staging tables of its own connection and calls decide_chunk,
-- link_chunk and store_chunk; it empties the tables of the chunk with clear_chunk before the next one. write_counts and
-- work_out_cases run once, at the end, and then clear_staging. All chunks of a submission, and all submissions of one commit,
-- are one transaction with one tick. Submissions of one feed wait for each other; links to persons settle below.

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
    reasons text[] not null,
    notes text[] not null,
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
    symptomatic boolean, onset_date date, setting_type text, setting_id text, incident_id text, contacts_named integer,
    sealing_key_id smallint, sealing_key bytea, sealed bytea
  );
  create temp table decided (
    place integer not null,
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
    id uuid not null,                      -- for a new link
    component uuid not null,               -- for a new component: the id of the first identifier in it
    birth bytea,                           -- keyed hash of the component's birth date, if any record gives one
    sex text,
    clash boolean not null                 -- the component's records give two birth dates or two sexes
  );
  create temp table linked (               -- the same identifiers, with what was there
    number integer not null,
    kind smallint not null,
    hash bytea not null,
    key_id smallint not null,
    local integer not null,
    id uuid not null,
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
    sex text, n smallint
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
  truncate staged, decided, replaced, staged_identifier, linked;
end $$;

-- Before the commit. A few rows are deleted: truncating (and `on commit delete rows`, which is the same) makes each
-- table's files anew and takes longer than all the rest of a single record. What deleting leaves is truncated in time.
create function intake.clear_staging() returns void
language plpgsql as $$
begin
  if pg_relation_size('staged') + pg_relation_size('staged_identifier') > 1000000 then
    truncate staged, decided, replaced, staged_identifier, linked, counted, touched, root;
    return;
  end if;
  delete from staged;
  delete from decided;
  delete from replaced;
  delete from staged_identifier;
  delete from linked;
  delete from counted;
  delete from touched;
  delete from root;
end $$;

-- Step 0: one submission of a feed at a time; the month's partition is there. Returns null when these bytes, or this
-- key of the sender's, came before: then nothing is done (intake.came_before says what they were).
create function intake.came_before(p_feed text, p_sha256 bytea, p_idempotency_key text) returns bigint
language sql stable as $$
  select s.id from intake.submission s
   where s.feed = p_feed and (s.sha256 = p_sha256 or s.idempotency_key = p_idempotency_key)
   order by s.idempotency_key = p_idempotency_key desc nulls last limit 1
$$;

create function intake.begin_submission(
  p_feed text, p_sha256 bytea, p_idempotency_key text, out new_id bigint, out feed_number integer)
language plpgsql as $$
declare
  found_feed intake.feed;
  now_state text;
begin
  select * into found_feed from intake.feed where name = p_feed;
  if not found then
    raise exception 'There is no feed "%". Make it with: commonweal feeds add % --owner ORGANISATION', p_feed, p_feed
      using errcode = 'CW007';
  end if;
  perform pg_advisory_xact_lock(4310, found_feed.number);
  select state into now_state from intake.feed_state where feed = p_feed order by tick_id desc limit 1;
  if now_state is distinct from 'open' then
    raise exception 'The feed "%" is %; it takes nothing in.', p_feed, coalesce(now_state, 'not open yet')
      using errcode = 'CW007';
  end if;
  if intake.came_before(p_feed, p_sha256, p_idempotency_key) is not null then
    return;
  end if;
  feed_number := found_feed.number;
  new_id := nextval('intake.submission_id');
  insert into intake.opened_submission values (new_id);
  perform commonweal.make_month_partition('record.result', commonweal.now()::date);
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
      from (select distinct pcd from staged where fate = 0) d
     cross join lateral (select c.scope_ltla, c.lsoa_code, c.msoa_code, c.ward_code, c.ltla_code, c.utla_code
                           from places.postcode_current c where c.pcd = d.pcd offset 0) p),
  waiting as (
    select distinct s.place
      from staged s
      join intake.feed f on f.number = s.feed_number
      join intake.orphan o on o.feed = f.name and o.record_hash = s.record_hash and o.revision = s.revision
                          and o.content_hash = s.content_hash
     where s.fate < 2 and not exists (select from intake.orphan_end e
                                       where e.submission_id = o.submission_id and e.row_number = o.row_number)),
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
  select place, case outcome when 'differs' then 'rejected' else outcome end,
         case outcome when 'differs' then array['revision:content_differs']
                      when 'rejected' then reasons
                      when 'pending' then case when fate = 0 then array['postcode:not_known'] else reasons end
                      else '{}'::text[] end,
         case when outcome = 'new' and sent_ltla is not null and sent_ltla is distinct from ltla_code
                   and sent_ltla is distinct from scope_ltla
              then notes || 'ltla_code:differs_from_postcode'::text else notes end,
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

  select array_agg(d.place) into left_out from decided d join staged s using (place)
   where s.fate = 0 and d.outcome in ('rejected', 'pending');
  return coalesce(left_out, '{}');
end $$;

-- Step 2: whose records these are. Should two submissions meet the same new identifiers at the same time, the second
-- waits for the first and then finds its links; should two lock each other out, the server ends one and the caller
-- sends it again.
create function intake.link_chunk() returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
begin
  perform intake.find_links();
  begin
    perform intake.add_links();
  exception when unique_violation then  -- another submission was first with some of them: theirs are the links
    truncate linked;
    perform intake.find_links();
    perform intake.add_links();
  end;
  if exists (select from linked where several) then
    perform intake.join_components();
  end if;
  if exists (select from linked where tells_more) then
    perform intake.note_what_components_learn();
  end if;
  insert into identity.conflict (component, reason, tick_id)
  select distinct component, 'two birth dates or sexes among records with one identifier', tick from linked where clash
  on conflict do nothing;
end $$;

create function intake.find_links() returns void
language plpgsql as $$
begin
  insert into linked
  with met as materialized (
    select i.*, k.id as known_id, k.root
      from staged_identifier i
      left join lateral (select l.id, c.root from identity.link l join identity.component c on c.id = l.component
                          where l.hash = i.hash offset 0) k on true),
  known as materialized (
    select m.local, m.root, m.several, c.birth is distinct from m.birth and m.birth is not null
                                    or c.sex is distinct from m.sex and m.sex is not null as tells_more
      from (select local, min(root::text)::uuid as root, count(distinct root) > 1 as several, min(sex) as sex,
                   min(encode(birth, 'hex')) as hex, decode(min(encode(birth, 'hex')), 'hex') as birth
              from met where known_id is not null group by local) m
     cross join lateral (select c.birth, c.sex from identity.component c where c.id = m.root offset 0) c)
  select m.number, m.kind, m.hash, m.key_id, m.local, coalesce(m.known_id, m.id), coalesce(k.root, m.component), m.birth,
         m.sex, m.clash, m.known_id is null, coalesce(k.several, false), coalesce(k.tells_more, false)
    from met m left join known k using (local);
end $$;

create function intake.add_links() returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
begin
  insert into identity.component (id, root, birth, sex, tick_id)
  select component, component, birth, sex, tick from linked where is_new and component = id;
  insert into identity.link (hash, kind, key_id, id, component, tick_id)
  select hash, kind, key_id, id, component, tick from linked where is_new;
end $$;

-- Components that one local component touches become one; another submission may have moved them meanwhile.
create function intake.join_components() returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  met record;
  roots uuid[];
  kept uuid;
begin
  for met in
    select n.local, array_agg(distinct c.root) as roots
      from linked n
      join identity.link l using (hash)
      join identity.component c on c.id = l.component
     where n.several group by n.local order by n.local
  loop
    roots := intake.locked_roots(met.roots);
    kept := (select min(r::text)::uuid from unnest(roots) as r);
    if cardinality(roots) > 1 then
      insert into identity.joined (component, into_component, tick_id)
      select gone, kept, tick from unnest(roots) as gone where gone <> kept;
      insert into identity.conflict (component, reason, tick_id)
      select kept, 'two birth dates or sexes among joined identifiers', tick
       where exists (select from identity.conflict c where c.component = any (roots))
          or (select count(distinct birth) > 1 or count(distinct sex) > 1 from identity.component where id = any (roots))
      on conflict do nothing;
      update identity.component set birth = told.birth, sex = told.sex
        from (select decode(min(encode(birth, 'hex')), 'hex') as birth, min(sex) as sex
                from identity.component where id = any (roots)) told
       where id = kept;
      update identity.component set root = kept where id = any (roots) or (root = any (roots) and root <> id);
      insert into touched values (kept);
    end if;
    update linked set component = kept, tells_more = true where local = met.local;
  end loop;
end $$;

-- The roots of components, locked against other submissions and looked up again after any wait.
create function intake.locked_roots(p_components uuid[]) returns uuid[]
language plpgsql as $$
declare
  before uuid[] := p_components;
  after uuid[];
begin
  loop
    perform 1 from identity.component c where c.id = any (before) order by c.id for no key update;
    select array_agg(distinct c.root order by c.root) into after from identity.component c where c.id = any (before);
    exit when after <@ before;
    before := after;
  end loop;
  return after;
end $$;

create function intake.note_what_components_learn() returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  told record;
  now_root uuid;
begin
  for told in
    select component, birth, sex from linked where tells_more group by 1, 2, 3 order by 1
  loop
    now_root := (intake.locked_roots(array[told.component]))[1];
    insert into identity.conflict (component, reason, tick_id)
    select now_root, 'two birth dates or sexes for one identifier', tick
      from identity.component c where c.id = now_root and (c.birth <> told.birth or c.sex <> told.sex)
    on conflict do nothing;
    update identity.component set birth = coalesce(birth, told.birth), sex = coalesce(sex, told.sex) where id = now_root;
    update linked set component = now_root where component = told.component and component <> now_root;
  end loop;
end $$;

-- Step 3: results, keys, sealed fields, outcomes and waiting records are written; counts and touched persons are noted.
create function intake.store_chunk(p_waiting_days integer) returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  month date := date_trunc('month', commonweal.now())::date;
begin
  insert into record.result
  select d.result_id, month, tick, s.feed_number, s.record_hash, s.revision, n.component, n.id, d.scope_ltla, d.lsoa_code,
         d.msoa_code, d.ward_code, d.ltla_code, d.utla_code, s.pcd, s.postcode_source, s.specimen_date,
         to_timestamp(s.specimen_at::float8 / 1e6::float8), to_timestamp(s.lab_received_at::float8 / 1e6::float8),
         to_timestamp(s.reported_at::float8 / 1e6::float8), s.reported_date, s.age_years, s.age_band, s.sex, s.ethnic_group, s.occupation,
         s.workplace_postcode, s.pillar, s.test_route, s.test_type, s.result, s.symptomatic, s.onset_date, s.setting_type,
         s.setting_id, s.incident_id, s.contacts_named
    from decided d join staged s using (place) join linked n on n.number = s.strongest
   where d.result_id is not null;
  insert into record.record_key
  select s.feed_number, s.record_hash, s.revision, s.content_hash, d.result_id, month, tick
    from decided d join staged s using (place) where d.result_id is not null
   order by s.feed_number, s.record_hash;
  insert into identity.sealed
  select d.result_id, d.scope_ltla, s.sealing_key_id, s.sealing_key, s.sealed
    from decided d join staged s using (place) where d.result_id is not null;
  insert into intake.outcome (submission_id, row_number, outcome, result_id, reasons, notes, tick_id)
  select s.submission_id, s.row_number,
         case when d.outcome <> 'new' then d.outcome when d.replaces is null then 'accepted' else 'superseded' end,
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
    from intake.orphan o
    join intake.feed f on f.name = o.feed
    join staged s on s.feed_number = f.number and s.record_hash = o.record_hash and s.revision >= o.revision
    join decided d on d.place = s.place and d.result_id is not null
   where not exists (select from intake.orphan_end e where e.submission_id = o.submission_id and e.row_number = o.row_number)
   group by 1, 2;

  insert into counted
  select d.scope_ltla, d.lsoa_code, s.specimen_date, s.pillar, s.test_type, s.result, s.age_band, s.sex, 1
    from decided d join staged s using (place) where d.newest;
  insert into counted
  select scope_ltla, lsoa_code, specimen_date, pillar, test_type, result, age_band, sex, -1 from replaced;
  insert into touched
  select distinct n.component from decided d join staged s using (place) join linked n on n.number = s.strongest
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

-- Locks a feed by its number and makes partitions: what cw_ingest may call.
grant execute on function intake.make_staging(), intake.clear_chunk(), intake.clear_staging(), intake.decide_chunk(), intake.link_chunk(),
  intake.find_links(), intake.add_links(), intake.join_components(), intake.locked_roots(uuid[]),
  intake.note_what_components_learn(), intake.find_roots(),
  intake.store_chunk(integer), intake.write_counts(), intake.episode_starts(date[], integer),
  intake.work_out_cases(text, text[], integer), intake.touched_codes(),
  intake.came_before(text, bytea, text), intake.begin_submission(text, bytea, text),
  intake.finish_submission(
    bigint, text, bytea, integer, text, text, bigint, timestamptz, text, timestamptz, text, text, integer)
  to cw_ingest;

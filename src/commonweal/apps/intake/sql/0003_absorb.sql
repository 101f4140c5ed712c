-- Taking a chunk of checked records in: set by set, for one record as for a hundred thousand.
--
-- The caller (role cw_ingest) copies a chunk into the staging tables of its own connection and calls decide_chunk,
-- link_chunk and store_chunk, empties the tables of the chunk with clear_chunk and goes on with the next one.
-- write_counts and work_out_cases run once, at the end. All chunks of a submission, and all submissions of one commit,
-- are one transaction with one tick. Submissions of one feed wait for each other; links to persons settle below.

create function intake.make_staging() returns void
language plpgsql as $$
begin
  set local client_min_messages = warning;
  create temp table if not exists staged (
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
    postcode_source text, specimen_date date, specimen_at timestamptz, lab_received_at timestamptz,
    reported_at timestamptz, reported_date date, age_years smallint, age_band text, sex text, ethnic_group text,
    occupation text, workplace_postcode text, pillar text, test_route text, test_type text, result text,
    symptomatic boolean, onset_date date, setting_type text, setting_id text, incident_id text, contacts_named integer,
    sealing_key_id smallint, sealing_key bytea, sealed bytea
  ) on commit delete rows;
  create temp table if not exists decided (
    place integer not null,
    outcome text not null,                 -- `new` until it is known whether it is accepted or superseded
    reasons text[] not null,
    notes text[] not null,
    result_id bigint,
    replaces bigint, replaces_month date,  -- the version that was the newest before
    newest boolean not null,
    lsoa_code text, msoa_code text, ward_code text, ltla_code text, utla_code text, scope_ltla text
  ) on commit delete rows;
  create temp table if not exists staged_identifier (
    number integer not null,               -- 1.. within the chunk, each (kind, hash) once
    kind smallint not null,
    hash bytea not null,
    key_id smallint not null,
    local integer not null,                -- connected component within the chunk
    id uuid not null,                      -- for a new link
    component uuid not null,               -- for a new component; the same for all of one `local`
    birth bytea,                           -- keyed hash of the component's birth date, if any record gives one
    sex text,
    clash boolean not null                 -- the component's records give two birth dates or two sexes
  ) on commit delete rows;
  create temp table if not exists linked (
    number integer not null,
    local integer not null,
    id uuid not null,
    component uuid not null,
    is_new boolean not null,
    tells_more boolean not null            -- of a link that was there: it knew less, or something else
  ) on commit delete rows;
  create temp table if not exists counted (          -- over all chunks
    scope_ltla text, lsoa_code text, specimen_date date, pillar text, test_type text, result text, age_band text,
    sex text, n smallint
  ) on commit delete rows;
  create temp table if not exists touched (          -- components whose cases must be worked out again, over all chunks
    component uuid not null
  ) on commit delete rows;
end $$;

create function intake.clear_chunk() returns void
language plpgsql as $$
begin
  truncate staged, decided, staged_identifier, linked;
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
  with versions as materialized (
    select s.place, k.revision, k.content_hash, k.result_id, k.known_month
      from staged s join record.record_key k on k.feed_number = s.feed_number and k.record_hash = s.record_hash
     where s.fate < 2),
  newest as (
    select distinct on (place) place, revision, result_id, known_month from versions order by place, revision desc),
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
      left join places.postcode_current p on p.pcd = s.pcd and s.fate = 0)
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

  select array_agg(d.place) into left_out from decided d join staged s using (place)
   where s.fate = 0 and d.outcome in ('rejected', 'pending');
  return coalesce(left_out, '{}');
end $$;

-- Step 2: whose records these are. Links are inserted in one order everywhere, so that two submissions that meet the
-- same identifiers wait for each other; then components that a record connects are joined. (Should two submissions
-- still lock each other out, the server ends one and the caller sends it again.)
create function intake.link_chunk() returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  expected bigint;
  added bigint;
begin
  perform intake.find_links();
  select count(*) into expected from linked where is_new;
  if expected > 0 then
    insert into identity.link (kind, hash, key_id, id, component, birth, sex, tick_id)
    select i.kind, i.hash, i.key_id, i.id, n.component, i.birth, i.sex, tick
      from linked n join staged_identifier i using (number)
     where n.is_new
     order by i.kind, i.hash
    on conflict (kind, hash) do nothing;
    get diagnostics added = row_count;
    if added < expected then  -- another submission was first with some of them: theirs are the links
      truncate linked;
      perform intake.find_links();
    end if;
  end if;
  if exists (select from linked where not is_new) then
    perform intake.join_components();
    perform intake.note_what_links_learn();
  end if;
  insert into identity.conflict (component, reason, tick_id)
  select distinct n.component, 'two birth dates or sexes among records with one identifier', tick
    from staged_identifier i join linked n using (number) where i.clash
  on conflict do nothing;
end $$;

create function intake.find_links() returns void
language plpgsql as $$
begin
  insert into linked
  with met as materialized (
    select i.number, i.local, i.component as own, i.id as new_id, l.id, l.component,
           l.id is not null and ((i.birth is not null and l.birth is distinct from i.birth)
                              or (i.sex is not null and l.sex is distinct from i.sex)) as tells_more
      from staged_identifier i left join identity.link l on l.kind = i.kind and l.hash = i.hash),
  known as (
    select local, min(component::text)::uuid as component from met where id is not null group by local)
  select m.number, m.local, coalesce(m.id, m.new_id), coalesce(m.component, k.component, m.own), m.id is null, m.tells_more
    from met m left join known k using (local);
end $$;

-- Components that one local component touches become one. Repeats until nothing is left to join: a component that
-- another submission moved meanwhile is seen in the next round.
create function intake.join_components() returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  met record;
begin
  while exists (select from linked group by local having count(distinct component) > 1) loop
    for met in
      select min(component::text)::uuid as kept, array_agg(distinct component) as components
        from linked group by local having count(distinct component) > 1 order by 1
    loop
      perform 1 from identity.link l where l.component = any (met.components) order by l.kind, l.hash for update;
      insert into identity.joined (component, into_component, tick_id)
      select gone, met.kept, tick from unnest(met.components) as gone where gone <> met.kept
      on conflict do nothing;
      insert into identity.conflict (component, reason, tick_id)
      select met.kept, 'joined with a component in conflict', tick
       where exists (select from identity.conflict c where c.component = any (met.components))
      on conflict do nothing;
      update identity.link l set component = met.kept
       where l.component = any (met.components) and l.component <> met.kept;
      insert into touched values (met.kept);
      -- two components that agreed each by itself may not agree together
      perform intake.look_for_conflict(array[met.kept]);
    end loop;
    update linked n set component = l.component
      from staged_identifier i join identity.link l on l.kind = i.kind and l.hash = i.hash
     where i.number = n.number and l.component <> n.component;
  end loop;
end $$;

create function intake.note_what_links_learn() returns void
language plpgsql as $$
declare
  more uuid[];
begin
  select array_agg(distinct component) into more from linked where tells_more;
  if more is null then
    return;
  end if;
  perform 1 from identity.link l where l.component = any (more) order by l.kind, l.hash for update;
  insert into identity.conflict (component, reason, tick_id)
  select distinct n.component, 'two birth dates or sexes for one identifier', current_setting('commonweal.open_tick')::bigint
    from linked n join staged_identifier i using (number)
    join identity.link l on l.kind = i.kind and l.hash = i.hash
   where n.tells_more and (l.birth <> i.birth or l.sex <> i.sex)
  on conflict do nothing;
  update identity.link l set birth = coalesce(l.birth, i.birth), sex = coalesce(l.sex, i.sex)
    from linked n join staged_identifier i using (number)
   where n.tells_more and l.kind = i.kind and l.hash = i.hash;
  perform intake.look_for_conflict(more);
end $$;

create function intake.look_for_conflict(p_components uuid[]) returns void
language sql as $$
  insert into identity.conflict (component, reason, tick_id)
  select l.component, 'two birth dates or sexes among joined identifiers', current_setting('commonweal.open_tick')::bigint
    from identity.link l where l.component = any (p_components)
   group by l.component having count(distinct l.birth) > 1 or count(distinct l.sex) > 1
  on conflict do nothing
$$;

-- Step 3: results, keys, sealed fields, outcomes and waiting records are written; counts and touched persons are noted.
create function intake.store_chunk(p_waiting_days integer) returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  month date := date_trunc('month', commonweal.now())::date;
begin
  insert into record.result
  select d.result_id, month, tick, s.feed_number, s.record_hash, s.revision, n.component, n.id, d.scope_ltla, d.lsoa_code,
         d.msoa_code, d.ward_code, d.ltla_code, d.utla_code, s.pcd, s.postcode_source, s.specimen_date, s.specimen_at,
         s.lab_received_at, s.reported_at, s.reported_date, s.age_years, s.age_band, s.sex, s.ethnic_group, s.occupation,
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
  select r.scope_ltla, r.lsoa_code, r.specimen_date, r.pillar, r.test_type, r.result, r.age_band, r.sex, -1
    from decided d join record.result r on r.known_month = d.replaces_month and r.id = d.replaces
   where d.newest;
  insert into touched
  select distinct n.component from decided d join staged s using (place) join linked n on n.number = s.strongest
   where d.result_id is not null and (s.result = 'positive' or d.replaces is not null or s.repeated);
  -- a newer version may name somebody else: the person of the one before has one result less
  insert into touched
  select distinct r.person_id
    from decided d join record.result r on r.known_month = d.replaces_month and r.id = d.replaces where d.newest;
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
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  everybody uuid[];
  changes integer;
begin
  insert into touched select c.component from identity.conflict c where c.tick_id = tick;
  -- what another submission joined meanwhile is followed to where it lies now
  loop
    update touched t set component = j.into_component from identity.joined j where j.component = t.component;
    exit when not found;
  end loop;
  select array_agg(distinct component) into everybody from touched;
  if everybody is null then
    return 0;
  end if;
  -- wait for another submission that works on the same persons; what this one made nobody else can see yet
  perform 1 from identity.link l
   where l.component = any (everybody) and l.tick_id <> tick order by l.kind, l.hash for update;

  with member as materialized (
    select l.id as link_id, case when c.component is null then l.component else l.id end as person_id
      from unnest(everybody) as t (component) join identity.link l using (component)
      left join identity.conflict c using (component)),
  positive as materialized (
    select m.person_id, r.specimen_date, r.id, r.scope_ltla, r.lsoa_code, r.msoa_code, r.pillar, r.test_type,
           r.age_band, r.sex, r.setting_type, r.setting_id,
           row_number() over (partition by m.person_id, r.specimen_date
                              order by r.specimen_at nulls last, r.feed_number, r.record_hash) as place
      from member m
      join record.result r on r.link_id = m.link_id
      join intake.feed f on f.number = r.feed_number and f.pathogen = p_pathogen
     where r.result = 'positive' and r.test_type = any (p_case_tests)
       and not exists (select from record.record_key k
                        where k.feed_number = r.feed_number and k.record_hash = r.record_hash and k.revision > r.revision)),
  episode as (
    select person_id, unnest(intake.episode_starts(array_agg(specimen_date order by specimen_date), p_window_days)) as start
      from positive where place = 1 group by person_id),
  wanted as materialized (
    select p.* from episode e
      join positive p on p.person_id = e.person_id and p.specimen_date = e.start and p.place = 1),
  -- what stands now for these persons, and for those they were before a join or a conflict
  known_as as (
    select person_id as before, person_id as now from member
    union select link_id, person_id from member
    union select component, component from unnest(everybody) as t (component)
    union select j.component, j.into_component from identity.joined j where j.into_component = any (everybody)),
  standing as materialized (
    select * from (
      select distinct on (v.case_id) v.*, k.now
        from known_as k join record.case_version v on v.person_id = k.before and v.pathogen = p_pathogen
       order by v.case_id, v.version desc, k.now) newest
     where not withdrawn),
  kept as materialized (
    select w.id as wanted_id, s.case_id from wanted w join standing s on s.result_id = w.id),
  moved as (
    select w.id as wanted_id, s.case_id
      from (select *, row_number() over (partition by person_id order by specimen_date) as position
              from wanted where id not in (select wanted_id from kept)) w
      full join (select *, row_number() over (partition by now order by episode_start, case_id) as position
                   from standing where case_id not in (select case_id from kept)) s
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

-- Last: the tally and the submission itself, which the deferred check compares with the outcomes. Returns the
-- lower-tier codes whose counts changed (null when more than twenty).
create function intake.finish_submission(
  p_submission bigint, p_feed text, p_sha256 bytea, p_declared integer, p_channel text, p_label text, p_bytes bigint,
  p_received_at timestamptz, p_sent_by text, p_held_since timestamptz, p_held_by text, p_idempotency_key text,
  p_line_list_version integer)
returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
begin
  insert into intake.tally (submission_id, outcome, n, tick_id)
  select p_submission, o.outcome, count(*), tick
    from intake.outcome o where o.submission_id = p_submission group by 2;
  delete from intake.opened_submission where id = p_submission;
  insert into intake.submission (id, feed, sha256, declared, channel, label, bytes, received_at, sent_by, held_since,
                                 held_by, idempotency_key, line_list_version, tick_id)
  values (p_submission, p_feed, p_sha256, p_declared, p_channel, p_label, p_bytes, p_received_at, p_sent_by, p_held_since,
          p_held_by, p_idempotency_key, p_line_list_version, tick);
end $$;

create function intake.touched_codes() returns text[]
language sql stable as $$
  select case when count(*) > 20 then null else coalesce(array_agg(scope_ltla), '{}') end
    from (select distinct scope_ltla from counts.delta
           where tick_id = current_setting('commonweal.open_tick')::bigint limit 21) codes
$$;

-- Locks a feed by its number and makes partitions: what cw_ingest may call.
grant execute on function intake.make_staging(), intake.clear_chunk(), intake.decide_chunk(), intake.link_chunk(),
  intake.find_links(), intake.join_components(), intake.note_what_links_learn(), intake.look_for_conflict(uuid[]),
  intake.store_chunk(integer), intake.write_counts(), intake.episode_starts(date[], integer),
  intake.work_out_cases(text, text[], integer), intake.touched_codes(),
  intake.came_before(text, bytea, text), intake.begin_submission(text, bytea, text),
  intake.finish_submission(
    bigint, text, bytea, integer, text, text, bigint, timestamptz, text, timestamptz, text, text, integer)
  to cw_ingest;

-- Taking a chunk of checked records in: set by set, for one record as for a hundred thousand.
-- The caller (role cw_ingest) copies a chunk into the staging tables of its own connection and calls link_chunk,
-- store_chunk and count_chunk, empties the first two tables and goes on with the next chunk; work_out_cases runs once at
-- the end. All chunks of a submission are one transaction with one tick. No step reads another feed's unfinished work:
-- submissions of one feed wait for each other, and links to persons settle below.

create function intake.make_staging() returns void
language plpgsql as $$
begin
  create temp table if not exists staged (
    row_number integer not null,
    fate smallint not null,                -- 0 good, 1 waits, 2 rejected (what the checks alone say)
    reasons text[] not null,
    notes text[] not null,
    record_hash bytea,
    revision integer,
    content_hash bytea,
    strongest integer,                     -- number of the strongest identifier in staged_identifier
    pcd text,                              -- postcode without space
    sent_ltla text,
    postcode_source text, specimen_date date, specimen_at timestamptz, lab_received_at timestamptz,
    reported_at timestamptz, reported_date date, age_years smallint, age_band text, sex text, ethnic_group text,
    occupation text, workplace_postcode text, pillar text, test_route text, test_type text, result text,
    symptomatic boolean, onset_date date, setting_type text, setting_id text, incident_id text, contacts_named integer,
    -- worked out below
    outcome text, result_id bigint, person_id uuid, component uuid,
    scope_ltla text, lsoa_code text, msoa_code text, ward_code text, ltla_code text, utla_code text,
    replaces bigint, replaces_month date, newest boolean
  ) on commit delete rows;
  create temp table if not exists staged_identifier (
    number integer not null,               -- 1.. within the chunk, each (kind, hash) once
    kind smallint not null,
    hash bytea not null,
    key_id smallint not null,
    local integer not null,                -- connected component within the chunk
    birth bytea,                           -- keyed hash of the birth date, if any record gives one
    sex text,
    clash boolean not null,                -- the chunk gives this identifier two birth dates or two sexes
    id uuid, component uuid, is_new boolean not null default false
  ) on commit delete rows;
  create temp table if not exists staged_touch (   -- whose cases must be worked out again, over all chunks
    kind smallint not null,
    hash bytea not null
  ) on commit delete rows;
end $$;

-- Step 0: one submission of a feed at a time; the month's partition is there.
create function intake.begin_submission(
  p_feed text, p_sha256 bytea, p_declared integer, p_channel text, p_label text, p_bytes bigint,
  p_received_at timestamptz, p_sent_by text, p_held_since timestamptz, p_held_by text, p_idempotency_key text,
  p_line_list_version integer)
returns bigint
language plpgsql as $$
declare
  found_feed intake.feed;
  now_state text;
  new_id bigint;
begin
  select * into found_feed from intake.feed where name = p_feed;
  if not found then
    raise exception 'There is no feed "%". Make it with: commonweal feeds add % --owner ORGANISATION', p_feed, p_feed
      using errcode = 'CW007';
  end if;
  select state into now_state from intake.feed_state where feed = p_feed order by tick_id desc limit 1;
  if now_state is distinct from 'open' then
    raise exception 'The feed "%" is %; it takes nothing in.', p_feed, coalesce(now_state, 'not open yet')
      using errcode = 'CW007';
  end if;
  perform pg_advisory_xact_lock(4310, found_feed.number);
  insert into intake.submission (feed, sha256, declared, channel, label, bytes, received_at, sent_by, held_since,
                                 held_by, idempotency_key, line_list_version, tick_id)
  values (p_feed, p_sha256, p_declared, p_channel, p_label, p_bytes, p_received_at, p_sent_by, p_held_since,
          p_held_by, p_idempotency_key, p_line_list_version, current_setting('commonweal.open_tick')::bigint)
  returning id into new_id;
  perform commonweal.make_month_partition('record.result', commonweal.now()::date);
  return new_id;
end $$;

-- Step 1: whose records these are. Links are inserted in one order everywhere, so that two submissions that meet the
-- same identifiers wait for each other; then components that a record connects are joined. (Should two submissions
-- still lock each other out, the server ends one and the caller sends it again.)
create function intake.link_chunk() returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  met record;
begin
  with fresh as (
    insert into identity.link (kind, hash, key_id, id, component, birth, sex, tick_id)
    select i.kind, i.hash, i.key_id, gen_random_uuid(), l.component, i.birth, i.sex, tick
      from staged_identifier i
      join (select n.local, coalesce(min(k.component::text)::uuid, gen_random_uuid()) as component
              from staged_identifier n left join identity.link k on k.kind = n.kind and k.hash = n.hash
             group by n.local) l using (local)
     order by i.kind, i.hash
    on conflict (kind, hash) do nothing
    returning kind, hash, id, component)
  update staged_identifier i set is_new = true, id = fresh.id, component = fresh.component
    from fresh where fresh.kind = i.kind and fresh.hash = i.hash;
  update staged_identifier i set id = l.id, component = l.component
    from identity.link l where not i.is_new and l.kind = i.kind and l.hash = i.hash;

  while exists (select from staged_identifier group by local having count(distinct component) > 1) loop
    for met in
      select min(component::text)::uuid as kept, array_agg(distinct component) as components
        from staged_identifier group by local having count(distinct component) > 1 order by 1
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
    end loop;
    -- a component that another submission moved meanwhile is seen here and joined in the next round
    update staged_identifier i set component = l.component
      from identity.link l where l.kind = i.kind and l.hash = i.hash and l.component <> i.component;
  end loop;

  insert into identity.conflict (component, reason, tick_id)
  select distinct i.component, 'two birth dates or sexes for one identifier', tick
    from staged_identifier i left join identity.link l on not i.is_new and l.kind = i.kind and l.hash = i.hash
   where i.clash or l.birth <> i.birth or l.sex <> i.sex
  on conflict do nothing;
  update identity.link l set birth = coalesce(l.birth, i.birth), sex = coalesce(l.sex, i.sex)
    from staged_identifier i
   where not i.is_new and l.kind = i.kind and l.hash = i.hash
     and ((l.birth is null and i.birth is not null) or (l.sex is null and i.sex is not null));
  insert into identity.conflict (component, reason, tick_id)
  select l.component, 'two birth dates or sexes among joined identifiers', tick
    from identity.link l
   where l.component in (
     select i.component from staged_identifier i group by i.component
     having not bool_and(i.is_new) or count(distinct i.birth) > 1 or count(distinct i.sex) > 1)
   group by l.component having count(distinct l.birth) > 1 or count(distinct l.sex) > 1
  on conflict do nothing;

  update staged s set person_id = i.id, component = i.component
    from staged_identifier i where i.number = s.strongest;
end $$;

-- Step 2: duplicates, versions and places decide the outcome; results, keys, outcomes and waiting records are written.
create function intake.store_chunk(p_submission bigint, p_waiting_days integer) returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  month date := date_trunc('month', commonweal.now())::date;
  this_feed intake.feed;
begin
  select f.* into this_feed from intake.submission s join intake.feed f on f.name = s.feed where s.id = p_submission;

  update staged s set outcome = case s.fate when 2 then 'rejected' when 1 then 'pending' end where s.fate > 0;

  -- the same version before: in the database, then earlier in this chunk
  update staged s
     set outcome = case when k.content_hash = s.content_hash then 'duplicate' else 'rejected' end,
         reasons = case when k.content_hash = s.content_hash then '{}'::text[] else array['revision:content_differs'] end
    from record.record_key k
   where s.fate < 2 and k.feed_number = this_feed.number and k.record_hash = s.record_hash and k.revision = s.revision;
  update staged s
     set outcome = 'duplicate', reasons = '{}'
    from intake.orphan o
   where s.outcome = 'pending' and o.feed = this_feed.name and o.record_hash = s.record_hash and o.revision = s.revision
     and o.content_hash = s.content_hash
     and not exists (select from intake.orphan_end e
                      where e.submission_id = o.submission_id and e.row_number = o.row_number);

  update staged s
     set lsoa_code = p.lsoa_code, msoa_code = p.msoa_code, ward_code = p.ward_code, ltla_code = p.ltla_code,
         utla_code = p.utla_code, scope_ltla = p.scope_ltla,
         notes = case when s.sent_ltla is not null and s.sent_ltla is distinct from p.ltla_code
                       and s.sent_ltla is distinct from p.scope_ltla
                      then s.notes || 'ltla_code:differs_from_postcode'::text else s.notes end
    from places.postcode_current p
   where s.outcome is null and p.pcd = s.pcd;
  update staged s set outcome = 'pending', reasons = array['postcode:not_known']
   where s.outcome is null and s.scope_ltla is null;

  update staged s
     set outcome = case when d.content_hash = s.content_hash then 'duplicate' else 'rejected' end,
         reasons = case when d.content_hash = s.content_hash then '{}'::text[] else array['revision:content_differs'] end
    from (select row_number, first_value(row_number) over w as first_row, first_value(content_hash) over w as content_hash
            from staged where outcome is null or outcome = 'pending'
          window w as (partition by record_hash, revision, outcome is null order by row_number)) d
   where d.row_number = s.row_number and d.first_row <> s.row_number;

  -- versions: the first of a record to arrive is accepted, every further one is counted as superseded
  update staged s
     set result_id = nextval('record.result_id'), newest = v.newest, replaces = v.replaces,
         replaces_month = v.replaces_month, outcome = case when v.earlier then 'superseded' else 'accepted' end
    from (
      select n.row_number,
             k.result_id is not null or row_number() over (partition by n.record_hash order by n.row_number) > 1 as earlier,
             n.revision > coalesce(k.revision, -1)
               and n.revision = max(n.revision) over (partition by n.record_hash) as newest,
             k.result_id as replaces, k.known_month as replaces_month
        from staged n
        left join lateral (
          select k.revision, k.result_id, k.known_month from record.record_key k
           where k.feed_number = this_feed.number and k.record_hash = n.record_hash
           order by k.revision desc limit 1) k on true
       where n.outcome is null) v
   where v.row_number = s.row_number;

  insert into record.result
  select s.result_id, month, tick, this_feed.number, s.record_hash, s.revision, s.person_id, s.scope_ltla, s.lsoa_code,
         s.msoa_code, s.ward_code, s.ltla_code, s.utla_code, s.pcd, s.postcode_source, s.specimen_date, s.specimen_at,
         s.lab_received_at, s.reported_at, s.reported_date, s.age_years, s.age_band, s.sex, s.ethnic_group, s.occupation,
         s.workplace_postcode, s.pillar, s.test_route, s.test_type, s.result, s.symptomatic, s.onset_date, s.setting_type,
         s.setting_id, s.incident_id, s.contacts_named
    from staged s where s.result_id is not null;
  insert into record.record_key
  select this_feed.number, record_hash, revision, content_hash, result_id, month, tick
    from staged where result_id is not null;
  insert into intake.outcome (submission_id, row_number, outcome, result_id, reasons, notes, tick_id)
  select p_submission, row_number, outcome, result_id, reasons, notes, tick from staged;
  insert into intake.orphan
  select p_submission, row_number, this_feed.name, record_hash, revision, content_hash, reasons[1],
         commonweal.now() + make_interval(days => p_waiting_days), tick
    from staged where outcome = 'pending';
  -- a waiting record is resolved by a good record of the same key that arrives later
  insert into intake.orphan_end (submission_id, row_number, how, reason, by_submission, tick_id)
  select o.submission_id, o.row_number, 'resolved', 'a record with a known place was sent', p_submission, tick
    from intake.orphan o
   where o.feed = this_feed.name
     and (o.record_hash) in (select s.record_hash from staged s where s.result_id is not null)
     and exists (select from staged s where s.result_id is not null and s.record_hash = o.record_hash
                    and s.revision >= o.revision)
     and not exists (select from intake.orphan_end e where e.submission_id = o.submission_id and e.row_number = o.row_number);
end $$;

-- Step 3: counts change by what is new and, where a version replaces another, by what that one said. Also notes whose
-- cases this chunk may have changed.
create function intake.count_chunk() returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
begin
  with counted as materialized (
    select scope_ltla, lsoa_code, specimen_date, pillar, test_type, result, age_band, sex, 1 as n
      from staged where newest
    union all
    select r.scope_ltla, r.lsoa_code, r.specimen_date, r.pillar, r.test_type, r.result, r.age_band, r.sex, -1
      from staged s join record.result r on r.known_month = s.replaces_month and r.id = s.replaces
     where s.newest and s.replaces is not null),
  by_place as (
    insert into counts.delta
    select tick, scope_ltla, lsoa_code, specimen_date, pillar, test_type, result, sum(n)
      from counted group by 2, 3, 4, 5, 6, 7 having sum(n) <> 0)
  insert into counts.delta_age
  select tick, scope_ltla, specimen_date, coalesce(age_band, 'unknown'), coalesce(sex, 'unknown'), result, sum(n)
    from counted where test_type <> 'antibody' group by 2, 3, 4, 5, 6 having sum(n) <> 0;

  insert into staged_touch
  select distinct i.kind, i.hash
    from staged s join staged_identifier i on i.number = s.strongest
   where s.result_id is not null and (s.result = 'positive' or s.replaces is not null);
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

-- Step 4, once a transaction: episodes of everybody whose positive tests, links or versions were touched. A person is a
-- component, or the strongest identifier of the record where the component is in conflict.
create function intake.work_out_cases(p_pathogen text, p_case_tests text[], p_window_days integer) returns integer
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  touched uuid[];
  changes integer;
begin
  -- wait for another submission that works on the same persons; what this one made nobody else can see yet
  perform 1 from identity.link l join staged_touch t using (kind, hash)
   where l.tick_id <> tick order by l.kind, l.hash for update of l;
  select array_agg(component) into touched from (
    select l.component from identity.link l join staged_touch t using (kind, hash)
    union select j.into_component from identity.joined j where j.tick_id = tick
    union select c.component from identity.conflict c where c.tick_id = tick) everybody;
  if touched is null then
    return 0;
  end if;
  perform 1 from identity.link l
   where l.component = any (touched) and l.tick_id <> tick order by l.kind, l.hash for update;

  with member as materialized (
    select l.id as link_id, case when c.component is null then l.component else l.id end as person_id
      from unnest(touched) as t (component) join identity.link l using (component)
      left join identity.conflict c using (component)),
  positive as materialized (
    select m.person_id, r.specimen_date, r.id, r.scope_ltla, r.lsoa_code, r.msoa_code, r.pillar, r.test_type,
           r.age_band, r.sex, r.setting_type, r.setting_id,
           row_number() over (partition by m.person_id, r.specimen_date
                              order by r.specimen_at nulls last, r.feed_number, r.record_hash) as place
      from member m join record.result r on r.person_id = m.link_id
     where r.result = 'positive' and r.test_type = any (p_case_tests)
       and not exists (select from record.record_key k
                        where k.feed_number = r.feed_number and k.record_hash = r.record_hash and k.revision > r.revision)),
  episode as (
    select person_id, unnest(intake.episode_starts(array_agg(specimen_date order by specimen_date), p_window_days)) as start
      from positive where place = 1 group by person_id),
  wanted as (
    select e.person_id, e.start, p.* from episode e
      join (select person_id as whose, specimen_date, id as result_id, scope_ltla, lsoa_code, msoa_code, pillar, test_type,
                   age_band, sex, setting_type, setting_id from positive where place = 1) p
        on p.whose = e.person_id and p.specimen_date = e.start),
  -- what stands now for these persons, and for those they were before a join or a conflict
  known_as as (
    select person_id from member union select link_id from member union select unnest(touched)
    union select j.component from identity.joined j where j.into_component = any (touched)),
  standing as (
    select * from (
      select distinct on (v.case_id) v.*
        from known_as k join record.case_version v on v.person_id = k.person_id and v.pathogen = p_pathogen
       order by v.case_id, v.version desc) newest
     where not withdrawn),
  changed as materialized (
    select coalesce(s.case_id, gen_random_uuid()) as case_id, coalesce(s.version, 0) + 1 as version,
           w.person_id is null as withdrawn, s.case_id is not null as stood,
           coalesce(w.person_id, s.person_id) as person_id, coalesce(w.start, s.episode_start) as episode_start,
           w.result_id, w.scope_ltla, w.lsoa_code, w.msoa_code, w.pillar, w.test_type, w.age_band, w.sex, w.setting_type,
           w.setting_id, s.result_id as old_result_id, s.scope_ltla as old_scope, s.lsoa_code as old_lsoa,
           s.msoa_code as old_msoa, s.pillar as old_pillar, s.test_type as old_test_type, s.age_band as old_age_band,
           s.sex as old_sex, s.setting_type as old_setting_type, s.setting_id as old_setting_id
      from wanted w full join standing s on s.person_id = w.person_id and s.episode_start = w.start
     where s.case_id is null or w.person_id is null or w.result_id is distinct from s.result_id),
  written as (
    insert into record.case_version
    select case_id, version, tick, withdrawn, p_pathogen, person_id, episode_start, coalesce(result_id, old_result_id),
           coalesce(scope_ltla, old_scope), coalesce(lsoa_code, old_lsoa), coalesce(msoa_code, old_msoa),
           coalesce(pillar, old_pillar), coalesce(test_type, old_test_type), coalesce(age_band, old_age_band),
           coalesce(sex, old_sex), coalesce(setting_type, old_setting_type), coalesce(setting_id, old_setting_id)
      from changed
    returning 1),
  case_count as materialized (
    select scope_ltla, lsoa_code, episode_start, pillar, test_type, age_band, sex, 1 as n from changed where not withdrawn
    union all
    select old_scope, old_lsoa, episode_start, old_pillar, old_test_type, old_age_band, old_sex, -1 from changed where stood),
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

-- Last: the tally that the deferred check compares; returns what the caller reports and which codes were touched.
create function intake.finish_submission(p_submission bigint) returns table (outcome text, n bigint)
language plpgsql as $$
begin
  insert into intake.tally (submission_id, outcome, n, tick_id)
  select p_submission, o.outcome, count(*), current_setting('commonweal.open_tick')::bigint
    from intake.outcome o where o.submission_id = p_submission group by 2;
  return query select t.outcome, t.n::bigint from intake.tally t where t.submission_id = p_submission;
end $$;

-- Locks a feed by its number and makes partitions: what cw_ingest may call.
grant execute on function intake.make_staging(), intake.link_chunk(), intake.store_chunk(bigint, integer),
  intake.count_chunk(), intake.episode_starts(date[], integer), intake.work_out_cases(text, text[], integer),
  intake.finish_submission(bigint),
  intake.begin_submission(text, bytea, integer, text, text, bigint, timestamptz, text, timestamptz, text, text, integer)
  to cw_ingest;

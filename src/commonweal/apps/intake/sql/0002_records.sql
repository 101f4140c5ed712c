-- Results as received, who they belong to, and what became of every record that was sent.

create schema intake;
create schema record;
create schema identity;
grant usage on schema intake to cw_app, cw_authn, cw_ingest, cw_queue, cw_web, cw_backup, cw_retention;
grant usage on schema record to cw_app, cw_ingest, cw_engine, cw_backup, cw_retention;
grant usage on schema identity to cw_ingest, cw_backup, cw_retention;

-- Feeds -------------------------------------------------------------------------------------------------------------

create table intake.feed (
  number integer generated always as identity unique,
  name text primary key check (name ~ '^[a-z0-9][a-z0-9-]{1,63}$'),
  owner_id text not null references access.organisation,
  record_kinds text[] not null check (cardinality(record_kinds) > 0),
  pathogen text not null,
  tick_id bigint not null
);
call commonweal.declare_fact('intake.feed', 'a way by which one organisation sends records');

create table intake.feed_state (
  feed text not null references intake.feed,
  state text not null check (state in ('open', 'paused', 'closed')),
  reason text not null check (length(trim(reason)) > 0),
  tick_id bigint not null,
  primary key (feed, tick_id)
);
call commonweal.declare_fact('intake.feed_state', 'opened, paused or closed, with the reason');

create table intake.feed_token (
  token_sha256 bytea primary key check (length(token_sha256) = 32),
  feed text not null references intake.feed,
  ends_at timestamptz,
  tick_id bigint not null
);
comment on table intake.feed_token is
  'operational: checksums of the tokens by which programs send to a feed; rotating ends the older ones';

create table intake.column_mapping (
  feed text not null references intake.feed,
  mapping jsonb not null,
  tick_id bigint not null,
  primary key (feed, tick_id)
);
call commonweal.declare_fact('intake.column_mapping', 'which column of a sender''s file is which field');

-- Submissions and outcomes ------------------------------------------------------------------------------------------

create table intake.submission (
  id bigint primary key,
  feed text not null references intake.feed,
  sha256 bytea not null check (length(sha256) = 32),
  declared integer not null check (declared >= 0),
  channel text not null check (channel in ('file', 'http', 'upload', 'mend')),
  label text not null,
  bytes bigint not null,
  received_at timestamptz not null,
  sent_by text,
  held_since timestamptz,
  held_by text,
  idempotency_key text,
  line_list_version integer not null,
  tick_id bigint not null,
  unique (sha256, feed),
  unique (idempotency_key, feed)
);
create index submission_tick on intake.submission (tick_id);
create index submission_feed on intake.submission (feed, tick_id);
call commonweal.declare_fact('intake.submission', 'one file, body or record as sent, by its checksum');

-- A submission's row is written last, when all is counted; its outcomes and tally only between begin and finish.
create sequence intake.submission_id;
create table intake.opened_submission (
  id bigint primary key
);
comment on table intake.opened_submission is
  'operational: submissions whose transaction has begun; checked at commit, emptied by it';

create function intake.refuse_unfinished() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from intake.opened_submission o where o.id = new.id) then
    raise exception 'submission % was begun and not finished: intake.finish_submission comes last', new.id
      using errcode = 'CW006';
  end if;
  return null;
end $$;
create constraint trigger submission_is_finished after insert on intake.opened_submission
  deferrable initially deferred for each row execute function intake.refuse_unfinished();

create table intake.outcome (
  submission_id bigint not null,
  row_number integer not null check (row_number > 0),
  outcome text not null check (outcome in ('accepted', 'duplicate', 'superseded', 'rejected', 'pending')),
  result_id bigint,
  reasons text[] not null default '{}',
  notes text[] not null default '{}',
  tick_id bigint not null,
  primary key (submission_id, row_number),
  check ((outcome in ('accepted', 'superseded')) = (result_id is not null)),
  check ((outcome in ('rejected', 'pending')) = (cardinality(reasons) > 0))
);
call commonweal.declare_fact('intake.outcome', 'what became of one record of a submission: exactly one outcome, for ever');

create table intake.tally (
  submission_id bigint not null,
  outcome text not null,
  n integer not null check (n > 0),
  tick_id bigint not null,
  primary key (submission_id, outcome)
);
call commonweal.declare_fact('intake.tally', 'outcomes of a submission counted, for the balance sheet');

-- Conservation is a constraint: at commit the declared count, the outcomes and the tally agree, or nothing was sent.
create function intake.check_balance() returns trigger
language plpgsql security definer set search_path = '' set enable_seqscan = off as $$
declare
  stored bigint;
  tallied bigint;
  differing text;
begin
  select coalesce(sum(o.n), 0), coalesce(sum(t.n), 0),
         string_agg(coalesce(o.outcome, t.outcome), ', ') filter (where o.n is distinct from t.n)
    into stored, tallied, differing
    from (select outcome, count(*) as n from intake.outcome where submission_id = new.id group by 1) o
    full join (select outcome, n from intake.tally where submission_id = new.id) t using (outcome);
  if stored <> new.declared or tallied <> new.declared or differing is not null then
    raise exception 'submission % of feed % declares % records but has % outcomes and a tally of % (differing: %)',
      new.id, new.feed, new.declared, stored, tallied, coalesce(differing, 'none') using errcode = 'CW006';
  end if;
  return null;
end $$;
create constraint trigger submission_balances after insert on intake.submission
  deferrable initially deferred for each row execute function intake.check_balance();

-- An outcome or tally outside its submission's transaction would unbalance it, or belong to nothing. Begun submissions
-- of others cannot be seen, and finished ones are gone, so the row is there only in the transaction that began it.
create function intake.only_with_submission() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from (select distinct submission_id from added) a
              where not exists (select from intake.opened_submission o where o.id = a.submission_id)) then
    raise exception 'outcomes are written with their submission, between begin and finish' using errcode = 'CW006';
  end if;
  return null;
end $$;
create trigger outcome_with_submission after insert on intake.outcome
  referencing new table as added for each statement execute function intake.only_with_submission();
create trigger tally_with_submission after insert on intake.tally
  referencing new table as added for each statement execute function intake.only_with_submission();

-- Rejected and pending records keep what was received, encrypted, until they are mended or their clock ends.
create table intake.held (
  submission_id bigint not null,
  row_number integer not null,
  key_id smallint not null,
  wrapped_key bytea not null,
  payload bytea not null,
  drop_after timestamptz not null,
  primary key (submission_id, row_number)
);
create index held_drop on intake.held (drop_after);
comment on table intake.held is 'operational: what was received of rejected and pending records, encrypted, dropped in time';

create table intake.orphan (
  submission_id bigint not null,
  row_number integer not null,
  feed text not null references intake.feed,
  record_hash bytea not null,
  revision integer not null,
  content_hash bytea not null,
  reason text not null,
  due_at timestamptz not null,
  tick_id bigint not null,
  primary key (submission_id, row_number)
);
create index orphan_key on intake.orphan (feed, record_hash, revision);
call commonweal.declare_fact('intake.orphan', 'a record whose place is not known, waiting with an owner and a clock');

create table intake.orphan_end (
  submission_id bigint not null,
  row_number integer not null,
  how text not null check (how in ('resolved', 'dropped')),
  reason text not null check (length(trim(reason)) > 0),
  office_id text,
  by_submission bigint,
  tick_id bigint not null,
  primary key (submission_id, row_number),
  foreign key (submission_id, row_number) references intake.orphan
);
call commonweal.declare_fact('intake.orphan_end', 'how a waiting record ended: resolved by a new record, or dropped with a reason');

-- Results -------------------------------------------------------------------------------------------------------------

create sequence record.result_id;

create table record.result (
  id bigint not null,
  known_month date not null,
  tick_id bigint not null,
  feed_number integer not null,
  record_hash bytea not null,
  revision integer not null,
  -- whose it was when it was stored: identity.joined says what became of that person
  person_id uuid not null,
  -- the record's strongest identifier: the person itself where identifiers contradict each other
  link_id uuid not null,
  scope_ltla text not null,
  lsoa_code text not null,
  msoa_code text,
  ward_code text,
  ltla_code text,
  utla_code text,
  postcode text not null,
  postcode_source text,
  specimen_date date not null,
  specimen_at timestamptz,
  lab_received_at timestamptz,
  reported_at timestamptz,
  reported_date date,
  age_years smallint,
  age_band text,
  sex text,
  ethnic_group text,
  occupation text,
  workplace_postcode text,
  pillar text not null,
  test_route text not null,
  test_type text not null,
  result text not null check (result in ('positive', 'negative', 'void')),
  symptomatic boolean,
  onset_date date,
  setting_type text,
  setting_id text,
  incident_id text,
  contacts_named integer,
  primary key (known_month, id)
) partition by range (known_month);
create index result_scope_tick on record.result (scope_ltla, tick_id);
create index result_person on record.result (person_id);
call commonweal.declare_fact('record.result', 'one version of a laboratory result, without direct identifiers (L2)');
call access.protect('record.result', 'L2');
grant select on record.result to cw_app, cw_backup;
grant select, insert on record.result to cw_ingest;
grant usage on sequence record.result_id to cw_ingest;

create table record.record_key (
  feed_number integer not null,
  record_hash bytea not null,
  revision integer not null,
  content_hash bytea not null,
  result_id bigint not null,
  known_month date not null,
  tick_id bigint not null,
  primary key (feed_number, record_hash, revision)
);
call commonweal.declare_fact('record.record_key', 'which versions of which records are stored: one result for each');

-- Persons -------------------------------------------------------------------------------------------------------------

-- kind: 1 NHS number, 2 name + birth date + postcode, 3 the feed's own number for the person (strongest first). The kind
-- and namespace are part of what is hashed, so a hash alone is the key.
create table identity.link (
  hash bytea primary key,
  kind smallint not null check (kind in (1, 2, 3)),
  key_id smallint not null,
  id uuid not null,
  component uuid not null,
  tick_id bigint not null
);
call commonweal.declare_fact('identity.link', 'the keyed hash of an identifier, and the component in which it was first met');

-- A component is a person unless its identifiers contradict each other. It only grows: joined into another one, that is
-- its root from then on. Birth (keyed hash) and sex are what its records say, kept at the root.
create table identity.component (
  id uuid primary key,
  root uuid not null,
  birth bytea,
  sex text,
  tick_id bigint not null
);
create index component_root on identity.component (root) where root <> id;
comment on table identity.component is
  'projection: connected components of identifiers, where each lies now, and the birth date and sex known of it';

create table identity.joined (
  component uuid not null,
  into_component uuid not null,
  tick_id bigint not null,
  primary key (component)
);
call commonweal.declare_fact('identity.joined', 'two components that one record connected, and which one remained');

create table identity.conflict (
  component uuid primary key,
  reason text not null,
  tick_id bigint not null
);
call commonweal.declare_fact('identity.conflict',
  'a component with two birth dates or sexes: joins are refused in it and a person must review it');

-- The data key of a record lies wrapped beside what it opens; erasing a person destroys the wrapped keys.
create table identity.sealed (
  result_id bigint primary key,
  scope_ltla text not null,
  key_id smallint not null,
  wrapped_key bytea,
  payload bytea not null
);
comment on table identity.sealed is
  'operational: identifiable fields (L3) of a result, encrypted; its data key, wrapped by a key outside the database, can be destroyed and nothing else changed';

create function identity.only_destroy() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op <> 'UPDATE' then
    raise exception 'sealed fields are kept; only their key can be destroyed' using errcode = 'CW002';
  end if;
  if new.wrapped_key is not null
     or (new.result_id, new.scope_ltla, new.key_id, new.payload)
        is distinct from (old.result_id, old.scope_ltla, old.key_id, old.payload) then
    raise exception 'sealed fields are kept as they are; only their key can be destroyed' using errcode = 'CW002';
  end if;
  return new;
end $$;
create trigger sealed_is_kept before update or delete on identity.sealed
  for each row execute function identity.only_destroy();
create trigger sealed_is_not_emptied before truncate on identity.sealed
  for each statement execute function identity.only_destroy();
alter table identity.sealed enable row level security;
alter table identity.sealed force row level security;
create policy within_scope on identity.sealed for select to cw_app
  using (scope_ltla = any ((select access.scope_codes('L3'))::text[]));
create policy taken_in on identity.sealed for insert to cw_ingest with check (true);
grant usage on schema identity to cw_app;
grant select on identity.sealed to cw_app, cw_backup;
grant insert on identity.sealed to cw_ingest;

-- Cases ---------------------------------------------------------------------------------------------------------------

create table record.case_version (
  case_id uuid not null,
  version integer not null check (version > 0),
  tick_id bigint not null,
  withdrawn boolean not null,
  pathogen text not null,
  person_id uuid not null,
  episode_start date not null,
  result_id bigint not null,
  scope_ltla text not null,
  lsoa_code text not null,
  msoa_code text,
  pillar text not null,
  test_type text not null,
  age_band text,
  sex text,
  setting_type text,
  setting_id text,
  primary key (case_id, version)
);
create index case_person on record.case_version (person_id);
create index case_care_home on record.case_version (scope_ltla, episode_start) where setting_type = 'care_home';
create index case_scope_tick on record.case_version (scope_ltla, tick_id);
comment on table record.case_version is
  'projection: a person''s episode of infection by the pathogen''s rules, with every version it has had';
call access.protect('record.case_version', 'L2');
grant select on record.case_version to cw_app, cw_engine, cw_backup;
grant select, insert on record.case_version to cw_ingest;

grant select on intake.feed, intake.feed_state, intake.column_mapping, intake.submission, intake.outcome, intake.tally,
  intake.orphan, intake.orphan_end to cw_app, cw_ingest, cw_backup;
grant select on intake.feed, intake.feed_state, intake.submission, intake.tally, intake.orphan, intake.orphan_end to cw_web;
grant insert on intake.feed, intake.feed_state, intake.feed_token, intake.column_mapping to cw_authn;
grant select on intake.feed, intake.feed_state, intake.feed_token, intake.column_mapping to cw_authn;
grant update (ends_at) on intake.feed_token to cw_authn;
grant select on intake.feed_token, intake.held to cw_ingest;
grant usage on sequence intake.submission_id to cw_ingest;
grant select, insert, delete on intake.opened_submission to cw_ingest;
grant insert on intake.submission, intake.outcome, intake.tally, intake.held, intake.orphan, intake.orphan_end,
  record.record_key, identity.joined, identity.conflict to cw_ingest;
grant select on record.record_key, identity.link, identity.component, identity.joined, identity.conflict to cw_ingest;
grant insert on identity.link, identity.component to cw_ingest;
grant update (root, birth, sex) on identity.component to cw_ingest;
grant insert on intake.orphan_end to cw_app;
grant select on intake.held, record.record_key, identity.link, identity.component, identity.joined, identity.conflict to cw_backup;

select commonweal.make_partitions_ahead('record.result');

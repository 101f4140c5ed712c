-- What offices are told: one notice for all of them in the event's own transaction, who was reached by which way, who
-- acknowledged it for whom. Words stay here, behind sign-in; what leaves the house names the office and an hour only.

create schema desk;
grant usage on schema desk to cw_app, cw_authn, cw_ingest, cw_engine, cw_queue, cw_backup, cw_retention;

create table desk.notice (
  id uuid primary key default gen_random_uuid(),
  kind text not null check (kind ~ '^[a-z_]+\.[a-z_]+$'),
  subject text not null check (length(trim(subject)) between 1 and 200),
  link text not null check (link ~ '^/([^/\\]|$)'),
  severity smallint not null check (severity between 1 and 3),
  acknowledge_by timestamptz,
  place_codes text[] not null default '{}',
  by_office text references access.office,
  by_person uuid references access.person,
  event text unique,
  told_at timestamptz not null default commonweal.now(),
  tick_id bigint not null,
  check ((acknowledge_by is null) = (severity = 3)),
  check (acknowledge_by > told_at)
);
call commonweal.declare_fact('desk.notice', 'something that offices are told, in words that stay behind sign-in');
comment on column desk.notice.severity is '1 act now, also at night; 2 act today; 3 know this (nothing to acknowledge)';
comment on column desk.notice.event is 'the teller''s own name of the event: told twice it is one notice';

create table desk.told (
  notice_id uuid not null references desk.notice,
  office_id text not null references access.office,
  tick_id bigint not null,
  primary key (notice_id, office_id)
);
create index told_office on desk.told (office_id, tick_id);
call commonweal.declare_fact('desk.told', 'an office is served a notice: in its list from the commit of the event itself');

create table desk.pending_step (
  notice_id uuid not null,
  office_id text not null,
  number integer not null check (number >= 0),
  due_at timestamptz not null,
  primary key (notice_id, office_id)
);
create index pending_step_due on desk.pending_step (due_at);
comment on table desk.pending_step is
  'operational: the next step of each notice that waits to be sent or acknowledged; gone once it is acknowledged';

create table desk.reached (
  id bigint generated always as identity primary key,
  notice_id uuid not null,
  office_id text not null,
  number integer not null,
  capacity text not null check (capacity in ('holder', 'deputy', 'duty officer', 'succession')),
  person_id uuid references access.person,
  as_office text references access.office,
  at timestamptz not null default commonweal.now(),
  foreign key (notice_id, office_id) references desk.told,
  unique nulls not distinct (notice_id, office_id, number, capacity, person_id)
);
call commonweal.declare_fact('desk.reached',
  'whom a step turned to, as what; without a person: nobody was there to turn to', false);

create table desk.outbox (
  id bigint generated always as identity primary key,
  notice_id uuid not null,
  office_id text not null,
  person_id uuid not null references access.person,
  way text not null check (way in ('email', 'sms', 'call', 'webhook', 'print')),
  queued_at timestamptz not null default commonweal.now(),
  due_at timestamptz not null,
  state text not null default 'waiting' check (state in ('waiting', 'taken', 'sent', 'failed', 'withdrawn')),
  attempts smallint not null default 0,
  taken_at timestamptz,
  foreign key (notice_id, office_id) references desk.told
);
create index outbox_due on desk.outbox (due_at, id) where state in ('waiting', 'taken');
create index outbox_notice on desk.outbox (notice_id, office_id);
comment on table desk.outbox is 'operational: messages on their way out, claimed in blocks; addresses are looked up when one leaves';

create table desk.receipt (
  id bigint generated always as identity primary key,
  notice_id uuid not null,
  office_id text not null,
  state text not null check (state in ('sent', 'delivered', 'failed', 'opened', 'acknowledged', 'recalled')),
  way text not null check (way in ('page', 'email', 'sms', 'call', 'webhook', 'print')),
  person_id uuid references access.person,
  as_office text references access.office,
  capacity text check (capacity in ('holder', 'deputy', 'duty officer', 'succession')),
  words text,
  at timestamptz not null default commonweal.now(),
  foreign key (notice_id, office_id) references desk.told,
  check (state not in ('opened', 'acknowledged') or (person_id is not null and as_office is not null and capacity is not null)),
  check (state <> 'failed' or words is not null)
);
call commonweal.declare_fact('desk.receipt',
  'proof that a notice was sent, delivered, opened or acknowledged: by whom, as which office, for which, when', false);
create unique index receipt_acknowledged_once on desk.receipt (notice_id, office_id) where state = 'acknowledged';
create unique index receipt_recalled_once on desk.receipt (notice_id, office_id) where state = 'recalled';
create unique index receipt_opened_first on desk.receipt (notice_id, office_id, person_id) where state = 'opened';
create unique index receipt_shown_first on desk.receipt (notice_id, office_id, person_id) where state = 'delivered' and way = 'page';
create index receipt_notice on desk.receipt (notice_id, office_id);

-- How people of the staff are reached. Their own; no page of an office reads it.
create table desk.contact_way (
  person_id uuid not null references access.person,
  way text not null check (way in ('email', 'sms', 'call', 'webhook')),
  address text not null check (length(address) between 3 and 300),
  bounced_at timestamptz,
  bounced_words text,
  primary key (person_id, way)
);
comment on table desk.contact_way is 'operational: how a person is reached outside the pages; set by that person alone';

-- Telling -----------------------------------------------------------------------------------------------------------

-- A notice about a place is never one tier's alone: its own authority is told in the same statement or nobody is.
create function desk.untold_places(p_offices text[], p_places text[]) returns text[]
language sql stable security definer set search_path = '' as $$
  select array_agg(distinct code order by code)
    from unnest(p_places) as place cross join lateral unnest(places.resolve_scope(place)) as code
   where not exists (
     select from (select distinct g.area_code from access.office o
                    join access.organisation g on g.id = o.organisation_id
                   where o.id = any (p_offices) and g.area_code is not null) told
      cross join lateral unnest(places.resolve_scope(told.area_code)) as covered
      where covered = code)
$$;

create function desk.tell(
  p_offices text[], p_kind text, p_subject text, p_link text, p_severity integer, p_acknowledge_by timestamptz,
  p_places text[], p_by_office text, p_by_person uuid, p_event text) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  new_id uuid;
  tick bigint := nullif(current_setting('commonweal.open_tick', true), '')::bigint;
  missing text[];
begin
  if coalesce(cardinality(p_offices), 0) = 0 then
    raise exception 'A notice is told to at least one office; "%" names none.', p_subject using errcode = 'CW501';
  end if;
  missing := desk.untold_places(p_offices, p_places);
  if missing is not null then
    raise exception 'A notice about % must be told to an office of that place in the same transaction.',
      array_to_string(missing[1:5], ', ') using errcode = 'CW501';
  end if;
  insert into desk.notice (kind, subject, link, severity, acknowledge_by, place_codes, by_office, by_person, event, tick_id)
  values (p_kind, p_subject, p_link, p_severity, p_acknowledge_by, p_places, p_by_office, p_by_person, p_event, tick)
  on conflict (event) do nothing returning id into new_id;
  if new_id is null then
    return (select n.id from desk.notice n where n.event = p_event);
  end if;
  insert into desk.told (notice_id, office_id, tick_id)
  select new_id, office, tick from (select distinct unnest(p_offices) as office) offices;
  if p_severity < 3 then
    insert into desk.pending_step (notice_id, office_id, number, due_at)
    select t.notice_id, t.office_id, 0, n.told_at
      from desk.told t join desk.notice n on n.id = t.notice_id where t.notice_id = new_id;
  end if;
  perform ledger.append('desk.told', new_id::text, p_places, p_by_office, jsonb_build_object(
    'kind', p_kind, 'offices', to_jsonb(p_offices), 'severity', p_severity, 'acknowledge_by', p_acknowledge_by));
  return new_id;
end $$;
grant execute on function desk.tell(text[], text, text, text, integer, timestamptz, text[], text, uuid, text)
  to cw_app, cw_authn, cw_ingest, cw_engine;

-- As what a person may answer for an office: as its holder or deputy, or because a step turned to them.
create function desk.capacity_of(p_notice uuid, p_office text, p_person uuid, p_as text) returns text
language sql stable security definer set search_path = '' as $$
  select capacity from (
    select c.capacity, 0 as rank from access.current_appointment c
     where p_as = p_office and c.office_id = p_office and c.person_id = p_person
    union all
    select r.capacity, 1 from desk.reached r
      join access.current_appointment c on c.office_id = r.as_office and c.person_id = r.person_id
     where r.notice_id = p_notice and r.office_id = p_office and r.person_id = p_person and r.as_office = p_as
  ) found order by rank, capacity desc limit 1
$$;

create function desk.require_capacity(p_notice uuid, p_office text, p_person uuid, p_as text) returns text
language plpgsql stable security definer set search_path = '' as $$
declare
  found_capacity text := desk.capacity_of(p_notice, p_office, p_person, p_as);
begin
  if found_capacity is null then
    raise exception 'This notice was not told to you: you neither hold nor deputise for the office, and no step turned to you.'
      using errcode = 'CW401';
  end if;
  return found_capacity;
end $$;

-- Recall and opening exclude each other: both take the row of the office that was told.
create function desk.lock_told(p_notice uuid, p_office text) returns void
language plpgsql security definer set search_path = '' as $$
begin
  perform 1 from desk.told t where t.notice_id = p_notice and t.office_id = p_office for update;
  if not found then
    raise exception 'There is no such notice for this office.' using errcode = 'CW404';
  end if;
  if exists (select from desk.receipt r
              where r.notice_id = p_notice and r.office_id = p_office and r.state = 'recalled') then
    raise exception 'This notice was recalled by the office that sent it.' using errcode = 'CW404';
  end if;
end $$;

create function desk.open_notice(p_notice uuid, p_office text, p_person uuid, p_as text) returns text
language plpgsql security definer set search_path = '' as $$
declare
  held text := desk.require_capacity(p_notice, p_office, p_person, p_as);
begin
  perform desk.lock_told(p_notice, p_office);
  insert into desk.receipt (notice_id, office_id, state, way, person_id, as_office, capacity)
  values (p_notice, p_office, 'opened', 'page', p_person, p_as, held) on conflict do nothing;
  return held;
end $$;

-- The first one counts; whoever comes second is told who was first.
create function desk.acknowledge(p_notice uuid, p_office text, p_person uuid, p_as text)
returns table (first boolean, person_id uuid, as_office text, capacity text, at timestamptz)
language plpgsql security definer set search_path = '' as $$
declare
  held text := desk.require_capacity(p_notice, p_office, p_person, p_as);
  made boolean;
begin
  perform desk.lock_told(p_notice, p_office);
  insert into desk.receipt (notice_id, office_id, state, way, person_id, as_office, capacity)
  values (p_notice, p_office, 'opened', 'page', p_person, p_as, held) on conflict do nothing;
  insert into desk.receipt (notice_id, office_id, state, way, person_id, as_office, capacity)
  values (p_notice, p_office, 'acknowledged', 'page', p_person, p_as, held) on conflict do nothing;
  made := found;
  if made then
    delete from desk.pending_step s where s.notice_id = p_notice and s.office_id = p_office;
    update desk.outbox o set state = 'withdrawn'
     where o.notice_id = p_notice and o.office_id = p_office and o.state = 'waiting';
    perform ledger.append('desk.acknowledged', p_notice::text, n.place_codes, p_as,
      jsonb_build_object('for', p_office, 'capacity', held)) from desk.notice n where n.id = p_notice;
  end if;
  return query select made, r.person_id, r.as_office, r.capacity, r.at from desk.receipt r
    where r.notice_id = p_notice and r.office_id = p_office and r.state = 'acknowledged';
end $$;

-- What a page has shown to a person counts as delivered there.
create function desk.shown(p_notices uuid[], p_offices text[], p_person uuid) returns void
language sql volatile security definer set search_path = '' as $$
  insert into desk.receipt (notice_id, office_id, state, way, person_id)
  select t.notice_id, t.office_id, 'delivered', 'page', p_person
    from unnest(p_notices, p_offices) as s(notice_id, office_id) join desk.told t using (notice_id, office_id)
   where not exists (select from desk.receipt r where r.notice_id = t.notice_id and r.office_id = t.office_id
                       and r.person_id = p_person and r.state = 'delivered' and r.way = 'page')
  on conflict do nothing
$$;
grant execute on function desk.open_notice(uuid, text, uuid, text), desk.acknowledge(uuid, text, uuid, text),
  desk.shown(uuid[], text[], uuid), desk.capacity_of(uuid, text, uuid, text) to cw_app;

grant select on desk.notice, desk.told, desk.reached, desk.receipt, desk.outbox, desk.pending_step to cw_app, cw_backup;
grant select on desk.notice, desk.told, desk.reached, desk.receipt to cw_queue;
grant insert on desk.reached, desk.receipt to cw_queue;
grant select, insert, update on desk.outbox to cw_queue;
grant select, update, delete on desk.pending_step to cw_queue;
grant select, insert, update, delete on desk.contact_way to cw_authn;

-- Who may see: organisations, offices, people, appointments and data-sharing agreements. All of them facts.

create schema access;
grant usage on schema access to cw_app, cw_authn, cw_ingest, cw_queue, cw_backup, cw_retention;

create table access.organisation (
  id text primary key check (id ~ '^[a-z0-9][a-z0-9-]{1,63}$' and id <> 'public'),
  name text not null,
  kind text not null check (kind in (
    'national_body', 'regional_team', 'upper_tier_authority', 'lower_tier_authority', 'unitary_authority',
    'laboratory', 'care_provider', 'school', 'police', 'finance_ministry', 'community_body')),
  area_code text,
  tick_id bigint not null,
  check (kind not in ('upper_tier_authority', 'lower_tier_authority', 'unitary_authority') or area_code is not null)
);
call commonweal.declare_fact('access.organisation', 'a body that takes part, by a stable short name');

create table access.office (
  id text primary key check (id ~ '^[a-z0-9][a-z0-9-]{1,63}$' and id <> 'public'),
  organisation_id text not null references access.organisation,
  title text not null,
  permissions text[] not null,
  purposes text[] not null,
  tick_id bigint not null
);
call commonweal.declare_fact('access.office', 'a post with permissions (asked by name) and purposes');

create table access.mandate (
  office_id text not null references access.office,
  place_code text not null check (place_code ~ '^[A-Z][0-9]{8}$'),
  tick_id bigint not null,
  primary key (office_id, place_code)
);
call commonweal.declare_fact('access.mandate', 'the places an office answers for: any code of any vintage');

create table access.person (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  tick_id bigint not null
);
call commonweal.declare_fact('access.person', 'somebody who holds or held an office, by work name');

create table access.appointment (
  id uuid primary key default gen_random_uuid(),
  person_id uuid not null references access.person,
  office_id text not null references access.office,
  capacity text not null check (capacity in ('holder', 'deputy')),
  starts_at timestamptz not null,
  ends_at timestamptz,
  tick_id bigint not null,
  check (ends_at is null or ends_at > starts_at)
);
create index appointment_person on access.appointment (person_id);
create index appointment_office on access.appointment (office_id);
call commonweal.declare_fact('access.appointment', 'a person holds an office, or deputises in it, between two times');

create table access.appointment_end (
  appointment_id uuid primary key references access.appointment,
  ends_at timestamptz not null,
  reason text not null check (length(trim(reason)) > 0),
  tick_id bigint not null
);
call commonweal.declare_fact('access.appointment_end', 'an appointment that was ended, with the reason');

create view access.current_appointment with (security_invoker = true) as
  select a.id, a.person_id, a.office_id, a.capacity, a.starts_at, least(a.ends_at, e.ends_at) as ends_at
    from access.appointment a left join access.appointment_end e on e.appointment_id = a.id
   where a.starts_at <= (select commonweal.now())  -- asked once a query, not for each row
     and coalesce(least(a.ends_at, e.ends_at), 'infinity') > (select commonweal.now());
comment on view access.current_appointment is 'view: appointments in force now';

-- Agreements --------------------------------------------------------------------------------------------------------

create table access.agreement (
  id text primary key check (id ~ '^[a-z0-9][a-z0-9-]{1,95}$'),
  template text not null,
  version integer not null check (version > 0),
  title text not null,
  place_code text not null check (place_code ~ '^[A-Z][0-9]{8}$'),
  parties text[] not null check (cardinality(parties) >= 2),
  purposes text[] not null check (cardinality(purposes) > 0),
  classes text[] not null check (classes <@ array['L1', 'L2', 'L3'] and cardinality(classes) > 0),
  document jsonb not null,
  document_hash bytea not null check (length(document_hash) = 32),
  offered_at timestamptz not null default commonweal.now(),
  expires_at timestamptz not null,
  notice interval not null check (notice >= interval '0'),
  tick_id bigint not null
);
create index agreement_place on access.agreement (place_code);
call commonweal.declare_fact('access.agreement', 'a data-sharing agreement as offered: one place, its parties, purposes and classes');

create table access.acceptance (
  agreement_id text not null references access.agreement,
  organisation_id text not null references access.organisation,
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  document_hash bytea not null,
  accepted_at timestamptz not null default commonweal.now(),
  tick_id bigint not null,
  primary key (agreement_id, organisation_id)
);
call commonweal.declare_fact('access.acceptance', 'one party''s acceptance of the text with this hash');

create table access.agreement_end (
  agreement_id text not null references access.agreement,
  organisation_id text not null references access.organisation,
  ends_at timestamptz not null,
  reason text not null check (length(trim(reason)) > 0),
  tick_id bigint not null,
  primary key (agreement_id, organisation_id)
);
call commonweal.declare_fact('access.agreement_end', 'a party''s notice; until it has run out both sides still read');

create function access.check_acceptance() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  offered access.agreement;
begin
  select * into strict offered from access.agreement where id = new.agreement_id;
  if new.document_hash <> offered.document_hash then
    raise exception 'the text accepted is not the text of agreement % offered', new.agreement_id using errcode = 'CW004';
  end if;
  if not new.organisation_id = any (offered.parties) then
    raise exception '% is no party to agreement %', new.organisation_id, new.agreement_id using errcode = 'CW004';
  end if;
  if not exists (select from access.office o where o.id = new.office_id
                   and o.organisation_id = new.organisation_id and 'accept_agreement' = any (o.permissions)) then
    raise exception 'office % may not accept agreements for %', new.office_id, new.organisation_id using errcode = 'CW004';
  end if;
  if not exists (select from access.current_appointment c
                  where c.office_id = new.office_id and c.person_id = new.person_id) then
    raise exception 'this person does not hold office % now', new.office_id using errcode = 'CW004';
  end if;
  return new;
end $$;
create trigger acceptance_is_right before insert on access.acceptance
  for each row execute function access.check_acceptance();

create function access.check_end() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.ends_at < commonweal.now() + (select notice from access.agreement where id = new.agreement_id) - interval '1 second' then
    raise exception 'agreement % ends no sooner than its notice of % allows', new.agreement_id,
      (select notice from access.agreement where id = new.agreement_id) using errcode = 'CW004';
  end if;
  return new;
end $$;
create trigger end_gives_notice before insert on access.agreement_end
  for each row execute function access.check_end();

-- One opens an area to all its parties in the same commit, or to none; it closes for all when the first one's notice ends.
create view access.agreement_state with (security_invoker = true) as
  select a.id, a.title, a.template, a.version, a.place_code, a.parties, a.purposes, a.classes, a.expires_at,
         s.accepted, s.opened_at, e.ends_at,
         case
           when a.expires_at <= (select commonweal.now()) then 'expired'
           when e.ends_at <= (select commonweal.now()) then 'ended'
           when s.accepted @> a.parties then 'in_force'
           else 'offered'
         end as state
    from access.agreement a
    cross join lateral (
      select coalesce(array_agg(c.organisation_id order by c.organisation_id), '{}') as accepted,
             max(c.accepted_at) as opened_at
        from access.acceptance c where c.agreement_id = a.id) s
    cross join lateral (
      select min(x.ends_at) as ends_at from access.agreement_end x where x.agreement_id = a.id) e;
comment on view access.agreement_state is 'view: what each agreement amounts to now';

grant select on access.organisation, access.office, access.mandate, access.person, access.appointment,
  access.appointment_end, access.current_appointment, access.agreement, access.acceptance, access.agreement_end,
  access.agreement_state to cw_app, cw_authn, cw_backup;
grant select on access.organisation, access.office, access.mandate to cw_ingest;
grant insert on access.acceptance, access.agreement_end to cw_app;
grant insert on access.organisation, access.office, access.mandate, access.person, access.appointment,
  access.appointment_end, access.agreement to cw_authn;

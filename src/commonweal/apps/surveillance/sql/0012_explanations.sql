-- Why a signal is rising, as known to the sweep that told of it: worked out once by an office that reads records, then read
-- by every office that reads the counts of the place, local and national from the same commit.

create table surveillance.explanation (
  id bigint generated always as identity primary key,
  signal bigint not null references surveillance.signal,
  step integer not null check (step > 0),
  place_code text not null,
  scope text[] not null check (cardinality(scope) > 0),
  as_of timestamptz not null,
  last_day date not null,
  days integer not null check (days > 0),
  with_addresses boolean not null,
  label text not null,
  result jsonb not null,
  parameters_version integer not null,
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  tick_id bigint not null,
  unique (signal, step, place_code, with_addresses, parameters_version)
);
call commonweal.declare_fact('surveillance.explanation',
  'parts of a signal''s rise as known to its sweep; the same question always has the same answer');
comment on column surveillance.explanation.step is 'the change of the signal that it explains';
comment on column surveillance.explanation.with_addresses is 'whether who lives together was looked at';

alter table surveillance.explanation enable row level security;
alter table surveillance.explanation force row level security;
create policy within_scope on surveillance.explanation for select to cw_app
  using (scope <@ (select access.scope_codes('L1'))::text[]);
create policy worked_out on surveillance.explanation for insert to cw_app
  with check (scope <@ (select access.scope_codes('L2'))::text[]);

create function surveillance.check_explainer() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform surveillance.require_seat(new.office_id, new.person_id, 'read_records', 'read records');
  if not coalesce(surveillance.scope_of_signal(new.signal) && new.scope, false) then
    raise exception 'Signal % does not touch this place.', new.signal using errcode = 'CW501';
  end if;
  return new;
end $$;
create trigger explainer_may before insert on surveillance.explanation
  for each row execute function surveillance.check_explainer();

grant select, insert on surveillance.explanation to cw_app;
grant select on surveillance.explanation to cw_backup;

-- Who lives together is seen only by whoever may read addresses (L3). How many it concerns is no address: it is kept when
-- such an office looks, and told to every office that reads counts of the whole place. No household is in it.
create table surveillance.household_share (
  id bigint generated always as identity primary key,
  place_code text not null,
  scope text[] not null check (cardinality(scope) > 0),
  last_day date not null,
  days integer not null check (days > 0),
  against date not null,
  as_of timestamptz not null,
  people integer not null check (people > 0),
  together integer not null check (together between 0 and people),
  with_address integer not null check (with_address between 0 and people),
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  tick_id bigint not null,
  unique (place_code, last_day, days, against, as_of)
);
call commonweal.declare_fact('surveillance.household_share',
  'of the people of a place and window, how many live with another one and have no setting in common: a number, no address');
alter table surveillance.household_share enable row level security;
alter table surveillance.household_share force row level security;
create policy within_scope on surveillance.household_share for select to cw_app
  using (scope <@ (select access.scope_codes('L1'))::text[]);
create policy worked_out on surveillance.household_share for insert to cw_app
  with check (scope <@ (select access.scope_codes('L3'))::text[]);
grant select, insert on surveillance.household_share to cw_app;
grant select on surveillance.household_share to cw_backup;

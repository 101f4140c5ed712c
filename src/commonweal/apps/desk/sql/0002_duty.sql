-- Who is there: absences, the rota by week (shared or not), and the order of succession. Newer lines replace older ones.

create table desk.absence (
  id bigint generated always as identity primary key,
  person_id uuid not null references access.person,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  entered_by uuid not null references access.person,
  tick_id bigint not null,
  check (ends_at > starts_at)
);
create index absence_person on desk.absence (person_id);
call commonweal.declare_fact('desk.absence', 'a person is away between two times: steps turn to the next at once');

create table desk.absence_end (
  absence_id bigint primary key references desk.absence,
  ends_at timestamptz not null,
  tick_id bigint not null
);
call commonweal.declare_fact('desk.absence_end', 'an absence that ended early, or was entered in error');

create view desk.away with (security_invoker = true) as
  select a.id, a.person_id, a.starts_at, least(a.ends_at, e.ends_at) as ends_at
    from desk.absence a left join desk.absence_end e on e.absence_id = a.id
   where e.ends_at is null or e.ends_at > a.starts_at;
comment on view desk.away is 'view: absences as they stand after those that ended early';

create table desk.rota (
  id text primary key check (id ~ '^[a-z0-9][a-z0-9-]{1,63}$'),
  name text not null check (length(trim(name)) between 1 and 120),
  organisation_id text not null references access.organisation,
  tick_id bigint not null
);
call commonweal.declare_fact('desk.rota', 'a rota of duty officers, kept by one organisation');

create table desk.rota_offer (
  rota_id text not null references desk.rota,
  organisation_id text not null references access.organisation,
  tick_id bigint not null,
  primary key (rota_id, organisation_id)
);
call commonweal.declare_fact('desk.rota_offer', 'another organisation that may use the rota: small authorities share one');

create table desk.rota_choice (
  organisation_id text not null references access.organisation,
  rota_id text not null references desk.rota,
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  tick_id bigint not null,
  primary key (organisation_id, tick_id)
);
call commonweal.declare_fact('desk.rota_choice', 'the rota an organisation goes by; the newest line counts');

create table desk.duty (
  id bigint generated always as identity primary key,
  rota_id text not null references desk.rota,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  person_id uuid references access.person,
  office_id text references access.office,
  entered_by uuid not null references access.person,
  tick_id bigint not null,
  check (ends_at > starts_at),
  check ((person_id is null) = (office_id is null))
);
create index duty_rota on desk.duty (rota_id, ends_at);
call commonweal.declare_fact('desk.duty',
  'a person is on duty in a rota between two times, acting as an office; the newest line that covers a moment counts');

create table desk.succession (
  organisation_id text not null references access.organisation,
  office_ids text[] not null check (cardinality(office_ids) > 0),
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  tick_id bigint not null,
  primary key (organisation_id, tick_id)
);
call commonweal.declare_fact('desk.succession', 'the offices that answer for an organisation, in this order; the newest line counts');

-- Everybody who holds or deputises in these offices now, whether they are away, and whether their sign-in still works.
create function desk.people_of(p_offices text[])
returns table (office_id text, capacity text, person_id uuid, name text, starts_at timestamptz, away_until timestamptz, living boolean)
language sql stable security definer set search_path = '' as $$
  select distinct on (c.office_id, c.person_id) c.office_id, c.capacity, c.person_id, p.name, c.starts_at,
         (select max(a.ends_at) from desk.away a where a.person_id = c.person_id
             and a.starts_at <= m.now and a.ends_at > m.now),
         coalesce((select u.is_active from authn.account u where u.person_id = c.person_id), true)
    from access.current_appointment c join access.person p on p.id = c.person_id
   cross join (select commonweal.now() as now) m
   where c.office_id = any (p_offices)
   order by c.office_id, c.person_id, c.capacity desc
$$;

-- Who is on duty for these organisations at a moment; a line without a person, or nobody able to act, is a hole.
create function desk.on_duty(p_organisations text[], p_at timestamptz)
returns table (organisation_id text, rota_id text, person_id uuid, office_id text, ends_at timestamptz)
language sql stable security definer set search_path = '' as $$
  select chosen.organisation_id, chosen.rota_id, d.person_id, d.office_id, d.ends_at
    from (select distinct on (c.organisation_id) c.organisation_id, c.rota_id from desk.rota_choice c
           where c.organisation_id = any (p_organisations) order by c.organisation_id, c.tick_id desc) chosen
    left join lateral (
      select x.* from desk.duty x where x.rota_id = chosen.rota_id and x.starts_at <= p_at and x.ends_at > p_at
       order by x.tick_id desc, x.id desc limit 1) d on true
$$;

-- Where a message goes. Only the sender of messages asks; an own address of a closed account leads nowhere.
create function desk.addresses(p_people uuid[]) returns table (person_id uuid, way text, address text)
language sql stable security definer set search_path = '' as $$
  select w.person_id, w.way, w.address from desk.contact_way w
   where w.person_id = any (p_people) and w.bounced_at is null
  union all
  select a.person_id, 'email', a.email from authn.account a
   where a.person_id = any (p_people) and a.is_active
     and not exists (select from desk.contact_way w where w.person_id = a.person_id and w.way = 'email')
$$;

create function desk.bounced(p_person uuid, p_way text, p_words text) returns void
language sql volatile security definer set search_path = '' as $$
  update desk.contact_way set bounced_at = commonweal.now(), bounced_words = p_words
   where person_id = p_person and way = p_way and bounced_at is null
$$;

grant execute on function desk.people_of(text[]), desk.on_duty(text[], timestamptz) to cw_app, cw_authn, cw_queue;
grant execute on function desk.addresses(uuid[]), desk.bounced(uuid, text, text) to cw_queue;
grant select on desk.absence, desk.absence_end, desk.away, desk.rota, desk.rota_offer, desk.rota_choice, desk.duty,
  desk.succession to cw_app, cw_queue, cw_backup;
grant insert on desk.absence, desk.absence_end, desk.rota, desk.rota_offer, desk.rota_choice, desk.duty, desk.succession to cw_app;
grant select on access.organisation, access.office to cw_queue;

create function desk.check_rota_choice() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if not exists (select from desk.rota r where r.id = new.rota_id and r.organisation_id = new.organisation_id)
     and not exists (select from desk.rota_offer f where f.rota_id = new.rota_id and f.organisation_id = new.organisation_id) then
    raise exception 'The rota % is kept by another organisation and was not offered to yours.', new.rota_id using errcode = 'CW501';
  end if;
  return new;
end $$;
create trigger choice_is_own_or_offered before insert on desk.rota_choice
  for each row execute function desk.check_rota_choice();

-- Somebody on duty acts as an office they hold, of the rota's own organisation or of one that goes by it.
create function desk.check_duty() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.office_id is not null and not exists (
       select from access.office o
        where o.id = new.office_id
          and (o.organisation_id = (select r.organisation_id from desk.rota r where r.id = new.rota_id)
               or o.organisation_id in (select f.organisation_id from desk.rota_offer f where f.rota_id = new.rota_id))
          and exists (select from access.appointment a where a.office_id = o.id and a.person_id = new.person_id)) then
    raise exception 'Whoever is on duty in % acts as an office of an organisation that shares it, to which they are appointed.',
      new.rota_id using errcode = 'CW501';
  end if;
  return new;
end $$;
create trigger duty_is_of_the_rota before insert on desk.duty
  for each row execute function desk.check_duty();

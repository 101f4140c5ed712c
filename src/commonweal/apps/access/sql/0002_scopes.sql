-- Scopes: an unguessable handle for one person, acting as one office, for one purpose, on one connection, for a minute.
-- The access record is written by the same call, in a transaction of its own, before any row can be read.

create table access.read_record (
  id uuid primary key default gen_random_uuid(),
  at timestamptz not null default commonweal.now(),
  entered_at timestamptz not null default clock_timestamp(),
  person_id uuid not null,
  office_id text not null,
  on_behalf_of text,
  purpose text not null,
  class text not null check (class in ('L1', 'L2', 'L3')),
  query text not null,
  filters jsonb not null,
  as_of timestamptz,
  place_codes text[] not null,
  agreements text[] not null
);
create index read_record_at on access.read_record (at);
create index read_record_person on access.read_record (person_id, query, at);
create index read_record_places on access.read_record using gin (place_codes);
call commonweal.declare_fact('access.read_record',
  'a read of record-level data, entered before its first row left', false);

create table access.read_rows (
  read_id uuid primary key,
  row_count bigint not null check (row_count >= 0),
  exported boolean not null default false
);
call commonweal.declare_fact('access.read_rows', 'how many rows a read returned; missing when it was broken off', false);

create unlogged table access.handle (
  sha256 bytea primary key,
  read_id uuid not null,
  appointment_id uuid not null,
  class text not null,
  codes text[] not null,
  backend_pid integer not null,
  backend_start timestamptz not null,
  expires_at timestamptz not null
);
comment on table access.handle is 'operational: scopes open now; unlogged, so a crash closes them all';

-- Clock of handles: the server''s, because an exercise clock may jump.
create function access.mint(
  p_person uuid, p_office text, p_purpose text, p_class text, p_query text, p_filters jsonb, p_as_of timestamptz,
  p_places text[], p_backend_pid integer, p_backend_start timestamptz)
returns table (handle text, read_id uuid, codes text[], agreements text[])
language plpgsql security definer set search_path = '' as $$
declare
  seat access.office;
  held access.current_appointment;
  mandate_codes text[];
  open_codes text[];
  open_agreements text[];
  missing text;
  secret text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
  new_read uuid := gen_random_uuid();
begin
  select o.* into seat from access.office o where o.id = p_office;
  if not found then
    raise exception 'There is no office %.', p_office using errcode = 'CW401';
  end if;
  select c.* into held from access.current_appointment c
   where c.person_id = p_person and c.office_id = p_office order by c.capacity desc limit 1;
  if not found then
    raise exception 'You do not hold the office "%" today. Ask the person who appoints to it.', seat.title
      using errcode = 'CW401';
  end if;
  if not (case p_class when 'L3' then 'read_identifiable' when 'L2' then 'read_records' else 'read_counts' end)
         = any (seat.permissions) then
    raise exception 'The office "%" has no permission to read % data.', seat.title, p_class using errcode = 'CW401';
  end if;
  if not p_purpose = any (seat.purposes) then
    raise exception 'The office "%" does not act for the purpose "%"; its purposes are: %.', seat.title, p_purpose,
      array_to_string(seat.purposes, ', ') using errcode = 'CW402';
  end if;
  select array_agg(distinct code) into mandate_codes
    from access.mandate m cross join lateral unnest(places.resolve_scope(m.place_code)) as code
   where m.office_id = p_office;
  if p_places is not null then
    select array_agg(distinct code) into mandate_codes
      from unnest(mandate_codes) as code
     where code in (select unnest(places.resolve_scope(asked)) from unnest(p_places) as asked);
  end if;
  if mandate_codes is null then
    raise exception 'The office "%" has no mandate over %.', seat.title,
      coalesce(array_to_string(p_places, ', '), 'any place') using errcode = 'CW403';
  end if;
  -- the state is worked out for those that could open something only
  with candidates as materialized (
    select a.id, code
      from access.agreement a cross join lateral unnest(places.resolve_scope(a.place_code)) as code
     where seat.organisation_id = any (a.parties) and p_purpose = any (a.purposes) and p_class = any (a.classes)
       and code = any (mandate_codes))
  select array_agg(distinct c.code), array_agg(distinct s.id) into open_codes, open_agreements
    from candidates c
   cross join lateral (  -- each by its id, whatever the plan thinks of their number
     select a.id from access.agreement_state a where a.id = c.id and a.state = 'in_force' offset 0) s;
  if open_codes is null then
    select string_agg(distinct format('"%s" (%s; not yet accepted by %s)', s.title, s.state,
             array_to_string(array(select p from unnest(s.parties) p where p <> all (s.accepted)), ', ')), '; ')
      into missing
      from access.agreement_state s cross join lateral unnest(places.resolve_scope(s.place_code)) as code
     where seat.organisation_id = any (s.parties) and p_purpose = any (s.purposes) and p_class = any (s.classes)
       and code = any (mandate_codes) and s.state <> 'in_force';
    raise exception 'No data-sharing agreement in force opens % records of % to "%" for the purpose "%". Missing: %.',
      p_class, array_to_string(mandate_codes[1:5], ', '), seat.title, p_purpose,
      coalesce(missing, 'an agreement that covers this place, purpose and class') using errcode = 'CW404';
  end if;
  insert into access.read_record
    (id, person_id, office_id, on_behalf_of, purpose, class, query, filters, as_of, place_codes, agreements)
  values (new_read, p_person, p_office, case held.capacity when 'deputy' then 'deputy for the holder' end,
          p_purpose, p_class, p_query, p_filters, p_as_of, open_codes, open_agreements);
  insert into access.handle values (
    sha256(convert_to(secret, 'UTF8')), new_read, held.id, p_class, open_codes,
    p_backend_pid, p_backend_start, clock_timestamp() + interval '60 seconds');
  return query select secret, new_read, open_codes, open_agreements;
end $$;

-- The codes the present connection may read, for a class of data. Nothing without a good handle.
create function access.scope_codes(p_class text default 'L2') returns text[]
language sql stable security definer set search_path = '' as $$
  select coalesce((
    select h.codes from access.handle h
     where h.sha256 = sha256(convert_to(current_setting('app.handle', true), 'UTF8'))
       and h.backend_pid = pg_backend_pid()
       and h.backend_start = (select a.backend_start from pg_catalog.pg_stat_activity a where a.pid = pg_backend_pid())
       and h.expires_at > clock_timestamp()
       and h.class >= p_class
       and exists (select from access.current_appointment c where c.id = h.appointment_id)
  ), '{}')
$$;

create function access.close_handle(p_handle text) returns void
language sql volatile security definer set search_path = '' as $$
  delete from access.handle where sha256 = sha256(convert_to(p_handle, 'UTF8')) or expires_at < clock_timestamp()
$$;

-- A stream renews the handle it holds; the appointment is looked at again by every use.
create function access.renew(p_handle text) returns boolean
language sql volatile security definer set search_path = '' as $$
  update access.handle h set expires_at = clock_timestamp() + interval '60 seconds'
   where h.sha256 = sha256(convert_to(p_handle, 'UTF8')) and h.expires_at > clock_timestamp()
     and exists (select from access.current_appointment c where c.id = h.appointment_id)
  returning true
$$;

create function access.count_rows(p_read uuid, p_rows bigint, p_exported boolean) returns void
language sql volatile security definer set search_path = '' as $$
  insert into access.read_rows values (p_read, p_rows, p_exported) on conflict do nothing
$$;

grant execute on function
  access.mint(uuid, text, text, text, text, jsonb, timestamptz, text[], integer, timestamptz),
  access.close_handle(text), access.renew(text), access.count_rows(uuid, bigint, boolean) to cw_authn;
grant execute on function access.scope_codes(text) to cw_app;

-- Who looked: each side sees the other's reads of the places it may itself read.
alter table access.read_record enable row level security;
alter table access.read_record force row level security;
create policy within_scope on access.read_record for select to cw_app
  using (place_codes && (select access.scope_codes('L1')));
create policy written_by_mint on access.read_record for insert to cw_owner with check (true);
alter table access.read_rows enable row level security;
alter table access.read_rows force row level security;
create policy within_scope on access.read_rows for select to cw_app
  using (exists (select from access.read_record r where r.id = read_id));
create policy written_by_count on access.read_rows for insert to cw_owner with check (true);
grant select on access.read_record, access.read_rows to cw_app, cw_backup;

-- What a room calls on its own record-level table: forced row security on `scope_ltla`, for one class of data.
create procedure access.protect(target regclass, class text, writer text default 'cw_ingest')
language plpgsql set search_path = '' as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format(
    'create policy within_scope on %s for select to cw_app using (scope_ltla = any ((select access.scope_codes(%L))::text[]))',
    target, class);
  execute format('create policy taken_in on %s for insert to %I with check (true)', target, writer);
  execute format('create policy read_by_writer on %s for select to %I using (true)', target, writer);
end $$;

-- A stream reads many times: one entry a minute, a new handle for each read of that minute.
create function access.mint_again(p_read uuid, p_person uuid, p_office text, p_backend_pid integer,
                                  p_backend_start timestamptz)
returns table (handle text, codes text[])
language plpgsql security definer set search_path = '' as $$
declare
  entered access.read_record;
  held access.current_appointment;
  secret text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
begin
  select r.* into entered from access.read_record r
   where r.id = p_read and r.person_id = p_person and r.office_id = p_office
     and r.entered_at > clock_timestamp() - interval '70 seconds';
  if not found then
    raise exception 'This stream''s entry in the access record is older than a minute.' using errcode = 'CW405';
  end if;
  select c.* into held from access.current_appointment c
   where c.person_id = p_person and c.office_id = p_office order by c.capacity desc limit 1;
  if not found then
    raise exception 'You no longer hold the office %.', p_office using errcode = 'CW401';
  end if;
  insert into access.handle values (
    sha256(convert_to(secret, 'UTF8')), p_read, held.id, entered.class, entered.place_codes,
    p_backend_pid, p_backend_start, clock_timestamp() + interval '60 seconds');
  return query select secret, entered.place_codes;
end $$;
grant execute on function access.mint_again(uuid, uuid, text, integer, timestamptz) to cw_authn;

create policy read_by_mint on access.read_record for select to cw_owner using (true);

-- What people know: notes about places by offices and by anybody who tells us, and what came of them. Said once and kept;
-- nothing here is a record of a test.
-- The application reads and writes by functions that answer for an office and a person who holds it now, as talk does.

create table surveillance.note (
  id bigint generated always as identity primary key,
  reference text unique check (reference ~ '^[A-HJ-NP-Z2-9]{10}$'),
  place_code text not null,
  scope text[] not null check (cardinality(scope) > 0),
  first_day date,
  last_day date,
  setting_name text check (length(trim(setting_name)) between 1 and 200),
  signal bigint references surveillance.signal,
  words text not null check (length(trim(words)) between 1 and 2000),
  visibility text not null check (visibility in ('offices', 'seats')),
  office_id text references access.office,
  person_id uuid references access.person,
  told_by text check (told_by in ('councillor', 'faith_or_community', 'employer', 'head_teacher', 'resident', 'other')),
  said_at timestamptz not null default commonweal.now(),
  due_at timestamptz,
  corrects bigint references surveillance.note,
  tick_id bigint not null,
  check (first_day <= last_day),
  -- either an office says it, or somebody tells us: then it has a reference, a clock and no office
  check ((office_id is null) = (person_id is null)),
  check ((office_id is null) = (told_by is not null)),
  check ((told_by is null) = (reference is null) and (told_by is null) = (due_at is null)),
  check (due_at > said_at)
);
create index note_scope on surveillance.note using gin (scope);
create index note_waiting on surveillance.note (due_at) where due_at is not null;
create index note_corrects on surveillance.note (corrects) where corrects is not null;
call commonweal.declare_fact('surveillance.note', 'what somebody who knows a place says about it: an office, or a person who told us');
comment on column surveillance.note.visibility is 'offices: those that read counts; seats: community seats of the place as well';
comment on column surveillance.note.corrects is 'the earlier note of the same office that this one puts right; both stay';
comment on column surveillance.note.reference is 'by which whoever told us reads what came of it; never shown to offices';

create table surveillance.note_recall (
  note_id bigint primary key references surveillance.note,
  at timestamptz not null default commonweal.now(),
  tick_id bigint not null
);
call commonweal.declare_fact('surveillance.note_recall', 'a note that its author took back within ten minutes; its words are shown no more');

-- An address is kept apart and sealed under a key from outside the database until the answer has gone there; what was not
-- sent by then, retention ends.
create table surveillance.contact (
  note_id bigint primary key references surveillance.note,
  key_id smallint not null,
  wrapped_key bytea not null,
  payload bytea not null
);
comment on table surveillance.contact is
  'operational: where to say what came of a note, sealed, as given by whoever told us; removed once it was said, or in time';

create table surveillance.note_outcome (
  note_id bigint primary key references surveillance.note,
  outcome text not null check (outcome in ('acted_on', 'kept_in_mind', 'known_already', 'passed_on', 'set_aside')),
  words text not null check (length(trim(words)) between 1 and 2000),
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  at timestamptz not null default commonweal.now(),
  tick_id bigint not null
);
call commonweal.declare_fact('surveillance.note_outcome', 'what came of a note that somebody told us, in words for them');

-- Who may what: one function asks for a permission by name, of an office that a person holds now.
create function surveillance.require_seat(p_office text, p_person uuid, p_permission text, p_what text) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if not exists (select from access.current_appointment c join access.office o on o.id = c.office_id
                  where c.office_id = p_office and c.person_id = p_person and p_permission = any (o.permissions)) then
    raise exception 'Your office does not %.', p_what using errcode = 'CW401';
  end if;
end $$;

create function surveillance.require_place(p_office text, p_person uuid, p_scope text[]) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if p_scope is null or not p_scope && desk.codes_of(p_office, p_person) then
    raise exception 'Your office says nothing about places it does not answer for.' using errcode = 'CW401';
  end if;
end $$;

create function surveillance.scope_of_place(p_place text) returns text[]
language sql stable security definer set search_path = '' as $$
  select coalesce(
    (select array_agg(distinct s.scope_code order by s.scope_code) from places.lsoa_scope s
      where p_place in (s.lsoa_code, s.msoa_code)),
    nullif(places.resolve_scope(p_place), '{}'),
    (select array_agg(distinct n.scope_code order by n.scope_code) from places.postcode_now n
      where n.ward = p_place and n.scope_code is not null))
$$;

-- the functions below run as the owner, and ask for themselves whose signal it is
create policy read_by_owner on surveillance.signal_change for select to cw_owner using (true);
create function surveillance.scope_of_signal(p_signal bigint) returns text[]
language sql stable security definer set search_path = '' as $$
  select array_agg(distinct s order by s) from surveillance.signal_change c, unnest(c.scope) s where c.signal = p_signal
$$;

create function surveillance.open_tick() returns bigint
language sql stable set search_path = '' as $$
  select nullif(current_setting('commonweal.open_tick', true), '')::bigint
$$;

-- What is read as known at an instant leaves out what was said, answered or taken back later.
create function surveillance.known_by(p_tick bigint, p_as_of timestamptz) returns boolean
language sql stable set search_path = '' as $$
  select p_as_of is null or coalesce((select t.known_at <= p_as_of from ledger.tick t where t.id = p_tick), false)
$$;

-- Notes -----------------------------------------------------------------------------------------------------------------

create function surveillance.write_note(
  p_office text, p_person uuid, p_place text, p_signal bigint, p_first date, p_last date, p_setting text, p_words text,
  p_visibility text) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  covered text[] := surveillance.scope_of_place(p_place);
  new_id bigint;
begin
  perform surveillance.require_seat(p_office, p_person, 'write_local_knowledge', 'write down what is known locally');
  perform surveillance.require_place(p_office, p_person, covered);
  if p_signal is not null and not coalesce(surveillance.scope_of_signal(p_signal) && covered, false) then
    raise exception 'Signal % does not touch this place.', p_signal using errcode = 'CW501';
  end if;
  insert into surveillance.note (place_code, scope, first_day, last_day, setting_name, signal, words, visibility, office_id,
                                 person_id, tick_id)
  values (p_place, covered, p_first, p_last, p_setting, p_signal, p_words, p_visibility, p_office, p_person,
          surveillance.open_tick()) returning id into new_id;
  perform ledger.append('surveillance.note', new_id::text, covered, p_office, jsonb_build_object('place', p_place));
  return new_id;
end $$;

create function surveillance.take_back_note(p_office text, p_person uuid, p_note bigint, p_minutes double precision) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  mine surveillance.note;
begin
  select n.* into mine from surveillance.note n
   where n.id = p_note and n.person_id = p_person and n.office_id = p_office;
  if not found or not exists (select from access.current_appointment c where c.office_id = p_office and c.person_id = p_person) then
    raise exception 'Only its author takes back a note.' using errcode = 'CW401';
  end if;
  if not desk.may_still_undo(mine.said_at, p_minutes) then
    raise exception 'This was written more than % minutes ago. Correct it instead: the correction stands beside it.',
      least(p_minutes, 10) using errcode = 'CW501';
  end if;
  insert into surveillance.note_recall (note_id, tick_id) values (p_note, surveillance.open_tick()) on conflict do nothing;
  if not found then
    raise exception 'This note was taken back already.' using errcode = 'CW501';
  end if;
  perform ledger.append('surveillance.note_recalled', p_note::text, mine.scope, p_office, '{}'::jsonb);
  return p_note;
end $$;

-- A correction is a note of its own about the same place, days, setting and signal, for the same readers.
create function surveillance.correct_note(p_office text, p_person uuid, p_note bigint, p_words text) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  ours surveillance.note;
  new_id bigint;
begin
  perform surveillance.require_seat(p_office, p_person, 'write_local_knowledge', 'write down what is known locally');
  select n.* into ours from surveillance.note n where n.id = p_note and n.office_id = p_office;
  if not found then
    raise exception 'Only the office that wrote a note corrects it.' using errcode = 'CW401';
  end if;
  if exists (select from surveillance.note_recall r where r.note_id = p_note) then
    raise exception 'This note was taken back. Write a new one.' using errcode = 'CW501';
  end if;
  insert into surveillance.note (place_code, scope, first_day, last_day, setting_name, signal, words, visibility, office_id,
                                 person_id, corrects, tick_id)
  values (ours.place_code, ours.scope, ours.first_day, ours.last_day, ours.setting_name, ours.signal, p_words, ours.visibility,
          p_office, p_person, p_note, surveillance.open_tick()) returning id into new_id;
  perform ledger.append('surveillance.note', new_id::text, ours.scope, p_office,
    jsonb_build_object('place', ours.place_code, 'corrects', p_note));
  return new_id;
end $$;

-- Somebody without a seat tells us. Nothing of who they are but what they choose to say goes beside the note.
create function surveillance.tell_us(
  p_reference text, p_place text, p_first date, p_last date, p_setting text, p_words text, p_told_by text,
  p_due timestamptz, p_key smallint, p_wrapped bytea, p_payload bytea) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  covered text[] := surveillance.scope_of_place(p_place);
  new_id bigint;
begin
  if covered is null then
    raise exception 'There is no place % among the places of this service.', p_place using errcode = 'CW501';
  end if;
  insert into surveillance.note (reference, place_code, scope, first_day, last_day, setting_name, words, visibility, told_by,
                                 due_at, tick_id)
  values (p_reference, p_place, covered, p_first, p_last, p_setting, p_words, 'offices', p_told_by, p_due,
          surveillance.open_tick()) returning id into new_id;
  if p_payload is not null then
    insert into surveillance.contact values (new_id, p_key, p_wrapped, p_payload);
  end if;
  perform ledger.append('surveillance.told_us', new_id::text, covered, null, jsonb_build_object('due_at', p_due));
  return new_id;
end $$;

create function surveillance.answer_note(p_office text, p_person uuid, p_note bigint, p_outcome text, p_words text) returns void
language plpgsql security definer set search_path = '' as $$
declare
  told surveillance.note;
begin
  perform surveillance.require_seat(p_office, p_person, 'write_local_knowledge', 'answer what people tell');
  select n.* into told from surveillance.note n where n.id = p_note and n.told_by is not null;
  if not found then
    raise exception 'There is no note % that somebody told us.', p_note using errcode = 'CW501';
  end if;
  perform surveillance.require_place(p_office, p_person, told.scope);
  insert into surveillance.note_outcome (note_id, outcome, words, office_id, person_id, tick_id)
  values (p_note, p_outcome, p_words, p_office, p_person, surveillance.open_tick())
  on conflict do nothing;
  if not found then
    raise exception 'This note was answered already; whoever told it has read the answer or will.' using errcode = 'CW501';
  end if;
  perform ledger.append('surveillance.note_answered', p_note::text, told.scope, p_office, jsonb_build_object('outcome', p_outcome));
end $$;

-- The address of one answered note whose answer has not gone there yet; nobody else is given it until the caller is done.
create function surveillance.next_contact(p_after bigint)
returns table (note_id bigint, reference text, key_id smallint, wrapped_key bytea, payload bytea)
language sql volatile security definer set search_path = '' as $$
  select c.note_id, n.reference, c.key_id, c.wrapped_key, c.payload
    from surveillance.contact c join surveillance.note n on n.id = c.note_id
   where c.note_id > p_after and exists (select from surveillance.note_outcome a where a.note_id = c.note_id)
   order by c.note_id limit 1 for update of c skip locked
$$;

create function surveillance.forget_contact(p_note bigint, p_how text) returns void
language plpgsql security definer set search_path = '' as $$
begin
  delete from surveillance.contact c where c.note_id = p_note
     and exists (select from surveillance.note_outcome a where a.note_id = p_note);
  if not found then
    raise exception 'There is no address to note % whose answer could have gone there.', p_note using errcode = 'CW501';
  end if;
  perform ledger.append('surveillance.contact_forgotten', p_note::text, n.scope, null, jsonb_build_object('how', p_how))
     from surveillance.note n where n.id = p_note;
end $$;

-- Every note about places that an office answers for; both tiers read the same rows. A community seat (an office that
-- reads no counts) reads what is for seats, and its own.
create function surveillance.notes_seen(
  p_office text, p_person uuid, p_places text[], p_signal bigint, p_limit integer, p_as_of timestamptz)
returns table (id bigint, place_code text, first_day date, last_day date, setting_name text, signal bigint, words text,
               visibility text, office text, office_id text, person_id uuid, told_by text, said_at timestamptz,
               due_at timestamptz, outcome text, answer text, answered_by text, answered_at timestamptz,
               recalled_at timestamptz, corrects bigint, corrected_by bigint)
language sql stable security definer set search_path = '' as $$
  select n.id, n.place_code, n.first_day, n.last_day, n.setting_name, n.signal,
         case when r.note_id is null then n.words else '' end, n.visibility, o.title, n.office_id, n.person_id, n.told_by,
         n.said_at, n.due_at, a.outcome, a.words, w.title, a.at, r.at, n.corrects,
         (select max(c.id) from surveillance.note c where c.corrects = n.id and surveillance.known_by(c.tick_id, p_as_of)
             and not exists (select from surveillance.note_recall x where x.note_id = c.id and surveillance.known_by(x.tick_id, p_as_of)))
    from surveillance.note n left join access.office o on o.id = n.office_id
    left join surveillance.note_outcome a on a.note_id = n.id and surveillance.known_by(a.tick_id, p_as_of)
    left join access.office w on w.id = a.office_id
    left join surveillance.note_recall r on r.note_id = n.id and surveillance.known_by(r.tick_id, p_as_of)
   where n.scope && desk.codes_of(p_office, p_person)
     and (n.visibility = 'seats' or n.office_id = p_office
          or exists (select from access.office x where x.id = p_office and 'read_counts' = any (x.permissions)))
     and (p_places is null or n.place_code = any (p_places)) and (p_signal is null or n.signal = p_signal)
     and surveillance.known_by(n.tick_id, p_as_of)
   order by n.id desc limit p_limit
$$;

-- What somebody told us waits for the offices of the place's own authority that write local knowledge.
create function surveillance.notes_waiting(p_offices text[])
returns table (id bigint, place_code text, told_by text, office_id text, office text, said_at timestamptz, due_at timestamptz)
language sql stable security definer set search_path = '' as $$
  select n.id, n.place_code, n.told_by, f.id, f.title, n.said_at, n.due_at
    from surveillance.note n
    join lateral (select o.id, o.title from access.office o join access.organisation g on g.id = o.organisation_id
                   where o.id = any (p_offices) and 'write_local_knowledge' = any (o.permissions)
                     and 'read_counts' = any (o.permissions) and g.kind like '%authority'
                     and exists (select from access.mandate m join places.scope_cover c on c.code = m.place_code
                                  where m.office_id = o.id and c.scope_code = any (n.scope))
                   order by o.id limit 1) f on true
   where n.due_at is not null and not exists (select from surveillance.note_outcome a where a.note_id = n.id)
$$;

-- What came of it, for whoever holds the reference.
create function surveillance.outcome_of(p_reference text)
returns table (place_code text, said_at timestamptz, due_at timestamptz, outcome text, answer text, office text, answered_at timestamptz)
language sql stable security definer set search_path = '' as $$
  select n.place_code, n.said_at, n.due_at, a.outcome, a.words, w.title, a.at
    from surveillance.note n left join surveillance.note_outcome a on a.note_id = n.id
    left join access.office w on w.id = a.office_id where n.reference = p_reference
$$;

grant execute on function
  surveillance.write_note(text, uuid, text, bigint, date, date, text, text, text),
  surveillance.take_back_note(text, uuid, bigint, double precision),
  surveillance.correct_note(text, uuid, bigint, text),
  surveillance.tell_us(text, text, date, date, text, text, text, timestamptz, smallint, bytea, bytea),
  surveillance.answer_note(text, uuid, bigint, text, text),
  surveillance.next_contact(bigint), surveillance.forget_contact(bigint, text),
  surveillance.notes_seen(text, uuid, text[], bigint, integer, timestamptz),
  surveillance.notes_waiting(text[]),
  surveillance.outcome_of(text),
  surveillance.scope_of_place(text), surveillance.scope_of_signal(bigint) to cw_app;
grant select on surveillance.note, surveillance.note_recall, surveillance.note_outcome to cw_backup;

-- Retention of addresses: those whose answer could not be sent in time, and those of notes that nobody answered.
create function surveillance.end_contacts(before timestamptz) returns access.ended
language sql volatile set search_path = '' as $$
  with gone as (
    delete from surveillance.contact c using surveillance.note_outcome a where a.note_id = c.note_id and a.at < before
    returning c.note_id)
  select count(*), sha256(convert_to(coalesce(string_agg(note_id::text, ' ' order by note_id), ''), 'UTF8')) from gone
$$;
create function surveillance.end_unanswered_contacts(before timestamptz) returns access.ended
language sql volatile set search_path = '' as $$
  with gone as (
    delete from surveillance.contact c using surveillance.note n where n.id = c.note_id and n.said_at < before
       and not exists (select from surveillance.note_outcome a where a.note_id = c.note_id)
    returning c.note_id)
  select count(*), sha256(convert_to(coalesce(string_agg(note_id::text, ' ' order by note_id), ''), 'UTF8')) from gone
$$;
revoke execute on function surveillance.end_contacts(timestamptz), surveillance.end_unanswered_contacts(timestamptz) from public;

-- An answer is due within one working day: an address is not taken away before it could come.
insert into access.retention_step values
  ('told_us_contact', 'surveillance.end_contacts(timestamptz)', default),
  ('told_us_contact_unanswered', 'surveillance.end_unanswered_contacts(timestamptz)', interval '7 days');

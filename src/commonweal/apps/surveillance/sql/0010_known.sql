-- What people know: notes about places by offices and by anybody who tells us, what came of them; hypotheses with what
-- speaks for and against them; judgements of signals. Said once and kept; nothing here is a record of a test.
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
call commonweal.declare_fact('surveillance.note', 'what somebody who knows a place says about it: an office, or a person who told us');
comment on column surveillance.note.visibility is 'offices: those that read counts; seats: community seats of the place as well';
comment on column surveillance.note.reference is 'by which whoever told us reads what came of it; never shown to offices';

create table surveillance.teller (
  note_id bigint primary key references surveillance.note,
  email text not null check (length(email) between 3 and 254),
  drop_after timestamptz not null
);
comment on table surveillance.teller is
  'operational: where to say what came of a note, as given by whoever told us; dropped once it was said, or in time';

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

create table surveillance.hypothesis (
  id bigint generated always as identity primary key,
  signal bigint references surveillance.signal,
  place_code text not null,
  scope text[] not null check (cardinality(scope) > 0),
  statement text not null check (length(trim(statement)) between 1 and 300),
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  said_at timestamptz not null default commonweal.now(),
  tick_id bigint not null
);
create index hypothesis_scope on surveillance.hypothesis using gin (scope);
call commonweal.declare_fact('surveillance.hypothesis', 'what may be the cause of a rise, as one sentence that can turn out wrong');

create table surveillance.evidence (
  id bigint generated always as identity primary key,
  hypothesis_id bigint not null references surveillance.hypothesis,
  side text not null check (side in ('for', 'against')),
  words text not null check (length(trim(words)) between 1 and 1000),
  figure text check (figure ~ '^/([^/\\]|$)' and length(figure) <= 400),
  note_id bigint references surveillance.note,
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  said_at timestamptz not null default commonweal.now(),
  tick_id bigint not null
);
create index evidence_hypothesis on surveillance.evidence (hypothesis_id);
call commonweal.declare_fact('surveillance.evidence', 'a figure or note that speaks for or against a hypothesis, and why');
comment on column surveillance.evidence.figure is 'address of a page of this site at one moment, so that the figure stays the same';

create table surveillance.judgement (
  id bigint generated always as identity primary key,
  signal bigint not null references surveillance.signal,
  verdict text not null check (verdict in ('confirm', 'explain', 'merge', 'dispute')),
  merged_into bigint references surveillance.signal,
  reason text not null check (length(trim(reason)) between 1 and 2000),
  scope text[] not null check (cardinality(scope) > 0),
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  at timestamptz not null default commonweal.now(),
  tick_id bigint not null,
  check ((verdict = 'merge') = (merged_into is not null)),
  check (merged_into <> signal)
);
create index judgement_signal on surveillance.judgement (signal);
call commonweal.declare_fact('surveillance.judgement', 'what an office says of a signal, and why; local and national alike');

create table surveillance.judgement_recall (
  judgement_id bigint primary key references surveillance.judgement,
  at timestamptz not null default commonweal.now(),
  tick_id bigint not null
);
call commonweal.declare_fact('surveillance.judgement_recall', 'a judgement that its author took back within ten minutes; both stay');

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

-- Somebody without a seat tells us. Nothing of who they are but what they choose to say goes beside the note.
create function surveillance.tell_us(
  p_reference text, p_place text, p_first date, p_last date, p_setting text, p_words text, p_told_by text, p_email text,
  p_due timestamptz, p_keep_days integer) returns bigint
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
  delete from surveillance.teller t where t.drop_after < commonweal.now();
  if p_email is not null then
    insert into surveillance.teller (note_id, email, drop_after)
    values (new_id, p_email, commonweal.now() + make_interval(days => p_keep_days));
  end if;
  perform ledger.append('surveillance.told_us', new_id::text, covered, null, jsonb_build_object('due_at', p_due));
  return new_id;
end $$;

create function surveillance.answer_note(p_office text, p_person uuid, p_note bigint, p_outcome text, p_words text) returns text
language plpgsql security definer set search_path = '' as $$
declare
  told surveillance.note;
  address text;
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
  -- said once, then gone: the page with the reference stays
  delete from surveillance.teller t where t.note_id = p_note returning t.email into address;
  perform ledger.append('surveillance.note_answered', p_note::text, told.scope, p_office, jsonb_build_object('outcome', p_outcome));
  return address;
end $$;

-- Every note about places that an office answers for; both tiers read the same rows. A community seat (an office that
-- reads no counts) reads what is for seats, and its own.
create function surveillance.notes_seen(p_office text, p_person uuid, p_places text[], p_signal bigint, p_limit integer)
returns table (id bigint, place_code text, first_day date, last_day date, setting_name text, signal bigint, words text,
               visibility text, office text, told_by text, said_at timestamptz, due_at timestamptz, outcome text,
               answer text, answered_by text, answered_at timestamptz)
language sql stable security definer set search_path = '' as $$
  select n.id, n.place_code, n.first_day, n.last_day, n.setting_name, n.signal, n.words, n.visibility, o.title, n.told_by,
         n.said_at, n.due_at, a.outcome, a.words, w.title, a.at
    from surveillance.note n left join access.office o on o.id = n.office_id
    left join surveillance.note_outcome a on a.note_id = n.id left join access.office w on w.id = a.office_id
   where n.scope && desk.codes_of(p_office, p_person)
     and (n.visibility = 'seats' or n.office_id = p_office
          or exists (select from access.office x where x.id = p_office and 'read_counts' = any (x.permissions)))
     and (p_places is null or n.place_code = any (p_places)) and (p_signal is null or n.signal = p_signal)
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

-- Hypotheses ------------------------------------------------------------------------------------------------------------

create function surveillance.suppose(p_office text, p_person uuid, p_place text, p_signal bigint, p_statement text) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  covered text[] := coalesce(surveillance.scope_of_signal(p_signal), surveillance.scope_of_place(p_place));
  new_id bigint;
begin
  perform surveillance.require_seat(p_office, p_person, 'judge_signals', 'put forward what may be the cause');
  perform surveillance.require_place(p_office, p_person, covered);
  insert into surveillance.hypothesis (signal, place_code, scope, statement, office_id, person_id, tick_id)
  values (p_signal, p_place, covered, p_statement, p_office, p_person, surveillance.open_tick()) returning id into new_id;
  perform ledger.append('surveillance.hypothesis', new_id::text, covered, p_office, jsonb_build_object('signal', p_signal));
  return new_id;
end $$;

create function surveillance.add_evidence(
  p_office text, p_person uuid, p_hypothesis bigint, p_side text, p_words text, p_figure text, p_note bigint) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  covered text[];
  new_id bigint;
begin
  perform surveillance.require_seat(p_office, p_person, 'judge_signals', 'weigh what may be the cause');
  select h.scope into covered from surveillance.hypothesis h where h.id = p_hypothesis;
  perform surveillance.require_place(p_office, p_person, covered);
  if p_note is not null and not exists (
       select from surveillance.note n where n.id = p_note and n.scope && desk.codes_of(p_office, p_person)) then
    raise exception 'There is no note % about places that your office answers for.', p_note using errcode = 'CW501';
  end if;
  insert into surveillance.evidence (hypothesis_id, side, words, figure, note_id, office_id, person_id, tick_id)
  values (p_hypothesis, p_side, p_words, p_figure, p_note, p_office, p_person, surveillance.open_tick()) returning id into new_id;
  return new_id;
end $$;

create function surveillance.hypotheses_seen(p_office text, p_person uuid, p_places text[], p_signal bigint)
returns table (id bigint, signal bigint, place_code text, statement text, office text, said_at timestamptz, evidence jsonb)
language sql stable security definer set search_path = '' as $$
  select h.id, h.signal, h.place_code, h.statement, o.title, h.said_at,
         coalesce((select jsonb_agg(jsonb_build_object('side', e.side, 'words', e.words, 'figure', e.figure, 'note', n.words,
                                                       'office', w.title) order by e.id)
                     from surveillance.evidence e join access.office w on w.id = e.office_id
                     left join surveillance.note n on n.id = e.note_id where e.hypothesis_id = h.id), '[]')
    from surveillance.hypothesis h join access.office o on o.id = h.office_id
   where h.scope && desk.codes_of(p_office, p_person)
     and exists (select from access.office x where x.id = p_office and 'read_counts' = any (x.permissions))
     and (p_places is null or h.place_code = any (p_places)) and (p_signal is null or h.signal = p_signal)
   order by h.id desc limit 100
$$;

-- Judgements ------------------------------------------------------------------------------------------------------------

create function surveillance.judge(
  p_office text, p_person uuid, p_signal bigint, p_verdict text, p_into bigint, p_reason text) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  covered text[] := surveillance.scope_of_signal(p_signal);
  ours text[] := desk.codes_of(p_office, p_person);
  new_id bigint;
begin
  perform surveillance.require_seat(p_office, p_person, 'judge_signals', 'judge signals');
  perform surveillance.require_place(p_office, p_person, covered);
  if p_into is not null and not coalesce(surveillance.scope_of_signal(p_into) && ours, false) then
    raise exception 'There is no signal % among those that your office sees.', p_into using errcode = 'CW501';
  end if;
  insert into surveillance.judgement (signal, verdict, merged_into, reason, scope, office_id, person_id, tick_id)
  values (p_signal, p_verdict, p_into, p_reason, covered, p_office, p_person, surveillance.open_tick()) returning id into new_id;
  perform ledger.append('surveillance.judgement', new_id::text, covered, p_office,
    jsonb_build_object('signal', p_signal, 'verdict', p_verdict));
  return new_id;
end $$;

create function surveillance.take_back_judgement(p_office text, p_person uuid, p_judgement bigint, p_minutes double precision)
returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  mine surveillance.judgement;
begin
  select j.* into mine from surveillance.judgement j
   where j.id = p_judgement and j.person_id = p_person and j.office_id = p_office;
  if not found or not exists (select from access.current_appointment c where c.office_id = p_office and c.person_id = p_person) then
    raise exception 'Only its author takes back a judgement.' using errcode = 'CW401';
  end if;
  if mine.at < commonweal.now() - make_interval(secs => 60 * p_minutes) then
    raise exception 'This was said more than % minutes ago. Give a new judgement: both stay in the history.', p_minutes
      using errcode = 'CW501';
  end if;
  insert into surveillance.judgement_recall (judgement_id, tick_id) values (p_judgement, surveillance.open_tick())
  on conflict do nothing;
  if not found then
    raise exception 'This judgement was taken back already.' using errcode = 'CW501';
  end if;
  perform ledger.append('surveillance.judgement_recalled', p_judgement::text, mine.scope, p_office, '{}'::jsonb);
  return mine.signal;
end $$;

create function surveillance.judgements_seen(p_office text, p_person uuid, p_signal bigint)
returns table (id bigint, signal bigint, verdict text, merged_into bigint, reason text, office text, office_id text, person text,
               person_id uuid, at timestamptz, recalled_at timestamptz)
language sql stable security definer set search_path = '' as $$
  select j.id, j.signal, j.verdict, j.merged_into, j.reason, o.title, j.office_id, p.name, j.person_id, j.at, r.at
    from surveillance.judgement j join access.office o on o.id = j.office_id join access.person p on p.id = j.person_id
    left join surveillance.judgement_recall r on r.judgement_id = j.id
   where j.signal = p_signal and j.scope && desk.codes_of(p_office, p_person)
     and exists (select from access.office x where x.id = p_office and 'read_counts' = any (x.permissions))
   order by j.id
$$;

grant execute on function
  surveillance.write_note(text, uuid, text, bigint, date, date, text, text, text),
  surveillance.tell_us(text, text, date, date, text, text, text, text, timestamptz, integer),
  surveillance.answer_note(text, uuid, bigint, text, text),
  surveillance.notes_seen(text, uuid, text[], bigint, integer),
  surveillance.notes_waiting(text[]),
  surveillance.outcome_of(text),
  surveillance.suppose(text, uuid, text, bigint, text),
  surveillance.add_evidence(text, uuid, bigint, text, text, text, bigint),
  surveillance.hypotheses_seen(text, uuid, text[], bigint),
  surveillance.judge(text, uuid, bigint, text, bigint, text),
  surveillance.take_back_judgement(text, uuid, bigint, double precision),
  surveillance.judgements_seen(text, uuid, bigint),
  surveillance.scope_of_place(text), surveillance.scope_of_signal(bigint) to cw_app;
grant select on surveillance.note, surveillance.note_outcome, surveillance.hypothesis, surveillance.evidence,
  surveillance.judgement, surveillance.judgement_recall to cw_backup;
grant select, delete on surveillance.teller to cw_retention;
grant usage on schema surveillance to cw_retention;

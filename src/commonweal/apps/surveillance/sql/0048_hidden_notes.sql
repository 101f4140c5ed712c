-- Words of a note are hidden from everybody, with a reason that everybody reads: what no filter finds (names, other languages)
-- is found by offices that read it. The functions that hand words out give the reason instead, for every moment: privacy goes
-- before history. The note stays, is counted, waits and is answered.

create table surveillance.note_hidden (
  id bigint generated always as identity primary key,
  note_id bigint not null references surveillance.note,
  reason text not null check (reason in ('health', 'person', 'abuse', 'other')),
  words text check (length(trim(words)) between 1 and 300),
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  at timestamptz not null default commonweal.now(),
  tick_id bigint not null,
  check ((reason = 'other') = (words is not null))
);
create index note_hidden_note on surveillance.note_hidden (note_id);
call commonweal.declare_fact('surveillance.note_hidden', 'that an office hid the words of a note from everybody, and why');

create table surveillance.note_unhidden (
  hidden_id bigint primary key references surveillance.note_hidden,
  at timestamptz not null default commonweal.now(),
  tick_id bigint not null
);
call commonweal.declare_fact('surveillance.note_unhidden', 'a hiding of words that its author took back within ten minutes');
grant select on surveillance.note_hidden, surveillance.note_unhidden to cw_backup;

-- How the words of a note are hidden now, whatever moment is asked about; no row where they are shown.
create function surveillance.hiding_of(p_note bigint)
returns table (id bigint, reason text, office text, office_id text, person_id uuid, at timestamptz, sentence text)
language sql stable set search_path = '' as $$
  select h.id, h.reason, o.title, h.office_id, h.person_id, h.at,
         format('Hidden by %s on %s: %s.', o.title, to_char(h.at at time zone 'Europe/London', 'FMDD FMMonth YYYY'),
                case h.reason when 'health' then 'it names a person''s health' when 'person' then 'it names a person'
                              when 'abuse' then 'it is abuse' else rtrim(h.words, '. ') end)
    from surveillance.note_hidden h join access.office o on o.id = h.office_id
   where h.note_id = p_note and not exists (select from surveillance.note_unhidden u where u.hidden_id = h.id)
   order by h.id desc limit 1
$$;

-- The office that wrote it, and offices of the place's own authority that triage what people tell. Not the centre: it would
-- silence what local people say.
create function surveillance.may_hide_note(p_office text, p_person uuid, p_note bigint) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select from surveillance.note n, access.office o join access.organisation g on g.id = o.organisation_id
     where n.id = p_note and o.id = p_office and 'write_local_knowledge' = any (o.permissions)
       and exists (select from access.current_appointment c where c.office_id = p_office and c.person_id = p_person)
       and (n.office_id = p_office
            or g.kind like '%authority' and 'read_counts' = any (o.permissions) and n.scope && desk.codes_of(p_office, p_person)))
$$;

-- Whom a hiding concerns besides the offices of the place: nothing of the words.
create function surveillance.place_of_note(p_note bigint) returns table (place_code text, office_id text)
language sql stable security definer set search_path = '' as $$
  select n.place_code, n.office_id from surveillance.note n where n.id = p_note
$$;

-- The number of the hiding; null where the words are hidden already, which stays as it was said first.
create function surveillance.hide_note(p_office text, p_person uuid, p_note bigint, p_reason text, p_words text) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  hidden surveillance.note;
  new_id bigint;
begin
  if not surveillance.may_hide_note(p_office, p_person, p_note) then
    raise exception 'Only the office that wrote a note, and those of the authority of its place that answer what people tell, hide its words.'
      using errcode = 'CW401';
  end if;
  -- two who hide the same words at once come one after the other
  perform pg_advisory_xact_lock(hashtextextended('surveillance.note_hidden ' || p_note, 0));
  if exists (select from surveillance.hiding_of(p_note)) then
    return null;
  end if;
  select n.* into hidden from surveillance.note n where n.id = p_note;
  insert into surveillance.note_hidden (note_id, reason, words, office_id, person_id, tick_id)
  values (p_note, p_reason, p_words, p_office, p_person, surveillance.open_tick()) returning id into new_id;
  perform desk.cut_pins('surveillance.note:' || p_note, hidden.scope, concat_ws(' ', hidden.words, hidden.setting_name),
    '^/(known/notes/[0-9]+|places/[^/]+/known|signals/[0-9]+(/judgements)?)$', '/known/notes/' || p_note);
  perform ledger.append('surveillance.note_hidden', p_note::text, hidden.scope, p_office, jsonb_build_object('reason', p_reason));
  return new_id;
end $$;

create function surveillance.show_note_again(p_office text, p_person uuid, p_note bigint, p_minutes double precision) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  mine record;
begin
  select h.*, n.scope into mine from surveillance.hiding_of(p_note) h join surveillance.note n on n.id = p_note
   where h.office_id = p_office and h.person_id = p_person;
  if not found or not exists (select from access.current_appointment c where c.office_id = p_office and c.person_id = p_person) then
    raise exception 'Only who hid the words of a note shows them again.' using errcode = 'CW401';
  end if;
  if not desk.may_still_undo(mine.at, p_minutes) then
    raise exception 'These words were hidden more than % minutes ago and stay so. A note beside it says it without the person.',
      least(p_minutes, 10) using errcode = 'CW501';
  end if;
  insert into surveillance.note_unhidden (hidden_id, tick_id) values (mine.id, surveillance.open_tick()) on conflict do nothing;
  if found then
    perform desk.mend_pins('surveillance.note:' || p_note);
    perform ledger.append('surveillance.note_shown_again', p_note::text, mine.scope, p_office, '{}'::jsonb);
  end if;
  return p_note;
end $$;

-- The functions that hand words out. A name of a hall, school or works is words too, and so is an answer that was given before
-- the words were hidden: it may repeat them. What came of it is still said.

create function surveillance.answer_shown(p_answer text, p_at timestamptz, p_hidden timestamptz) returns text
language sql immutable set search_path = '' as $$
  select case when p_at <= p_hidden then 'The words of this answer are hidden with those of the note.' else p_answer end
$$;

drop function surveillance.notes_seen(text, uuid, text[], bigint, integer, timestamptz);
create function surveillance.notes_seen(
  p_office text, p_person uuid, p_places text[], p_signal bigint, p_limit integer, p_as_of timestamptz)
returns table (id bigint, place_code text, first_day date, last_day date, setting_name text, signal bigint, words text,
               visibility text, office text, office_id text, person_id uuid, told_by text, said_at timestamptz,
               due_at timestamptz, outcome text, answer text, answered_by text, answered_at timestamptz,
               recalled_at timestamptz, corrects bigint, corrected_by bigint, language text, hidden_at timestamptz,
               hidden_by text, hidden_reason text, hidden_by_office text, hidden_by_person uuid)
language sql stable security definer set search_path = '' as $$
  select n.id, n.place_code, n.first_day, n.last_day, case when h.id is null then n.setting_name end, n.signal,
         case when h.id is not null then h.sentence when r.note_id is null then n.words else '' end, n.visibility, o.title,
         n.office_id, n.person_id, n.told_by, n.said_at, n.due_at, a.outcome, surveillance.answer_shown(a.words, a.at, h.at), w.title,
         a.at, r.at, n.corrects,
         (select max(c.id) from surveillance.note c where c.corrects = n.id and surveillance.known_by(c.tick_id, p_as_of)
             and not exists (select from surveillance.note_recall x where x.note_id = c.id and surveillance.known_by(x.tick_id, p_as_of))),
         case when h.id is null then n.language end, h.at, h.office, h.reason, h.office_id, h.person_id
    from surveillance.note n left join access.office o on o.id = n.office_id
    left join surveillance.note_outcome a on a.note_id = n.id and surveillance.known_by(a.tick_id, p_as_of)
    left join access.office w on w.id = a.office_id
    left join surveillance.note_recall r on r.note_id = n.id and surveillance.known_by(r.tick_id, p_as_of)
    left join lateral surveillance.hiding_of(n.id) h on true
   where n.scope && desk.codes_of(p_office, p_person)
     and (n.visibility = 'seats' or n.office_id = p_office
          or exists (select from access.office x where x.id = p_office and 'read_counts' = any (x.permissions)))
     and (p_places is null or n.place_code = any (p_places)) and (p_signal is null or n.signal = p_signal)
     and surveillance.known_by(n.tick_id, p_as_of)
   order by n.id desc limit p_limit
$$;

create or replace function surveillance.hypotheses_seen(p_office text, p_person uuid, p_places text[], p_signal bigint, p_as_of timestamptz)
returns table (id bigint, signal bigint, place_code text, statement text, office text, office_id text, said_at timestamptz, evidence jsonb)
language sql stable security definer set search_path = '' as $$
  select h.id, h.signal, h.place_code, h.statement, o.title, h.office_id, h.said_at,
         coalesce((select jsonb_agg(jsonb_build_object(
                       'side', e.side, 'words', e.words, 'figure', e.figure, 'note_number', e.note_id,
                       'note', case when hidden.id is not null then hidden.sentence
                                    when r.note_id is null then n.words else 'This note was taken back.' end,
                       'office', w.title, 'office_id', e.office_id) order by e.id)
                     from surveillance.evidence e join access.office w on w.id = e.office_id
                     left join surveillance.note n on n.id = e.note_id
                     left join surveillance.note_recall r on r.note_id = n.id and surveillance.known_by(r.tick_id, p_as_of)
                     left join lateral surveillance.hiding_of(n.id) hidden on true
                    where e.hypothesis_id = h.id and surveillance.known_by(e.tick_id, p_as_of)), '[]')
    from surveillance.hypothesis h join access.office o on o.id = h.office_id
   where h.scope && desk.codes_of(p_office, p_person)
     and exists (select from access.office x where x.id = p_office and 'read_counts' = any (x.permissions))
     and (p_places is null or h.place_code = any (p_places)) and (p_signal is null or h.signal = p_signal)
     and surveillance.known_by(h.tick_id, p_as_of)
   order by h.id desc limit case when p_signal is null then 100 end
$$;

drop function surveillance.outcome_of(text);
create function surveillance.outcome_of(p_reference text)
returns table (place_code text, said_at timestamptz, due_at timestamptz, outcome text, answer text, office text,
               answered_at timestamptz, hidden text)
language sql stable security definer set search_path = '' as $$
  select n.place_code, n.said_at, n.due_at, a.outcome, surveillance.answer_shown(a.words, a.at, h.at), w.title, a.at, h.sentence
    from surveillance.note n left join surveillance.note_outcome a on a.note_id = n.id
    left join access.office w on w.id = a.office_id
    left join lateral surveillance.hiding_of(n.id) h on true where n.reference = p_reference
$$;

-- A correction of a note whose words are hidden does not carry on the name that it was about.
create or replace function surveillance.correct_note(p_office text, p_person uuid, p_note bigint, p_words text) returns bigint
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
  if exists (select from surveillance.hiding_of(p_note)) then
    ours.setting_name := null;
  end if;
  insert into surveillance.note (place_code, scope, first_day, last_day, setting_name, signal, words, visibility, office_id,
                                 person_id, corrects, tick_id)
  values (ours.place_code, ours.scope, ours.first_day, ours.last_day, ours.setting_name, ours.signal, p_words, ours.visibility,
          p_office, p_person, p_note, surveillance.open_tick()) returning id into new_id;
  perform ledger.append('surveillance.note', new_id::text, ours.scope, p_office,
    jsonb_build_object('place', ours.place_code, 'corrects', p_note));
  return new_id;
end $$;

grant execute on function
  surveillance.may_hide_note(text, uuid, bigint), surveillance.place_of_note(bigint),
  surveillance.hide_note(text, uuid, bigint, text, text),
  surveillance.show_note_again(text, uuid, bigint, double precision),
  surveillance.notes_seen(text, uuid, text[], bigint, integer, timestamptz),
  surveillance.outcome_of(text) to cw_app;

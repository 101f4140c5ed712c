-- Words of notes, hypotheses, evidence and judgements are hidden by the desk's one table and rule. Whoever told us and left an
-- address is told that their words are hidden. A note's readers can be made fewer. Seats of a ward read and write of their ward.

-- What was hidden before moves to the desk as it stands: the same office, person, instant and tick.
alter table desk.hidden disable trigger fact_has_open_tick;
alter table desk.unhidden disable trigger fact_has_open_tick;
insert into desk.hidden (id, text, reason, words, office_id, person_id, at, tick_id) overriding system value
select h.id, 'surveillance.note:' || h.note_id, h.reason, h.words, h.office_id, h.person_id, h.at, h.tick_id
  from surveillance.note_hidden h order by h.id;
select setval(pg_get_serial_sequence('desk.hidden', 'id'), max(h.id)) from desk.hidden h having max(h.id) is not null;
insert into desk.unhidden select u.hidden_id, u.at, u.tick_id from surveillance.note_unhidden u;
alter table desk.hidden enable trigger fact_has_open_tick;
alter table desk.unhidden enable trigger fact_has_open_tick;

drop function surveillance.notes_seen(text, uuid, text[], bigint, integer, timestamptz);
drop function surveillance.outcome_of(text);
drop function surveillance.may_hide_note(text, uuid, bigint);
drop function surveillance.place_of_note(bigint);
drop function surveillance.hide_note(text, uuid, bigint, text, text);
drop function surveillance.show_note_again(text, uuid, bigint, double precision);
drop function surveillance.hypotheses_seen(text, uuid, text[], bigint, timestamptz);
drop function surveillance.judgements_seen(text, uuid, bigint, timestamptz);
drop function surveillance.hiding_of(bigint);
drop table surveillance.note_unhidden;
drop table surveillance.note_hidden;

-- The texts of this room. A name of a hall, school or works is words too, and so is an answer that may repeat them.
create function surveillance.note_text(p_note bigint) returns setof desk.hideable_text
language sql stable set search_path = '' as $$
  select n.office_id, n.scope, concat_ws(' ', n.words, n.setting_name),
         '^/(known/notes/[0-9]+|places/[^/]+/known|signals/[0-9]+(/judgements)?)$', '/known/notes/' || n.id, '/known/notes/' || n.id
    from surveillance.note n where n.id = p_note
$$;
create function surveillance.hypothesis_stands(p_signal bigint, p_place text) returns text
language sql immutable set search_path = '' as $$
  select case when p_signal is null then '/places/' || p_place || '/known' else '/signals/' || p_signal || '/judgements' end
$$;
create function surveillance.hypothesis_text(p_hypothesis bigint) returns setof desk.hideable_text
language sql stable set search_path = '' as $$
  select h.office_id, h.scope, h.statement, '^/(places/[^/]+/known|signals/[0-9]+(/judgements)?)$', null,
         surveillance.hypothesis_stands(h.signal, h.place_code)
    from surveillance.hypothesis h where h.id = p_hypothesis
$$;
create function surveillance.evidence_text(p_evidence bigint) returns setof desk.hideable_text
language sql stable set search_path = '' as $$
  select e.office_id, h.scope, e.words, '^/(places/[^/]+/known|signals/[0-9]+(/judgements)?)$', null,
         surveillance.hypothesis_stands(h.signal, h.place_code)
    from surveillance.evidence e join surveillance.hypothesis h on h.id = e.hypothesis_id where e.id = p_evidence
$$;
create function surveillance.judgement_text(p_judgement bigint) returns setof desk.hideable_text
language sql stable set search_path = '' as $$
  select j.office_id, j.scope, j.reason, '^/signals/[0-9]+(/judgements)?$', null, '/signals/' || j.signal || '/judgements'
    from surveillance.judgement j where j.id = p_judgement
$$;
insert into desk.hideable values
  ('surveillance.note', 'surveillance.note_text(bigint)'),
  ('surveillance.hypothesis', 'surveillance.hypothesis_text(bigint)'),
  ('surveillance.evidence', 'surveillance.evidence_text(bigint)'),
  ('surveillance.judgement', 'surveillance.judgement_text(bigint)');

-- Seats of a ward ---------------------------------------------------------------------------------------------------------

-- The small areas of a place smaller than an authority, none of others; a ward is those of which most postcodes in use lie in it.
-- p_scope: the authorities that it lies in, whose postcodes alone are looked through.
create function surveillance.small_areas_of(p_place text, p_scope text[]) returns text[]
language sql stable set search_path = '' as $$
  select coalesce(
    (select array_agg(s.lsoa_code) from places.lsoa_scope s where p_place in (s.lsoa_code, s.msoa_code)),
    (select array_agg(m.lsoa_code) from (
       select distinct on (w.lsoa_code) w.lsoa_code, w.ward from (
         select p.lsoa_code, p.ward, count(*) as n from places.postcode_now p
          where p.scope_code = any (p_scope) and p.ward is not null and p.lsoa_code is not null and p.doterm is null
          group by 1, 2) w order by w.lsoa_code, w.n desc, w.ward) m
      where m.ward = p_place), '{}')
$$;

-- The small areas that an office answers for by mandates smaller than an authority; none for every other office.
create function surveillance.small_mandate(p_office text, p_person uuid) returns text[]
language sql stable set search_path = '' as $$
  select coalesce((
    select array_agg(distinct a)
      from access.mandate m, unnest(surveillance.small_areas_of(m.place_code, surveillance.scope_of_place(m.place_code))) a
     where m.office_id = p_office and not exists (select from places.scope_cover c where c.code = m.place_code)
       and exists (select from access.current_appointment c where c.office_id = p_office and c.person_id = p_person)), '{}')
$$;
create function surveillance.answers_for(p_office text, p_person uuid, p_place text, p_scope text[]) returns boolean
language sql stable set search_path = '' as $$
  select coalesce(p_scope && desk.codes_of(p_office, p_person), false)
      or surveillance.small_areas_of(p_place, p_scope) && surveillance.small_mandate(p_office, p_person)
$$;
create function surveillance.require_answering(p_office text, p_person uuid, p_place text, p_scope text[]) returns void
language plpgsql stable security definer set search_path = '' as $$
begin
  if p_scope is null or not surveillance.answers_for(p_office, p_person, p_place, p_scope) then
    raise exception 'Your office says nothing about places it does not answer for.' using errcode = 'CW401';
  end if;
end $$;

create or replace function surveillance.write_note(
  p_office text, p_person uuid, p_place text, p_signal bigint, p_first date, p_last date, p_setting text, p_words text,
  p_visibility text) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  covered text[] := surveillance.scope_of_place(p_place);
  new_id bigint;
begin
  perform surveillance.require_seat(p_office, p_person, 'write_local_knowledge', 'write down what is known locally');
  perform surveillance.require_answering(p_office, p_person, p_place, covered);
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

-- Fewer readers -----------------------------------------------------------------------------------------------------------

create table surveillance.note_narrowed (
  note_id bigint primary key references surveillance.note,
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  at timestamptz not null default commonweal.now(),
  tick_id bigint not null
);
call commonweal.declare_fact('surveillance.note_narrowed',
  'that the office that wrote a note for community seats as well keeps it to offices that read counts from then on');
grant select on surveillance.note_narrowed to cw_backup;

create function surveillance.narrow_note(p_office text, p_person uuid, p_note bigint) returns void
language plpgsql security definer set search_path = '' as $$
declare
  ours surveillance.note;
begin
  select n.* into ours from surveillance.note n where n.id = p_note and n.office_id = p_office;
  if not found or not exists (select from access.current_appointment c where c.office_id = p_office and c.person_id = p_person) then
    raise exception 'Only the office that wrote a note says who reads it.' using errcode = 'CW401';
  end if;
  if ours.visibility <> 'seats' then
    raise exception 'Note % is read by offices that read counts alone already.', p_note using errcode = 'CW501';
  end if;
  insert into surveillance.note_narrowed (note_id, office_id, person_id, tick_id)
  values (p_note, p_office, p_person, surveillance.open_tick()) on conflict do nothing;
  if not found then
    raise exception 'Note % is read by offices that read counts alone already.', p_note using errcode = 'CW501';
  end if;
  perform ledger.append('surveillance.note_narrowed', p_note::text, ours.scope, p_office, '{}'::jsonb);
end $$;

-- The functions that hand words out -----------------------------------------------------------------------------------------

-- A seat reads of a note that is kept from it now that there is one, whatever moment it asks about: never the words.
create function surveillance.notes_seen(
  p_office text, p_person uuid, p_places text[], p_signal bigint, p_limit integer, p_as_of timestamptz)
returns table (id bigint, place_code text, first_day date, last_day date, setting_name text, signal bigint, words text,
               visibility text, office text, office_id text, person_id uuid, told_by text, said_at timestamptz,
               due_at timestamptz, outcome text, answer text, answered_by text, answered_at timestamptz,
               recalled_at timestamptz, corrects bigint, corrected_by bigint, language text, hidden_at timestamptz,
               hidden_by text, hidden_reason text, hidden_by_office text, hidden_by_person uuid, narrowed_at timestamptz)
language sql stable security definer set search_path = '' as $$
  with reader as materialized (
    select desk.codes_of(p_office, p_person) as codes, surveillance.small_mandate(p_office, p_person) as small,
           exists (select from access.office x where x.id = p_office and 'read_counts' = any (x.permissions)) as counts
  ), around as materialized (
    select coalesce(array_agg(distinct s.scope_code), '{}') as codes
      from reader m, unnest(m.small) a join places.lsoa_scope s on s.lsoa_code = a
  )
  select n.id, n.place_code, n.first_day, n.last_day, case when h.id is null and not kept.away then n.setting_name end, n.signal,
         case when h.id is not null then h.sentence
              when kept.away then format('%s keeps this note to offices that read counts.', o.title)
              when r.note_id is null then n.words else '' end,
         case when f.note_id is null then n.visibility else 'offices' end, o.title,
         n.office_id, n.person_id, n.told_by, n.said_at, n.due_at, a.outcome, surveillance.answer_shown(a.words, a.at, h.at), w.title,
         a.at, r.at, n.corrects,
         (select max(c.id) from surveillance.note c where c.corrects = n.id and surveillance.known_by(c.tick_id, p_as_of)
             and not exists (select from surveillance.note_recall x where x.note_id = c.id and surveillance.known_by(x.tick_id, p_as_of))),
         case when h.id is null then n.language end, h.at, h.office, h.reason, h.office_id, h.person_id, f.at
    from reader cross join around
    join surveillance.note n on n.scope && reader.codes
         or n.scope && around.codes and (surveillance.small_areas_of(n.place_code, n.scope) && reader.small
                                         or exists (select from places.scope_cover c where c.code = n.place_code))
    left join access.office o on o.id = n.office_id
    left join surveillance.note_outcome a on a.note_id = n.id and surveillance.known_by(a.tick_id, p_as_of)
    left join access.office w on w.id = a.office_id
    left join surveillance.note_recall r on r.note_id = n.id and surveillance.known_by(r.tick_id, p_as_of)
    left join surveillance.note_narrowed f on f.note_id = n.id
    left join lateral desk.hiding_of('surveillance.note:' || n.id) h on true
    cross join lateral (
      select not (reader.counts or n.office_id = p_office) and f.note_id is not null as away) kept
   where (n.visibility = 'seats' or n.office_id is not distinct from p_office or reader.counts)
     and (p_places is null or n.place_code = any (p_places)) and (p_signal is null or n.signal = p_signal)
     and surveillance.known_by(n.tick_id, p_as_of)
   order by n.id desc limit p_limit
$$;

create function surveillance.hypotheses_seen(p_office text, p_person uuid, p_places text[], p_signal bigint, p_as_of timestamptz)
returns table (id bigint, signal bigint, place_code text, statement text, office text, office_id text, said_at timestamptz,
               evidence jsonb)
language sql stable security definer set search_path = '' as $$
  select h.id, h.signal, h.place_code, desk.words_shown('surveillance.hypothesis:' || h.id, h.statement), o.title, h.office_id, h.said_at,
         coalesce((select jsonb_agg(jsonb_build_object(
                       'number', e.id, 'side', e.side, 'words', coalesce(gone.sentence, e.words), 'figure', e.figure,
                       'note_number', e.note_id,
                       'note', case when hidden.id is not null then hidden.sentence
                                    when r.note_id is null then n.words else 'This note was taken back.' end,
                       'office', w.title, 'office_id', e.office_id) order by e.id)
                     from surveillance.evidence e join access.office w on w.id = e.office_id
                     left join surveillance.note n on n.id = e.note_id
                     left join surveillance.note_recall r on r.note_id = n.id and surveillance.known_by(r.tick_id, p_as_of)
                     left join lateral desk.hiding_of('surveillance.note:' || n.id) hidden on true
                     left join lateral desk.hiding_of('surveillance.evidence:' || e.id) gone on true
                    where e.hypothesis_id = h.id and surveillance.known_by(e.tick_id, p_as_of)), '[]')
    from surveillance.hypothesis h join access.office o on o.id = h.office_id
   where h.scope && desk.codes_of(p_office, p_person)
     and exists (select from access.office x where x.id = p_office and 'read_counts' = any (x.permissions))
     and (p_places is null or h.place_code = any (p_places)) and (p_signal is null or h.signal = p_signal)
     and surveillance.known_by(h.tick_id, p_as_of)
   order by h.id desc limit case when p_signal is null then 100 end
$$;

create function surveillance.judgements_seen(p_office text, p_person uuid, p_signal bigint, p_as_of timestamptz)
returns table (id bigint, signal bigint, verdict text, merged_into bigint, reason text, office text, office_id text, person text,
               person_id uuid, at timestamptz, recalled_at timestamptz, other_is_seen boolean)
language sql stable security definer set search_path = '' as $$
  select j.id, j.signal, j.verdict, j.merged_into, desk.words_shown('surveillance.judgement:' || j.id, j.reason), o.title, j.office_id,
         p.name, j.person_id, j.at, r.at,
         coalesce(surveillance.scope_of_signal(case when j.signal = p_signal then j.merged_into else j.signal end)
                  && desk.codes_of(p_office, p_person), false)
    from surveillance.judgement j join access.office o on o.id = j.office_id join access.person p on p.id = j.person_id
    left join surveillance.judgement_recall r on r.judgement_id = j.id and surveillance.known_by(r.tick_id, p_as_of)
   where (j.signal = p_signal or j.merged_into = p_signal) and j.scope && desk.codes_of(p_office, p_person)
     and surveillance.scope_of_signal(p_signal) && desk.codes_of(p_office, p_person)
     and exists (select from access.office x where x.id = p_office and 'read_counts' = any (x.permissions))
     and surveillance.known_by(j.tick_id, p_as_of)
   order by j.id
$$;

create function surveillance.outcome_of(p_reference text)
returns table (place_code text, said_at timestamptz, due_at timestamptz, outcome text, answer text, office text,
               answered_at timestamptz, hidden text)
language sql stable security definer set search_path = '' as $$
  select n.place_code, n.said_at, n.due_at, a.outcome, surveillance.answer_shown(a.words, a.at, h.at), w.title, a.at, h.sentence
    from surveillance.note n left join surveillance.note_outcome a on a.note_id = n.id
    left join access.office w on w.id = a.office_id
    left join lateral desk.hiding_of('surveillance.note:' || n.id) h on true where n.reference = p_reference
$$;

-- A correction is for those who read the note now, and does not carry on a name that is hidden.
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
  if exists (select from desk.hiding_of('surveillance.note:' || p_note)) then
    ours.setting_name := null;
  end if;
  if exists (select from surveillance.note_narrowed f where f.note_id = p_note) then
    ours.visibility := 'offices';
  end if;
  insert into surveillance.note (place_code, scope, first_day, last_day, setting_name, signal, words, visibility, office_id,
                                 person_id, corrects, tick_id)
  values (ours.place_code, ours.scope, ours.first_day, ours.last_day, ours.setting_name, ours.signal, p_words, ours.visibility,
          p_office, p_person, p_note, surveillance.open_tick()) returning id into new_id;
  perform ledger.append('surveillance.note', new_id::text, ours.scope, p_office,
    jsonb_build_object('place', ours.place_code, 'corrects', p_note));
  return new_id;
end $$;

-- Whoever told us is told of hidden words, once nobody can show them again -------------------------------------------------

alter table surveillance.contact add column told_of_hiding timestamptz;
comment on column surveillance.contact.told_of_hiding is 'when a message left that says that the words are hidden';

-- The address of one note that waits for its answer and whose words are hidden for good. Answered, the answer says it.
create function surveillance.next_hidden_contact(p_after bigint)
returns table (note_id bigint, reference text, key_id smallint, wrapped_key bytea, payload bytea)
language sql volatile security definer set search_path = '' as $$
  select c.note_id, n.reference, c.key_id, c.wrapped_key, c.payload
    from surveillance.contact c join surveillance.note n on n.id = c.note_id
    cross join lateral desk.hiding_of('surveillance.note:' || n.id) h
   where c.note_id > p_after and c.told_of_hiding is null and not desk.may_still_undo(h.at, 10)
     and not exists (select from surveillance.note_outcome a where a.note_id = c.note_id)
   order by c.note_id limit 1 for update of c skip locked
$$;

-- The address stays for the answer, unless it leads nowhere.
create function surveillance.told_of_hiding(p_note bigint, p_leads_nowhere boolean) returns void
language plpgsql security definer set search_path = '' as $$
begin
  if p_leads_nowhere then
    delete from surveillance.contact c where c.note_id = p_note;
  else
    update surveillance.contact c set told_of_hiding = commonweal.now() where c.note_id = p_note and c.told_of_hiding is null;
  end if;
  perform ledger.append('surveillance.told_of_hiding', p_note::text, n.scope, null, jsonb_build_object('leads_nowhere', p_leads_nowhere))
     from surveillance.note n where n.id = p_note;
end $$;

grant execute on function
  surveillance.narrow_note(text, uuid, bigint),
  surveillance.notes_seen(text, uuid, text[], bigint, integer, timestamptz),
  surveillance.hypotheses_seen(text, uuid, text[], bigint, timestamptz),
  surveillance.judgements_seen(text, uuid, bigint, timestamptz),
  surveillance.outcome_of(text),
  surveillance.next_hidden_contact(bigint), surveillance.told_of_hiding(bigint, boolean) to cw_app;

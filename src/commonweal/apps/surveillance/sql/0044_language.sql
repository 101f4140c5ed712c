-- In which language somebody told us: named by whoever writes. The words are kept as written, in any script.
alter table surveillance.note add column language text check (language ~ '^[a-z]{2,5}$');
alter table surveillance.note add constraint language_of_what_was_told check (language is null or told_by is not null);
comment on column surveillance.note.language is
  'of what somebody told us, as they named it: a code of parameters/pages/languages.yaml, or other; null where nobody said';

drop function surveillance.tell_us(text, text, date, date, text, text, text, timestamptz, smallint, bytea, bytea);
create function surveillance.tell_us(
  p_reference text, p_place text, p_first date, p_last date, p_setting text, p_words text, p_told_by text,
  p_due timestamptz, p_key smallint, p_wrapped bytea, p_payload bytea, p_language text) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  covered text[] := surveillance.scope_of_place(p_place);
  new_id bigint;
begin
  if covered is null then
    raise exception 'There is no place % among the places of this service.', p_place using errcode = 'CW501';
  end if;
  insert into surveillance.note (reference, place_code, scope, first_day, last_day, setting_name, words, visibility, told_by,
                                 due_at, language, tick_id)
  values (p_reference, p_place, covered, p_first, p_last, p_setting, p_words, 'offices', p_told_by, p_due, p_language,
          surveillance.open_tick()) returning id into new_id;
  if p_payload is not null then
    insert into surveillance.contact values (new_id, p_key, p_wrapped, p_payload);
  end if;
  perform ledger.append('surveillance.told_us', new_id::text, covered, null, jsonb_build_object('due_at', p_due));
  return new_id;
end $$;

drop function surveillance.notes_seen(text, uuid, text[], bigint, integer, timestamptz);
create function surveillance.notes_seen(
  p_office text, p_person uuid, p_places text[], p_signal bigint, p_limit integer, p_as_of timestamptz)
returns table (id bigint, place_code text, first_day date, last_day date, setting_name text, signal bigint, words text,
               visibility text, office text, office_id text, person_id uuid, told_by text, said_at timestamptz,
               due_at timestamptz, outcome text, answer text, answered_by text, answered_at timestamptz,
               recalled_at timestamptz, corrects bigint, corrected_by bigint, language text)
language sql stable security definer set search_path = '' as $$
  select n.id, n.place_code, n.first_day, n.last_day, n.setting_name, n.signal,
         case when r.note_id is null then n.words else '' end, n.visibility, o.title, n.office_id, n.person_id, n.told_by,
         n.said_at, n.due_at, a.outcome, a.words, w.title, a.at, r.at, n.corrects,
         (select max(c.id) from surveillance.note c where c.corrects = n.id and surveillance.known_by(c.tick_id, p_as_of)
             and not exists (select from surveillance.note_recall x where x.note_id = c.id and surveillance.known_by(x.tick_id, p_as_of))),
         n.language
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
grant execute on function
  surveillance.tell_us(text, text, date, date, text, text, text, timestamptz, smallint, bytea, bytea, text),
  surveillance.notes_seen(text, uuid, text[], bigint, integer, timestamptz) to cw_app;

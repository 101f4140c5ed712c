-- Words that an office wrote are hidden from everybody, with a reason that everybody reads: those of a note, of talk, of a
-- hypothesis and its evidence, of a judgement. One table and one rule for all rooms: a room registers its kind of text with the
-- function that finds one, and asks `hiding_of` wherever it hands words out. Privacy goes before history: it holds for every moment.

create table desk.hideable (
  kind text primary key check (kind ~ '^[a-z_]+[.][a-z_]+$'),
  lookup regprocedure not null
);
comment on table desk.hideable is
  'operational: the kinds of text whose words can be hidden, each with the function that finds one by its number; set by migrations';
grant select on desk.hideable to cw_backup;

-- What a lookup answers: whose words they are, the authorities of the place, the words with names that go with them, a pattern of
-- pages that show them, the page that shows nothing else (or null), and where they stand.
create type desk.hideable_text as (office_id text, scope text[], words text, pages text, own text, stands text);

create table desk.hidden (
  id bigint generated always as identity primary key,
  text text not null check (text ~ '^[a-z_]+[.][a-z_]+:[0-9]{1,18}$'),
  reason text not null check (reason in ('health', 'person', 'abuse', 'other')),
  words text check (length(trim(words)) between 1 and 300),
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  at timestamptz not null default commonweal.now(),
  tick_id bigint not null,
  check ((reason = 'other') = (words is not null))
);
create index hidden_text on desk.hidden (text);
call commonweal.declare_fact('desk.hidden', 'that an office hid words from everybody, and why');

create table desk.unhidden (
  hidden_id bigint primary key references desk.hidden,
  at timestamptz not null default commonweal.now(),
  tick_id bigint not null
);
call commonweal.declare_fact('desk.unhidden', 'a hiding of words that its author took back within ten minutes');
grant select on desk.hidden, desk.unhidden to cw_backup;

-- How words are hidden now, whatever moment is asked about; no row where they are shown.
create function desk.hiding_of(p_text text)
returns table (id bigint, reason text, office text, office_id text, person_id uuid, at timestamptz, sentence text)
language sql stable set search_path = '' as $$
  select h.id, h.reason, o.title, h.office_id, h.person_id, h.at,
         format('Hidden by %s on %s: %s.', o.title, to_char(h.at at time zone 'Europe/London', 'FMDD FMMonth YYYY'),
                case h.reason when 'health' then 'it names a person''s health' when 'person' then 'it names a person'
                              when 'abuse' then 'it is abuse' else rtrim(h.words, '. ') end)
    from desk.hidden h join access.office o on o.id = h.office_id
   where h.text = p_text and not exists (select from desk.unhidden u where u.hidden_id = h.id)
   order by h.id desc limit 1
$$;

create function desk.words_shown(p_text text, p_words text) returns text
language sql stable set search_path = '' as $$
  select coalesce((select h.sentence from desk.hiding_of(p_text) h), p_words)
$$;

-- A text by its key, of whatever room; no row where there is none.
create function desk.text_of(p_text text) returns setof desk.hideable_text
language plpgsql stable set search_path = '' as $$
declare
  found_kind desk.hideable;
begin
  select k.* into found_kind from desk.hideable k where k.kind = split_part(p_text, ':', 1);
  if found then
    return query execute format('select * from %s($1)', found_kind.lookup::regproc) using split_part(p_text, ':', 2)::bigint;
  end if;
end $$;

-- The office whose words they are, and offices of the place's own authority that triage what people tell. Not the centre: it would
-- silence what local people say.
create function desk.hides(p_office text, p_person uuid, p_author text, p_scope text[]) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select from access.office o join access.organisation g on g.id = o.organisation_id
     where o.id = p_office
       and exists (select from access.current_appointment c where c.office_id = p_office and c.person_id = p_person)
       and (o.id = p_author
            or g.kind like '%authority' and o.permissions @> '{write_local_knowledge, read_counts}'
               and p_scope && desk.codes_of(p_office, p_person)))
$$;
create function desk.may_hide(p_office text, p_person uuid, p_text text) returns boolean
language sql stable security definer set search_path = '' as $$
  select coalesce(bool_or(desk.hides(p_office, p_person, t.office_id, t.scope)), false) from desk.text_of(p_text) t
$$;

-- Of many texts those that an office may hide. What is read is the same for all offices; who may hide it is asked apart.
create function desk.hideable_of(p_office text, p_person uuid, p_texts text[]) returns setof text
language sql stable security definer set search_path = '' as $$
  select t from unnest(p_texts) t where desk.may_hide(p_office, p_person, t)
$$;

-- Words for whoever may hide them or just did: what stands there, and how it is hidden.
create function desk.text_to_hide(p_office text, p_person uuid, p_text text)
returns table (words text, stands text, places text[], author text, hidden_at timestamptz, hidden_by_office text, hidden_by_person uuid)
language sql stable security definer set search_path = '' as $$
  select coalesce(h.sentence, t.words), t.stands, t.scope, t.office_id, h.at, h.office_id, h.person_id
    from desk.text_of(p_text) t left join lateral desk.hiding_of(p_text) h on true
   where desk.hides(p_office, p_person, t.office_id, t.scope)
$$;

-- The number of the hiding; null where the words are hidden already, which stays as it was said first.
create function desk.hide_words(p_office text, p_person uuid, p_text text, p_reason text, p_words text) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  of_text desk.hideable_text;
  new_id bigint;
begin
  if not desk.may_hide(p_office, p_person, p_text) then
    raise exception 'Only the office that wrote them, and those of the authority of the place that answer what people tell, hide words.'
      using errcode = 'CW401';
  end if;
  -- two who hide the same words at once come one after the other
  perform pg_advisory_xact_lock(hashtextextended('desk.hidden ' || p_text, 0));
  if exists (select from desk.hiding_of(p_text)) then
    return null;
  end if;
  select * into of_text from desk.text_of(p_text);
  insert into desk.hidden (text, reason, words, office_id, person_id, tick_id)
  values (p_text, p_reason, p_words, p_office, p_person, nullif(current_setting('commonweal.open_tick', true), '')::bigint)
  returning id into new_id;
  perform desk.cut_pins(p_text, of_text.scope, of_text.words, of_text.pages, of_text.own);
  perform ledger.append(split_part(p_text, ':', 1) || '_hidden', split_part(p_text, ':', 2), of_text.scope, p_office,
    jsonb_build_object('reason', p_reason));
  return new_id;
end $$;

create function desk.show_words_again(p_office text, p_person uuid, p_text text, p_minutes double precision) returns void
language plpgsql security definer set search_path = '' as $$
declare
  mine record;
begin
  select h.*, t.scope into mine from desk.hiding_of(p_text) h, desk.text_of(p_text) t
   where h.office_id = p_office and h.person_id = p_person;
  if not found or not exists (select from access.current_appointment c where c.office_id = p_office and c.person_id = p_person) then
    raise exception 'Only who hid words shows them again.' using errcode = 'CW401';
  end if;
  if not desk.may_still_undo(mine.at, p_minutes) then
    raise exception 'These words were hidden more than % minutes ago and stay so. Others beside them say it without the person.',
      least(p_minutes, 10) using errcode = 'CW501';
  end if;
  insert into desk.unhidden (hidden_id, tick_id)
  values (mine.id, nullif(current_setting('commonweal.open_tick', true), '')::bigint) on conflict do nothing;
  if found then
    perform desk.mend_pins(p_text);
    perform ledger.append(split_part(p_text, ':', 1) || '_shown_again', split_part(p_text, ':', 2), mine.scope, p_office, '{}'::jsonb);
  end if;
end $$;

grant execute on function
  desk.may_hide(text, uuid, text), desk.hideable_of(text, uuid, text[]), desk.text_to_hide(text, uuid, text),
  desk.hide_words(text, uuid, text, text, text), desk.show_words_again(text, uuid, text, double precision) to cw_app;

-- Talk ------------------------------------------------------------------------------------------------------------------

create function desk.talk_text(p_talk bigint) returns setof desk.hideable_text
language sql stable set search_path = '' as $$
  select t.office_id, t.place_codes, t.words, '^/talk(/[0-9]+)?$', '/talk/' || t.id, '/talk/' || coalesce(t.in_reply_to, t.corrects, t.id)
    from desk.talk t where t.id = p_talk and not exists (select from desk.talk_recall r where r.talk_id = t.id)
$$;
insert into desk.hideable values ('desk.talk', 'desk.talk_text(bigint)');

-- What waits, what was missed and what was handed over is called by the words of a question: they give way there too.
create function desk.subject_shown(p_key text, p_subject text) returns text
language sql stable security definer set search_path = '' as $$
  select case when p_key like 'desk.talk:%' then coalesce((select 'Answer: ' || h.sentence from desk.hiding_of(p_key) h), p_subject)
              else p_subject end
$$;
grant execute on function desk.subject_shown(text, text) to cw_app;

drop function desk.talk_seen(text, uuid, text, text, bigint, integer);
create function desk.talk_seen(p_office text, p_person uuid, p_page text, p_place text, p_number bigint, p_limit integer)
returns table (id bigint, pin text, words text, office text, person text, person_id uuid, office_id text, in_reply_to bigint,
               corrects bigint, owner text, owner_office text, due_at timestamptz, said_at timestamptz, answered boolean,
               place_codes text[])
language sql stable security definer set search_path = '' as $$
  select t.id, desk.pin_shown(t.id, t.pin), desk.words_shown('desk.talk:' || t.id, t.words), o.title, p.name, t.person_id, t.office_id,
         t.in_reply_to, t.corrects, w.title, t.owner_office, t.due_at, t.said_at,
         exists (select from desk.talk a join access.office x on x.id = a.office_id where a.in_reply_to = t.id
                    and x.organisation_id = w.organisation_id
                    and not exists (select from desk.talk_recall r where r.talk_id = a.id)), t.place_codes
    from desk.talk t join access.office o on o.id = t.office_id join access.person p on p.id = t.person_id
    left join access.office w on w.id = t.owner_office
   where t.place_codes && desk.codes_of(p_office, p_person)
     and (p_page is null or desk.page_of(t.pin) = p_page)
     and (p_place is null or t.place_codes && places.resolve_scope(p_place))
     and (p_number is null or p_number in (t.id, t.in_reply_to, t.corrects)
          or t.corrects in (select a.id from desk.talk a where a.in_reply_to = p_number))
     and not exists (select from desk.talk_recall r where r.talk_id = t.id)
   order by t.id desc limit p_limit
$$;
grant execute on function desk.talk_seen(text, uuid, text, text, bigint, integer) to cw_app;

create or replace function desk.talk_waiting(p_offices text[])
returns table (id bigint, pin text, words text, owner_office text, owner text, asker_office text, due_at timestamptz, said_at timestamptz)
language sql stable security definer set search_path = '' as $$
  select t.id, desk.pin_shown(t.id, t.pin), desk.words_shown('desk.talk:' || t.id, t.words), t.owner_office, w.title, t.office_id,
         t.due_at, t.said_at
    from desk.talk t join access.office w on w.id = t.owner_office
   where (t.owner_office = any (p_offices) or t.office_id = any (p_offices))
     and not exists (select from desk.talk_recall r where r.talk_id = t.id)
     and not exists (select from desk.talk a join access.office x on x.id = a.office_id
                      where a.in_reply_to = t.id and x.organisation_id = w.organisation_id
                        and not exists (select from desk.talk_recall r where r.talk_id = a.id))
$$;

create or replace function desk.missed_seen(p_office text, p_person uuid, p_limit integer)
returns table (id bigint, office text, office_id text, organisation_id text, subject text, due_at timestamptz, reason_due_at timestamptz,
               reason text, reason_by text, given_at timestamptz)
language sql stable security definer set search_path = '' as $$
  select m.id, o.title, m.office_id, o.organisation_id, desk.subject_shown(m.key, m.subject), m.due_at, m.reason_due_at, r.reason,
         w.title, r.given_at
    from desk.missed m join access.office o on o.id = m.office_id
    left join desk.missed_reason r on r.missed_id = m.id left join access.office w on w.id = r.office_id
   where exists (select from access.current_appointment a where a.office_id = p_office and a.person_id = p_person)
     and (o.organisation_id = (select x.organisation_id from access.office x where x.id = p_office)
          or exists (select from access.mandate d join places.scope_cover c on c.code = d.place_code
                      where d.office_id = m.office_id and c.scope_code = any (desk.codes_of(p_office, p_person))))
   order by m.due_at desc, m.id desc limit p_limit
$$;

-- Talk pinned to a page of a place, open to every office that answers for the place; what was missed and why; recall.

create table desk.talk (
  id bigint generated always as identity primary key,
  pin text not null check (pin ~ '^/([^/\\]|$)' and length(pin) <= 300),
  place_codes text[] not null check (cardinality(place_codes) > 0),
  words text not null check (length(trim(words)) between 1 and 2000),
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  in_reply_to bigint references desk.talk,
  corrects bigint references desk.talk,
  owner_office text references access.office,
  due_at timestamptz,
  said_at timestamptz not null default commonweal.now(),
  tick_id bigint not null,
  check ((owner_office is null) = (due_at is null)),
  check (due_at > said_at)
);
create index talk_places on desk.talk using gin (place_codes);
create index talk_reply on desk.talk (in_reply_to);
call commonweal.declare_fact('desk.talk', 'a question or comment pinned to a page, seen by every office of the places it is about');

create table desk.talk_recall (
  talk_id bigint primary key references desk.talk,
  recalled_at timestamptz not null default commonweal.now(),
  tick_id bigint not null
);
call commonweal.declare_fact('desk.talk_recall', 'something said that its author took back within ten minutes');

create function desk.say(
  p_office text, p_person uuid, p_pin text, p_places text[], p_words text, p_reply bigint, p_corrects bigint,
  p_owner text, p_due timestamptz, p_mentions text[]) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  codes text[];
  ours text[] := desk.codes_of(p_office, p_person);
  blind text;
  new_id bigint;
begin
  if p_reply is not null then
    select t.place_codes into codes from desk.talk t where t.id = p_reply and t.place_codes && ours;
  elsif p_corrects is not null then
    select t.place_codes into codes from desk.talk t where t.id = p_corrects and t.person_id = p_person and t.office_id = p_office;
  else
    select array_agg(distinct c order by c) into codes
      from unnest(p_places) p cross join lateral unnest(places.resolve_scope(p)) c;
  end if;
  if codes is null or not codes && ours then
    raise exception 'Your office says nothing about places it does not answer for.' using errcode = 'CW401';
  end if;
  select o.title into blind from unnest(p_mentions || p_owner) m join access.office o on o.id = m
   where not exists (select from access.mandate d join places.scope_cover c on c.code = d.place_code
                      where d.office_id = m and c.scope_code = any (codes)) limit 1;
  if blind is not null then
    raise exception '% does not answer for this place and would not see what is said about it.', blind using errcode = 'CW501';
  end if;
  insert into desk.talk (pin, place_codes, words, office_id, person_id, in_reply_to, corrects, owner_office, due_at, tick_id)
  values (p_pin, codes, p_words, p_office, p_person, p_reply, p_corrects, p_owner, p_due,
          nullif(current_setting('commonweal.open_tick', true), '')::bigint) returning id into new_id;
  perform ledger.append('desk.said', new_id::text, codes, p_office, jsonb_build_object('owner', p_owner, 'due_at', p_due));
  return new_id;
end $$;

-- How long something said or told can be taken back. The application may give less time; the database never gives more.
create function desk.may_still_undo(p_at timestamptz, p_minutes double precision) returns boolean
language sql volatile set search_path = '' as $$
  select p_at >= commonweal.now() - make_interval(secs => 60 * least(p_minutes, 10))
$$;

create function desk.take_back_words(p_talk bigint, p_person uuid, p_minutes double precision) returns void
language plpgsql security definer set search_path = '' as $$
declare
  mine desk.talk;
begin
  select t.* into mine from desk.talk t where t.id = p_talk and t.person_id = p_person;
  if not found then
    raise exception 'Only its author takes back what was said.' using errcode = 'CW401';
  end if;
  if not desk.may_still_undo(mine.said_at, p_minutes) then
    raise exception 'This was said more than % minutes ago. Correct it instead: the correction stands beside it.',
      least(p_minutes, 10) using errcode = 'CW501';
  end if;
  insert into desk.talk_recall (talk_id, tick_id)
  values (p_talk, nullif(current_setting('commonweal.open_tick', true), '')::bigint) on conflict do nothing;
  if found then
    perform ledger.append('desk.words_recalled', p_talk::text, mine.place_codes, mine.office_id, '{}'::jsonb);
  end if;
end $$;

-- Everything said about places that an office answers for; both tiers read the same rows. `p_pin` narrows to one page.
create function desk.talk_seen(p_office text, p_person uuid, p_pin text, p_limit integer)
returns table (id bigint, pin text, words text, office text, person text, person_id uuid, office_id text, in_reply_to bigint,
               corrects bigint, owner text, owner_office text, due_at timestamptz, said_at timestamptz, answered boolean, place_codes text[])
language sql stable security definer set search_path = '' as $$
  select t.id, t.pin, t.words, o.title, p.name, t.person_id, t.office_id, t.in_reply_to, t.corrects, w.title, t.owner_office, t.due_at, t.said_at,
         exists (select from desk.talk a join access.office x on x.id = a.office_id where a.in_reply_to = t.id
                    and x.organisation_id = w.organisation_id
                    and not exists (select from desk.talk_recall r where r.talk_id = a.id)), t.place_codes
    from desk.talk t join access.office o on o.id = t.office_id join access.person p on p.id = t.person_id
    left join access.office w on w.id = t.owner_office
   where t.place_codes && desk.codes_of(p_office, p_person) and (p_pin is null or t.pin = p_pin)
     and not exists (select from desk.talk_recall r where r.talk_id = t.id)
   order by t.id desc limit p_limit
$$;

-- Questions that wait for an office of their owner's organisation to answer.
create function desk.talk_waiting(p_offices text[])
returns table (id bigint, pin text, words text, owner_office text, owner text, asker_office text, due_at timestamptz, said_at timestamptz)
language sql stable security definer set search_path = '' as $$
  select t.id, t.pin, t.words, t.owner_office, w.title, t.office_id, t.due_at, t.said_at
    from desk.talk t join access.office w on w.id = t.owner_office
   where (t.owner_office = any (p_offices) or t.office_id = any (p_offices))
     and not exists (select from desk.talk_recall r where r.talk_id = t.id)
     and not exists (select from desk.talk a join access.office x on x.id = a.office_id
                      where a.in_reply_to = t.id and x.organisation_id = w.organisation_id
                        and not exists (select from desk.talk_recall r where r.talk_id = a.id))
$$;

grant execute on function desk.say(text, uuid, text, text[], text, bigint, bigint, text, timestamptz, text[]),
  desk.take_back_words(bigint, uuid, double precision), desk.talk_seen(text, uuid, text, integer), desk.talk_waiting(text[]) to cw_app;
grant select on desk.talk, desk.talk_recall to cw_backup;

-- Recall of a notice by the office that told it: for every office that has not opened it yet.
create function desk.recall_notice(p_notice uuid, p_office text, p_person uuid, p_minutes double precision)
returns table (recalled integer, opened integer)
language plpgsql security definer set search_path = '' as $$
declare
  mine desk.notice;
  each record;
begin
  select n.* into mine from desk.notice n where n.id = p_notice and n.by_office = p_office;
  if not found or not exists (select from access.current_appointment c where c.office_id = p_office and c.person_id = p_person) then
    raise exception 'Only the office that told a notice recalls it.' using errcode = 'CW401';
  end if;
  if not desk.may_still_undo(mine.told_at, p_minutes) then
    raise exception 'This was told more than % minutes ago. Tell a correction instead: it is shown beside it.',
      least(p_minutes, 10) using errcode = 'CW501';
  end if;
  recalled := 0; opened := 0;
  for each in select t.office_id from desk.told t where t.notice_id = p_notice order by 1 for update loop
    if exists (select from desk.receipt r where r.notice_id = p_notice and r.office_id = each.office_id and r.state = 'opened') then
      opened := opened + 1;
    else
      insert into desk.receipt (notice_id, office_id, state, way, person_id, as_office)
      values (p_notice, each.office_id, 'recalled', 'page', p_person, p_office) on conflict do nothing;
      delete from desk.pending_step s where s.notice_id = p_notice and s.office_id = each.office_id;
      update desk.outbox o set state = 'withdrawn'
       where o.notice_id = p_notice and o.office_id = each.office_id and o.state = 'waiting';
      recalled := recalled + 1;
    end if;
  end loop;
  perform ledger.append('desk.recalled', p_notice::text, mine.place_codes, p_office,
    jsonb_build_object('recalled', recalled, 'opened', opened));
  return next;
end $$;
grant execute on function desk.recall_notice(uuid, text, uuid, double precision) to cw_app;

-- Clocks that somebody missed, and the reason that was given, or that none came.
create table desk.missed (
  id bigint generated always as identity primary key,
  key text not null,
  office_id text not null references access.office,
  subject text not null,
  link text not null,
  due_at timestamptz not null,
  found_at timestamptz not null default commonweal.now(),
  reason_due_at timestamptz not null,
  tick_id bigint not null,
  unique (key, due_at),
  check (reason_due_at >= found_at + interval '1 day')
);
create index missed_office on desk.missed (office_id);
call commonweal.declare_fact('desk.missed', 'a clock that ran out for an office, and by when its reason is due');

create table desk.missed_reason (
  missed_id bigint primary key references desk.missed,
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  reason text not null check (length(trim(reason)) between 1 and 2000),
  given_at timestamptz not null default commonweal.now(),
  tick_id bigint not null
);
call commonweal.declare_fact('desk.missed_reason', 'why a clock was missed, said by the organisation that missed it');

create function desk.check_reason() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if not exists (select from access.current_appointment c join access.office o on o.id = c.office_id
                   join desk.missed m on m.id = new.missed_id join access.office w on w.id = m.office_id
                  where c.office_id = new.office_id and c.person_id = new.person_id and o.organisation_id = w.organisation_id) then
    raise exception 'Only an office of the organisation that missed the clock says why.' using errcode = 'CW401';
  end if;
  return new;
end $$;
create trigger reason_is_the_owners before insert on desk.missed_reason for each row execute function desk.check_reason();

-- What an office may see of missed clocks: those of every office that shares a place with it.
create function desk.missed_seen(p_office text, p_person uuid, p_limit integer)
returns table (id bigint, office text, office_id text, organisation_id text, subject text, due_at timestamptz, reason_due_at timestamptz,
               reason text, reason_by text, given_at timestamptz)
language sql stable security definer set search_path = '' as $$
  select m.id, o.title, m.office_id, o.organisation_id, m.subject, m.due_at, m.reason_due_at, r.reason, w.title, r.given_at
    from desk.missed m join access.office o on o.id = m.office_id
    left join desk.missed_reason r on r.missed_id = m.id left join access.office w on w.id = r.office_id
   where exists (select from access.current_appointment a where a.office_id = p_office and a.person_id = p_person)
     and (o.organisation_id = (select x.organisation_id from access.office x where x.id = p_office)
          or exists (select from access.mandate d join places.scope_cover c on c.code = d.place_code
                      where d.office_id = m.office_id and c.scope_code = any (desk.codes_of(p_office, p_person))))
   order by m.due_at desc, m.id desc limit p_limit
$$;
grant execute on function desk.missed_seen(text, uuid, integer) to cw_app;
grant select, insert on desk.missed, desk.missed_reason to cw_app;
grant select on desk.missed, desk.missed_reason to cw_backup;

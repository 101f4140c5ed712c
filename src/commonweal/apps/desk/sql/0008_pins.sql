-- Talk of a page with everything pinned to its parts, and one conversation whole, however much was said since.

-- The page a pin is on: its address without the place it shows and the part it points to.
create function desk.page_of(p_pin text) returns text language sql immutable set search_path = '' as $$
  select split_part(split_part(p_pin, '#', 1), '?', 1)
$$;
create index talk_page on desk.talk (desk.page_of(pin));
create index talk_corrects on desk.talk (corrects);

drop function desk.talk_seen(text, uuid, text, integer);

-- Everything said about places that an office answers for; both tiers read the same rows. `p_page` narrows to one page
-- with its figures, rows and sentences, `p_place` to what is about a place, `p_number` to one conversation.
create function desk.talk_seen(p_office text, p_person uuid, p_page text, p_place text, p_number bigint, p_limit integer)
returns table (id bigint, pin text, words text, office text, person text, person_id uuid, office_id text, in_reply_to bigint,
               corrects bigint, owner text, owner_office text, due_at timestamptz, said_at timestamptz, answered boolean, place_codes text[])
language sql stable security definer set search_path = '' as $$
  select t.id, t.pin, t.words, o.title, p.name, t.person_id, t.office_id, t.in_reply_to, t.corrects, w.title, t.owner_office, t.due_at, t.said_at,
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

-- How much was said about a page, by what it is pinned to; questions and comments, not their answers.
create function desk.talk_counts(p_office text, p_person uuid, p_page text, p_place text) returns table (pin text, n integer)
language sql stable security definer set search_path = '' as $$
  select t.pin, count(*)::integer from desk.talk t
   where desk.page_of(t.pin) = p_page and (p_place is null or t.place_codes && places.resolve_scope(p_place))
     and t.in_reply_to is null and t.corrects is null
     and not exists (select from desk.talk_recall r where r.talk_id = t.id)
     and t.place_codes && (select desk.codes_of(p_office, p_person))
   group by 1
$$;

grant execute on function desk.talk_seen(text, uuid, text, text, bigint, integer), desk.talk_counts(text, uuid, text, text) to cw_app;

-- The authorities that something said is about: who answers it may name offices of these.
create function desk.talk_places(p_talk bigint) returns text[]
language sql stable security definer set search_path = '' as $$
  select t.place_codes from desk.talk t where t.id = p_talk
$$;
grant execute on function desk.talk_places(bigint) to cw_app;

-- Words that are taken back take what was told of them along: nobody is asked to answer what is not there any more.
create or replace function desk.take_back_words(p_talk bigint, p_person uuid, p_minutes double precision) returns void
language plpgsql security definer set search_path = '' as $$
declare
  mine desk.talk;
  each record;
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
  if not found then
    return;
  end if;
  for each in select t.notice_id, t.office_id from desk.notice n join desk.told t on t.notice_id = n.id
               where n.link = '/talk/' || p_talk and n.by_office = mine.office_id and n.told_at >= mine.said_at
                 and not exists (select from desk.receipt r where r.notice_id = t.notice_id and r.office_id = t.office_id
                                   and r.state in ('acknowledged', 'recalled'))
               order by 1, 2 for update of t loop
    insert into desk.receipt (notice_id, office_id, state, way, person_id, as_office)
    values (each.notice_id, each.office_id, 'recalled', 'page', p_person, mine.office_id) on conflict do nothing;
    delete from desk.pending_step s where s.notice_id = each.notice_id and s.office_id = each.office_id;
    update desk.outbox o set state = 'withdrawn'
     where o.notice_id = each.notice_id and o.office_id = each.office_id and o.state = 'waiting';
  end loop;
  perform ledger.append('desk.words_recalled', p_talk::text, mine.place_codes, mine.office_id, '{}'::jsonb);
end $$;

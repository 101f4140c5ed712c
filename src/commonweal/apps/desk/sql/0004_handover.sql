-- Handover: a note that fills itself with what is open, given by one person and taken item by item by the next. Every
-- step is a line of its own, so whoever stops half-way has lost nothing: what was not taken is still the giver's.

create table desk.handover (
  id bigint generated always as identity primary key,
  office_id text not null references access.office,
  from_person uuid not null references access.person,
  begun_at timestamptz not null default commonweal.now(),
  tick_id bigint not null
);
create index handover_office on desk.handover (office_id);
call commonweal.declare_fact('desk.handover', 'somebody begins to hand an office''s open things over');

create table desk.handover_words (
  handover_id bigint not null references desk.handover,
  key text not null,
  words text not null check (length(words) <= 1000),
  tick_id bigint not null,
  primary key (handover_id, key, tick_id)
);
call commonweal.declare_fact('desk.handover_words', 'what the giver says about one open thing (or, without a key, about all); the newest line counts');

create table desk.handover_given (
  handover_id bigint primary key references desk.handover,
  items jsonb not null check (jsonb_typeof(items) = 'array'),
  given_at timestamptz not null default commonweal.now(),
  due_at timestamptz not null,
  tick_id bigint not null
);
call commonweal.declare_fact('desk.handover_given', 'the note as it was given: every open thing of that moment');

create table desk.handover_taken (
  handover_id bigint not null references desk.handover_given,
  key text not null,
  person_id uuid not null references access.person,
  taken_at timestamptz not null default commonweal.now(),
  tick_id bigint not null,
  primary key (handover_id, key)
);
call commonweal.declare_fact('desk.handover_taken', 'one open thing is in the next person''s hands: the first who takes it');

create table desk.handover_end (
  handover_id bigint primary key references desk.handover,
  person_id uuid not null references access.person,
  ended_at timestamptz not null default commonweal.now(),
  tick_id bigint not null
);
call commonweal.declare_fact('desk.handover_end', 'a handover that its giver took back; what nobody had taken stays theirs');

create function desk.check_handover() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  about desk.handover;
begin
  if tg_table_name = 'handover' then
    if not exists (select from access.current_appointment c where c.office_id = new.office_id and c.person_id = new.from_person) then
      raise exception 'Only somebody in the office can hand it over.' using errcode = 'CW401';
    end if;
    return new;
  end if;
  -- a taking waits for a taking back, and the other way round
  select h.* into strict about from desk.handover h where h.id = new.handover_id for update;
  if tg_table_name = 'handover_end' then
    if new.person_id <> about.from_person then
      raise exception 'Only the person who gave a handover takes it back.' using errcode = 'CW401';
    end if;
    return new;
  end if;
  if exists (select from desk.handover_end e where e.handover_id = new.handover_id) then
    raise exception 'This handover was taken back by its giver.' using errcode = 'CW501';
  end if;
  if tg_table_name = 'handover_taken' then
    if new.person_id = about.from_person
       or not exists (select from access.current_appointment c where c.office_id = about.office_id and c.person_id = new.person_id) then
      raise exception 'A handover is taken by somebody else who holds the office or deputises in it.' using errcode = 'CW401';
    end if;
    if not exists (select from desk.handover_given g cross join lateral jsonb_array_elements(g.items) i
                    where g.handover_id = new.handover_id and i->>'key' = new.key) then
      raise exception 'This handover has no item %.', new.key using errcode = 'CW501';
    end if;
  elsif exists (select from desk.handover_given g where g.handover_id = new.handover_id) and tg_table_name = 'handover_words' then
    raise exception 'This handover was given already; its words stay as they were.' using errcode = 'CW501';
  end if;
  return new;
end $$;
create trigger handover_is_by_its_office before insert on desk.handover for each row execute function desk.check_handover();
create trigger words_come_before before insert on desk.handover_words for each row execute function desk.check_handover();
create trigger given_once before insert on desk.handover_given for each row execute function desk.check_handover();
create trigger ended_by_giver before insert on desk.handover_end for each row execute function desk.check_handover();
create trigger taken_by_the_next before insert on desk.handover_taken for each row execute function desk.check_handover();

grant select on desk.handover, desk.handover_words, desk.handover_given, desk.handover_taken, desk.handover_end to cw_app, cw_backup;
grant insert on desk.handover, desk.handover_words, desk.handover_given, desk.handover_taken, desk.handover_end to cw_app;

-- Offices that nobody living holds: since when, and whether anybody ever did.
create function desk.without_holder()
returns table (office_id text, title text, organisation_id text, since timestamptz, how text)
language sql stable security definer set search_path = '' as $$
  select o.id, o.title, o.organisation_id,
         coalesce(closed.since, gone.since, t.known_at),
         case when closed.since is not null then 'the account of its holder is closed'
              when gone.since is not null then 'its holder''s appointment ended' else 'nobody has held it yet' end
    from access.office o left join ledger.tick t on t.id = o.tick_id
    left join lateral (
      select max(least(a.ends_at, e.ends_at)) as since
        from access.appointment a left join access.appointment_end e on e.appointment_id = a.id
       where a.office_id = o.id and a.capacity = 'holder' and least(a.ends_at, e.ends_at) <= commonweal.now()) gone on true
    left join lateral (
      select max(coalesce(u.last_login, c.starts_at)) as since
        from access.current_appointment c join authn.account u on u.person_id = c.person_id
       where c.office_id = o.id and c.capacity = 'holder' and not u.is_active) closed on true
   where not exists (
     select from access.current_appointment c left join authn.account u on u.person_id = c.person_id
      where c.office_id = o.id and c.capacity = 'holder' and coalesce(u.is_active, true))
   order by 4, 1
$$;
grant execute on function desk.without_holder() to cw_app;

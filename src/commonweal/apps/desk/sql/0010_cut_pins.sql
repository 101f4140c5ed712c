-- A pin may quote a few words of the page it is on. Where a room hides words of its own, what quotes them is cut to its page:
-- the conversation stays, and leads to where the words were.

create table desk.cut_pin (
  talk_id bigint not null references desk.talk,
  source text not null check (length(source) between 1 and 100),
  primary key (talk_id, source)
);
comment on table desk.cut_pin is
  'operational: pins whose quoted words were hidden where they came from, and what hid them; removed once those are shown again';
create index cut_pin_source on desk.cut_pin (source);
grant select on desk.cut_pin to cw_backup;

-- The words that a pin quotes; null for none, and for what is no text.
create function desk.pin_words(p_pin text) returns text language plpgsql immutable set search_path = '' as $$
begin
  return (select convert_from(string_agg(case when m[1] is null then convert_to(m[2], 'UTF8') else decode(m[1], 'hex') end,
                                         ''::bytea order by place), 'UTF8')
            from regexp_matches(split_part(p_pin, '#:~:text=', 2), '%([0-9A-Fa-f]{2})|([^%]+|%)', 'g') with ordinality as t(m, place));
exception when others then
  return null;
end $$;

create function desk.plain_words(p_words text) returns text language sql immutable set search_path = '' as $$
  select ' ' || btrim(lower(regexp_replace(p_words, '[[:space:][:punct:]]+', ' ', 'g'))) || ' '
$$;

-- Whether a quotation holds something of words: all of either, or three words in a row. `p_short`: also a piece under eight letters.
create function desk.quotes(p_quote text, p_words text, p_short boolean) returns boolean
language sql immutable set search_path = '' as $$
  with plain as (
    select q, btrim(q) as piece, string_to_array(btrim(q), ' ') as each, w
      from (select desk.plain_words(p_quote) as q, desk.plain_words(p_words) as w) both_sides)
  select coalesce(bool_or(
    piece <> '' and (
      (position(piece in w) > 0 and (p_short or length(piece) >= 8)) or position(w in q) > 0
      or exists (select from generate_series(1, cardinality(each) - 2) i
                  where position(' ' || each[i] || ' ' || each[i + 1] || ' ' || each[i + 2] || ' ' in w) > 0))), false)
    from plain
$$;

create function desk.pin_shown(p_talk bigint, p_pin text) returns text
language sql stable set search_path = '' as $$
  select case when exists (select from desk.cut_pin c where c.talk_id = p_talk) then split_part(p_pin, '#', 1) else p_pin end
$$;

-- For rooms that hide words, in the transaction in which they do. A pin on a page of `p_pages` (a pattern of addresses that show
-- them) is cut also for a short piece, one on `p_own` (which shows nothing else) for any; what cannot be read is cut there too.
create function desk.cut_pins(p_source text, p_codes text[], p_words text, p_pages text, p_own text) returns void
language sql volatile set search_path = '' as $$
  insert into desk.cut_pin (talk_id, source)
  select t.id, p_source from desk.talk t
   where t.place_codes && p_codes and position('#:~:text=' in t.pin) > 0
     and (desk.page_of(t.pin) = p_own or desk.quotes(desk.pin_words(t.pin), p_words, desk.page_of(t.pin) ~ p_pages))
  on conflict do nothing
$$;
create function desk.mend_pins(p_source text) returns void
language sql volatile set search_path = '' as $$
  delete from desk.cut_pin c where c.source = p_source
$$;

-- The functions that hand pins out.
create or replace function desk.talk_seen(p_office text, p_person uuid, p_page text, p_place text, p_number bigint, p_limit integer)
returns table (id bigint, pin text, words text, office text, person text, person_id uuid, office_id text, in_reply_to bigint,
               corrects bigint, owner text, owner_office text, due_at timestamptz, said_at timestamptz, answered boolean, place_codes text[])
language sql stable security definer set search_path = '' as $$
  select t.id, desk.pin_shown(t.id, t.pin), t.words, o.title, p.name, t.person_id, t.office_id, t.in_reply_to, t.corrects,
         w.title, t.owner_office, t.due_at, t.said_at,
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

create or replace function desk.talk_counts(p_office text, p_person uuid, p_page text, p_place text) returns table (pin text, n integer)
language sql stable security definer set search_path = '' as $$
  select desk.pin_shown(t.id, t.pin), count(*)::integer from desk.talk t
   where desk.page_of(t.pin) = p_page and (p_place is null or t.place_codes && places.resolve_scope(p_place))
     and t.in_reply_to is null and t.corrects is null
     and not exists (select from desk.talk_recall r where r.talk_id = t.id)
     and t.place_codes && (select desk.codes_of(p_office, p_person))
   group by 1
$$;

create or replace function desk.talk_waiting(p_offices text[])
returns table (id bigint, pin text, words text, owner_office text, owner text, asker_office text, due_at timestamptz, said_at timestamptz)
language sql stable security definer set search_path = '' as $$
  select t.id, desk.pin_shown(t.id, t.pin), t.words, t.owner_office, w.title, t.office_id, t.due_at, t.said_at
    from desk.talk t join access.office w on w.id = t.owner_office
   where (t.owner_office = any (p_offices) or t.office_id = any (p_offices))
     and not exists (select from desk.talk_recall r where r.talk_id = t.id)
     and not exists (select from desk.talk a join access.office x on x.id = a.office_id
                      where a.in_reply_to = t.id and x.organisation_id = w.organisation_id
                        and not exists (select from desk.talk_recall r where r.talk_id = a.id))
$$;

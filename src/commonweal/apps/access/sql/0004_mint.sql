-- Minting for an office of three hundred authorities: what its agreements cover is joined, not asked agreement by agreement.

create or replace function access.mint(
  p_person uuid, p_office text, p_purpose text, p_class text, p_query text, p_filters jsonb, p_as_of timestamptz,
  p_places text[], p_backend_pid integer, p_backend_start timestamptz)
returns table (handle text, read_id uuid, codes text[], agreements text[])
language plpgsql security definer set search_path = '' as $$
declare
  seat access.office;
  held access.current_appointment;
  mandate_codes text[];
  open_codes text[];
  open_agreements text[];
  missing text;
  secret text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
  new_read uuid := gen_random_uuid();
begin
  select o.* into seat from access.office o where o.id = p_office;
  if not found then
    raise exception 'There is no office %.', p_office using errcode = 'CW401';
  end if;
  select c.* into held from access.current_appointment c
   where c.person_id = p_person and c.office_id = p_office order by c.capacity desc limit 1;
  if not found then
    raise exception 'You do not hold the office "%" today. Ask the person who appoints to it.', seat.title
      using errcode = 'CW401';
  end if;
  if not (case p_class when 'L3' then 'read_identifiable' when 'L2' then 'read_records' else 'read_counts' end)
         = any (seat.permissions) then
    raise exception 'The office "%" has no permission to read % data.', seat.title, p_class using errcode = 'CW401';
  end if;
  if not p_purpose = any (seat.purposes) then
    raise exception 'The office "%" does not act for the purpose "%"; its purposes are: %.', seat.title, p_purpose,
      array_to_string(seat.purposes, ', ') using errcode = 'CW402';
  end if;
  select array_agg(distinct code) into mandate_codes
    from access.mandate m cross join lateral unnest(places.resolve_scope(m.place_code)) as code
   where m.office_id = p_office;
  if p_places is not null then
    select array_agg(distinct code) into mandate_codes
      from unnest(mandate_codes) as code
     where code in (select unnest(places.resolve_scope(asked)) from unnest(p_places) as asked);
  end if;
  if mandate_codes is null then
    raise exception 'The office "%" has no mandate over %.', seat.title,
      coalesce(array_to_string(p_places, ', '), 'any place') using errcode = 'CW403';
  end if;
  -- the state is worked out for those that could open something only
  with candidates as materialized (
    select a.id, c.scope_code as code
      from access.agreement a join places.scope_cover c on c.code = a.place_code
     where seat.organisation_id = any (a.parties) and p_purpose = any (a.purposes) and p_class = any (a.classes)
       and c.scope_code = any (mandate_codes))
  select array_agg(distinct c.code), array_agg(distinct s.id) into open_codes, open_agreements
    from candidates c
   cross join lateral (  -- each by its id, whatever the plan thinks of their number
     select a.id from access.agreement_state a where a.id = c.id and a.state = 'in_force' offset 0) s;
  if open_codes is null then
    select string_agg(distinct format('"%s" (%s; not yet accepted by %s)', s.title, s.state,
             array_to_string(array(select p from unnest(s.parties) p where p <> all (s.accepted)), ', ')), '; ')
      into missing
      from access.agreement_state s cross join lateral unnest(places.resolve_scope(s.place_code)) as code
     where seat.organisation_id = any (s.parties) and p_purpose = any (s.purposes) and p_class = any (s.classes)
       and code = any (mandate_codes) and s.state <> 'in_force';
    raise exception 'No data-sharing agreement in force opens % records of % to "%" for the purpose "%". Missing: %.',
      p_class, array_to_string(mandate_codes[1:5], ', '), seat.title, p_purpose,
      coalesce(missing, 'an agreement that covers this place, purpose and class') using errcode = 'CW404';
  end if;
  insert into access.read_record
    (id, person_id, office_id, on_behalf_of, purpose, class, query, filters, as_of, place_codes, agreements)
  values (new_read, p_person, p_office, case held.capacity when 'deputy' then 'deputy for the holder' end,
          p_purpose, p_class, p_query, p_filters, p_as_of, open_codes, open_agreements);
  insert into access.handle values (
    sha256(convert_to(secret, 'UTF8')), new_read, held.id, p_class, open_codes,
    p_backend_pid, p_backend_start, clock_timestamp() + interval '60 seconds');
  return query select secret, new_read, open_codes, open_agreements;
end $$;


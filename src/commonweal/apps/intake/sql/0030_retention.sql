-- Retention of what intake keeps: the keys of identifiable fields, and the copies of records that could not be taken.
--
-- A destroyed key leaves the result, its codes and every count as they were. Only retention's own session may destroy
-- one: row security shows the owner of the table nothing to change anywhere else.

create policy seen_by_retention on identity.sealed for select to cw_owner using (session_user = 'cw_retention');
create policy ended_by_retention on identity.sealed for update to cw_owner
  using (session_user = 'cw_retention') with check (wrapped_key is null);

create function intake.end_line_list(before timestamptz) returns access.ended
language sql volatile set search_path = '' as $$
  with gone as (
    update identity.sealed s set wrapped_key = null
      from record.record_key k join ledger.tick t on t.id = k.tick_id
     where k.result_id = s.result_id and s.wrapped_key is not null and t.known_at < before
    returning s.result_id)
  select count(*), sha256(convert_to(coalesce(string_agg(result_id::text, ' ' order by result_id), ''), 'UTF8')) from gone
$$;

-- A record that still waits for a place cannot be mended without its copy: it ends with it, and says so.
create function intake.end_held(before timestamptz) returns access.ended
language sql volatile set search_path = '' as $$
  with gone as (
    delete from intake.held where drop_after < before returning submission_id, row_number),
  ended as (
    insert into intake.orphan_end (submission_id, row_number, how, reason, tick_id)
    select o.submission_id, o.row_number, 'dropped', 'no place became known while it could be kept',
           current_setting('commonweal.open_tick')::bigint
      from gone join intake.orphan o using (submission_id, row_number)
    on conflict do nothing)
  select count(*), sha256(convert_to(coalesce(
           string_agg(submission_id || '/' || row_number, ' ' order by submission_id, row_number), ''), 'UTF8')) from gone
$$;
revoke execute on function intake.end_line_list(timestamptz), intake.end_held(timestamptz) from public;

insert into access.retention_step values
  ('line_list_record', 'intake.end_line_list(timestamptz)', interval '30 days'),
  ('held_record', 'intake.end_held(timestamptz)', default);

-- One person's right to erasure: the keys of these results, at once, on one of the grounds that the law knows. Decided by an
-- office that may bind its organisation and answers for a place of theirs. The entry says how many and why, not whose.
create function intake.erase_results(p_results bigint[], p_office text, p_ground text) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  touched text[];
  gone bigint;
  print bytea;
begin
  if p_ground not in ('no_longer_needed', 'consent_withdrawn', 'objection', 'unlawful', 'legal_obligation') then
    raise exception '% is no ground for erasure', quote_literal(p_ground) using errcode = 'CW004';
  end if;
  if not exists (select from access.office o where o.id = p_office and 'accept_agreement' = any (o.permissions)) then
    raise exception 'Office % does not decide for its organisation; name the director, chief executive or data protection officer.',
      p_office using errcode = 'CW401';
  end if;
  select array_agg(distinct s.scope_ltla order by s.scope_ltla) into touched
    from identity.sealed s where s.result_id = any (p_results);
  if not exists (select from access.mandate m join places.scope_cover c on c.code = m.place_code
                  where m.office_id = p_office and c.scope_code = any (touched)) then
    raise exception 'Office % answers for no place in which something is held on this person.', p_office using errcode = 'CW401';
  end if;
  with erased as (
    update identity.sealed s set wrapped_key = null
     where s.result_id = any (p_results) and s.wrapped_key is not null returning s.result_id)
  select count(*), sha256(convert_to(coalesce(string_agg(result_id::text, ' ' order by result_id), ''), 'UTF8'))
    into gone, print from erased;
  if gone > 0 then
    perform ledger.append('intake.person_erased', 'tested_person', touched, p_office, jsonb_build_object(
      'ground', p_ground, 'erased', gone, 'fingerprint', encode(print, 'hex')));
  end if;
  return gone;
end $$;
revoke execute on function intake.erase_results(bigint[], text, text) from public;
grant execute on function intake.erase_results(bigint[], text, text) to cw_retention;

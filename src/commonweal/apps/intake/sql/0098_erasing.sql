-- One person's right to erasure reaches every sealed copy, and again after an older copy of the database was put back.
--
-- Each function answers with what it ended: of a result its number and 0, of a record not taken its submission and row, and
-- SHA-256 of the ciphertext, by which the same copy is known again wherever it comes from.

drop function intake.erase_results(bigint[], text, text);

create type intake.ended_copy as (kind text, number bigint, row_number integer, print bytea);

-- The key of a result is destroyed; what was received of a record that was not taken goes whole, and one that still waited
-- for a place ends with a reason.
create function intake.end_copies(p_results bigint[], p_submissions bigint[], p_rows integer[])
returns setof intake.ended_copy language sql volatile set search_path = '' as $$
  with erased as (
    update identity.sealed s set wrapped_key = null
     where s.result_id = any (p_results) and s.wrapped_key is not null returning s.result_id, s.payload),
  gone as (
    delete from intake.held h using unnest(p_submissions, p_rows) as a (submission_id, row_number)
     where h.submission_id = a.submission_id and h.row_number = a.row_number
    returning h.submission_id, h.row_number, h.payload),
  ended as (
    insert into intake.orphan_end (submission_id, row_number, how, reason, tick_id)
    select o.submission_id, o.row_number, 'dropped', 'what was received had to be erased',
           current_setting('commonweal.open_tick')::bigint
      from gone join intake.orphan o using (submission_id, row_number)
    on conflict do nothing)
  select 'result', result_id, 0, sha256(payload) from erased
  union all
  select 'held', submission_id, row_number, sha256(payload) from gone
  order by 1, 2, 3
$$;

-- What the register keeps of it: how many, and a fingerprint over their numbers.
create function intake.counted_copies(p_ended intake.ended_copy[]) returns jsonb
language sql immutable set search_path = '' as $$
  select jsonb_build_object(
           'erased', count(*) filter (where kind = 'result'), 'copies', count(*) filter (where kind = 'held'),
           'fingerprint', encode(sha256(convert_to(coalesce(string_agg(
             case kind when 'result' then number::text else number || '/' || row_number end, ' '
             order by kind desc, number, row_number), ''), 'UTF8')), 'hex'))
    from unnest(p_ended)
$$;

-- Whether an office may decide it: one that binds its organisation, and answers for a place of the results, or whose
-- organisation sends the feed of a record that was not taken, or a national body (which answers for records without a place).
create function intake.answers_for(p_office text, p_results bigint[], p_submissions bigint[]) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select from access.mandate m join places.scope_cover c on c.code = m.place_code
                   join identity.sealed s on s.scope_ltla = c.scope_code
                  where m.office_id = p_office and s.result_id = any (p_results))
      or exists (select from access.office o join access.organisation g on g.id = o.organisation_id
                   join intake.submission b on b.id = any (p_submissions) join intake.feed f on f.name = b.feed
                  where o.id = p_office and (g.id = f.owner_id or g.kind = 'national_body'))
$$;

create function intake.erase_person(
  p_results bigint[], p_submissions bigint[], p_rows integer[], p_office text, p_ground text)
returns setof intake.ended_copy language plpgsql security definer set search_path = '' as $$
declare
  touched text[];
  ended intake.ended_copy[];
begin
  if p_ground not in ('no_longer_needed', 'consent_withdrawn', 'objection', 'unlawful', 'legal_obligation') then
    raise exception '% is no ground for erasure', quote_literal(p_ground) using errcode = 'CW004';
  end if;
  if not exists (select from access.office o where o.id = p_office and 'accept_agreement' = any (o.permissions)) then
    raise exception 'Office % does not decide for its organisation; name the director, chief executive or data protection officer.',
      p_office using errcode = 'CW401';
  end if;
  if not intake.answers_for(p_office, p_results, p_submissions) then
    raise exception 'Office % answers for no place in which something is held on this person, and its organisation sent nothing of what was not taken.',
      p_office using errcode = 'CW401';
  end if;
  select coalesce(array_agg(distinct s.scope_ltla order by s.scope_ltla), '{}') into touched
    from identity.sealed s where s.result_id = any (p_results);
  ended := array(select e from intake.end_copies(p_results, p_submissions, p_rows) e);
  if cardinality(ended) > 0 then
    perform ledger.append('intake.person_erased', 'tested_person', touched, p_office,
      jsonb_build_object('ground', p_ground) || intake.counted_copies(ended));
  end if;
  return query select (unnest(ended)).*;
end $$;

-- Copies that were ended before and are there again. A number alone ends nothing: the ciphertext has to be the same.
create function intake.erase_again(
  p_results bigint[], p_result_prints bytea[], p_submissions bigint[], p_rows integer[], p_held_prints bytea[])
returns setof intake.ended_copy language plpgsql security definer set search_path = '' as $$
declare
  results bigint[];
  submissions bigint[];
  rows integer[];
  touched text[];
  ended intake.ended_copy[];
begin
  select array_agg(s.result_id), coalesce(array_agg(distinct s.scope_ltla order by s.scope_ltla), '{}')
    into results, touched
    from identity.sealed s join unnest(p_result_prints, p_results) as a (print, id) on s.result_id = a.id
   where s.wrapped_key is not null and sha256(s.payload) = a.print;
  select array_agg(h.submission_id), array_agg(h.row_number) into submissions, rows
    from intake.held h join unnest(p_held_prints, p_submissions, p_rows) as a (print, submission, row_number)
         on h.submission_id = a.submission and h.row_number = a.row_number
   where sha256(h.payload) = a.print;
  ended := array(select e from intake.end_copies(results, submissions, rows) e);
  if cardinality(ended) > 0 then
    perform ledger.append('intake.erased_again', 'restored_copy', touched, null, intake.counted_copies(ended));
  end if;
  return query select (unnest(ended)).*;
end $$;

revoke execute on function intake.end_copies(bigint[], bigint[], integer[]), intake.counted_copies(intake.ended_copy[]),
  intake.answers_for(text, bigint[], bigint[]), intake.erase_person(bigint[], bigint[], integer[], text, text),
  intake.erase_again(bigint[], bytea[], bigint[], integer[], bytea[]) from public;
grant execute on function intake.erase_person(bigint[], bigint[], integer[], text, text),
  intake.erase_again(bigint[], bytea[], bigint[], integer[], bytea[]) to cw_retention;
-- With it the copies are read column by column, for a person who asks what is held on them.
grant select on intake.held_columns to cw_backup;

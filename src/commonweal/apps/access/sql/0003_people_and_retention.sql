-- What the day-to-day of access needs: notices by parties only, what is held on a member of staff, and retention.

create function access.check_end_party() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if not exists (select from access.agreement a where a.id = new.agreement_id and new.organisation_id = any (a.parties)) then
    raise exception '% is no party to agreement % and cannot end it', new.organisation_id, new.agreement_id
      using errcode = 'CW004';
  end if;
  return new;
end $$;
create trigger end_is_by_a_party before insert on access.agreement_end
  for each row execute function access.check_end_party();
revoke execute on function access.check_end_party() from public;

-- An appointment ends once, and not before it began.
create function access.check_appointment_end() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.ends_at < (select a.starts_at from access.appointment a where a.id = new.appointment_id) then
    raise exception 'an appointment cannot end before it began' using errcode = 'CW004';
  end if;
  return new;
end $$;
create trigger end_comes_after_start before insert on access.appointment_end
  for each row execute function access.check_appointment_end();
revoke execute on function access.check_appointment_end() from public;

-- A member of staff may ask what is held on them: the sign-in role sees the reads of the one person it names.
create policy asked_by_the_reader on access.read_record for select to cw_authn
  using (person_id = nullif(current_setting('app.subject', true), '')::uuid);
create policy asked_by_the_reader on access.read_rows for select to cw_authn
  using (exists (select from access.read_record r where r.id = read_id));
grant select on access.read_record, access.read_rows to cw_authn;

-- Retention ---------------------------------------------------------------------------------------------------------
-- Rooms enter one step for each kind of data they keep. A step ends everything older than an instant and answers
-- with how many it ended and a fingerprint (SHA-256 over their sorted ids; no ids themselves).

create table access.retention_step (
  data text primary key check (data ~ '^[a-z][a-z0-9_]*$'),
  step regprocedure not null,
  shortest interval not null default interval '0'
);
comment on table access.retention_step is
  'operational: for each kind of data, the function that ends it and the shortest time it must be kept; set by migrations';
grant select on access.retention_step to cw_retention, cw_app, cw_backup;

-- The access record is a fact: only retention, in its own session, may remove what is old.
create function access.keep_unless_retention() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op = 'DELETE' and session_user = 'cw_retention' and current_user = 'cw_owner' then
    return old;
  end if;
  raise exception '%.% holds facts: a correction is a new version, nothing is updated or removed',
    tg_table_schema, tg_table_name using errcode = 'CW002';
end $$;
drop trigger fact_is_kept on access.read_record;
create trigger fact_is_kept before update or delete on access.read_record
  for each row execute function access.keep_unless_retention();
drop trigger fact_is_kept on access.read_rows;
create trigger fact_is_kept before update or delete on access.read_rows
  for each row execute function access.keep_unless_retention();
create policy seen_by_retention on access.read_rows for select to cw_owner using (session_user = 'cw_retention');
create policy ended_by_retention on access.read_record for delete to cw_owner using (session_user = 'cw_retention');
create policy ended_by_retention on access.read_rows for delete to cw_owner using (session_user = 'cw_retention');

create type access.ended as (n bigint, fingerprint bytea);

create function access.end_access_records(before timestamptz) returns access.ended
language sql volatile set search_path = '' as $$
  with rows_gone as (
    delete from access.read_rows w using access.read_record r where r.id = w.read_id and r.at < before
  ), gone as (delete from access.read_record where at < before returning id)
  select count(*), sha256(convert_to(coalesce(string_agg(id::text, ' ' order by id), ''), 'UTF8')) from gone
$$;
create function access.end_handles(before timestamptz) returns access.ended
language sql volatile set search_path = '' as $$
  with gone as (delete from access.handle where expires_at < before returning read_id)
  select count(*), sha256(convert_to(coalesce(string_agg(read_id::text, ' ' order by read_id), ''), 'UTF8')) from gone
$$;
create function access.end_invitations(before timestamptz) returns access.ended
language sql volatile set search_path = '' as $$
  with gone as (delete from authn.invitation where least(expires_at, used_at) < before returning id)
  select count(*), sha256(convert_to(coalesce(string_agg(id::text, ' ' order by id), ''), 'UTF8')) from gone
$$;
create function access.end_sessions(before timestamptz) returns access.ended
language sql volatile set search_path = '' as $$
  with gone as (delete from authn.session where expires_at < before returning key_sha256)
  select count(*), sha256(convert_to(coalesce(string_agg(key_sha256, ' ' order by key_sha256), ''), 'UTF8')) from gone
$$;
create function access.end_attempts(before timestamptz) returns access.ended
language sql volatile set search_path = '' as $$
  with gone as (delete from authn.attempt where expires_at < before returning key_sha256)
  select count(*), sha256(convert_to(coalesce(string_agg(encode(key_sha256, 'hex'), ' ' order by key_sha256), ''), 'UTF8')) from gone
$$;
revoke execute on function access.keep_unless_retention(), access.end_access_records(timestamptz),
  access.end_handles(timestamptz), access.end_invitations(timestamptz), access.end_sessions(timestamptz),
  access.end_attempts(timestamptz) from public;

insert into access.retention_step values
  ('access_record', 'access.end_access_records(timestamptz)', interval '365 days'),
  ('expired_handle', 'access.end_handles(timestamptz)', default),
  ('expired_invitation', 'access.end_invitations(timestamptz)', default),
  ('expired_session', 'access.end_sessions(timestamptz)', default),
  ('expired_attempt', 'access.end_attempts(timestamptz)', default);

-- The one function of cw_retention. `rules`: [{"id": …, "data": …, "days": …}]. A rule whose room is not built yet has
-- no step and is answered with null, so that nobody takes silence for having been done.
create function access.run_retention(rules jsonb)
returns table (rule text, data text, before timestamptz, ended bigint, fingerprint text)
language plpgsql security definer set search_path = '' as $$
declare
  given record;
  found_step access.retention_step;
  outcome access.ended;
begin
  for given in select r.value->>'id' as id, r.value->>'data' as data, (r.value->>'days')::integer as days
                 from jsonb_array_elements(rules) with ordinality as r(value, place) order by r.place loop
    rule := given.id;
    data := given.data;
    before := commonweal.now() - make_interval(days => given.days);
    ended := null;
    fingerprint := null;
    select s.* into found_step from access.retention_step s where s.data = given.data;
    if found then
      if given.days is null or make_interval(days => given.days) < found_step.shortest then
        raise exception '% must be kept % or longer; rule % says % days', given.data, found_step.shortest, given.id,
          coalesce(given.days::text, 'no') using errcode = 'CW004';
      end if;
      execute format('select (r).n, (r).fingerprint from %s($1) as r', found_step.step::regproc)
        into outcome using before;
      ended := outcome.n;
      fingerprint := encode(outcome.fingerprint, 'hex');
      if ended > 0 then
        perform ledger.append('retention.ended', given.data, '{}', null, jsonb_build_object(
          'rule', given.id, 'before', before, 'ended', ended, 'fingerprint', fingerprint));
      end if;
    end if;
    return next;
  end loop;
end $$;
revoke execute on function access.run_retention(jsonb) from public;
grant execute on function access.run_retention(jsonb) to cw_retention;

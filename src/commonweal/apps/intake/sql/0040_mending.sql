-- Mending: what was received of a record that was not taken, for those who may mend it: the offices of the feed's owner,
-- and the national desk for records without a place. Each opening is in the access record before a row leaves.

create table intake.held_columns (
  submission_id bigint primary key,
  columns text[] not null
);
comment on table intake.held_columns is
  'operational: the field that each column of a submission with held records feeds, empty where none; no personal data';
grant insert on intake.held_columns to cw_ingest;

create table intake.held_reading (
  read_id uuid primary key,
  submission_id bigint not null,
  outcome text not null check (outcome in ('rejected', 'pending')),
  row_number integer,
  begun_in xid8 not null default pg_current_xact_id(),
  expires_at timestamptz not null default clock_timestamp() + interval '60 seconds'
);
comment on table intake.held_reading is 'operational: openings of held records, each good for a minute and for what it names';

-- Whether an office that a person holds now may mend records of a submission.
create function intake.may_mend(p_person uuid, p_office text, p_submission bigint, p_outcome text) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select from access.office o
      join access.organisation g on g.id = o.organisation_id
      join intake.submission b on b.id = p_submission
      join intake.feed f on f.name = b.feed
     where o.id = p_office
       and (g.id = f.owner_id and o.permissions && array['send_results', 'manage_feeds']
            or p_outcome = 'pending' and g.kind = 'national_body' and 'place_records' = any (o.permissions))
       and exists (select from access.current_appointment c where c.office_id = o.id and c.person_id = p_person))
$$;

create function intake.open_held(
  p_person uuid, p_office text, p_purpose text, p_submission bigint, p_outcome text, p_row integer)
returns uuid language plpgsql security definer set search_path = '' as $$
declare
  new_read uuid := gen_random_uuid();
begin
  if not intake.may_mend(p_person, p_office, p_submission, p_outcome) then
    raise exception 'Only offices of the organisation that sent submission % may open its % records%.', p_submission, p_outcome,
      case p_outcome when 'pending' then ', and the national desk for records without a place' else '' end
      using errcode = 'CW401';
  end if;
  if not exists (select from access.office o where o.id = p_office and p_purpose = any (o.purposes)) then
    raise exception 'The office % does not act for the purpose "%".', p_office, p_purpose using errcode = 'CW402';
  end if;
  insert into access.read_record
    (id, person_id, office_id, on_behalf_of, purpose, class, query, filters, place_codes, agreements)
  values (new_read, p_person, p_office,
          (select case c.capacity when 'deputy' then 'deputy for the holder' end from access.current_appointment c
            where c.person_id = p_person and c.office_id = p_office order by c.capacity desc limit 1),
          p_purpose, 'L3', 'records to mend',
          jsonb_strip_nulls(jsonb_build_object('submission', p_submission, 'outcome', p_outcome, 'row', p_row)), '{}', '{}');
  delete from intake.held_reading where expires_at < clock_timestamp();
  insert into intake.held_reading (read_id, submission_id, outcome, row_number)
  values (new_read, p_submission, p_outcome, p_row);
  return new_read;
end $$;

-- The rows of an opening that was entered and committed before: in the entry's own transaction there are none.
create function intake.held_rows(p_read uuid)
returns table (row_number integer, reasons text[], key_id smallint, wrapped_key bytea, payload bytea, columns text[])
language sql stable security definer set search_path = '' as $$
  select h.row_number, o.reasons, h.key_id, h.wrapped_key, h.payload, c.columns
    from intake.held_reading r
    join intake.outcome o on o.submission_id = r.submission_id and o.outcome = r.outcome
    join intake.held h on h.submission_id = o.submission_id and h.row_number = o.row_number
    left join intake.held_columns c on c.submission_id = o.submission_id
   where r.read_id = p_read and r.expires_at > clock_timestamp()
     and r.begun_in is distinct from pg_current_xact_id_if_assigned()
     and (r.row_number is null or h.row_number = r.row_number)
     and not exists (select from intake.orphan_end e
                      where e.submission_id = h.submission_id and e.row_number = h.row_number)
   order by h.row_number
$$;

-- A record whose place nobody can find ends with a reason that everybody reads.
create function intake.drop_orphan(p_person uuid, p_office text, p_submission bigint, p_row integer, p_reason text)
returns void language plpgsql security definer set search_path = '' as $$
begin
  if not intake.may_mend(p_person, p_office, p_submission, 'pending') then
    raise exception 'Only offices of the organisation that sent submission %, and the national desk, may drop its records.',
      p_submission using errcode = 'CW401';
  end if;
  if not exists (select from intake.orphan o where o.submission_id = p_submission and o.row_number = p_row) then
    raise exception 'Row % of submission % does not wait for a place.', p_row, p_submission using errcode = 'CW401';
  end if;
  if exists (select from intake.orphan_end e where e.submission_id = p_submission and e.row_number = p_row) then
    raise exception 'Row % of submission % has ended already.', p_row, p_submission using errcode = 'CW401';
  end if;
  insert into intake.orphan_end (submission_id, row_number, how, reason, office_id, tick_id)
  values (p_submission, p_row, 'dropped', p_reason, p_office, current_setting('commonweal.open_tick')::bigint);
end $$;

revoke execute on function intake.may_mend(uuid, text, bigint, text), intake.held_rows(uuid),
  intake.open_held(uuid, text, text, bigint, text, integer), intake.drop_orphan(uuid, text, bigint, integer, text)
  from public;
grant execute on function intake.may_mend(uuid, text, bigint, text), intake.held_rows(uuid),
  intake.open_held(uuid, text, text, bigint, text, integer), intake.drop_orphan(uuid, text, bigint, integer, text)
  to cw_authn;
revoke select on intake.held from cw_ingest;

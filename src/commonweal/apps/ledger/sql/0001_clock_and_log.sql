-- The ground under every fact: the space and its clock, ticks and freezes, and the append-only log of entries.

-- Nothing that the owner makes can be called by everybody; each function is granted to the roles that need it.
alter default privileges for role cw_owner revoke execute on functions from public;

create schema commonweal;
create schema ledger;
grant usage on schema commonweal, ledger to
  cw_app, cw_authn, cw_ingest, cw_engine, cw_queue, cw_web, cw_backup, cw_retention;

-- Space and clock ---------------------------------------------------------------------------------------------------

create table commonweal.space (
  only_row boolean primary key default true check (only_row),
  name text not null,
  kind text not null check (kind in ('live', 'exercise', 'replay')),
  clock_offset interval not null default interval '0',
  check (kind <> 'live' or clock_offset = interval '0')
);
comment on table commonweal.space is
  'operational: what this database is (live, exercise or replay) and how far its clock stands from the server''s';

create function commonweal.now() returns timestamptz
language sql volatile security definer set search_path = '' as $$
  select clock_timestamp() + coalesce((select s.clock_offset from commonweal.space s), interval '0')
$$;
grant execute on function commonweal.now() to
  cw_app, cw_authn, cw_ingest, cw_engine, cw_queue, cw_web, cw_backup, cw_retention;
comment on function commonweal.now() is 'The only clock of triggers, defaults and known times in this space.';

create function commonweal.guard_space() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op <> 'UPDATE' then
    raise exception 'a space is described once and stays' using errcode = 'CW001';
  end if;
  if (new.kind, new.name) is distinct from (old.kind, old.name) then
    raise exception 'the kind and name of a space are written once: this one is % %', old.kind, old.name
      using errcode = 'CW001';
  end if;
  if new.clock_offset < old.clock_offset then
    raise exception 'a clock may be moved forward, never back' using errcode = 'CW001';
  end if;
  return new;
end $$;
create trigger space_is_fixed before update or delete on commonweal.space
  for each row execute function commonweal.guard_space();
create trigger space_is_kept before truncate on commonweal.space
  for each statement execute function commonweal.guard_space();

create function commonweal.move_clock(target timestamptz) returns timestamptz
language plpgsql security definer set search_path = '' as $$
begin
  if (select kind from commonweal.space) = 'live' then
    raise exception 'the clock of the live space is the server''s and cannot be moved' using errcode = 'CW001';
  end if;
  update commonweal.space set clock_offset = target - clock_timestamp();
  return commonweal.now();
end $$;

-- Facts are inserted, never changed ---------------------------------------------------------------------------------

create function commonweal.refuse_change() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise exception '%.% holds facts: a correction is a new version, nothing is updated or removed',
    tg_table_schema, tg_table_name using errcode = 'CW002';
end $$;

create function commonweal.require_open_tick() returns trigger
language plpgsql set search_path = '' as $$
begin
  if coalesce(current_setting('commonweal.open_tick', true), '') = '' then
    raise exception '%.% takes facts only between ledger.begin_tick() and ledger.close_tick()',
      tg_table_schema, tg_table_name using errcode = 'CW003';
  end if;
  return null;
end $$;

-- Declares a table a fact: triggers against change, and (for facts that carry a tick) against writing outside one.
create procedure commonweal.declare_fact(target regclass, meaning text, with_tick boolean default true)
language plpgsql set search_path = '' as $$
begin
  execute format('comment on table %s is %L', target, 'fact: ' || meaning);
  execute format('create trigger fact_is_kept before update or delete on %s
                  for each row execute function commonweal.refuse_change()', target);
  execute format('create trigger fact_is_not_emptied before truncate on %s
                  for each statement execute function commonweal.refuse_change()', target);
  if with_tick then
    execute format('create trigger fact_has_open_tick before insert on %s
                    for each statement execute function commonweal.require_open_tick()', target);
  end if;
end $$;

-- One month of a partitioned table of facts: nothing is granted on it, row security is forced on it.
create function commonweal.make_month_partition(parent regclass, month date) returns text
language plpgsql security definer set search_path = '' as $$
declare
  first_day date := date_trunc('month', month)::date;
  schema_name text;
  parent_name text;
  child text;
begin
  select n.nspname, c.relname into strict schema_name, parent_name
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where c.oid = parent and c.relkind = 'p' and n.nspname in ('record', 'identity', 'counts');
  child := format('%s_%s', parent_name, to_char(first_day, 'YYYYMM'));
  if to_regclass(format('%I.%I', schema_name, child)) is not null then
    return child;
  end if;
  execute format('create table %I.%I partition of %s for values from (%L) to (%L)',
    schema_name, child, parent, first_day, (first_day + interval '1 month')::date);
  execute format('alter table %I.%I enable row level security', schema_name, child);
  execute format('alter table %I.%I force row level security', schema_name, child);
  execute format('revoke all on %I.%I from public', schema_name, child);
  execute format('create trigger fact_is_not_emptied before truncate on %I.%I
                  for each statement execute function commonweal.refuse_change()', schema_name, child);
  execute format('comment on table %I.%I is %L', schema_name, child,
    (select obj_description(parent, 'pg_class')) || ' (one month)');
  return child;
end $$;

create function commonweal.make_partitions_ahead(parent regclass, months integer default 3) returns integer
language sql security definer set search_path = '' as $$
  select count(commonweal.make_month_partition(parent, (commonweal.now() + make_interval(months => ahead))::date))
    ::integer from generate_series(0, months) as ahead
$$;
grant execute on function commonweal.make_partitions_ahead(regclass, integer) to cw_ingest;
grant execute on function commonweal.make_month_partition(regclass, date) to cw_ingest;

-- Ticks: the instant at which a transaction's facts became visible ---------------------------------------------------

create sequence ledger.tick_id;

create table ledger.tick (
  id bigint primary key,
  known_at timestamptz not null
);
create index tick_known_at on ledger.tick (known_at, id);
call commonweal.declare_fact('ledger.tick', 'the database''s own instant at which a submission became visible', false);

create table ledger.opened_tick (
  id bigint primary key
);
comment on table ledger.opened_tick is 'operational: ticks whose transaction has begun; checked at commit, emptied by it';

create table ledger.freeze (
  as_of timestamptz primary key
);
call commonweal.declare_fact('ledger.freeze', 'an as-of below which nothing can still arrive', false);

create function ledger.begin_tick() returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  new_id bigint := nextval('ledger.tick_id');
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'facts are written at read committed, not %', current_setting('transaction_isolation')
      using errcode = 'CW003';
  end if;
  if coalesce(current_setting('commonweal.open_tick', true), '') <> '' then
    raise exception 'this transaction has an open tick already' using errcode = 'CW003';
  end if;
  insert into ledger.opened_tick values (new_id);
  perform set_config('commonweal.open_tick', new_id::text, true);
  return new_id;
end $$;

create function ledger.last_instant() returns timestamptz
language sql volatile security definer set search_path = '' as $$
  select greatest(
    (select max(known_at) from ledger.tick), (select max(as_of) from ledger.freeze), '-infinity'::timestamptz)
$$;

-- The last statement of a writing transaction. `source_known_at` only in a replay: history keeps its own known times.
create function ledger.close_tick(tick bigint, source_known_at timestamptz default null) returns timestamptz
language plpgsql security definer set search_path = '' as $$
declare
  stamp timestamptz;
  last timestamptz;
begin
  if coalesce(current_setting('commonweal.open_tick', true), '') <> tick::text then
    raise exception 'tick % is not the open one of this transaction', tick using errcode = 'CW003';
  end if;
  -- Shared: writers do not wait for each other; a freeze waits for all that have stamped and not yet committed.
  perform pg_advisory_xact_lock_shared(4302);
  last := ledger.last_instant();
  if source_known_at is null then
    stamp := greatest(last + interval '1 microsecond', commonweal.now());
  else
    if (select kind from commonweal.space) <> 'replay' then
      raise exception 'only a replay keeps the known time of its source' using errcode = 'CW003';
    end if;
    stamp := greatest(last + interval '1 microsecond', source_known_at);
  end if;
  insert into ledger.tick values (tick, stamp);
  delete from ledger.opened_tick where id = tick;
  perform set_config('commonweal.open_tick', '', true);
  return stamp;
end $$;

create function ledger.refuse_unclosed() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from ledger.opened_tick o where o.id = new.id) then
    raise exception 'tick % was opened and not closed: the last statement must be ledger.close_tick', new.id
      using errcode = 'CW003';
  end if;
  return null;
end $$;
create constraint trigger tick_is_closed after insert on ledger.opened_tick
  deferrable initially deferred for each row execute function ledger.refuse_unclosed();

-- An as-of that will answer the same for ever. Writes nothing when nothing became known since the last one.
create function ledger.freeze() returns timestamptz
language plpgsql security definer set search_path = '' as $$
declare
  last_freeze timestamptz;
  last_tick timestamptz;
  chosen timestamptz;
begin
  perform pg_advisory_xact_lock(4302);
  last_freeze := (select max(as_of) from ledger.freeze);
  last_tick := (select max(known_at) from ledger.tick);
  if last_freeze is not null and last_freeze >= coalesce(last_tick, last_freeze) then
    return last_freeze;
  end if;
  chosen := greatest(commonweal.now(), last_tick);
  insert into ledger.freeze values (chosen);
  return chosen;
end $$;

create function ledger.last_freeze() returns timestamptz
language sql stable security definer set search_path = '' as $$
  select max(as_of) from ledger.freeze
$$;

grant execute on function ledger.begin_tick(), ledger.close_tick(bigint, timestamptz), ledger.freeze(),
  ledger.last_freeze() to cw_app, cw_authn, cw_ingest, cw_engine, cw_retention;
grant execute on function ledger.last_freeze() to cw_web;
grant select on ledger.tick, ledger.freeze, commonweal.space to
  cw_app, cw_authn, cw_ingest, cw_engine, cw_queue, cw_web, cw_backup, cw_retention;

-- The log of entries ------------------------------------------------------------------------------------------------

create table ledger.entry (
  id uuid primary key default gen_random_uuid(),
  tick_id bigint not null,
  kind text not null check (kind ~ '^[a-z_]+\.[a-z_]+$'),
  subject text not null,
  place_codes text[] not null default '{}',
  office_id text,
  text_hash bytea not null check (length(text_hash) = 32)
);
create index entry_tick on ledger.entry (tick_id);
call commonweal.declare_fact('ledger.entry', 'an event of the public log: ids, codes and a salted hash, never personal data');

create table ledger.entry_text (
  entry_id uuid primary key,
  salt bytea not null,
  body jsonb not null
);
comment on table ledger.entry_text is
  'operational: the words of an entry; a redaction (itself an entry) can remove them without breaking a proof';

create table ledger.entry_number (
  number bigint primary key check (number >= 0),
  entry_id uuid not null unique
);
call commonweal.declare_fact('ledger.entry_number', 'the place of an entry in the log, without gaps, given after commit', false);

create function ledger.append(p_kind text, p_subject text, p_place_codes text[], p_office text, p_body jsonb)
returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  new_id uuid := gen_random_uuid();
  -- two random uuids: 244 bits of chance, more than a guess of a short text can be tried against
  new_salt bytea := decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex');
begin
  insert into ledger.entry (id, tick_id, kind, subject, place_codes, office_id, text_hash)
  values (new_id, current_setting('commonweal.open_tick')::bigint, p_kind, p_subject, p_place_codes, p_office,
          sha256(new_salt || convert_to(p_body::text, 'UTF8')));
  insert into ledger.entry_text values (new_id, new_salt, p_body);
  return new_id;
end $$;

-- One sequencer at a time numbers what is committed, in the order in which it became known.
create function ledger.number_entries() returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  added bigint;
begin
  perform pg_advisory_xact_lock(4303);
  insert into ledger.entry_number (number, entry_id)
  select coalesce((select max(number) + 1 from ledger.entry_number), 0) + row_number() over (order by t.known_at, t.id, e.id) - 1,
         e.id
    from ledger.entry e join ledger.tick t on t.id = e.tick_id
   where not exists (select from ledger.entry_number n where n.entry_id = e.id);
  get diagnostics added = row_count;
  return added;
end $$;
grant execute on function ledger.append(text, text, text[], text, jsonb)
  to cw_app, cw_authn, cw_ingest, cw_engine, cw_retention;
grant execute on function ledger.number_entries() to cw_app, cw_queue;
grant select on ledger.entry, ledger.entry_text, ledger.entry_number to cw_app, cw_backup, cw_web;

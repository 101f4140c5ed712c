-- The newest change of every signal in one narrow table, so that the list of an office of three hundred authorities is put in
-- order without reading the lives of all signals; and which signals are said to be one.

create function surveillance.urgency(state text) returns integer
language sql immutable set search_path = '' as $$
  select array_position(array['growing', 'reopened', 'opened', 'fading', 'closed'], state)
$$;
create function surveillance.weight(rate double precision) returns bigint
language sql immutable set search_path = '' as $$
  select round(coalesce(rate, 0) * 1000)::bigint
$$;
comment on function surveillance.urgency(text) is
  'what grows before what is back, what is new, what fades, what is over: 1 to 5';
comment on function surveillance.weight(double precision) is 'a rate in thousandths, by which signals of one urgency are put in order';

create table surveillance.signal_newest (
  signal bigint primary key references surveillance.signal,
  step integer not null,
  state text not null,
  level text not null,
  kind text not null,
  morning date not null,
  scope text[] not null,
  urgency integer not null,
  weight bigint not null,
  tick_id bigint not null
);
comment on table surveillance.signal_newest is 'projection: the newest change of every signal, as lists are put in order by it';
comment on column surveillance.signal_newest.tick_id is 'that of the change: at an earlier moment an earlier one was the newest';
alter table surveillance.signal_newest enable row level security;
alter table surveillance.signal_newest force row level security;
create policy within_scope on surveillance.signal_newest for select to cw_app
  using (signal in (select r.signal from surveillance.signal_reader r));
grant select on surveillance.signal_newest to cw_app, cw_engine, cw_backup;
grant insert, update on surveillance.signal_newest to cw_engine;
grant execute on function surveillance.urgency(text), surveillance.weight(double precision) to cw_app, cw_engine, cw_backup;

-- As whoever writes the change, which is the engine: it reads the kinds of all signals.
create function surveillance.note_newest() returns trigger
language plpgsql set search_path = '' as $$
begin
  insert into surveillance.signal_newest as n (signal, step, state, level, kind, morning, scope, urgency, weight, tick_id)
  select distinct on (a.signal) a.signal, a.step, a.state, a.level, s.kind, a.morning, a.scope, surveillance.urgency(a.state),
         surveillance.weight(a.rate), a.tick_id
    from added a join surveillance.signal s on s.number = a.signal order by a.signal, a.step desc
  on conflict (signal) do update
     set (step, state, level, kind, morning, scope, urgency, weight, tick_id)
       = (excluded.step, excluded.state, excluded.level, excluded.kind, excluded.morning, excluded.scope, excluded.urgency,
          excluded.weight, excluded.tick_id)
   where n.step < excluded.step;
  return null;
end $$;
create trigger newest_noted after insert on surveillance.signal_change
  referencing new table as added for each statement execute function surveillance.note_newest();

-- What is there already is filled in as the role that row security does not bind: the owner is shown no signal, and would fill
-- in nothing without a word. Who reads them is filled in once more for the same reason.
set local role cw_migrate;
insert into surveillance.signal_newest (signal, step, state, level, kind, morning, scope, urgency, weight, tick_id)
select distinct on (c.signal) c.signal, c.step, c.state, c.level, s.kind, c.morning, c.scope, surveillance.urgency(c.state),
       surveillance.weight(c.rate), c.tick_id
  from surveillance.signal_change c join surveillance.signal s on s.number = c.signal order by c.signal, c.step desc;
insert into surveillance.signal_reader (scope_ltla, signal)
select distinct code, c.signal from surveillance.signal_change c cross join lateral unnest(c.scope) as code on conflict do nothing;
do $$
begin
  if (select count(*) from surveillance.signal_newest) <> (select count(distinct c.signal) from surveillance.signal_change c)
     or (select count(distinct r.signal) from surveillance.signal_reader r) <> (select count(*) from surveillance.signal_newest) then
    raise exception 'only % signals have a newest change', (select count(*) from surveillance.signal_newest);
  end if;
end $$;
set local role cw_owner;

-- Which signals are said to be one, by those whom either of them concerns: of every pair the last word that was not taken back.
create function surveillance.merges_seen(p_as_of timestamptz) returns table (signal bigint, merged_into bigint)
language sql stable security definer set search_path = '' as $$
  select pair.signal, pair.merged_into
    from (select distinct on (least(j.signal, j.merged_into), greatest(j.signal, j.merged_into)) j.signal, j.merged_into, j.verdict
            from surveillance.judgement j
           where j.merged_into is not null and j.scope && access.scope_codes('L1') and surveillance.known_by(j.tick_id, p_as_of)
             and not exists (select from surveillance.judgement_recall r
                              where r.judgement_id = j.id and surveillance.known_by(r.tick_id, p_as_of))
           order by least(j.signal, j.merged_into), greatest(j.signal, j.merged_into), j.id desc) pair
   where pair.verdict = 'merge'
$$;
create function surveillance.newest_merge() returns timestamptz
language sql stable security definer set search_path = '' as $$
  select max(t.known_at)
    from (select j.tick_id from surveillance.judgement j where j.merged_into is not null
          union all
          select r.tick_id from surveillance.judgement_recall r join surveillance.judgement j on j.id = r.judgement_id
           where j.merged_into is not null) said
    join ledger.tick t on t.id = said.tick_id
$$;
comment on function surveillance.newest_merge() is 'when something was last said of two signals being one, or taken back; not of which';
grant execute on function surveillance.merges_seen(timestamptz), surveillance.newest_merge() to cw_app;

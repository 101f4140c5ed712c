-- Who reads a signal: the authorities that any of its changes touched, one row each. An office of three hundred of them finds
-- its signals in this narrow table instead of searching the lists of every change, for each page anew.

create table surveillance.signal_reader (
  scope_ltla text not null,
  signal bigint not null references surveillance.signal,
  primary key (scope_ltla, signal)
);
comment on table surveillance.signal_reader is
  'projection: the authorities that the changes of a signal touched; written with each change';
call access.protect('surveillance.signal_reader', 'L1', 'cw_owner');
create policy dropped_by_owner on surveillance.signal_reader for delete to cw_owner using (true);
grant select on surveillance.signal_reader to cw_app, cw_engine, cw_backup;

create function surveillance.note_readers() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into surveillance.signal_reader (scope_ltla, signal)
  select distinct code, a.signal from added a cross join lateral unnest(a.scope) as code on conflict do nothing;
  return null;
end $$;
create trigger readers_noted after insert on surveillance.signal_change
  referencing new table as added for each statement execute function surveillance.note_readers();

do $$
declare
  noted bigint;
begin
  insert into surveillance.signal_reader (scope_ltla, signal)
  select distinct code, c.signal from surveillance.signal_change c cross join lateral unnest(c.scope) as code;
  select count(distinct r.signal) into noted from surveillance.signal_reader r;
  if noted <> (select count(distinct c.signal) from surveillance.signal_change c)
     or noted < (select count(*) from surveillance.signal) then
    raise exception 'only % signals have readers', noted;
  end if;
end $$;

drop policy within_scope on surveillance.signal;
create policy within_scope on surveillance.signal for select to cw_app
  using (number in (select r.signal from surveillance.signal_reader r));

-- What a break or batch held back is looked for by the signal that holds it.
create index finding_held_by on surveillance.finding (held_by) where held_by is not null;

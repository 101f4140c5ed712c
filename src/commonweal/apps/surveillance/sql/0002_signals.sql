-- What sweeps found: findings of every method at every level, and the signals that they are told as, with their lives.
-- Written by the engine alone, which reads counts and no records; read within a scope, by both tiers from the same commit.

create table surveillance.sweep (
  id bigint generated always as identity primary key,
  source text not null check (length(source) > 0),
  as_of timestamptz not null,
  morning date not null,
  touched text[],
  code_version text not null,
  parameters_version text not null,
  executor text not null,
  seconds double precision not null check (seconds >= 0),
  cost jsonb not null,
  places jsonb not null,
  not_done jsonb not null,
  budget jsonb not null,
  tick_id bigint not null,
  check (touched is null or cardinality(touched) > 0)
);
create unique index sweep_once on surveillance.sweep (source, as_of, touched, code_version, parameters_version)
  nulls not distinct;
create index sweep_tick on surveillance.sweep (tick_id);
call commonweal.declare_fact('surveillance.sweep', 'one run of every detector over the places of a source at one as-of');
comment on column surveillance.sweep.source is 'counts (what intake holds), or the metric of a loaded series';
comment on column surveillance.sweep.morning is 'the London day of the as-of: the last day that windows can end on';
comment on column surveillance.sweep.touched is 'lower-tier authorities that the sweep was narrowed to; null for every place';
comment on column surveillance.sweep.cost is 'phase -> seconds of work, and replicates run';
comment on column surveillance.sweep.places is 'level -> how many places were done';
comment on column surveillance.sweep.not_done is 'place that could not be done -> why';
comment on column surveillance.sweep.budget is
  'what false alarms were allowed (a year and authority), how they were shared out, and what every method''s limit came to';

create table surveillance.signal (
  number bigint primary key check (number > 0),
  source text not null,
  kind text not null check (kind in ('rise', 'cluster', 'setting', 'definition_break', 'late_batch')),
  level text not null,
  place_code text,
  setting_id text,
  sweep_id bigint not null references surveillance.sweep,
  morning date not null,
  tick_id bigint not null
);
create index signal_tick on surveillance.signal (tick_id);
call commonweal.declare_fact('surveillance.signal', 'one departure, told once: how it was first met');
comment on column surveillance.signal.place_code is 'the place at the heart of what was first found';

create table surveillance.finding (
  id bigint generated always as identity primary key,
  sweep_id bigint not null references surveillance.sweep,
  signal bigint references surveillance.signal,
  held_by bigint references surveillance.signal,
  morning date not null,
  level text not null,
  place_code text not null,
  setting_id text,
  method text not null,
  scope text[] not null check (cardinality(scope) > 0),
  first_day date not null,
  last_day date not null,
  observed double precision not null,
  expected double precision,
  expected_low double precision,
  expected_high double precision,
  rate double precision,
  strength double precision not null,
  p_value double precision check (p_value between 0 and 1),
  recurrence_days double precision check (recurrence_days > 0),
  members text[] not null,
  evidence text not null check (length(evidence) > 0),
  tick_id bigint not null,
  check (first_day <= last_day),
  check ((signal is null) <> (held_by is null))
);
create index finding_signal on surveillance.finding (signal, morning);
create index finding_sweep on surveillance.finding (sweep_id);
create index finding_scope on surveillance.finding using gin (scope);
call commonweal.declare_fact('surveillance.finding', 'what one method says of one place in one sweep');
comment on column surveillance.finding.scope is 'every lower-tier authority that the place touches';
comment on column surveillance.finding.members is
  'the small areas of a cluster; of a larger area or a setting those that hold more than half of its cases; of an authority none';
comment on column surveillance.finding.held_by is 'the break or late batch that explains it, so that no signal was raised';
comment on column surveillance.finding.rate is 'cases in 7 days per 100,000 residents, once all is reported; null where nobody lives';
comment on column surveillance.finding.recurrence_days is
  'in how many days chance alone brings one so strong in this sweep, adjusted for places, levels, days and methods';

create table surveillance.signal_change (
  signal bigint not null references surveillance.signal,
  step integer not null check (step > 0),
  sweep_id bigint not null references surveillance.sweep,
  morning date not null,
  state text not null check (state in ('opened', 'growing', 'fading', 'closed', 'reopened')),
  level text not null,
  place_code text,
  scope text[] not null check (cardinality(scope) > 0),
  members text[] not null,
  rate double precision,
  observed double precision,
  strength double precision,
  recurrence_days double precision,
  evidence text[] not null,
  tick_id bigint not null,
  primary key (signal, step)
);
create index signal_change_scope on surveillance.signal_change using gin (scope);
create index signal_change_tick on surveillance.signal_change (tick_id);
call commonweal.declare_fact('surveillance.signal_change', 'a change of state in the life of a signal, and what made it');
comment on column surveillance.signal_change.scope is 'every lower-tier authority that the signal has touched up to here';

-- Whoever may read the counts of any authority that a finding or a change touches reads it whole; of a signal's life each
-- reader sees the part since it reached one of theirs. No policy knows a tier.
create procedure surveillance.read_by_scope(target regclass)
language plpgsql set search_path = '' as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('create policy within_scope on %s for select to cw_app
                  using (scope && (select access.scope_codes(''L1''))::text[])', target);
end $$;
call surveillance.read_by_scope('surveillance.finding');
call surveillance.read_by_scope('surveillance.signal_change');
alter table surveillance.signal enable row level security;
alter table surveillance.signal force row level security;
create policy within_scope on surveillance.signal for select to cw_app
  using (exists (select from surveillance.signal_change c where c.signal = number));
grant select on surveillance.sweep, surveillance.signal, surveillance.signal_change, surveillance.finding
  to cw_app, cw_engine, cw_backup;
grant insert on surveillance.sweep, surveillance.signal, surveillance.signal_change, surveillance.finding to cw_engine;
grant select on surveillance.sweep to cw_queue;

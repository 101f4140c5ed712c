-- What a sweep carries on from, so that its time does not grow with the past: cases by the hour in which they became known, and
-- every signal as it stands. Both are sums of facts and can be thrown away.

create table surveillance.known_hour (
  scope_ltla text not null,
  specimen_day date not null,
  known_hour timestamptz not null,
  cases integer not null,
  primary key (specimen_day, scope_ltla, known_hour)
);
comment on table surveillance.known_hour is
  'projection: cases by authority and specimen day that became known in an hour, of the hours up to surveillance.summed_to';

create table surveillance.summed_to (
  known_hour timestamptz primary key,
  single boolean not null default true unique check (single)
);
comment on table surveillance.summed_to is 'projection: the hour up to which surveillance.known_hour holds all that became known';

create table surveillance.standing (
  signal bigint primary key references surveillance.signal,
  scope text[] not null,
  members text[] not null,
  last_found date not null,
  places jsonb not null,
  sizes jsonb not null,
  morning date not null,
  state text not null,
  level text not null,
  place_code text not null
);
create index standing_found on surveillance.standing (last_found);
create index standing_goes_on on surveillance.standing (signal) where state <> 'closed';
comment on table surveillance.standing is 'projection: every signal as its findings and changes leave it; what the next sweep goes on from';
comment on column surveillance.standing.places is 'lists of level, place, setting that it was found by';
comment on column surveillance.standing.sizes is
  'lists of level, place, setting, metric, highest rate since it was last opened, and that rate as of the newest change';

grant select, insert, update, delete on surveillance.known_hour, surveillance.summed_to, surveillance.standing to cw_engine;
grant select on surveillance.known_hour, surveillance.summed_to, surveillance.standing to cw_backup;

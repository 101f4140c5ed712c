-- How long after its commit a result was sent to the open pages, for local and national readers apart.

create table intake.live_latency (
  at timestamptz not null default commonweal.now(),
  tier text not null check (tier in ('local', 'national')),
  buckets integer[] not null  -- events by the first of the limits (parameters of the page) that they keep, the rest last
);
create index live_latency_at on intake.live_latency (at);
comment on table intake.live_latency is
  'operational: seconds from commit to open pages as counts of events, rows by process, tier and half minute';
grant select, insert on intake.live_latency to cw_app;
grant select on intake.live_latency to cw_backup;

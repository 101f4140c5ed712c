-- Onward to an authority's own systems: tokens that act for an office, and records that left a scope.

create table intake.pull_token (
  token_sha256 bytea primary key check (length(token_sha256) = 32),
  person_id uuid not null references access.person,
  office_id text not null references access.office,
  purpose text not null,
  label text not null,
  ends_at timestamptz not null,
  tick_id bigint not null
);
comment on table intake.pull_token is
  'operational: checksums of tokens with which an office''s own systems read; each read is entered for the person it acts for';
grant select, insert on intake.pull_token to cw_authn;
grant update (ends_at) on intake.pull_token to cw_authn;

create table record.departure (
  tick_id bigint not null,
  scope_ltla text not null,
  feed_number integer not null,
  record_hash bytea not null,
  revision integer not null,
  primary key (feed_number, record_hash, revision)
);
create index departure_scope_tick on record.departure (scope_ltla, tick_id);
call commonweal.declare_fact('record.departure',
  'a record whose newer version lies in another authority: the old one learns that it left, not where to');
call access.protect('record.departure', 'L2');
grant select on record.departure to cw_app, cw_backup;
grant select, insert on record.departure to cw_ingest;

-- Called for each chunk after its results are stored.
create function intake.depart_chunk() returns void
language plpgsql as $$
begin
  insert into record.departure
  select current_setting('commonweal.open_tick')::bigint, r.scope_ltla, r.feed_number, r.record_hash, s.revision
    from replaced r join decided d using (place) join staged s using (place)
   where r.scope_ltla <> d.scope_ltla
  on conflict do nothing;
end $$;
grant execute on function intake.depart_chunk() to cw_ingest;

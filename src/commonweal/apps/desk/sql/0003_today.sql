-- The first page: when each person last looked, and the number under which colleagues reach them at work.

create table desk.look (
  person_id uuid primary key references access.person,
  last_at timestamptz not null,
  before_at timestamptz
);
comment on table desk.look is
  'operational: when a person last opened Today, and when before that: a visit ends after thirty minutes';

create function desk.look(p_person uuid) returns timestamptz
language sql volatile security definer set search_path = '' as $$
  insert into desk.look as l values (p_person, commonweal.now(), null)
  on conflict (person_id) do update
    set before_at = case when l.last_at < excluded.last_at - interval '30 minutes' then l.last_at else l.before_at end,
        last_at = excluded.last_at
  returning before_at
$$;
grant execute on function desk.look(uuid) to cw_app;
grant select on desk.look to cw_backup;

create table desk.work_phone (
  person_id uuid not null references access.person,
  phone text not null check (phone ~ '^[0-9 +()-]{3,30}$'),
  tick_id bigint not null,
  primary key (person_id, tick_id)
);
call commonweal.declare_fact('desk.work_phone', 'the number under which colleagues reach somebody at work; the newest line counts');

create view desk.phone_now with (security_invoker = true) as
  select distinct on (w.person_id) w.person_id, w.phone from desk.work_phone w order by w.person_id, w.tick_id desc;
comment on view desk.phone_now is 'view: the work number of each person who gave one';
grant select on desk.work_phone, desk.phone_now to cw_app, cw_backup;
grant insert on desk.work_phone to cw_app;

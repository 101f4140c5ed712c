-- Whoever is down for a duty and has left the office, or is away, does not answer: it is a hole, and says whose.

-- The times between two moments in which people cannot act as the offices they are down for: not appointed to them (any
-- more), with an account that was closed, or away.
create function desk.not_there(p_people uuid[], p_offices text[], p_from timestamptz, p_to timestamptz)
returns table (person_id uuid, office_id text, starts_at timestamptz, ends_at timestamptz)
language sql stable security definer set search_path = '' as $$
  with pair as (select distinct u.person_id, u.office_id from unnest(p_people, p_offices) as u(person_id, office_id)),
  there as (
    select p.person_id, p.office_id,
           coalesce((select range_agg(tstzrange(a.starts_at, least(a.ends_at, e.ends_at)))
                       from access.appointment a left join access.appointment_end e on e.appointment_id = a.id
                      where a.person_id = p.person_id and a.office_id = p.office_id
                        and a.starts_at < coalesce(least(a.ends_at, e.ends_at), 'infinity')
                        and coalesce((select u.is_active from authn.account u where u.person_id = p.person_id), true)), '{}')
           - coalesce((select range_agg(tstzrange(w.starts_at, w.ends_at)) from desk.away w
                        where w.person_id = p.person_id), '{}') as times
      from pair p)
  select t.person_id, t.office_id, lower(g.gap), upper(g.gap)
    from there t cross join lateral unnest(tstzmultirange(tstzrange(p_from, p_to)) - t.times) as g(gap)
$$;

-- Who is on duty for these organisations at a moment; a line without a person, or whose person is not there (`absent_id`),
-- is a hole.
drop function desk.on_duty(text[], timestamptz);
create function desk.on_duty(p_organisations text[], p_at timestamptz)
returns table (organisation_id text, rota_id text, person_id uuid, office_id text, ends_at timestamptz, absent_id uuid)
language sql stable security definer set search_path = '' as $$
  with chosen as (
    select distinct on (c.organisation_id) c.organisation_id, c.rota_id from desk.rota_choice c
     where c.organisation_id = any (p_organisations) order by c.organisation_id, c.tick_id desc),
  line as (
    select c.organisation_id, c.rota_id, d.person_id, d.office_id, d.ends_at
      from chosen c
      left join lateral (
        select x.* from desk.duty x where x.rota_id = c.rota_id and x.starts_at <= p_at and x.ends_at > p_at
         order by x.tick_id desc, x.id desc limit 1) d on true),
  gone as (
    select n.person_id, n.office_id
      from desk.not_there(array(select l.person_id from line l where l.person_id is not null order by l.organisation_id),
                          array(select l.office_id from line l where l.person_id is not null order by l.organisation_id),
                          p_at, p_at + interval '1 microsecond') n)
  select l.organisation_id, l.rota_id, case when g.person_id is null then l.person_id end,
         case when g.person_id is null then l.office_id end, l.ends_at, g.person_id
    from line l left join gone g on g.person_id = l.person_id and g.office_id = l.office_id
$$;
grant execute on function desk.on_duty(text[], timestamptz) to cw_app, cw_authn, cw_queue;
grant execute on function desk.not_there(uuid[], text[], timestamptz, timestamptz) to cw_app;

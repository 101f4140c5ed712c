-- Clocks that ran out, also those of things that were done since: late is late, whoever looked when.

create index notice_due on desk.notice (acknowledge_by) where acknowledge_by is not null;
create index talk_due on desk.talk (due_at) where due_at is not null;

create function desk.clocks_missed(p_since timestamptz)
returns table (key text, office_id text, subject text, link text, due_at timestamptz)
language sql stable security definer set search_path = '' as $$
  with late as (
    -- acknowledged after its time, or not at all
    select 'notice:' || n.id || ':' || t.office_id as key, t.office_id, n.subject, '/told/' || n.id || '/' || t.office_id as link,
           n.acknowledge_by as due_at
      from desk.notice n join desk.told t on t.notice_id = n.id
     where n.acknowledge_by > p_since and n.acknowledge_by < commonweal.now()
       and not exists (select from desk.receipt r where r.notice_id = n.id and r.office_id = t.office_id
                         and (r.state = 'recalled' or r.state = 'acknowledged' and r.at <= n.acknowledge_by))
    union all
    -- acknowledged in time and answered after it; one that was not acknowledged in time has been counted above
    select 'desk.talk:' || t.id, t.owner_office, 'Answer: ' || case when length(t.words) > 90
             then rtrim(left(t.words, 87)) || '…' else t.words end, '/talk/' || t.id, t.due_at
      from desk.talk t join access.office w on w.id = t.owner_office
     where t.due_at > p_since and t.due_at < commonweal.now()
       and not exists (select from desk.talk_recall r where r.talk_id = t.id)
       and not exists (select from desk.talk a join access.office x on x.id = a.office_id
                        where a.in_reply_to = t.id and a.said_at <= t.due_at and x.organisation_id = w.organisation_id
                          and not exists (select from desk.talk_recall r where r.talk_id = a.id))
       and exists (select from desk.notice n join desk.receipt r on r.notice_id = n.id
                    where n.link = '/talk/' || t.id and n.kind = 'desk.question' and n.acknowledge_by = t.due_at
                      and r.office_id = t.owner_office and r.state = 'acknowledged' and r.at <= t.due_at)
    union all
    -- taken over after its time
    select 'handover:' || h.id, h.office_id, 'Take over from ' || p.name, '/handover/' || h.id, g.due_at
      from desk.handover_given g join desk.handover h on h.id = g.handover_id join access.person p on p.id = h.from_person
     where g.due_at > p_since and g.due_at < commonweal.now()
       and not exists (select from desk.handover_end e where e.handover_id = h.id and e.ended_at <= g.due_at)
       and exists (select from jsonb_array_elements(g.items) i
                    where not exists (select from desk.handover_taken k where k.handover_id = h.id and k.key = i->>'key'
                                        and k.taken_at <= g.due_at)))
  select l.* from late l where not exists (select from desk.missed m where m.key = l.key and m.due_at = l.due_at)
$$;
grant execute on function desk.clocks_missed(timestamptz) to cw_app;

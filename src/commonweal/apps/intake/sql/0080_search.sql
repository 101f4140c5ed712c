-- Looking for one person's records by an exact identifier: from keyed hashes to the ids that results carry. The results
-- themselves are read in the asking office's own scope, under row security; an id alone opens nothing.

create function intake.persons_met(p_kinds smallint[], p_hashes bytea[]) returns uuid[]
language sql stable security definer set search_path = '' as $$
  with met as (
    select l.id, l.component from unnest(p_kinds, p_hashes) as a(kind, hash) join identity.link l using (kind, hash)
     where not exists (select from identity.conflict c where c.component = l.component)),
  root as (select distinct c.root from met join identity.component c on c.id = met.component)
  select array_agg(distinct id) from (
    select m.id from met m union select m.component from met m
    union select r.root from root r union select c.id from root r join identity.component c on c.root = r.root) found(id)
$$;
grant execute on function intake.persons_met(smallint[], bytea[]) to cw_app;

-- Step 2: whose records these are. Should two submissions meet the same new identifiers at the same time, the second
-- waits for the first and then finds its links; should two lock each other out, the server ends one and the caller
-- sends it again.
create function intake.link_chunk() returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
begin
  perform intake.find_links();
  begin
    perform intake.add_links();
  exception when unique_violation then  -- another submission was first with some of them: theirs are the links
    truncate met, linked;
    perform intake.find_links();
    perform intake.add_links();
  end;
  if exists (select from linked where several) then
    perform intake.join_components();
  end if;
  if exists (select from linked where tells_more) then
    perform intake.note_what_components_learn();
  end if;
  insert into identity.conflict (component, reason, tick_id)
  select distinct component, 'two birth dates or sexes among records with one identifier', tick from linked where clash
  on conflict do nothing;
end $$;

create function intake.find_links() returns void
language plpgsql as $$
begin
  insert into met
  select i.number, i.local, k.id, k.root
    from staged_identifier i
   cross join lateral (select l.id, c.root from identity.link l join identity.component c on c.id = l.component
                        where l.hash = i.hash offset 0) k;
  insert into linked
  with known as (
    select local, min(root::text)::uuid as root, count(distinct root) > 1 as several from met group by local)
  select i.local, coalesce(k.root, i.component), i.birth, i.sex, i.clash, k.root is null, coalesce(k.several, false),
         coalesce(c.birth is distinct from i.birth and i.birth is not null
                  or c.sex is distinct from i.sex and i.sex is not null, false) and k.root is not null
    from staged_component i
    left join known k using (local)
    left join lateral (select c.birth, c.sex from identity.component c where c.id = k.root offset 0) c on true;
end $$;

create function intake.add_links() returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
begin
  insert into identity.component (id, root, birth, sex, tick_id)
  select component, component, birth, sex, tick from linked where is_new order by component;
  insert into identity.link (hash, kind, key_id, id, component, tick_id)
  select i.hash, i.kind, i.key_id, i.id, c.component, tick
    from staged_identifier i join linked c using (local)
   where not exists (select from met m where m.number = i.number)
   order by i.number;
end $$;

-- Components that one local component touches become one; another submission may have moved them meanwhile.
create function intake.join_components() returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  met record;
  roots uuid[];
  kept uuid;
begin
  for met in
    select local, array_agg(distinct m.root) as roots
      from linked n join met m using (local)
     where n.several group by local order by local
  loop
    roots := intake.locked_roots(met.roots);
    kept := (select min(r::text)::uuid from unnest(roots) as r);
    if cardinality(roots) > 1 then
      insert into identity.joined (component, into_component, tick_id)
      select gone, kept, tick from unnest(roots) as gone where gone <> kept;
      insert into identity.conflict (component, reason, tick_id)
      select kept, 'two birth dates or sexes among joined identifiers', tick
       where exists (select from identity.conflict c where c.component = any (roots))
          or (select count(distinct birth) > 1 or count(distinct sex) > 1 from identity.component where id = any (roots))
      on conflict do nothing;
      update identity.component set birth = told.birth, sex = told.sex
        from (select decode(min(encode(birth, 'hex')), 'hex') as birth, min(sex) as sex
                from identity.component where id = any (roots)) told
       where id = kept;
      update identity.component set root = kept where id = any (roots) or (root = any (roots) and root <> id);
      insert into touched values (kept);
    end if;
    update linked set component = kept, tells_more = true where local = met.local;
  end loop;
end $$;

-- The roots of components, locked against other submissions and looked up again after any wait.
create function intake.locked_roots(p_components uuid[]) returns uuid[]
language plpgsql as $$
declare
  before uuid[] := p_components;
  after uuid[];
begin
  loop
    perform 1 from identity.component c where c.id = any (before) order by c.id for no key update;
    select array_agg(distinct c.root order by c.root) into after from identity.component c where c.id = any (before);
    exit when after <@ before;
    before := after;
  end loop;
  return after;
end $$;

create function intake.note_what_components_learn() returns void
language plpgsql as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  told record;
  now_root uuid;
begin
  for told in
    select component, birth, sex from linked where tells_more group by 1, 2, 3 order by 1
  loop
    now_root := (intake.locked_roots(array[told.component]))[1];
    insert into identity.conflict (component, reason, tick_id)
    select now_root, 'two birth dates or sexes for one identifier', tick
      from identity.component c where c.id = now_root and (c.birth <> told.birth or c.sex <> told.sex)
    on conflict do nothing;
    update identity.component set birth = coalesce(birth, told.birth), sex = coalesce(sex, told.sex) where id = now_root;
    update linked set component = now_root where component = told.component and component <> now_root;
  end loop;
end $$;

grant execute on function intake.link_chunk(), intake.find_links(), intake.add_links(), intake.join_components(),
  intake.locked_roots(uuid[]), intake.note_what_components_learn() to cw_ingest;

-- The common case of a group of single records, in one statement: every record is good, never sent before, of a known
-- place and of a person nobody has met, and no two are of one person. Nothing then depends on what is there already, so
-- no staging tables are needed: what the steps of a chunk would have written is written directly. A test demands the same
-- rows of both ways.

-- Writes the group (all but closing its submissions and its tick) and returns the touched codes and each record's outcome;
-- returns null, having written nothing, when any record is not plain. Should another submission be first with the same
-- record or person, the unique keys refuse and the caller begins again.
create function intake.absorb_plain(p_staged json, p_identifiers json, p_components json, p_packs json) returns json
language plpgsql
-- each table is asked for a handful of keys: a plan made while it is small must stay right when it has grown
set enable_seqscan = off as $$
declare
  tick bigint := current_setting('commonweal.open_tick')::bigint;
  month date := date_trunc('month', commonweal.now())::date;
  answer json;
begin
  with sent as materialized (
    select * from json_to_recordset(p_staged) as s (
      place integer, submission_id bigint, feed_number integer, row_number integer, fate smallint, notes text[],
      record_hash bytea, revision integer, content_hash bytea, repeated boolean, strongest integer, pcd text, sent_ltla text,
      postcode_source text, specimen_date date, reported_date date, specimen_at bigint, lab_received_at bigint,
      reported_at bigint, age_years smallint, age_band text, sex text, ethnic_group text, occupation text,
      workplace_postcode text, pillar text, test_route text, test_type text, result text, symptomatic boolean,
      onset_date date, setting_type text, setting_id text, incident_id text, contacts_named integer, key_id smallint,
      wrapped_key bytea, payload bytea)),
  identifier as materialized (
    select * from json_to_recordset(p_identifiers) as i (
      number integer, kind smallint, hash bytea, key_id smallint, local integer, id uuid)),
  component as materialized (
    select * from json_to_recordset(p_components) as c (local integer, component uuid, birth bytea, sex text, clash boolean)),
  fresh as materialized (
    select s.*, f.pathogen, i.local, i.id as link_id, c.component as person_id, p.scope_ltla, p.lsoa_code, p.msoa_code,
           p.ward_code, p.ltla_code, p.utla_code
      from sent s
      join identifier i on i.number = s.strongest
      join component c using (local)
      join intake.feed f on f.number = s.feed_number
     cross join lateral (
       select n.scope_ltla, n.lsoa_code, n.msoa_code, n.ward_code, n.ltla_code, n.utla_code
         from places.postcode_current n where n.pcd = s.pcd and n.scope_ltla is not null offset 0) p
     where s.fate = 0 and not s.repeated
       and not exists (select from record.record_key k
                        where k.feed_number = s.feed_number and k.record_hash = s.record_hash offset 0)
       and not exists (select from intake.orphan o where o.feed = f.name and o.record_hash = s.record_hash offset 0)),
  plain as materialized (
    select f.*, nextval('record.result_id') as result_id
      from fresh f
     where (select count(*) from fresh) = (select count(*) from sent)
       and (select count(*) from component where not clash) = (select count(*) from sent)
       and not exists (select from identifier i
                        where exists (select from identity.link l where l.hash = i.hash offset 0))
     order by place),
  outcome as materialized (
    select submission_id, row_number, result_id,
           case when sent_ltla is not null and sent_ltla is distinct from ltla_code and sent_ltla is distinct from scope_ltla
                then notes || 'ltla_code:differs_from_postcode'::text else coalesce(notes, '{}') end as notes
      from plain),
  first_positive as materialized (
    select p.* from plain p
      join json_to_recordset(p_packs) as k (pathogen text, tests text[]) on k.pathogen = p.pathogen
     where p.result = 'positive' and p.test_type = any (k.tests)),
  counted as materialized (
    select scope_ltla, lsoa_code, specimen_date, pillar, test_type, result, age_band, sex from plain
    union all
    select scope_ltla, lsoa_code, specimen_date, pillar, test_type, 'case', age_band, sex from first_positive),
  new_component as (
    insert into identity.component (id, root, birth, sex, tick_id)
    select p.person_id, p.person_id, c.birth, c.sex, tick from plain p join component c using (local) order by 1),
  new_link as (
    insert into identity.link (hash, kind, key_id, id, component, tick_id)
    select i.hash, i.kind, i.key_id, i.id, p.person_id, tick from identifier i join plain p using (local) order by i.number),
  new_result as (
    insert into record.result
    select result_id, month, tick, feed_number, record_hash, revision, person_id, link_id, scope_ltla, lsoa_code, msoa_code,
           ward_code, ltla_code, utla_code, pcd, postcode_source, specimen_date,
           to_timestamp(specimen_at::float8 / 1e6::float8), to_timestamp(lab_received_at::float8 / 1e6::float8),
           to_timestamp(reported_at::float8 / 1e6::float8), reported_date, age_years, age_band, sex, ethnic_group, occupation,
           workplace_postcode, pillar, test_route, test_type, result, symptomatic, onset_date, setting_type, setting_id,
           incident_id, contacts_named
      from plain),
  new_key as (
    insert into record.record_key
    select feed_number, record_hash, revision, content_hash, result_id, month, tick from plain order by 1, 2),
  new_sealed as (
    insert into identity.sealed select result_id, scope_ltla, key_id, wrapped_key, payload from plain),
  new_outcome as (
    insert into intake.outcome (submission_id, row_number, outcome, result_id, notes, tick_id)
    select submission_id, row_number, 'accepted', result_id, notes, tick from outcome),
  new_tally as (
    insert into intake.tally (submission_id, outcome, n, tick_id)
    select submission_id, 'accepted', count(*), tick from plain group by 1),
  new_case as (
    insert into record.case_version
    select gen_random_uuid(), 1, tick, false, pathogen, person_id, specimen_date, result_id, scope_ltla, lsoa_code, msoa_code,
           pillar, test_type, age_band, sex, setting_type, setting_id
      from first_positive),
  new_delta as (
    insert into counts.delta
    select tick, scope_ltla, lsoa_code, specimen_date, pillar, test_type, result, count(*)
      from counted group by 2, 3, 4, 5, 6, 7),
  new_delta_age as (
    insert into counts.delta_age
    select tick, scope_ltla, specimen_date, coalesce(age_band, 'unknown'), coalesce(sex, 'unknown'), result, count(*)
      from counted where test_type <> 'antibody' or result = 'case' group by 2, 3, 4, 5, 6)
  select json_build_object(
           'codes', (select case when count(*) <= 20 then json_agg(scope_ltla) end
                       from (select distinct scope_ltla from plain) touched),
           'outcomes', (select json_agg(json_build_array(submission_id, row_number, 'accepted', '{}'::text[], notes)
                               order by submission_id, row_number) from outcome))
    into answer where exists (select from plain);
  return answer;
end $$;

grant execute on function intake.absorb_plain(json, json, json, json) to cw_ingest;

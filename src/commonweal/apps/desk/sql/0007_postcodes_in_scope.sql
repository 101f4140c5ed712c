-- The beginning of a postcode is looked up authority by authority, in the range of each: what an office answers for
-- decides how much is read, not how many postcodes of the country begin like that. The pairs are compared as rows, so that
-- the range can only be read from the index of authorities.
create or replace function desk.find_postcodes(p_office text, p_person uuid, p_start text, p_limit integer)
returns table (kind text, code text, name text, within text, scope_code text)
language sql stable security definer set search_path = '' as $$
  select 'postcode', f.pcd, left(f.pcd, -3) || ' ' || right(f.pcd, 3), coalesce(a.name_people_use, a.name, ''), f.scope_code
    from (select p.pcd, p.msoa_code, p.scope_code
            from unnest(desk.codes_of(p_office, p_person)) as own (code)
           cross join lateral (
             select n.pcd, n.msoa_code, n.scope_code from places.postcode_now n
              where (n.scope_code, n.pcd) >= (own.code, p_start) and (n.scope_code, n.pcd) <= (own.code, p_start || 'ZZZZZZ')
                and (n.doterm is null or n.pcd = p_start)
              order by n.scope_code, n.pcd limit p_limit) p
           order by p.pcd limit p_limit) f
    left join places.area_now a on a.code = f.msoa_code and a.level = 'msoa'
   order by f.pcd
$$;

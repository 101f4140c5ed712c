-- When a person last read the same thing about these places. Backwards from the newest: the first that is of these places
-- ends the search. The index of places would first gather every read of every one of them, more with each page opened.
create function intake.last_looked(p_person uuid, p_query text, p_before timestamptz, p_codes text[]) returns timestamptz
language sql stable
set enable_bitmapscan = off set enable_seqscan = off as $$
  select r.at from access.read_record r
   where r.person_id = p_person and r.query = p_query and r.at < p_before and r.place_codes && p_codes
   order by r.at desc limit 1
$$;
grant execute on function intake.last_looked(uuid, text, timestamptz, text[]) to cw_app;

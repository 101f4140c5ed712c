-- A hypothesis about a signal that is not there is refused in words, like one about a signal of other offices.
create or replace function surveillance.suppose(p_office text, p_person uuid, p_place text, p_signal bigint, p_statement text)
returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  covered text[] := coalesce(surveillance.scope_of_signal(p_signal), surveillance.scope_of_place(p_place));
  new_id bigint;
begin
  perform surveillance.require_seat(p_office, p_person, 'judge_signals', 'put forward what may be the cause');
  perform surveillance.require_place(p_office, p_person, covered);
  if p_signal is not null and surveillance.scope_of_signal(p_signal) is null then
    raise exception 'There is no signal % among those that your office sees.', p_signal using errcode = 'CW501';
  end if;
  insert into surveillance.hypothesis (signal, place_code, scope, statement, office_id, person_id, tick_id)
  values (p_signal, p_place, covered, p_statement, p_office, p_person, surveillance.open_tick()) returning id into new_id;
  perform ledger.append('surveillance.hypothesis', new_id::text, covered, p_office, jsonb_build_object('signal', p_signal));
  return new_id;
end $$;

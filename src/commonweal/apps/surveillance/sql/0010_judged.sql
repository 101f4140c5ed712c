-- What offices make of it: hypotheses with what speaks for and against them, and judgements of signals. Who may what is asked
-- by the functions of 0010_known.sql.

create table surveillance.hypothesis (
  id bigint generated always as identity primary key,
  signal bigint references surveillance.signal,
  place_code text not null,
  scope text[] not null check (cardinality(scope) > 0),
  statement text not null check (length(trim(statement)) between 1 and 300),
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  said_at timestamptz not null default commonweal.now(),
  tick_id bigint not null
);
create index hypothesis_scope on surveillance.hypothesis using gin (scope);
call commonweal.declare_fact('surveillance.hypothesis', 'what may be the cause of a rise, as one sentence that can turn out wrong');

create table surveillance.evidence (
  id bigint generated always as identity primary key,
  hypothesis_id bigint not null references surveillance.hypothesis,
  side text not null check (side in ('for', 'against')),
  words text not null check (length(trim(words)) between 1 and 1000),
  figure text check (figure ~ '^/([^/\\]|$)' and length(figure) <= 400),
  note_id bigint references surveillance.note,
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  said_at timestamptz not null default commonweal.now(),
  tick_id bigint not null
);
create index evidence_hypothesis on surveillance.evidence (hypothesis_id);
call commonweal.declare_fact('surveillance.evidence', 'a figure or note that speaks for or against a hypothesis, and why');
comment on column surveillance.evidence.figure is 'address of a page of this site at one moment, so that the figure stays the same';

create table surveillance.judgement (
  id bigint generated always as identity primary key,
  signal bigint not null references surveillance.signal,
  verdict text not null check (verdict in ('confirm', 'explain', 'merge', 'dispute', 'split')),
  merged_into bigint references surveillance.signal,
  reason text not null check (length(trim(reason)) between 1 and 2000),
  scope text[] not null check (cardinality(scope) > 0),
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  at timestamptz not null default commonweal.now(),
  tick_id bigint not null,
  check ((verdict in ('merge', 'split')) = (merged_into is not null)),
  check (merged_into <> signal)
);
create index judgement_signal on surveillance.judgement (signal);
create index judgement_merged_into on surveillance.judgement (merged_into) where merged_into is not null;
call commonweal.declare_fact('surveillance.judgement', 'what an office says of a signal, and why; local and national alike');
comment on column surveillance.judgement.merged_into is 'the other signal: the same as this one (merge), or not the same after all (split)';

create table surveillance.judgement_recall (
  judgement_id bigint primary key references surveillance.judgement,
  at timestamptz not null default commonweal.now(),
  tick_id bigint not null
);
call commonweal.declare_fact('surveillance.judgement_recall', 'a judgement that its author took back within ten minutes; both stay');

-- Hypotheses ------------------------------------------------------------------------------------------------------------

create function surveillance.suppose(p_office text, p_person uuid, p_place text, p_signal bigint, p_statement text) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  covered text[] := coalesce(surveillance.scope_of_signal(p_signal), surveillance.scope_of_place(p_place));
  new_id bigint;
begin
  perform surveillance.require_seat(p_office, p_person, 'judge_signals', 'put forward what may be the cause');
  perform surveillance.require_place(p_office, p_person, covered);
  insert into surveillance.hypothesis (signal, place_code, scope, statement, office_id, person_id, tick_id)
  values (p_signal, p_place, covered, p_statement, p_office, p_person, surveillance.open_tick()) returning id into new_id;
  perform ledger.append('surveillance.hypothesis', new_id::text, covered, p_office, jsonb_build_object('signal', p_signal));
  return new_id;
end $$;

create function surveillance.add_evidence(
  p_office text, p_person uuid, p_hypothesis bigint, p_side text, p_words text, p_figure text, p_note bigint) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  covered text[];
  new_id bigint;
begin
  perform surveillance.require_seat(p_office, p_person, 'judge_signals', 'weigh what may be the cause');
  select h.scope into covered from surveillance.hypothesis h where h.id = p_hypothesis;
  perform surveillance.require_place(p_office, p_person, covered);
  if p_note is not null and not exists (
       select from surveillance.note n where n.id = p_note and n.scope && desk.codes_of(p_office, p_person)) then
    raise exception 'There is no note % about places that your office answers for.', p_note using errcode = 'CW501';
  end if;
  insert into surveillance.evidence (hypothesis_id, side, words, figure, note_id, office_id, person_id, tick_id)
  values (p_hypothesis, p_side, p_words, p_figure, p_note, p_office, p_person, surveillance.open_tick()) returning id into new_id;
  return new_id;
end $$;

-- A note taken back is no evidence: its words are gone, and its number says why.
create function surveillance.hypotheses_seen(p_office text, p_person uuid, p_places text[], p_signal bigint, p_as_of timestamptz)
returns table (id bigint, signal bigint, place_code text, statement text, office text, office_id text, said_at timestamptz, evidence jsonb)
language sql stable security definer set search_path = '' as $$
  select h.id, h.signal, h.place_code, h.statement, o.title, h.office_id, h.said_at,
         coalesce((select jsonb_agg(jsonb_build_object(
                       'side', e.side, 'words', e.words, 'figure', e.figure, 'note_number', e.note_id,
                       'note', case when r.note_id is null then n.words else 'This note was taken back.' end,
                       'office', w.title, 'office_id', e.office_id) order by e.id)
                     from surveillance.evidence e join access.office w on w.id = e.office_id
                     left join surveillance.note n on n.id = e.note_id
                     left join surveillance.note_recall r on r.note_id = n.id and surveillance.known_by(r.tick_id, p_as_of)
                    where e.hypothesis_id = h.id and surveillance.known_by(e.tick_id, p_as_of)), '[]')
    from surveillance.hypothesis h join access.office o on o.id = h.office_id
   where h.scope && desk.codes_of(p_office, p_person)
     and exists (select from access.office x where x.id = p_office and 'read_counts' = any (x.permissions))
     and (p_places is null or h.place_code = any (p_places)) and (p_signal is null or h.signal = p_signal)
     and surveillance.known_by(h.tick_id, p_as_of)
   order by h.id desc limit case when p_signal is null then 100 end
$$;

-- Judgements ------------------------------------------------------------------------------------------------------------

-- A merge is said of two signals, so both carry it and offices of either one's places read it; no signal is changed by
-- it. Undone or separated again, both have the lives they had, and both say what was said of them.

-- Whether the last thing said of two signals together, and not taken back, is that they are the same.
create function surveillance.are_merged(p_one bigint, p_other bigint) returns boolean
language sql stable security definer set search_path = '' as $$
  select coalesce((
    select j.verdict = 'merge' from surveillance.judgement j
     where ((j.signal, j.merged_into) = (p_one, p_other) or (j.signal, j.merged_into) = (p_other, p_one))
       and not exists (select from surveillance.judgement_recall r where r.judgement_id = j.id)
     order by j.id desc limit 1), false)
$$;

create function surveillance.judge(
  p_office text, p_person uuid, p_signal bigint, p_verdict text, p_into bigint, p_reason text) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  here text[] := surveillance.scope_of_signal(p_signal);
  there text[] := surveillance.scope_of_signal(p_into);
  ours text[] := desk.codes_of(p_office, p_person);
  both_sides text[];
  new_id bigint;
begin
  perform surveillance.require_seat(p_office, p_person, 'judge_signals', 'judge signals');
  perform surveillance.require_place(p_office, p_person, here);
  select array_agg(distinct c order by c) into both_sides from unnest(here || coalesce(there, '{}')) c;
  if p_into is not null then
    -- two offices that say the same or the contrary of one pair at once come one after the other
    perform pg_advisory_xact_lock(hashtextextended(
      format('surveillance.merge %s %s', least(p_signal, p_into), greatest(p_signal, p_into)), 0));
    if p_verdict = 'merge' and not coalesce(there && ours, false) then
      raise exception 'There is no signal % among those that your office sees.', p_into using errcode = 'CW501';
    end if;
    if (p_verdict = 'merge') = surveillance.are_merged(p_signal, p_into) then
      raise exception 'Signals % and % %', p_signal, p_into, case when p_verdict = 'merge'
        then 'are said to be the same already.' else 'are not said to be the same; there is nothing to separate.' end
        using errcode = 'CW501';
    end if;
  end if;
  insert into surveillance.judgement (signal, verdict, merged_into, reason, scope, office_id, person_id, tick_id)
  values (p_signal, p_verdict, p_into, p_reason, both_sides, p_office, p_person, surveillance.open_tick()) returning id into new_id;
  perform ledger.append('surveillance.judgement', new_id::text, both_sides, p_office,
    jsonb_build_object('signal', p_signal, 'verdict', p_verdict, 'other', p_into));
  return new_id;
end $$;

create function surveillance.take_back_judgement(p_office text, p_person uuid, p_judgement bigint, p_minutes double precision)
returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  mine surveillance.judgement;
begin
  select j.* into mine from surveillance.judgement j
   where j.id = p_judgement and j.person_id = p_person and j.office_id = p_office;
  if not found or not exists (select from access.current_appointment c where c.office_id = p_office and c.person_id = p_person) then
    raise exception 'Only its author takes back a judgement.' using errcode = 'CW401';
  end if;
  if not desk.may_still_undo(mine.at, p_minutes) then
    raise exception 'This was said more than % minutes ago. %', least(p_minutes, 10), case when mine.verdict = 'merge'
      then 'Separate the two signals again, with the reason: both judgements stay in the history.'
      else 'Give a new judgement: both stay in the history.' end using errcode = 'CW501';
  end if;
  insert into surveillance.judgement_recall (judgement_id, tick_id) values (p_judgement, surveillance.open_tick())
  on conflict do nothing;
  if not found then
    raise exception 'This judgement was taken back already.' using errcode = 'CW501';
  end if;
  perform ledger.append('surveillance.judgement_recalled', p_judgement::text, mine.scope, p_office, '{}'::jsonb);
  return mine.signal;
end $$;

-- What was said of a signal by itself, and of it together with another one.
create function surveillance.judgements_seen(p_office text, p_person uuid, p_signal bigint, p_as_of timestamptz)
returns table (id bigint, signal bigint, verdict text, merged_into bigint, reason text, office text, office_id text, person text,
               person_id uuid, at timestamptz, recalled_at timestamptz, other_is_seen boolean)
language sql stable security definer set search_path = '' as $$
  select j.id, j.signal, j.verdict, j.merged_into, j.reason, o.title, j.office_id, p.name, j.person_id, j.at, r.at,
         coalesce(surveillance.scope_of_signal(case when j.signal = p_signal then j.merged_into else j.signal end)
                  && desk.codes_of(p_office, p_person), false)
    from surveillance.judgement j join access.office o on o.id = j.office_id join access.person p on p.id = j.person_id
    left join surveillance.judgement_recall r on r.judgement_id = j.id and surveillance.known_by(r.tick_id, p_as_of)
   where (j.signal = p_signal or j.merged_into = p_signal) and j.scope && desk.codes_of(p_office, p_person)
     and surveillance.scope_of_signal(p_signal) && desk.codes_of(p_office, p_person)
     and exists (select from access.office x where x.id = p_office and 'read_counts' = any (x.permissions))
     and surveillance.known_by(j.tick_id, p_as_of)
   order by j.id
$$;

grant execute on function
  surveillance.suppose(text, uuid, text, bigint, text),
  surveillance.add_evidence(text, uuid, bigint, text, text, text, bigint),
  surveillance.hypotheses_seen(text, uuid, text[], bigint, timestamptz),
  surveillance.judge(text, uuid, bigint, text, bigint, text),
  surveillance.take_back_judgement(text, uuid, bigint, double precision),
  surveillance.judgements_seen(text, uuid, bigint, timestamptz) to cw_app;
grant select on surveillance.hypothesis, surveillance.evidence, surveillance.judgement, surveillance.judgement_recall to cw_backup;

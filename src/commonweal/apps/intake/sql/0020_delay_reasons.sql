-- Why was this late: the reason that an office asks of the longest holder, the clock, and the answer.

create table intake.delay_question (
  number bigint generated always as identity primary key,
  feed text not null references intake.feed,
  day date not null,
  stage smallint not null check (stage between 0 and 3),
  mean_hours numeric not null check (mean_hours >= 0),
  place_codes text[] not null check (cardinality(place_codes) > 0),
  holder_id text not null references access.organisation,
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  asked_at timestamptz not null default commonweal.now(),
  due_at timestamptz not null,
  tick_id bigint not null,
  unique (feed, day, stage, holder_id),
  check (due_at >= asked_at + interval '1 day')
);
call commonweal.declare_fact('intake.delay_question',
  'a reason asked of an organisation that held the results of a feed and day longest, with its clock');
comment on column intake.delay_question.stage is
  '0 swab to laboratory, 1 laboratory to sender, 2 sender to platform, 3 platform to first opened';
comment on column intake.delay_question.due_at is 'two working days after asking; the plain minimum is one day';

create table intake.delay_answer (
  question bigint primary key references intake.delay_question,
  office_id text not null references access.office,
  person_id uuid not null references access.person,
  reason text not null check (length(trim(reason)) between 1 and 4000),
  answered_at timestamptz not null default commonweal.now(),
  tick_id bigint not null
);
call commonweal.declare_fact('intake.delay_answer', 'the reason given by the holder; unanswered questions stay shown as such');

create function intake.check_delay_seat() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  owner_id text;
begin
  if not exists (select from access.current_appointment c
                  where c.office_id = new.office_id and c.person_id = new.person_id) then
    raise exception 'this person does not hold office % now', new.office_id using errcode = 'CW401';
  end if;
  if tg_table_name = 'delay_answer' then
    select q.holder_id into strict owner_id from intake.delay_question q where q.number = new.question;
    if not exists (select from access.office o where o.id = new.office_id and o.organisation_id = owner_id) then
      raise exception 'only an office of % can give this reason', owner_id using errcode = 'CW401';
    end if;
  end if;
  return new;
end $$;
create trigger question_is_right before insert on intake.delay_question
  for each row execute function intake.check_delay_seat();
create trigger answer_is_right before insert on intake.delay_answer
  for each row execute function intake.check_delay_seat();

grant select, insert on intake.delay_question, intake.delay_answer to cw_app;
grant select on intake.delay_question, intake.delay_answer to cw_web, cw_backup;

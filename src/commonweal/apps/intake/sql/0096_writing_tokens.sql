-- A token reads. One that was given for it also writes what its holder may write: notes, hypotheses, judgements.
alter table intake.pull_token add column may_write boolean not null default false;
comment on table intake.pull_token is
  'operational: checksums of tokens with which an office''s own systems read, and write where they were given for it; each read is entered for the person it acts for';

-- What is known of the people of a small area, beside its cases: each value dated and with its source.

create table surveillance.social_file (
  id bigint generated always as identity primary key,
  sha256 bytea not null unique check (length(sha256) = 32),
  label text not null,
  row_count integer not null check (row_count > 0),
  left_out jsonb not null,
  tick_id bigint not null
);
call commonweal.declare_fact('surveillance.social_file', 'a file of what is known of small areas, and what was left out of it');

create table surveillance.social_value (
  area_code text not null check (length(area_code) = 9),
  attribute text not null,
  value text not null check (length(value) between 1 and 300),
  source text not null check (length(source) between 1 and 300),
  dated date not null,
  file_id bigint not null references surveillance.social_file,
  tick_id bigint not null,
  primary key (area_code, attribute, dated, value, file_id)
);
call commonweal.declare_fact('surveillance.social_value', 'one thing known of one area: value, source, the day it speaks of');

grant select on surveillance.social_file, surveillance.social_value to cw_app, cw_ingest, cw_backup;
grant insert on surveillance.social_file, surveillance.social_value to cw_ingest;

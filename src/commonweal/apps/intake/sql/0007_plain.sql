-- The plain records of a large chunk (new, with a place, of a person about whom nothing is in doubt) need none of the
-- steps: the caller asks what is there, and copies them to where they stay. Where row security is in force nothing can be
-- copied, so results and sealed fields go by way of tables of the connection.

create function intake.make_plain_staging() returns void
language plpgsql as $$
begin
  if to_regclass('pg_temp.plain_result') is not null then
    return;
  end if;
  create temp table sought_record (place integer not null, record_hash bytea not null);
  create temp table sought_identifier (number integer not null, hash bytea not null);
  create temp table plain_result (like record.result);
  create temp table plain_sealed (
    result_id bigint not null,
    scope_ltla text not null,
    key_id smallint not null,
    wrapped_key bytea not null,
    payload bytea not null
  );
end $$;

create function intake.store_plain() returns void
language plpgsql as $$
begin
  insert into record.result select * from plain_result;
  insert into identity.sealed select * from plain_sealed;
  truncate sought_record, sought_identifier, plain_result, plain_sealed;
end $$;

grant execute on function intake.make_plain_staging(), intake.store_plain() to cw_ingest;

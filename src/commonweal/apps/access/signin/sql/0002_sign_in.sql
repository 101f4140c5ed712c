-- Sign-in data of our own: reached by cw_authn alone, like everything in this schema (its default privileges say so).

revoke all on authn.django_migrations from cw_authn;

create table authn.invitation (
  id uuid primary key default gen_random_uuid(),
  token_sha256 bytea not null unique check (length(token_sha256) = 32),
  account_id bigint not null references authn.account on delete cascade,
  made_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  used_at timestamptz
);
comment on table authn.invitation is
  'operational: one-time links with which somebody sets a password and a second factor; only the hash of each is kept';

create table authn.attempt (
  key_sha256 bytea primary key check (length(key_sha256) = 32),
  value jsonb not null,
  expires_at timestamptz not null
);
comment on table authn.attempt is 'operational: failed sign-ins and used codes, until they expire';

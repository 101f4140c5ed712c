"""Sign-in: accounts, sessions, second factors and invitations, in a schema that only `cw_authn` reads."""

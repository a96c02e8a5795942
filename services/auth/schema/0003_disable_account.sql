-- scope: tenant
-- An account can be switched off and on again; signing in locks the row against that (store.c,
-- session_add), which wants the right to change it.
GRANT UPDATE (disabled) ON account TO "@ROLE@";

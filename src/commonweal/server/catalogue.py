"""What the database allows whom, read from its own catalogue, as text that can be committed and compared.

Every grant, policy, owner, trigger and definer function of our schemas, on every table and partition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

OURS = "n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'public')"

TABLES = f"""
select n.nspname || '.' || c.relname as name, c.relkind::text as kind, r.rolname as owner,
       c.relrowsecurity as secured, c.relforcerowsecurity as forced, c.relispartition as partition,
       coalesce(obj_description(c.oid, 'pg_class'), '') as comment,
       exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'scope_ltla'
                 and n.nspname in ('record', 'identity', 'counts')) as scoped
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_roles r on r.oid = c.relowner
 where c.relkind in ('r', 'p', 'v', 'm') and {OURS} order by 1
"""  # noqa: S608 - no value from outside
POLICIES = """
select schemaname || '.' || tablename as name, policyname as policy, cmd, array_to_string(roles, ',') as roles,
       coalesce(qual, '-') as using, coalesce(with_check, '-') as check
  from pg_policies order by 1, 2
"""
GRANTS = f"""
select n.nspname || '.' || c.relname as name, coalesce(r.rolname, 'public') as role,
       string_agg(distinct lower(a.privilege_type), ',' order by lower(a.privilege_type)) as privileges
  from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join lateral aclexplode(c.relacl) a
  left join pg_roles r on r.oid = a.grantee
 where {OURS} and a.grantee <> c.relowner and c.relkind in ('r', 'p', 'v', 'm', 'S') group by 1, 2 order by 1, 2
"""  # noqa: S608
COLUMN_GRANTS = f"""
select n.nspname || '.' || c.relname as name, coalesce(r.rolname, 'public') as role,
       lower(x.privilege_type) || ' (' || string_agg(a.attname, ', ' order by a.attname) || ')' as privileges
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
 cross join lateral aclexplode(a.attacl) x left join pg_roles r on r.oid = x.grantee
 where {OURS} group by 1, 2, x.privilege_type order by 1, 2, 3
"""  # noqa: S608
TRIGGERS = f"""
select n.nspname || '.' || c.relname as name, t.tgname as trigger,
       p.pronamespace::regnamespace || '.' || p.proname as runs
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
  join pg_proc p on p.oid = t.tgfoid
 where not t.tgisinternal and {OURS} order by 1, 2
"""  # noqa: S608
FUNCTIONS = f"""
select n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as name,
       p.prosecdef as definer, coalesce(array_to_string(p.proconfig, ','), '') as settings,
       coalesce((select string_agg(coalesce(r.rolname, 'public'), ',' order by coalesce(r.rolname, 'public'))
                   from aclexplode(p.proacl) a left join pg_roles r on r.oid = a.grantee
                  where a.grantee <> p.proowner), '') as callers,
       p.proacl is null as open_to_all
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace where {OURS}
   and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e') order by 1
"""  # noqa: S608


def read(connection: psycopg.Connection[Any]) -> dict[str, list[dict[str, Any]]]:
    """The catalogue by kind: tables, policies, grants, column_grants, triggers, functions."""
    from psycopg.rows import dict_row

    queries = {
        "tables": TABLES,
        "policies": POLICIES,
        "grants": GRANTS,
        "column_grants": COLUMN_GRANTS,
        "triggers": TRIGGERS,
        "functions": FUNCTIONS,
    }
    cursor = connection.cursor(row_factory=dict_row)
    return {name: cursor.execute(query.encode()).fetchall() for name, query in queries.items()}


def faults(catalogue: dict[str, list[dict[str, Any]]]) -> list[str]:
    """What the catalogue allows and must not, one sentence each; nothing when all is well."""
    partitions = {table["name"] for table in catalogue["tables"] if table["partition"]}
    guards: dict[str, set[str]] = {}
    for trigger in catalogue["triggers"]:
        guards.setdefault(trigger["name"], set()).add(trigger["trigger"])
    found = [
        f"{table['name']} holds record-level rows and does not force row security"
        for table in catalogue["tables"]
        if table["scoped"] and table["kind"] in "rp" and not table["forced"]
    ]
    found += [
        f"{table['name']} holds facts and lacks the triggers that keep them"
        for table in catalogue["tables"]
        if table["comment"].startswith("fact: ")
        and not {"fact_is_kept", "fact_is_not_emptied"} <= guards.get(table["name"], set())
    ]
    for grant in catalogue["grants"]:
        if grant["role"] == "public" or grant["name"] in partitions:
            found.append(f"{grant['privileges']} on {grant['name']} is granted to {grant['role']}")
    found += [
        f"{function['name']} runs as its owner and does not fix its search path"
        for function in catalogue["functions"]
        if function["definer"] and 'search_path=""' not in function["settings"]
    ]
    return found


def described(catalogue: dict[str, list[dict[str, Any]]]) -> str:
    """One line for each thing, in a stable order. Month partitions are folded into one line (they are all alike)."""
    lines: list[str] = []
    for table in catalogue["tables"]:
        security = "forced" if table["forced"] else "secured" if table["secured"] else "open"
        lines.append(f"table {_month(table['name'])} owner={table['owner']} rows={security} | {table['comment']}")
    for grant in (*catalogue["grants"], *catalogue["column_grants"]):
        lines.append(f"grant {_month(grant['name'])} {grant['role']}: {grant['privileges']}")
    for policy in catalogue["policies"]:
        rule = " ".join(f"using {policy['using']} check {policy['check']}".split())
        lines.append(f"policy {_month(policy['name'])} {policy['policy']} {policy['cmd']} to {policy['roles']}: {rule}")
    for trigger in catalogue["triggers"]:
        lines.append(f"trigger {_month(trigger['name'])} {trigger['trigger']} runs {trigger['runs']}")
    for function in catalogue["functions"]:
        rights = "definer" if function["definer"] else "invoker"
        callers = "everybody" if function["open_to_all"] else function["callers"] or "nobody"
        lines.append(f"function {function['name']} {rights} [{function['settings']}] for {callers}")
    return "\n".join(dict.fromkeys(lines)) + "\n"


def _month(name: str) -> str:
    """`record.result_202006` -> `record.result_<month>`."""
    head, _, tail = name.rpartition("_")
    return f"{head}_<month>" if len(tail) == 6 and tail.isdigit() else name

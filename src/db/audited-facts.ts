import { type SQL, sql } from "drizzle-orm";
import type { AuditedType } from "../core/audit-entry.ts";

/** An instant as /v1 shows it, to the millisecond. */
const time = (column: string) => `strftime('%Y-%m-%dT%H:%M:%fZ', ${column} / 1000.0, 'unixepoch')`;
/** As /api shows it, to the second. */
const seconds = (column: string) => `strftime('%Y-%m-%dT%H:%M:%SZ', ${column} / 1000, 'unixepoch')`;

const bool = (column: string) => `json(iif(${column}, 'true', 'false'))`;

/** Keys of the data sources on one side of a reconciliation `c`. */
const side = (name: "a" | "b") => `json((select json_group_array(s.key order by rs.position)
  from reconciliation_sources rs join data_sources s on s.id = rs.source_id
  where rs.reconciliation_id = c.id and rs.side = '${name}'))`;

// Under the names of the wire, without what comes about by itself (counts, balances, last uses) and without secrets.
// D1 allows a function 32 arguments.
const FACTS: Record<AuditedType, string> = {
  data_source: `select s.key as uid, s.environment_id, null as parent_id, json_object(
      'key', s.key, 'name', s.name, 'description', s.description, 'type', s.type,
      'created_at', ${time("s.created_at")}, 'updated_at', ${time("s.updated_at")}) as facts
    from data_sources s where s.deleted_at is null`,
  property_definition: `select d.uid, d.environment_id, d.source_id as parent_id, json_object(
      'id', d.uid, 'type_key', s.key, 'key', d.key, 'name', d.name, 'type', d.type,
      'optional', ${bool("d.optional")}) as facts
    from property_definitions d join data_sources s on s.id = d.source_id`,
  environment: `select n.uid, n.id as environment_id, null as parent_id, json_object(
      'id', n.uid, 'name', n.name, 'mode', n.mode) as facts
    from environments n`,
  reconciliation: `select c.uid, c.environment_id, null as parent_id, json_object(
      'id', c.uid, 'name', c.name, 'run_type', c.run_type, 'side_a', ${side("a")}, 'side_b', ${side("b")},
      'expected_within_days', c.expected_within_days,
      'created_at', ${time("c.created_at")}, 'updated_at', ${time("c.updated_at")}) as facts
    from reconciliations c where c.deleted_at is null`,
  reconciliation_rule: `select r.uid, r.environment_id, r.reconciliation_id as parent_id, json_object(
      'id', r.uid, 'reconciliation_id', c.uid, 'priority', r.priority, 'filters', v.definition -> '$.filters',
      'cardinality', v.definition -> '$.cardinality', 'group_by', v.definition -> '$.group_by',
      'rollup', v.definition -> '$.rollup', 'subset', v.definition -> '$.subset',
      'on_ambiguous', v.definition -> '$.on_ambiguous', 'status', r.status, 'description', r.description,
      'version', r.version, 'created_at', ${time("r.created_at")}, 'updated_at', ${time("r.updated_at")}) as facts
    from reconciliation_rules r join reconciliations c on c.id = r.reconciliation_id
    join rule_versions v on v.rule_id = r.id and v.version = r.version where r.deleted_at is null`,
  reconciliation_exception: `select x.uid, x.environment_id, x.reconciliation_id as parent_id, json_object(
      'id', x.uid, 'reconciliation_id', c.uid, 'type_key', s.key, 'status', x.status, 'assignee', x.assignee,
      'comment_count', (select count(*) from exception_comments where exception_id = x.id and kind = 'comment'),
      'created_at', ${time("x.created_at")}, 'updated_at', ${time("x.updated_at")}) as facts
    from reconciliation_exceptions x join reconciliations c on c.id = x.reconciliation_id
    join data_sources s on s.id = x.source_id`,
  internal_account: `select a.uid, a.environment_id, null as parent_id, json_set(a.attributes,
      '$.id', a.uid, '$.name', a.name, '$.currency', a.currency, '$.external_id', a.external_id,
      '$.metadata', json(a.metadata),
      '$.created_at', ${seconds("a.created_at")}, '$.updated_at', ${seconds("a.updated_at")}) as facts
    from internal_accounts a`,
  payment_rule: `select r.uid, r.environment_id, null as parent_id, json_object(
      'id', r.uid, 'name', r.name, 'priority', r.priority, 'strategy', v.definition -> '$.strategy',
      'internal_account_ids', case r.is_of_all_accounts when 0 then json((
        select json_group_array(a.uid order by ra.position) from payment_rule_accounts ra
        join internal_accounts a on a.id = ra.account_id where ra.rule_id = r.id)) end,
      'conditions', v.definition -> '$.conditions', 'group_by', v.definition -> '$.group_by',
      'on_ambiguous', v.definition -> '$.on_ambiguous', 'status', r.status, 'version', r.version,
      'created_at', ${seconds("r.created_at")}, 'updated_at', ${seconds("r.updated_at")}) as facts
    from payment_rules r join payment_rule_versions v on v.rule_id = r.id and v.version = r.version
    where r.deleted_at is null`,
  ledger: `select l.uid, l.environment_id, null as parent_id, json_object(
      'id', l.uid, 'name', l.name, 'description', l.description, 'metadata', json(l.metadata),
      'clearing_ledger_account_id', (select uid from ledger_accounts where id = l.clearing_account_id),
      'discarded_at', ${seconds("l.discarded_at")},
      'created_at', ${seconds("l.created_at")}, 'updated_at', ${seconds("l.updated_at")}) as facts
    from ledgers l`,
  ledger_account: `select a.uid, a.environment_id, a.ledger_id as parent_id, json_object(
      'id', a.uid, 'ledger_id', l.uid, 'name', a.name, 'description', a.description,
      'normal_balance', iif(a.normal_balance = 1, 'credit', 'debit'), 'currency', a.currency,
      'currency_exponent', a.currency_exponent, 'ledgerable_type', a.ledgerable_type,
      'ledgerable_id', a.ledgerable_uid, 'external_id', a.external_id, 'metadata', json(a.metadata),
      'discarded_at', ${seconds("a.discarded_at")},
      'created_at', ${seconds("a.created_at")}, 'updated_at', ${seconds("a.updated_at")}) as facts
    from ledger_accounts a join ledgers l on l.id = a.ledger_id`,
  webhook_endpoint: `select w.uid, w.environment_id, null as parent_id, json_object(
      'id', w.uid, 'url', w.url, 'event_types', json(w.event_types), 'description', w.description,
      'status', w.status, 'format', w.format,
      'created_at', ${time("w.created_at")}, 'updated_at', ${time("w.updated_at")}) as facts
    from webhook_endpoints w where w.deleted_at is null`,
  api_key: `select k.uid, k.environment_id, null as parent_id, json_object(
      'id', k.uid, 'name', k.name, 'environment_id', n.uid, 'scopes', json(k.scopes), 'prefix', k.prefix,
      'created_at', ${time("k.created_at")}, 'revoked_at', ${time("k.revoked_at")}) as facts
    from api_keys k join environments n on n.id = k.environment_id`,
};

/** What is known of the resources of a type that are there: their `uid`, `environment_id`, `parent_id` and `facts`. */
export function auditedFacts(type: AuditedType): SQL {
  return sql.raw(FACTS[type]);
}

import { type SQL, sql } from "drizzle-orm";

/**
 * A first statement of a writing batch: refuses the whole batch unless the condition holds. A NULL does not hold.
 */
export function expectThat(condition: SQL): SQL {
  return sql`insert into guard (ok) select 0 where (${condition}) is not true`;
}

/** As `expectThat`, for a SELECT of violating rows: the batch is refused if it finds any. */
export function expectNone(violations: SQL): SQL {
  return sql`insert into guard (ok) select 0 from (${violations})`;
}

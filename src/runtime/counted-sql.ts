/** A value has 2 MB at most, and a list of every open record's number would have more. */
const LIST_PAGE_IDS = 50_000;

/** An object's SQLite. */
export class CountedSql {
  readonly #sql: SqlStorage;

  /** Rows that SQLite has read so far: what tests hold against growth. */
  rowsRead = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  all<Row extends Record<string, SqlStorageValue>>(query: string, ...values: SqlStorageValue[]): Row[] {
    const cursor = this.#sql.exec<Row>(query, ...values);
    const rows = cursor.toArray();
    this.rowsRead += cursor.rowsRead;
    return rows;
  }

  /** Runs a query for a list of any length, which it takes as JSON in its last value, in pages. */
  forEach(query: string, ids: readonly number[], ...values: SqlStorageValue[]): void {
    for (let start = 0; start < ids.length; start += LIST_PAGE_IDS) {
      this.all(query, ...values, JSON.stringify(ids.slice(start, start + LIST_PAGE_IDS)));
    }
  }

  /** The first row, of a query that asks for one. */
  first<Row extends Record<string, SqlStorageValue>>(query: string, ...values: SqlStorageValue[]): Row | undefined {
    return this.all<Row>(query, ...values)[0];
  }
}

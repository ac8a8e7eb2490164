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

  /** The first row, of a query that asks for one. */
  first<Row extends Record<string, SqlStorageValue>>(query: string, ...values: SqlStorageValue[]): Row | undefined {
    return this.all<Row>(query, ...values)[0];
  }
}

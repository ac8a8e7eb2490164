/** Where a database lets its caller down: at the call with this number, counting from 0. */
export interface Fault {
  call: number;
  /** `within`: half of a batch is done, and then something breaks that no guard of ours is. */
  moment: "before" | "within" | "after";
}

export const FAULT = "D1_ERROR: Network connection lost.";

/** The same database, which counts its calls and fails at one of them. */
export class FaultyD1 {
  readonly #d1: D1Database;
  readonly #fault: Fault | undefined;
  readonly #originals = new WeakMap<object, D1PreparedStatement>();
  /** The numbers of statements of each call that was made: one, or those of its batch. */
  readonly calls: number[] = [];
  hasFailed = false;

  constructor(d1: D1Database, fault?: Fault) {
    this.#d1 = d1;
    this.#fault = fault;
  }

  open(): D1Database {
    return {
      prepare: (text: string) => this.#wrap(this.#d1.prepare(text)),
      batch: (statements: D1PreparedStatement[]) => this.#batch(statements),
    } as unknown as D1Database;
  }

  #wrap(original: D1PreparedStatement): D1PreparedStatement {
    const single = (name: "all" | "first" | "run" | "raw") => {
      // biome-ignore lint/suspicious/noExplicitAny: four methods, each with its own arguments
      return (...args: any[]) => this.#call(1, () => (original[name] as (...args: any[]) => Promise<unknown>)(...args));
    };
    const wrapped = {
      bind: (...values: unknown[]) => this.#wrap(original.bind(...values)),
      all: single("all"),
      first: single("first"),
      run: single("run"),
      raw: single("raw"),
    } as unknown as D1PreparedStatement;
    this.#originals.set(wrapped, original);
    return wrapped;
  }

  #batch(statements: D1PreparedStatement[]): Promise<D1Result[]> {
    const originals = statements.map((one) => this.#originals.get(one) as D1PreparedStatement);
    const half = originals.slice(0, Math.ceil(originals.length / 2));
    const broken = () => this.#d1.batch([...half, this.#d1.prepare("insert into guard (ok) values (null)")]);
    return this.#call(originals.length, () => this.#d1.batch(originals), broken);
  }

  async #call<T>(statements: number, work: () => Promise<T>, broken?: () => Promise<T>): Promise<T> {
    const isIt = this.#fault?.call === this.calls.length;
    this.calls.push(statements);
    if (!isIt) return work();
    this.hasFailed = true;
    if (this.#fault?.moment === "within" && broken) return broken();
    if (this.#fault?.moment === "after") await work();
    throw new Error(FAULT);
  }
}

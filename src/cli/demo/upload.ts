import type { Problem, TieoutClient } from "../tieout-client.ts";
import type { RecordView } from "./account.ts";
import type { NewRecord } from "./new-record.ts";

/** The shop's systems as they send records, one by one; keeps the ids that the API has given. */
export class Upload {
  readonly #client: TieoutClient;
  readonly #ids = new Map<string, string>();
  readonly refusals: string[] = [];
  count = 0;
  durationMs = 0;

  constructor(client: TieoutClient) {
    this.#client = client;
  }

  async send(record: NewRecord): Promise<RecordView> {
    const startedAt = Date.now();
    const sent = await this.#client.post<RecordView>("/v1/records", record);
    this.durationMs += Date.now() - startedAt;
    this.count += 1;
    this.#ids.set(record.external_id, sent.id);
    return sent;
  }

  /** Sends a record once more, which has to be refused in favour of the one that was sent before. */
  async sendAgain(record: NewRecord): Promise<void> {
    const { external_id: id } = record;
    const reply = await this.#client.send("POST", "/v1/records", record);
    const holder = (reply.body as Problem).errors?.[0]?.record_id;
    if (reply.status !== 409 || holder !== this.#ids.get(id)) {
      throw new Error(`${id} sent twice was answered with ${reply.status}: ${JSON.stringify(reply.body)}`);
    }
    this.refusals.push(`${id} sent a second time: 409, the record ${holder} has this external_id`);
  }

  idOf(externalId: string): string {
    const id = this.#ids.get(externalId);
    if (id === undefined) throw new Error(`${externalId} was never sent`);
    return id;
  }
}

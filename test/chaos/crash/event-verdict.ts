import type { Account, EventView } from "./account.ts";
import { compareSets } from "./record-verdict.ts";
import type { WebhookSink } from "./webhook-sink.ts";

/** What is wrong with events and their deliveries, in words. */
export function listEventProblems(account: Account, sink: WebhookSink): string[] {
  const { events, deliveries, matches } = account;
  const about = (type: string) => events.filter((event) => event.event_type === type).map(({ data }) => data.id);
  const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);
  const reconciled = matches.flatMap(({ records }) => records.map(({ record_id: id }) => id));
  const voided = matches.filter(({ status }) => status === "voided");
  const unreconciled = voided.flatMap(({ records }) => records.map(({ record_id: id }) => id));
  const links = account.payments.filter(({ status }) => status === "reconciled");
  return [
    ...sink.wrong,
    ...compareSets(
      "deliveries",
      ids(events),
      deliveries.map(({ event_id: id }) => id),
    ),
    ...deliveries.filter(({ status }) => status !== "delivered").map(({ id, status }) => `delivery ${id} is ${status}`),
    ...compareSets("webhooks that were taken in", ids(events), [...sink.accepted]),
    ...compareSets("reconciliation_match.created", ids(matches), about("reconciliation_match.created")),
    ...compareSets("reconciliation_match.voided", ids(voided), about("reconciliation_match.voided")),
    ...compareSets("record.reconciled", reconciled, about("record.reconciled")),
    ...compareSets("record.unreconciled", unreconciled, about("record.unreconciled")),
    ...compareSets("bulk_request.completed", ids(account.bulks), about("bulk_request.completed")),
    ...compareSets("import.completed", ids(account.imports), about("import.completed")),
    ...compareSets("transaction.created", ids(account.transactions), about("transaction.created")),
    ...compareSets("expected_payment.created", ids(account.payments), about("expected_payment.created")),
    ...ids(links)
      .filter(isNotIn(events, "expected_payment.reconciled"))
      .map((id) => `payment ${id} has no event`),
  ];
}

function isNotIn(events: readonly EventView[], type: string): (id: string) => boolean {
  const about = new Set(events.filter((event) => event.event_type === type).map(({ data }) => data.id));
  return (id) => !about.has(id);
}

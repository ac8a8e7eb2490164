import { shiftDay } from "../shop-month.ts";
import { type Deposit, type Invoice, type Share, sumShares } from "./invoice.ts";

const FIRST_INVOICE = 2001;
const FIRST_DEPOSIT = 501;
const FIRST_CUSTOMER = 101;
const TERMS_DAYS = 45;
const NAMES = ["CAFE NORD", "HOTEL LINDE", "BISTRO ORCA", "MUSEUM BAR", "DOCK DELI", "RIVER INN", "OPERA FOYER"];

interface InvoiceDraft {
  day: number;
  cents: number;
  customer?: Invoice["customer"];
  termsDays?: number;
  batch?: string;
}

interface DepositDraft {
  day: number;
  text: string;
  type: Deposit["type"];
  paid: readonly Share[];
  /** What it pays, unless it is given. */
  said?: readonly Share[];
  fits?: readonly Invoice[];
  isPendingFirst?: boolean;
  /** The sum of what it pays, unless it is given. */
  cents?: number;
}

/** The shop's office, which numbers its invoices and customers, and the bank, which numbers its lines. */
export class Billing {
  readonly #dateOf: (day: number) => string;
  #invoices = 0;
  #customers = 0;
  #deposits = 0;

  constructor(dateOf: (day: number) => string) {
    this.#dateOf = dateOf;
  }

  newCustomer(): Invoice["customer"] {
    const place = this.#customers++;
    return { number: `C-${FIRST_CUSTOMER + place}`, name: NAMES[place % NAMES.length] as string };
  }

  bill({ day, cents, customer = this.newCustomer(), termsDays = TERMS_DAYS, batch }: InvoiceDraft): Invoice {
    const issuedOn = this.#dateOf(day);
    return {
      number: `INV-${FIRST_INVOICE + this.#invoices++}`,
      customer,
      batch: batch ?? null,
      cents,
      issuedOn,
      dueOn: shiftDay(issuedOn, termsDays),
    };
  }

  receive({ day, text, type, paid, said, fits, isPendingFirst, cents }: DepositDraft): Deposit {
    return {
      id: `DP-${FIRST_DEPOSIT + this.#deposits++}`,
      date: this.#dateOf(day),
      cents: cents ?? sumShares(paid),
      text,
      type,
      isPendingFirst: isPendingFirst ?? false,
      paid,
      said: said ?? paid,
      fits: fits ?? [],
    };
  }
}

export function inFull(invoice: Invoice): Share {
  return { invoice, cents: invoice.cents };
}

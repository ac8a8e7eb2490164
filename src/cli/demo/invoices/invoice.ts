export interface Invoice {
  number: string;
  customer: { number: string; name: string };
  /** Of invoices that are collected together. */
  batch: string | null;
  cents: number;
  issuedOn: string;
  dueOn: string;
}

export interface Share {
  invoice: Invoice;
  cents: number;
}

export interface Deposit {
  id: string;
  date: string;
  cents: number;
  text: string;
  type: "ach" | "wire" | "other";
  /** Whether the bank announces it before it books it. */
  isPendingFirst: boolean;
  /** What it pays, as far as the shop can ever tell. */
  paid: readonly Share[];
  /** What whoever goes by its text, its day and its amount has to believe. */
  said: readonly Share[];
  /** Invoices that it fits alike, where nothing says which one it pays. */
  fits: readonly Invoice[];
}

export interface InvoiceCase {
  kind: string;
  story: string;
  invoices: readonly Invoice[];
  deposits: readonly Deposit[];
}

export interface InvoiceMonth {
  today: string;
  firstDay: string;
  lastDay: string;
  cases: readonly InvoiceCase[];
  /** By number. */
  invoices: readonly Invoice[];
  /** As the bank tells of them, day by day. */
  deposits: readonly Deposit[];
}

export function sumShares(shares: readonly { cents: number }[]): number {
  return shares.reduce((sum, { cents }) => sum + cents, 0);
}

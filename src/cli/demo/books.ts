import { DEPOSITS, TERMINAL } from "./counter-books.ts";
import type { ReconciliationPlan } from "./reconciliation-plan.ts";
import { ORDERS, PAYOUTS } from "./shop-books.ts";

export const RECONCILIATIONS: readonly ReconciliationPlan[] = [ORDERS, PAYOUTS, TERMINAL, DEPOSITS];

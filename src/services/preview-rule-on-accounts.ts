import { RULE_PREVIEW_MAX_ACCOUNTS } from "../config.ts";
import { joinPreviews, NO_PREVIEW, type RulePreview } from "../core/payment/rule-preview.ts";
import { type FieldError, invalid, notFound, ok, type Result } from "../core/result.ts";
import { findInternalAccount } from "../db/internal-accounts.ts";
import { findPaymentRule, listAccountsOf, type PaymentRuleRow } from "../db/payment-rules.ts";
import type { ServiceContext } from "./context.ts";
import { unknownAccount } from "./create-payment-rule.ts";

/** What a rule alone, whatever its status, would match now: of one internal account, or of each that it is for. */
export async function previewRuleOnAccounts(
  ctx: ServiceContext,
  ruleUid: string,
  accountUid: string | undefined,
): Promise<Result<RulePreview & { rule_id: string }>> {
  const rule = await findPaymentRule(ctx.db, ctx.environmentId, ruleUid);
  if (!rule) return notFound("rule");
  const errors = accountUid === undefined ? [] : await listAccountErrors(ctx, rule, accountUid);
  if (errors.length > 0) return invalid(errors);
  const accountUids = accountUid === undefined ? rule.accountUids : [accountUid];
  const uids = await listAccountsOf(ctx.db, ctx.environmentId, accountUids, RULE_PREVIEW_MAX_ACCOUNTS + 1);
  const previewed = uids.slice(0, RULE_PREVIEW_MAX_ACCOUNTS);
  const answers = await Promise.all(previewed.map((uid) => ctx.reconcilers.previewPaymentRule(uid, ruleUid)));
  let joined: RulePreview = { ...NO_PREVIEW, is_complete: previewed.length === uids.length };
  for (const answer of answers) {
    if (!answer.ok) return answer;
    joined = joinPreviews(joined, answer.value);
  }
  return ok({ rule_id: ruleUid, ...joined });
}

async function listAccountErrors(ctx: ServiceContext, rule: PaymentRuleRow, accountUid: string): Promise<FieldError[]> {
  const path = "/internal_account_id";
  if (!(await findInternalAccount(ctx.db, ctx.environmentId, accountUid))) return [unknownAccount(path)];
  if (rule.accountUids === null || rule.accountUids.includes(accountUid)) return [];
  return [{ path, code: "not_of_the_rule", message: "The rule is not for this internal account." }];
}

/** The most records that one group may have; a larger one is reported and not matched. */
export const GROUP_MAX_MEMBERS = 5_000;
/** The most buckets, or single records, that are compared with one record before the search is cut. */
export const GROUP_MAX_RIVALS = 1_000;
/** The most records among which sets are searched for. */
export const SUBSET_MAX_CANDIDATES = 400;
/** Steps that the searches for one record may take together. */
export const SUBSET_MAX_STEPS = 12_000_000;
/** Steps after which the search is cut for what else the records of a set might be matched with. */
export const RIVALS_MAX_STEPS = 100_000_000;
/** What the evaluation of one candidate counts for, in the steps of a search. */
export const EVALUATION_STEPS = 50;
/** What a record of a decided match counts for, in characters of JSON. */
export const ALLOCATION_CHARS = 150;
/** Pairs of sets in which everything may go with everything that a search of sets of both sides tells apart. */
export const SUBSET_MAX_BICLIQUES = 64;
/** As many possible matches of an ambiguous record have their records noted as ambiguous when it comes. */
export const RIVALS_MAX_NOTES = 200;
/** Steps of one look under a payment rule after which it is cut. */
export const PAYMENT_MAX_STEPS = 1_000_000;
/** As many pending transactions are looked at again because of one expected payment. */
export const PENDING_MAX_MATES = 50;

import { type SQL, sql } from "drizzle-orm";
import type { MetadataChange } from "../core/metadata.ts";
import { METADATA_MAX_BYTES, METADATA_MAX_KEYS } from "../core/property.ts";
import { jsonList } from "./client.ts";

/** A metadata column with a change merged in: two changes at once are both kept. */
export function mergedMetadata(metadata: SQL, change: MetadataChange): SQL {
  return sql`json_patch(${metadata}, ${JSON.stringify(change)})`;
}

/** A condition for guards, in the words of `metadataFits`; it stands after the change, in its batch. */
export function isMetadataWithinLimits(metadata: SQL): SQL {
  return sql`(octet_length(${metadata}) <= ${METADATA_MAX_BYTES}
    and (select count(*) from json_each(${metadata})) <= ${METADATA_MAX_KEYS})`;
}

/** Whether a metadata column has every one of these pairs; values are compared as texts. */
export function holdsMetadata(metadata: SQL, wanted: { key: string; value: string }[]): SQL {
  // One list for all of them: D1 allows 100 parameters a statement, and a query names as many keys as it likes.
  const list = jsonList(wanted.map(({ key, value }) => [key, value]));
  // A count and no EXISTS: SQLite makes a join of that, and then looks at every row for each row of the scan.
  return sql`(select count(*) from json_each(${list}) f cross join json_each(${metadata}) m on m.key = f.value ->> 0
    where case m.type when 'true' then 'true' when 'false' then 'false' else cast(m.value as text) end = f.value ->> 1
  ) = ${wanted.length}`;
}

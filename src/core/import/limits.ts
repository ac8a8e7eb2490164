/** A longer row is not one: most likely a quote is missing. */
export const CSV_ROW_MAX_BYTES = 131_072;
/** From the first byte that is not ASCII on, this much decides between UTF-8 and Windows-1252. */
export const ENCODING_WINDOW_BYTES = 16_384;
/** Rows behind the header by which the delimiter is found. */
export const DELIMITER_SAMPLE_ROWS = 20;
/** A longer line does not say what the delimiter is. */
export const SEPARATOR_LINE_MAX_BYTES = 32;
/** The name of a column in a mapping, and in a problem. */
export const COLUMN_MAX_CHARS = 255;
export const DATE_FORMAT_MAX_CHARS = 64;
/** Problems of a header that are kept, the first ones. */
export const HEADER_MAX_PROBLEMS = 20;
/** What is named of a file's columns where one is not there: so many, and so much of each. */
export const FOUND_COLUMNS_MAX = 10;
export const FOUND_COLUMN_MAX_CHARS = 64;
/** Rows that a trial reads at a time. */
export const TRIAL_READ_ROWS = 1_000;

/** The values of an app's `input`; `InputKind` in `contract.ts` explains them. */
export const inputKinds = ["file", "text", "lines", "jsonl", "csv", "pairs"] as const;

/** The kinds of records a job can have: an input kind, or what the app's own `readRecords` yields. */
export const recordKinds = [...inputKinds, "own"] as const;

export type RecordKind = (typeof recordKinds)[number];

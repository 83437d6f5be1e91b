/** What an app may declare that one call of `map` is given; `InputKind` in `contract.ts` says what each is. */
export const inputKinds = ["file", "text", "lines", "jsonl", "csv", "pairs"] as const;

/** What a record of a job is: one of these, or what the app's own `readRecords` yields. */
export const recordKinds = [...inputKinds, "own"] as const;

export type RecordKind = (typeof recordKinds)[number];

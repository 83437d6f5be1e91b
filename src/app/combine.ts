import type { JsonValue } from "./contract.js";

/** The app's `combine`, for values of any type. */
export type Combine = (key: string, values: JsonValue[]) => JsonValue;

import type { Session } from "node:inspector";

/**
 * Calls a method of Node's inspector in a session with this same thread, which answers at once. Throws when it fails.
 */
export function sendToOwnThread(session: Session, method: string, params: object = {}): unknown {
  let answer: unknown;
  session.post(method, params, (error, result) => {
    // Typed as an error, but a plain object.
    if (error !== null) throw new Error(`${method}: ${error.message}`);
    answer = result;
  });
  return answer;
}

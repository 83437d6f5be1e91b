/**
 * How much one end of a connection accepts from the other before it closes the connection. No working client comes near
 * these limits; they bound the memory and time that a broken or hostile client can take.
 */
import { messageBytesMax } from "./protocol.js";
import type { Rate } from "./token-bucket.js";

export interface ReceiveLimits {
  /** The maximum length of a line, not counting its end. */
  readonly lineBytesMax: number;
  /** Lines, including empty and invalid ones. A batch counts as its number of messages. */
  readonly messages: Rate;
  readonly bytes: Rate;
  /** Unanswered incoming messages, such as long polls. */
  readonly callsMax: number;
}

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/**
 * Limits for a trusted end. A worker has about four calls in flight. With the smallest tasks it sends some 2,000
 * messages a second, and with 10,000 reducers some 5 MB.
 */
export const memberLimits: ReceiveLimits = {
  lineBytesMax: messageBytesMax,
  messages: { burst: 20_000, perSecond: 10_000 },
  bytes: { burst: 64 * mebibyte, perSecond: 16 * mebibyte },
  callsMax: 64,
};

/**
 * Limits for an end that has not yet proved that it speaks the protocol: enough for a `Register` or a `Status` call.
 */
export const strangerLimits: ReceiveLimits = {
  lineBytesMax: 256 * kibibyte,
  messages: { burst: 200, perSecond: 50 },
  bytes: { burst: mebibyte, perSecond: 256 * kibibyte },
  callsMax: 8,
};

/**
 * Bytes sent but not yet read by the other end. A single message may exceed this, so that the longest message never
 * disconnects an end that does read.
 */
export const unreadBytesMax = 16 * mebibyte;

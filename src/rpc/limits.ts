/**
 * What one end of a connection takes from the other before it closes the connection. No client that does its work comes
 * near any of it; one that is broken or hostile takes no more of our memory and time than this.
 */
import { messageBytesMax } from "./protocol.js";
import type { Rate } from "./token-bucket.js";

export interface ReceiveLimits {
  /** Longest line, its end not counted. */
  readonly lineBytesMax: number;
  /** Lines, empty ones and rubbish included; a batch counts as the messages in it. */
  readonly messages: Rate;
  readonly bytes: Rate;
  /** Messages that have come and are not answered yet, such as long polls. */
  readonly callsMax: number;
}

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/**
 * Of an end that is trusted to be one of ours. A worker has about four calls under way; with the smallest tasks it sends
 * some 2,000 messages a second, and with 10,000 reducers some 5 MB.
 */
export const memberLimits: ReceiveLimits = {
  lineBytesMax: messageBytesMax,
  messages: { burst: 20_000, perSecond: 10_000 },
  bytes: { burst: 64 * mebibyte, perSecond: 16 * mebibyte },
  callsMax: 64,
};

/** Of an end that has not shown yet that it speaks the protocol: room for a `Register`, or to ask for the status. */
export const strangerLimits: ReceiveLimits = {
  lineBytesMax: 256 * kibibyte,
  messages: { burst: 200, perSecond: 50 },
  bytes: { burst: mebibyte, perSecond: 256 * kibibyte },
  callsMax: 8,
};

/**
 * What was sent and is not read yet by the other end, in bytes. It may be exceeded by one message, so that the longest
 * one never cuts off an end that does read.
 */
export const unreadBytesMax = 16 * mebibyte;

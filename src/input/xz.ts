/**
 * Decompresses xz files with `xz-decompress`: XZ Embedded, compiled to WebAssembly. It reads several streams in one file and
 * the padding between them, and verifies CRC-32 and CRC-64 checksums. Packages in plain JavaScript verify nothing, and those
 * around liblzma need a native binary or a newer Node.js.
 */
import { shellName } from "./binary-format.js";
import { UnsupportedInputError } from "./unsupported-input-error.js";

/** The package declares its class, but not these members. */
interface Internals {
  _moduleInstance: unknown;
  _moduleInstancePromise: unknown;
  _contextMutex: { acquire(): Promise<void>; release(): void };
}

const noMutex: Internals["_contextMutex"] = { acquire: () => Promise.resolve(), release: () => undefined };

/** Results of XZ Embedded (`enum xz_ret` in `xz.h`) that the package passes on, as numbers in its messages. */
const problems: Readonly<Record<string, string>> = {
  3: "there is not enough memory for its dictionary",
  5: "something other than xz data follows its last stream",
  7: "its data or a checksum is wrong",
  8: "unexpected end of file",
};
const unsupported: Readonly<Record<string, string>> = {
  4: "its dictionary is larger than 64 MiB",
  6: "it uses a filter (such as BCJ or delta) or a kind of checksum (such as SHA-256)",
};

/**
 * Yields the contents of an xz file, read from `pieces`, stream after stream. `file` is its name, for messages.
 * Throws an Error that says what is wrong with the file, an UnsupportedInputError when only the xz program can read it, or
 * whatever `pieces` throws.
 */
export async function* unxz(pieces: Iterator<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  const source = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // The package fails on a source without any piece. With an empty one it reports the end of the file.
        controller.enqueue(new Uint8Array(0));
      },
      pull(controller) {
        const next = pieces.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
    },
    { highWaterMark: 0 },
  );
  const decompressing = await startDecompressing(source);
  try {
    for (let next = await decompressing.first; !next.done; next = await decompressing.reader.read()) {
      if (next.value.length > 0) yield next.value;
    }
  } catch (error) {
    throw explained(error as Error, file);
  } finally {
    await decompressing.reader.cancel().catch(() => undefined);
  }
}

/** The package's errors can only be recognised by their messages. */
function explained(error: Error, file: string): Error {
  const code = /^get_next_output failed with error code (\d+)$/.exec(error.message)?.[1];
  if (code === undefined) return error;
  const why = unsupported[code];
  if (why === undefined) return new Error(problems[code] ?? `the decoder reports error ${code}`, { cause: error });
  return new UnsupportedInputError(
    `${why}, which only the xz program reads: xz -dc ${shellName(file)} | mr run APP -`,
    { cause: error },
  );
}

let lastStart: Promise<unknown> = Promise.resolve();

/**
 * Starts a decompression in its own WebAssembly instance. By default the package uses one instance for all streams and
 * makes a second stream wait until the first has ended. That would deadlock when one reader needs both, as when a bad
 * record is found and its line number is looked up in the same file. So streams start one after another, each with a
 * fresh instance and without the mutex. A stream has taken its instance when its first read settles.
 */
async function startDecompressing(source: ReadableStream<Uint8Array>) {
  const { XzReadableStream } = (await import("xz-decompress")).default;
  const start = lastStart.then(async () => {
    const internals = XzReadableStream as unknown as Internals;
    internals._moduleInstance = undefined;
    internals._moduleInstancePromise = undefined;
    internals._contextMutex = noMutex;
    const reader = new XzReadableStream(source).getReader();
    const first = reader.read();
    await first.catch(() => undefined);
    // The instance and its dictionary can be freed with the stream.
    internals._moduleInstance = undefined;
    return { reader, first };
  });
  lastStart = start;
  return start;
}

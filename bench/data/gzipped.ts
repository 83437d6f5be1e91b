import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { DataSet } from "./data-set.js";

/** The same files, compressed; they keep the names `*.txt`, which all programs are given. */
export function gzipped(set: DataSet): DataSet {
  return {
    name: `gzipped-${set.name}`,
    about: `${set.about}, compressed with gzip`,
    async make(directory, signal) {
      const plain = await mkdtemp(`${directory}-plain-`);
      try {
        await set.make(plain, signal);
        for (const file of await readdir(plain)) {
          await pipeline(createReadStream(join(plain, file)), createGzip(), createWriteStream(join(directory, file)));
        }
      } finally {
        await rm(plain, { recursive: true, force: true });
      }
    },
  };
}

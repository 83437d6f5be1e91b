import { relative } from "node:path";

/**
 * The URL of a page that was kept as `wget --mirror` does it: `host/path` below a directory, which is `--arg root=DIR` or
 * else the current one. What the server calls `/` is `index.html` there. The scheme is not kept; it is taken as https.
 */
export function pageUrl(filename: string, { root = "" }: Readonly<Record<string, string>>): URL {
  const path = relative(root, filename);
  const url = `https://${path.replace(/(?<=\/)index\.html$/, "")}`;
  // Most likely nobody said where the root is when the first directory is called `data`, or `..`.
  if (/^(\w[^/]*\.[^/]+|localhost(:\d+)?)\//.test(path) && URL.canParse(url)) return new URL(url);
  throw new Error(`${filename} is not HOST/PAGE below ${root || "."}: --arg root=DIR says where the hosts are`);
}

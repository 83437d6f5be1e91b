import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Path of an installed Chromium, or the path in CHROMIUM; undefined when neither exists. */
export const chromiumPath = process.env["CHROMIUM"] ?? places.find((path) => existsSync(path));

/** Where everything must be tested, a missing browser is an error. */
export const mayBeSkipped = process.env["CI"] !== "true";

export async function launchChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error(`no Chromium at ${places.join(", ")}: apt-get install chromium`);
  return chromium.launch({
    executablePath: chromiumPath,
    // Containers run tests as root, and nothing but this page is opened.
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"].concat(
      "--disable-background-networking",
      "--disable-component-update",
    ),
  });
}

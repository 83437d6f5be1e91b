/** Whether `--arg name=…` turns something on; off when it is absent. Throws when it says neither. */
export function isOn(args: Readonly<Record<string, string>>, name: string): boolean {
  const value = args[name];
  if (value === undefined || /^(0|false|no|off)$/i.test(value)) return false;
  if (/^(1|true|yes|on)$/i.test(value)) return true;
  throw new Error(`--arg ${name} must be true or false, and is ${JSON.stringify(value)}`);
}

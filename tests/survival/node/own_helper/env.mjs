export function requireEnv(name) {
  const value = process.env[name];
  if (!value) throw new Error(`no ${name}`);
  return value;
}

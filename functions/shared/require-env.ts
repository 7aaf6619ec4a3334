// Environment variables that a function can't do without.

/** @throws {Error} when the variable is not set: the function is deployed wrongly */
export function requireEnv(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`environment variable ${name} must be set`);
  return value;
}

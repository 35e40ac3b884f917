/**
 * Turns build events into log lines, a live status line or JSON on standard error.
 *
 * The only code that writes progress. Secrets are redacted and control characters escaped here, for every way out.
 */
export * from "./create-reporter.ts";
export * from "./format-duration.ts";
export { formatLogLine, isShown, LOG_LEVELS, type LogLevel } from "./log-line.ts";
export * from "./redact.ts";

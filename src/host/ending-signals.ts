import process from "node:process";

/** The signals that end a program in an orderly way. */
const ORDERLY_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Calls `onSignal` instead of ending when a signal asks this process to end.
 *
 * @returns a function that stops listening
 */
export function onEndingSignal(onSignal: (signal: (typeof ORDERLY_SIGNALS)[number]) => void): () => void {
  const listeners = ORDERLY_SIGNALS.map((signal) => [signal, () => onSignal(signal)] as const);
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
}

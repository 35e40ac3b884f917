import { pipeline, Readable, type Transform } from "node:stream";

/** What comes out of a transform that is fed from a source; an error of the source is thrown at the reader. */
export function through(source: AsyncIterable<Uint8Array>, transform: Transform): AsyncIterable<Uint8Array> {
  pipeline(Readable.from(source), transform, () => undefined);
  return transform as AsyncIterable<Uint8Array>;
}

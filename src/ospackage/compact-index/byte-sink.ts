/** Bytes that grow at their end. */
export interface ByteSink {
  /** Changes with {@link reserve}; valid up to `end`. */
  bytes: Buffer;
  /** May be set back to drop what was written last. */
  end: number;
  /** Makes room for that many more bytes. */
  reserve(lengthBytes: number): void;
  byte(value: number): void;
  text(value: string): void;
}

/** @param expectedBytes memory that is not written to takes none */
export function createByteSink(expectedBytes: number): ByteSink {
  const sink: ByteSink = {
    // Not from the shared pool: numbers are read from these bytes, which must begin at a word.
    bytes: Buffer.allocUnsafeSlow(Math.max(expectedBytes, 64)),
    end: 0,
    reserve(lengthBytes) {
      if (sink.end + lengthBytes <= sink.bytes.length) return;
      const larger = Buffer.allocUnsafeSlow(2 * sink.bytes.length + lengthBytes);
      sink.bytes.copy(larger, 0, 0, sink.end);
      sink.bytes = larger;
    },
    byte(value) {
      sink.reserve(1);
      sink.bytes[sink.end++] = value;
    },
    text(value) {
      sink.reserve(3 * value.length);
      sink.end += sink.bytes.write(value, sink.end, "utf8");
    },
  };
  return sink;
}

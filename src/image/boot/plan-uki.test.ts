import fc from "fast-check";
import { expect, it } from "vitest";
import { makePe } from "../../../test/fixtures/make-pe.ts";
import { isComposerError } from "../../core/index.ts";
import { sizeOf } from "./append-pe-sections.ts";
import { readPeFile } from "./pe-file.ts";
import { planUki } from "./plan-uki.ts";

const SBAT = "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n";

it("makes a whole image with any stub, or refuses the stub", () => {
  const kernel = makePe();
  const stub = makePe({
    sections: [
      { name: ".sbat", content: `${SBAT}systemd-stub,1\n` },
      { name: ".data", content: "data" },
    ],
  });
  const mutation = fc.array(fc.tuple(fc.nat(stub.length - 1), fc.nat(255)), { maxLength: 5 });
  const kernelSbat = fc.oneof(fc.string({ maxLength: 600 }), fc.constant(`${SBAT}linux,1\n`));
  fc.assert(
    fc.property(mutation, kernelSbat, (changes, sbat) => {
      const bytes = Buffer.from(stub);
      for (const [offset, value] of changes) bytes[offset] = value;
      try {
        const pieces = planUki({
          stub: { name: "stub", bytes },
          osRelease: "ID=linux\n",
          cmdline: "quiet",
          kernelVersion: "6.12",
          kernel: {
            name: "vmlinuz",
            file: { kind: "file", reference: "vmlinuz", sizeBytes: kernel.length },
            pe: readPeFile(kernel, kernel.length, "vmlinuz"),
            sbat,
          },
          initrd: { kind: "file", reference: "initrd", sizeBytes: 1000 },
        });
        const [head] = pieces;
        if (head?.kind !== "bytes") throw new Error("it begins with no stub");
        const { sections } = readPeFile(head.bytes, sizeOf(pieces), "image");
        const names = sections.map(({ name }) => name);
        expect(names).toContain(".sbat");
        expect(names.filter((name) => name !== ".sbat").slice(-5)).toEqual([
          ".osrel",
          ".cmdline",
          ".uname",
          ".linux",
          ".initrd",
        ]);
      } catch (error) {
        expect(isComposerError(error, "IMAGE_PLAN_INVALID"), String(error)).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
});

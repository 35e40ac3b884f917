import { describe, expect, it } from "vitest";
import { Positions, isMapping, parseSource } from "../document/index.ts";
import { substituteVariables } from "./variables.ts";

function substitute(text: string, environment: Record<string, string> = {}) {
  const positions = new Positions();
  const { value } = parseSource(text, "t.yml", "TEMPLATE_SYNTAX", positions);
  return substituteVariables(isMapping(value) ? value : {}, environment, positions);
}

describe("substituteVariables()", () => {
  it("takes the environment over the default, also when it is empty", () => {
    const text = "variables: { A: one, B: two, C: three }\nx: ${A}-${B}-${C}!";
    expect(substitute(text, { B: "2", C: "" }).value).toMatchObject({ x: "one-2-!" });
  });

  it("does not look again at what a variable brought in", () => {
    const { value, issues } = substitute("variables: { A: '' }\nx: ${A}", { A: "${B} $1 $& ${A}" });
    expect(value).toMatchObject({ x: "${B} $1 $& ${A}" });
    expect(issues).toEqual([]);
  });

  it("leaves a dollar sign alone that begins no variable", () => {
    expect(substitute("x: $6$salt$hash $A $$ $").value).toEqual({ x: "$6$salt$hash $A $$ $" });
  });

  it("leaves commands, variables and metadata alone", () => {
    const text =
      "variables: { A: '${B}' }\nmetadata: { description: '${C}' }\nsystemConfig: { configurations: [{ cmd: 'echo ${D:-x}' }] }";
    expect(substitute(text).issues).toEqual([]);
  });

  it("never reads a variable that is not listed", () => {
    const { issues } = substitute("x: ${SECRET}", { SECRET: "s3cret" });
    expect(issues).toMatchObject([{ path: "x", position: { line: 1, column: 4 } }]);
    expect(JSON.stringify(issues)).not.toContain("s3cret");
  });

  it("takes no member of Object.prototype for a variable", () => {
    expect(substitute("variables: {}\nx: ${constructor}").issues).toHaveLength(1);
  });

  it("leaves out list items that become empty, and keeps the places of the others", () => {
    const text = "variables: { A: '' }\nkeys:\n  - ${A}\n  - b\n";
    expect(substitute(text).value).toMatchObject({ keys: ["b"] });
  });
});

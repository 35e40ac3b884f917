import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { diagnosticsOf } from "../../test/fixtures/template-diagnostics.ts";

const CHECKOUT = path.join(import.meta.dirname, "../..");
const FIXTURES = "test/fixtures/templates/negative";
const EXPECTATION = /^# ((?:expect|warns|unsupported): .*?)\r?$/gm;

/** Messages about documents that are too large for a fixture, and about what no template lacks over its defaults. */
const TESTED_ELSEWHERE = [
  'src/image/disc/check-disk.ts: "has no partition"',
  'src/config/document/check-schema.ts: "the list has too few items"',
  "src/config/document/check-schema.ts: `the list has ${value.length} items`",
  'src/config/document/parse-document.ts: "larger than 1 MiB"',
];

/** The files that are checked; beside them lie files that they name. */
const fixtures = readdirSync(path.join(CHECKOUT, FIXTURES))
  .filter((name) => /^\d{3}-/.test(name))
  .map((name) => path.join(FIXTURES, name.endsWith(".yml") ? name : `${name}/template.yml`));

const expected = new Map(
  fixtures.map((file) => {
    const text = readFileSync(path.join(CHECKOUT, file), "utf8");
    return [file, Array.from(text.matchAll(EXPECTATION), ([, line = ""]) => line)] as const;
  }),
);

describe("wrong templates", () => {
  it(`are at least 120, and here ${fixtures.length}`, () => {
    expect(fixtures.length).toBeGreaterThanOrEqual(120);
    const numbers = fixtures.map((file) => path.relative(FIXTURES, file).slice(0, 3));
    expect(new Set(numbers).size).toBe(fixtures.length);
  });

  it.each(fixtures)("%s has exactly the diagnostics that it states", async (file) => {
    expect(expected.get(file)).not.toEqual([]);
    expect(await diagnosticsOf(file)).toEqual(expected.get(file));
  });
});

describe("messages of checks", () => {
  const lines = [...expected.values()].flat();
  const messages = checkFiles().flatMap((file) => messagesOf(file));

  it(`are each stated by a fixture: ${messages.length} in the sources`, () => {
    expect(messages.length).toBeGreaterThan(130);
    const missing = messages.filter(({ pattern }) => !lines.some((line) => pattern.test(line)));
    expect(missing.map(({ file, text }) => `${file}: ${text}`)).toEqual(TESTED_ELSEWHERE);
  });
});

function checkFiles(): string[] {
  const filesIn = (folder: string, pattern: RegExp): string[] =>
    readdirSync(path.join(CHECKOUT, folder))
      .filter((name) => pattern.test(name) && !name.endsWith(".test.ts"))
      .map((name) => path.join(folder, name));
  return [
    ...filesIn("src/config/template/checks", /^check-/),
    ...filesIn("src/image/disc", /^(check-|lay-out-partitions)/),
    ...filesIn("src/config/document", /^(check-schema|parse-document)/),
  ];
}

interface Message {
  readonly file: string;
  readonly text: string;
  readonly pattern: RegExp;
}

/** Texts that become messages: values of `message` and `state`, and the first text among the arguments of these functions. */
function messagesOf(file: string): Message[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(path.join(CHECKOUT, file), "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const found: Message[] = [];
  const collect = (node: ts.Node, isWhole: boolean): void => {
    const pattern = patternOf(node);
    if (pattern !== undefined) {
      const whole = new RegExp(isWhole ? `:\\d+ ${pattern}(; expected|; did you mean| \\(hint:|$)` : pattern);
      found.push({ file, text: node.getText(), pattern: whole });
    } else if (ts.isConditionalExpression(node)) {
      [node.whenTrue, node.whenFalse].forEach((branch) => collect(branch, isWhole));
    } else if (ts.isParenthesizedExpression(node)) collect(node.expression, isWhole);
  };
  const visit = (node: ts.Node): void => {
    if ((ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node)) && node.initializer !== undefined) {
      const name = node.name.getText();
      if (name === "message" || name === "state") collect(node.initializer, name === "message");
    }
    if (ts.isCallExpression(node) && /^(invalid|report|unsupported)$/.test(node.expression.getText())) {
      const text = node.arguments
        .slice(0, 2)
        .find((argument) => !isPath(argument) && patternOf(argument) !== undefined);
      if (text !== undefined) collect(text, node.expression.getText() !== "unsupported");
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Arguments that name a place: paths of fields, and calls of functions that make them. */
function isPath(node: ts.Node): boolean {
  return /^["`](\$\{path|\$\{pathOf|disk\.|systemConfig\.|target\.|baseline\.)/.test(node.getText());
}

/** A regular expression for what a text literal comes to; undefined for other expressions. */
function patternOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return escape(node.text);
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head.text, ...node.templateSpans.map((span) => span.literal.text)].map(escape).join(".*");
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

import { describe, expect, it } from "vitest";
import { splitWords } from "./convert-files.ts";

describe("splitWords()", () => {
  it.each([
    ["", []],
    ["  a  b ", ["a", "b"]],
    ["--name 'two words' \"three more words\"", ["--name", "two words", "three more words"]],
    ["a'b c'd --x=\"1 2\"", ["ab cd", "--x=1 2"]],
    ["a\\ b ''", ["a b", ""]],
    ["$HOME", undefined],
    ['"$HOME"', undefined],
    ["'$HOME'", ["$HOME"]],
    ["a; b", undefined],
    ["*.conf", undefined],
    ["a > b", undefined],
    ["`id`", undefined],
    ["'open", undefined],
    ["end\\", undefined],
  ])("splits %j as a shell does", (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });
});

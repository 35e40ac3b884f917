import { describe, expect, it } from "vitest";
import { type FakeEntries, fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { openImageTree } from "./image-tree.ts";
import { planKeyboard } from "./keyboard.ts";
import type { KeyboardSection } from "./sections.ts";

const DEBIAN = { "/var/lib/dpkg/status": "", "/usr/bin/setupcon": "" };
const KEYMAPS = {
  "/usr/share/systemd/kbd-model-map": `# keymap layout model variant options
us us pc105+inet - terminate:ctrl_alt_bksp
de de pc105 - terminate:ctrl_alt_bksp
de-latin1-nodeadkeys de pc105 nodeadkeys terminate:ctrl_alt_bksp
ru ru,us pc105 - terminate:ctrl_alt_bksp
`,
};
const RULES = {
  "/usr/share/X11/xkb/rules/base.lst": `! model
  pc105           Generic 105-key PC

! layout
  de              German
  us              English (US)

! variant
  nodeadkeys      de: German (no dead keys)

! option
  ctrl:nocaps     Caps Lock as Ctrl
`,
};

async function plan(entries: FakeEntries, keyboard: KeyboardSection) {
  using tree = fakeTree(entries);
  return await planKeyboard(openImageTree(tree.host, tree.root), keyboard);
}

describe("planKeyboard()", () => {
  it("writes what console-setup and systemd read, and drops what was cached for another keyboard", async () => {
    const cached = { "/etc/console-setup/cached_setup_keyboard.sh": "", "/etc/console-setup/remap.inc": "" };
    const keyboard = { layout: "de", variant: "nodeadkeys", options: "ctrl:nocaps" };
    const { changes, warnings } = await plan({ ...DEBIAN, ...KEYMAPS, ...RULES, ...cached }, keyboard);
    expect(changes).toMatchObject([
      {
        path: "/etc/vconsole.conf",
        content:
          "KEYMAP=de-latin1-nodeadkeys\nXKBMODEL=pc105\nXKBLAYOUT=de\nXKBVARIANT=nodeadkeys\nXKBOPTIONS=ctrl:nocaps\n",
      },
      {
        path: "/etc/default/keyboard",
        content:
          'XKBMODEL="pc105"\nXKBLAYOUT="de"\nXKBVARIANT="nodeadkeys"\nXKBOPTIONS="ctrl:nocaps"\n\nBACKSPACE="guess"\n',
      },
      { kind: "remove", path: "/etc/console-setup/cached_setup_keyboard.sh" },
    ]);
    expect(warnings).toEqual([]);
  });

  it("writes /etc/vconsole.conf alone in an RPM system", async () => {
    const { changes, warnings } = await plan({ ...KEYMAPS }, { layout: "us" });
    expect(changes).toMatchObject([
      { path: "/etc/vconsole.conf", content: "KEYMAP=us\nXKBMODEL=pc105\nXKBLAYOUT=us\n" },
    ]);
    expect(warnings).toEqual([expect.stringContaining('"kbd" is not installed')]);
  });

  it.each([
    [{ layout: "de" }, "de"],
    [{ layout: "ru,us" }, "ru"],
    [{ layout: "de", variant: "neo" }, "de"],
    [{ layout: "fr" }, "fr"],
  ])("takes for %j the console's keymap %s", async (keyboard, keymap) => {
    const { changes } = await plan(KEYMAPS, keyboard);
    expect(changes[0]).toMatchObject({ content: expect.stringContaining(`KEYMAP=${keymap}\n`) as string });
  });

  it.each([
    [{ layout: "dee" }, "layout", 'Did you mean "de"?'],
    [{ layout: "de,uss" }, "layout", 'Did you mean "us"?'],
    [{ layout: "de", variant: "nodeadkey" }, "variant", 'Did you mean "nodeadkeys"?'],
    [{ layout: "de", options: "ctrl:nocap" }, "options", 'Did you mean "ctrl:nocaps"?'],
  ])("refuses %j where the image knows its keyboards", async (keyboard, field, hint) => {
    await expect(plan({ ...DEBIAN, ...RULES }, keyboard)).rejects.toMatchObject({
      code: "TEMPLATE_INVALID",
      hint,
      details: [`named at systemConfig.keyboard.${field}`],
    });
  });
});

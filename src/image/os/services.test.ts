import { describe, expect, it } from "vitest";
import { fakeTree } from "../../../test/fixtures/fake-tree.ts";
import { openImageTree } from "./image-tree.ts";
import { planServices } from "./services.ts";

const UNITS = {
  "/usr/lib/systemd/system/ssh.service": "",
  "/usr/lib/systemd/system/getty@.service": "",
  "/usr/lib/systemd/system/fstrim.timer": "",
  "/etc/systemd/system/own.service": "",
  "/etc/init.d/oldie": "",
};

async function plan(...args: [Parameters<typeof planServices>[1], Parameters<typeof planServices>[2]?]) {
  using tree = fakeTree(UNITS);
  return await planServices(openImageTree(tree.host, tree.root), ...args);
}

describe("planServices()", () => {
  it("runs systemctl once per verb, with full unit names", async () => {
    const services = { enable: ["ssh", "getty@tty1.service", "oldie", "ssh.service"], disable: ["fstrim.timer"] };
    expect((await plan(services, { requiredUnits: ["systemd-networkd.service"] })).commands).toEqual([
      [
        ...["systemctl", "--no-reload", "enable", "--"],
        ...["systemd-networkd.service", "ssh.service", "getty@tty1.service", "oldie.service"],
      ],
      ["systemctl", "--no-reload", "disable", "--", "fstrim.timer"],
    ]);
  });

  it("leaves off what the template switches off", async () => {
    expect((await plan({ mask: ["x.service"] }, { requiredUnits: ["x.service"] })).commands).toEqual([
      ["systemctl", "--no-reload", "mask", "--", "x.service"],
    ]);
  });

  it("plans nothing for nothing", async () => {
    expect(await plan({})).toEqual({ commands: [], warnings: [] });
  });

  it("warns about a masked unit that is not installed", async () => {
    expect((await plan({ mask: ["bluetooth"] })).warnings).toEqual([
      'The masked unit "bluetooth.service" is not installed',
    ]);
  });

  it("asks whether another unit was to be masked", async () => {
    expect((await plan({ mask: ["shh"] })).warnings).toEqual([expect.stringContaining('did you mean "ssh.service"?')]);
  });

  it.each([
    [{ mask: ["own"] }, "systemConfig.services.mask[0]"],
    [{ mask: ["ssh", "../ssh"] }, "systemConfig.services.mask[1]"],
    [{ enable: ["ssh", "sssh"] }, "systemConfig.services.enable[1]"],
  ])("refuses a unit that is not installed or cannot be masked: %j", async (services, place) => {
    await expect(plan(services)).rejects.toMatchObject({ code: "TEMPLATE_INVALID", details: [`named at ${place}`] });
  });

  it("leaves out what only the default template asks for and is not there", async () => {
    const services = { enable: ["timesyncd", "ssh"], disable: ["timesyncd"] };
    expect(await plan(services, { isDefault: () => true })).toEqual({
      commands: [["systemctl", "--no-reload", "enable", "--", "ssh.service"]],
      warnings: [],
    });
  });

  it("warns about a disabled unit that is not installed", async () => {
    expect(await plan({ disable: ["shh"] })).toEqual({
      commands: [],
      warnings: ['The disabled unit "shh.service" is not installed; did you mean "ssh.service"?'],
    });
  });

  it("suggests the unit that was meant", async () => {
    await expect(plan({ enable: ["fstrin.timer"] })).rejects.toMatchObject({ hint: 'Did you mean "fstrim.timer"?' });
  });
});

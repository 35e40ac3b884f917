import { describe, expect, it } from "vitest";
import type { BuildEvent } from "../../core/index.ts";
import { initialStatus, type LiveStatus, nextStatus, renderStatus } from "./live-status.ts";

const MIB = 1024 ** 2;

function downloading(): LiveStatus {
  let status = initialStatus(0);
  for (let second = 0; second <= 10; second += 1) {
    const event: BuildEvent = {
      type: "progress",
      stage: "packages",
      activity: "Downloading packages",
      done: second * 10,
      total: 245,
      bytesDone: second * 4 * MIB,
      bytesTotal: 98 * MIB,
    };
    status = nextStatus(status, event, second * 1000);
  }
  return status;
}

describe("renderStatus()", () => {
  it("leaves out the least important parts as the terminal gets narrower", () => {
    const widths = [90, 80, 60, 50, 44, 30, 10, 1, 0];
    expect(widths.map((columns) => renderStatus(downloading(), columns, 10_000))).toMatchInlineSnapshot(`
      [
        "[Packages] Downloading packages  100/245  40 MiB of 98 MiB  4.0 MiB/s  ETA 0:14  0:10",
        "[Packages] Downloading packages  100/245  40 MiB of 98 MiB  ETA 0:14  0:10",
        "[Packages] Downloading packages  100/245  ETA 0:14  0:10",
        "[Packages] Downloading packages  100/245  0:10",
        "[Packages] Downloading packages  100/245",
        "[Packages] Downloading packag…",
        "[Packages…",
        "…",
        "",
      ]
    `);
  });

  it("estimates the remaining time by count where sizes are unknown", () => {
    let status = initialStatus(0);
    for (const second of [0, 1, 2, 3, 4]) {
      const done = second * 10;
      const event: BuildEvent = { type: "progress", stage: "compose", activity: "Installing", done, total: 100 };
      status = nextStatus(status, event, second * 1000);
    }
    expect(renderStatus(status, 80, 4000)).toBe("[Compose] Installing  40/100  ETA 0:06  0:04");
  });

  it("shows the step once a new one starts, and no estimate for what is complete", () => {
    const done: BuildEvent = { type: "progress", stage: "compose", activity: "Installing", done: 3, total: 3 };
    const complete = nextStatus(initialStatus(0), done, 0);
    expect(renderStatus(complete, 80, 0)).toBe("[Compose] Installing  3/3  0:00");
    const next: BuildEvent = { type: "step-started", stage: "sign", step: "x", title: "Signing" };
    expect(renderStatus(nextStatus(complete, next, 0), 80, 3_725_000)).toBe("[Sign] Signing  1:02:05");
  });
});

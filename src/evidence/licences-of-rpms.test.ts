import { describe, expect, it } from "vitest";
import { licenceOfRpm } from "./licences-of-rpms.ts";

describe("licenceOfRpm()", () => {
  it.each([
    ["MIT", "MIT"],
    ["GPL-2.0-or-later WITH Libtool-exception", "GPL-2.0-or-later WITH Libtool-exception"],
    ["GPLv2+ and MIT", "GPL-2.0-or-later AND MIT"],
    ["(LGPLv3+ or GPLv2+) and GFDL-1.3", "(LGPL-3.0-or-later OR GPL-2.0-or-later) AND GFDL-1.3-only"],
    ["Public Domain", "LicenseRef-public-domain"],
    ["", undefined],
    ["  ", undefined],
    ["MIT and", "LicenseRef-mit-and"],
    ["(MIT", "LicenseRef-mit"],
    ["MIT) or (ISC", "LicenseRef-mit-or-isc"],
  ])("%s", (field, expected) => {
    expect(licenceOfRpm(field)).toBe(expected);
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { SettingFault } from "@/api/types";
import ar from "@/i18n/ar/settings.json";
import en from "@/i18n/en/settings.json";
import { complaintOf, settingOf, withoutPlaces } from "./faults";
import { proposedName } from "./secret-name";

const fault = (parts: Partial<SettingFault>): SettingFault => ({
  kind: "invalid",
  key: "mail.port",
  code: "unfit",
  params: {},
  reason: "",
  nearest: null,
  source: "file",
  file: null,
  line: null,
  column: null,
  ...parts,
});

describe("a fault", () => {
  it("keeps its code, what belongs in its words, and what was probably meant", () => {
    const complaint = complaintOf(
      fault({ code: "range", params: { least: "0", most: "65535" }, nearest: "mail.port" }),
    );
    expect([complaint.code, complaint.values]).toEqual(["range", { least: "0", most: "65535" }]);
    expect(complaint.nearest).toBe("mail.port");
  });

  it("about something that is missing stands where that would be", () => {
    const complaint = complaintOf(fault({ key: "oidc.providers[0]", code: "lacks", params: { name: "issuer" } }));
    expect([complaint.path, complaint.code]).toEqual(["oidc.providers[0].issuer", "lacks"]);
  });

  it("has words in both languages, with the same to fill in, whatever the server can say", () => {
    const file = new URL("../../../../../docs/settings/reasons.json", import.meta.url);
    const reasons = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
    expect(Object.keys(reasons).length).toBeGreaterThan(40);
    for (const [code, text] of Object.entries(reasons)) {
      const filledIn = [...text.matchAll(/{(\w+)}/g)].map(([, name]) => name).sort();
      for (const words of [en.settings.flaw, ar.settings.flaw] as Record<string, string>[]) {
        expect(words[code], code).toBeTruthy();
        expect([...(words[code] ?? "").matchAll(/{{(\w+)}}/g)].map(([, name]) => name).sort(), code).toEqual(filledIn);
      }
    }
  });
});

describe("a place", () => {
  it("belongs to a setting", () => {
    expect(settingOf("oidc.providers[0].issuer")).toBe("oidc.providers");
    expect(settingOf("vault.transit.address")).toBe("vault.transit");
    expect(settingOf("mail.port")).toBe("mail.port");
    expect(settingOf("")).toBe("");
    expect(withoutPlaces("oidc.providers[12].scopes[0]")).toBe("oidc.providers.scopes");
  });

  it("has a name in the vault", () => {
    expect(proposedName("mail.password", "")).toBe("mail/password");
    expect(proposedName("oidc.providers[1].client_secret", [{}, { id: "Acme SSO" }])).toBe(
      "oidc/acme-sso/client-secret",
    );
    expect(proposedName("oidc.providers[0].client_secret", [{}])).toBe("oidc/0/client-secret");
  });
});

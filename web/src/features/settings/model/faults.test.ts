import { describe, expect, it } from "vitest";
import type { SettingFault } from "@/api/types";
import { complaintOf, settingOf, withoutPlaces } from "./faults";
import { proposedName } from "./secret-name";

const fault = (parts: Partial<SettingFault>): SettingFault => ({
  kind: "invalid",
  key: "mail.port",
  reason: "",
  nearest: null,
  source: "file",
  file: null,
  line: null,
  column: null,
  ...parts,
});

describe("a fault", () => {
  it("is told in words of ours where the reason is a common one", () => {
    const { code, values } = complaintOf(fault({ reason: "it must be a whole number from 0 to 65535" }));
    expect([code, values]).toEqual(["range", { least: 0, most: 65_535 }]);
    expect(complaintOf(fault({ reason: "it must be a text; put it in quotes" })).code).toBe("text");
    expect(complaintOf(fault({ reason: "it must be an https:// address" })).code).toBeUndefined();
  });

  it("about something that lacks stands where that would be", () => {
    const complaint = complaintOf(fault({ key: "oidc.providers[0]", reason: "it lacks `issuer`" }));
    expect([complaint.path, complaint.code]).toEqual(["oidc.providers[0].issuer", "required"]);
  });

  it("keeps what was probably meant", () => {
    expect(complaintOf(fault({ kind: "unknown", key: "mail.prot", nearest: "mail.port" })).nearest).toBe("mail.port");
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
